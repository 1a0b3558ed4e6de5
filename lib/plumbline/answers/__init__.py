"""One function a question of the command line or of a page: workspace in, plain results out.

The command line, the pages, the reports and a notebook have to say the same thing. All of them call the
functions of this room, which put profiles, signals and the catalogue together; none does so by itself.

A running server asks the expensive questions itself, beside its visitors, once after decisions changed
(``answers/warmup.py``); the answers to scans (``answers/scans.py``) are kept by ``answers/cache.py``.
A surrogate is held in memory for the same digest and never written. The inbox (``answers/data/inbox.py``)
moves a file away after the commit; a kill before that makes the next pass find the same file, which adds
nothing.
"""

"""Looking into outside systems: model registries and repositories. Reads only, and never keeps a credential.

Neither measuring a log nor judging it: this room has outside systems, time limits and credentials to mind.
It returns plain values (``domain.Probe``), which ``governance`` judges. Pages reach out in one place,
``answers.governance.probe``. Asked by a page it reads only what is listed (``probe/places.py``; the list is
a setting of the workspace) and has registries read by ``probe/child.py``, whose environment is made from
nothing (``probe/alone.py``). Asked by the command line it reads in its own process, with its user's
credentials.
"""

"""The HTTP interface: ``/api/v1`` beside the pages, in the same process, on the same workspace.

``application.py`` puts the routes together; FastAPI keeps the paths and their OpenAPI document. Every answer is that of
a command (``questions.py``): the command line's own options are the query's, its own function answers, and what it
prints with ``--json`` is the body. The command line is handed in, as this room may not import it. Pushed rows go to
``answers/data/push.py`` (``pushes.py``), which writes them to disk before they are answered and loads them.

Whoever asks shows a token (``callers.py``), whose role and systems are looked up anew every second; a write then passes
the same check as a person's. Bodies are bounded in size and time (``body.py``), requests in number. What goes wrong is
a problem document of RFC 9457 with one sentence (``problems.py``). ``/healthz``, ``/readyz`` and ``/metrics`` ask for
no token and name no system without one.
"""

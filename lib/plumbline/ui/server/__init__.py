"""The server around the pages: the gate, headers, who asks.

``ui/server/gate.py`` is ASGI middleware before Streamlit: hosts, cookies, roles for uploads and metrics,
the share of memory that a session's uploads hold (``ui/server/upload_quota.py``), and which frames of the
socket go on (``ui/server/socket_frames.py``, an allow-list). It looks at the first part of the path and
reads cookies only behind it. Whose socket a session came in by is kept in ``ui/server/visitors.py``.
Sessions' folders stand in a registry of our own, as Streamlit empties its caches when a connection is lost
and when anybody sends it the word.

While the server runs, ``ui/server/application.py`` imports what pages need, reads what is kept and measures
what changed. Each of these steps stands alone: one that fails is a line in the log, and the rest goes on.
"""

"""The commands, a module a room; ``cli`` gathers them.

``plumbline serve`` (``commands/server.py``) looks first whether the port is free and the workspace opens,
so that what stands in the way is one sentence, and then becomes ``streamlit run``. Streamlit runs
``app.py``, which lies with ``pages/`` and ``.streamlit/`` at the top of a checkout; the build maps the
three into the wheel as ``plumbline/app/``, and ``store/locations.py`` says which of the two holds. That
folder is the server's own, so its settings are the project's; what must hold against a user's
``~/.streamlit`` whatever it sets is given as flags.
"""

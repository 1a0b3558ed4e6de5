"""What a session holds, and what is kept for it.

*Just look at this file* opens a second workspace for one browser session (``ui/state/session_files.py``): a
file with a random name in that session's private folder, deleted when the session has ended for good (a
lost connection may come back as long as Streamlit keeps its session) and with the server. What a killed
process left is swept away by the next one (``store/inbox_folder.py``: a folder that no process holds). The
shell gives every page a view of the workspace. Answers are cached by the path of their workspace and, for
such a file, inside the session, so that nothing is shared between sessions. Keeping it loads the same files
under the same mappings into the workspace.

A page asks through ``ui/state/cache.py``, which keeps each answer by the workspace's last change. What is not kept is
measured beside the pages, once for everybody (``measurements.py``). Which state pages show, ``refresh.py`` says: rows
that arrive by themselves are measured before pages turn to them, and a page never mixes two states.
"""

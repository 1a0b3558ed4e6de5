"""Attributions of single decisions and of many: logged, from a model file, from a surrogate.

Foreign files are never opened in the web process: ``explain/sandbox`` parses, validates, scores and
attributes in a process with limits. Whether a file reproduces its log is found when it is registered and
after each load, over a random draw of the version, and kept for these very loads (``store/cache/fingerprint.py``);
of a long log the draw is kept as well, as a table ``draw_<key>`` that an undo or an erasure drops. A server
reads both as it starts and starts the newest files' processes, so that nobody waits for the first decision.
"""

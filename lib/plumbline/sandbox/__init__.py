"""Processes of their own for what other people made: limits on memory and time, and an end that is one sentence.

Address space, processor time and the size of what is written are capped; a clock on the wall stops what
only waits. The death of such a process is a sentence for the person who asked. What is read, and how, the
callers know: ``logs/reader.py`` for logs, ``explain/sandbox/call.py`` for model files.
"""

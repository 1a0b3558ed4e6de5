"""The other end of the HTTP interface: logging decisions from a service, and asking a server from Python.

``logger.py`` and ``connection.py`` need Python alone, so that a service which logs imports nothing heavy.
"""

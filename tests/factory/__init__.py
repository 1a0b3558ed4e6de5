"""Logs for tests, made in one place; the same call gives the same bytes.

``decisions``: small ones, cell by cell; ``shop``: nine weeks of a shop; ``loans``, ``offers``, ``decay``: what the
tests of a room share; ``decision_tables``: rows put straight into a system's table; ``workspaces``: what holds them.
"""

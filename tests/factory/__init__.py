"""Logs for tests, made in one place; the same call gives the same bytes.

``decisions``: small ones, cell by cell; ``shop``: nine weeks of a shop; ``workspaces``: what holds them.
"""

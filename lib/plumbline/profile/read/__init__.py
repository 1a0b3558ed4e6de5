"""Stored counts as arrays."""

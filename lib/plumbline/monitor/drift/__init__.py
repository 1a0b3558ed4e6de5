"""Distances of a window from the reference, and the law that they follow where nothing changed."""

"""Remembered sources: where they lie, and by which credentials they are read."""

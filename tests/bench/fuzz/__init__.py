"""Broken files, drawn by a seed: logs in every kind that is read, and model files."""

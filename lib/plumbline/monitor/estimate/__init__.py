"""Performance before the labels are in."""

"""One metric from counts: value, interval, limits, status."""

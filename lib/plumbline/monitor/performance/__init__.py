"""Metrics over time, and what rests on them: money, segments, calibration, selective labels."""

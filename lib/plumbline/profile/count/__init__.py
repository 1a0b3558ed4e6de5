"""Counting a load in one scan.

DuckDB hands out batches of numbers, and of each text its place in the list of levels that the grids know;
NumPy counts cells, levels, classes, hours and what rows hold, all by version, arm and day
(``profile/count/stream.py``). Only columns in which the load has other levels are read again. Scores are
kept by number or in fixed cells, of which only those that occur are stored (``profile/count/scores.py``).
Numeric outputs and the probabilities of several classes are counted in SQL.
"""

"""Counting parts of a log apart, and adding the parts up: the same profiles, wherever the rows lie.

``counter`` counts Arrow batches with the code that a load uses (``profile.count``) and needs NumPy and Arrow alone, so
that it runs where the rows are. What it yields is one long table (``rows.SCHEMA``), of which rows with the same key are
added; ``sums`` makes of the added table the rows that ``profile.build`` stores. Whole numbers are the same as DuckDB's;
sums of fractions may differ in their last digits, as they do between two orders of the same rows.
"""

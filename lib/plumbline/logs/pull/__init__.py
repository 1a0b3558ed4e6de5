"""Remembered sources: where they lie, and by which credentials they are read.

A pull asks a database, a bucket or a lake table through DuckDB's own extensions, from their packages, on a
connection in memory that reaches that source and the inbox and nothing else; databases are attached
read-only. What is new becomes a Parquet file (or the file as it is) in the inbox, and then a load like any
other. ``source`` keeps where it was, without password, key or query string; ``source_pull`` how far each
load has read. That mark is written in the load's transaction and deleted when the load is undone, so a
crash at any moment repeats rows, which are duplicates, and never skips any. A time more than a day ahead
does not move the mark. S3 is asked with the environment's keys, else by AWS's chain of credentials, else
without any; keys stay in that connection's memory. What fails for a moment is tried three times; foreign
messages are cut and cleaned before they are shown.
"""

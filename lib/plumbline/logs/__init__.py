"""Reading files, guessing the mapping, validating, quarantine, loading, undoing.

Foreign files are looked into by a process of its own (``logs/reader.py`` asks, ``logs/reader_process.py``
answers): sniffing, unpacking, workbooks, JSON, Arrow, and the guess of a mapping. On Linux that process
keeps everything imported and forks for each question, so that a look costs milliseconds and nothing of one
file reaches the next; elsewhere a fresh one answers each. DuckDB reads the CSV or Parquet file that comes
out of it in the workspace's process, where that is fast. Every pattern that meets a name or a cell takes
time in proportion to its length; a test measures that.
"""

"""Files as they come: format, encoding, compression, and where each record lies.

A file is told by its content (``logs/files/formats.py``). CSV is parsed as text and Parquet read as it is;
everything else is first made into one of the two in the inbox, so that there is one road for casts,
quarantine and duplicates. gzip and Zstandard are unpacked, Arrow goes batch by batch to Parquet, a sheet
and JSON become a Parquet table of text with the row's number in the sheet or the line in the file. Nested
records are unfolded into columns (``inputs.age``, ``scores.0``), JSON written into a cell as well.
Workbooks of every kind (.xlsx, .xls, .xlsb, .ods) are read by calamine. Readers run on a DuckDB connection
in memory that may read that one file and write to the inbox (``store/database/external.py``).

A broken JSON line is a row for quarantine. A broken JSON array is refused: nothing tells where its next
record begins.
"""

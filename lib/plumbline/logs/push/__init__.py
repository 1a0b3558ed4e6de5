"""Rows that programs push: written to disk before they are answered, gathered into loads, each with a receipt.

*Write-ahead* (``journal.py``). A request's rows are written and synced to a file beside the workspace before its
receipt goes out; requests that come together share one sync. Every few seconds the files so far are closed and loaded,
and are deleted only once the load that holds their receipts is committed. A process that is killed at any moment
therefore loses nothing that it answered; the next one loads what lies there. The receipts are written in the load's own
transaction (``receipts.py``), so that nothing counts twice. Of an encrypted workspace the files are cipher text.

*Rows* (``rows.py``, ``bodies.py``). NDJSON, CSV and Arrow become the same thing: cells of text by column. A column goes
by its name in the system's log or by its role (``score``, ``feature:age``), and is read as the log was read: nothing is
guessed, and nothing is remembered. A request is refused as a whole where one of its rows cannot be a decision at all;
what only cannot be read waits in quarantine, as of a file.
"""

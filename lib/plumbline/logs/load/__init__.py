"""One load: plan, staging, the transaction, labels, quarantine, undo, erasure.

*Two roads.* A clean file (each record parses, each cell fits, nothing repeats, in order of time) goes
straight into the decision table (``logs/load/fast_path.py``). In a larger CSV the reader makes the numbers;
a column in which it meets something else is read as text again. Where anything is to be set aside that
insert is taken back and the file goes through a stage (``logs/load/staging.py``). A file that changed while
it was read is refused just before the commit: its last row may be cut. A load and its profiles are one
transaction, but this room may not import ``profile``: the caller hands the profile builder in as a
callback.

*Quarantine.* A row that cannot be loaded is kept with its load, line, reason and raw text. A retry casts
that text again under a mended mapping; the rows that fit become a load of their own (``retry_of``) with
profiles and undo. The first load's figures are history and stay: its rows remain in quarantine, marked with
the load that took them (``retried_by``) and no longer shown. So *rows read = loaded + duplicates +
quarantined* holds for both. The first load can only be taken back after its retries. A file of which more
than a fifth of the rows would wait is refused as a whole (``logs/load/trial.py``): that is a wrong mapping
rather than a dirty file, unless a person says otherwise. Labels of decisions that are not here yet do not
count.

*Columns that change.* A column keeps the kind it came with. What stands in a numeric column (a feature, a
segment, a protected attribute, a time, a probability) and is no number is kept as text beside it:
``text:age`` beside ``feature:age``. Such a column is made when first needed, can be filtered by, is shown
with the decision, and is no feature: drift sees a missing number. Undoing a load drops the columns that
only it has. DuckDB alters no table that lost rows in the same transaction, so columns change before any row
is deleted.

*Other roles.* ``logs/load/new_roles.py`` writes the decision table anew under other roles: values, the
hashes of repeats, loads, mapping and counts, in one transaction, as if the file had been loaded so. What is
ignored is kept as text, so that the change can be taken back. Times and persons are stored otherwise than
they were written and cannot be moved, nor can a label for which files of labels came. Rows with something
odd in a numeric column keep their old hash: such a row counts twice if it is loaded again after a change.

*Labels* are settled from all that were given (``logs/load/label_history.py``).
"""

"""The DuckDB workspace: schema, connections, systems, decisions, trail.

One file, owned by one process. Each run takes a cursor of its own: a connection shared by threads gives
wrong answers in silence. A write is one transaction under one lock and leaves an entry on the trail; the
newest entry's number is part of the key of every cache, so a load or an undo needs to clear nothing. After
opening, the configuration is locked: no extension is downloaded, and only the inbox and the folder of a
file named on the command line can be read.

*Opening.* The first bytes of a file are looked at before DuckDB gets it, as it would take a CSV for a
database in memory (``store/database/connection.py``). A workspace of an older schema is copied and the copy
migrated; the copy then takes the original's place in one step, and the original becomes
``backups/NAME.schema-N.TIME.duckdb`` (``store/upgrade.py``). No process sees half a migration. Only copies
made so are ever deleted: beyond the newest three, and by an erasure. Tests open a stored workspace of every
schema; a new migration needs one of the schema before it.

*Encryption.* With ``PLUMBLINE_KEY`` the file is attached, encrypted with AES-256-GCM, to a connection in
memory (``store/database/encryption.py``). DuckDB's own cipher only reads; the one that writes comes with the httpfs
extension, from its package. The file, its write-ahead log and what spills to disk are cipher text. The key
is never stored.

*Decisions* are one wide table a system, ``decision_<key>``. A column is named by its role (``feature:age``,
``protected:sex``), quoted by ``store.sql.ident``; values are always parameters. Times are stored as naive
UTC.

*A failed write* of its own file makes DuckDB give the database up. ``store/database/engine.py`` opens it anew once
nobody holds a cursor of the lost connection; the write was not kept, and whoever met it is told.

*Rights.* A signed-in person's pages work on ``ws.acting(email)``. Its ``write`` reads, just before the
commit, what the transaction left on the trail: the role has to cover each act (``domain/acts.py``), and the
actor has to be that address (``store/access/permissions.py``). So no function that writes needs a check of its
own.

*Kept answers.* What only a scan of decisions can tell is stored under a fingerprint of all it rests on
(``store/cache/fingerprint.py``): the newest act that may have changed the system's decisions, their number and
columns, what was stated about the system, and the code. Counts and figures are kept, never a row; an
erasure deletes those of the system. Keeping needs no writer's lock, so that no page waits for a load.
"""

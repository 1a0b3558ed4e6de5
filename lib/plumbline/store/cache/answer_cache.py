"""What scans of the decisions said, kept in the workspace until the decisions change.

Keeping is one INSERT of its own on the reader's cursor, not under the writer's lock, so that no page waits for a
load. A kept answer can be lost or come twice, and is then measured again; it is never wrong, because it is found
only under the fingerprint of all that it rests on.
"""

from __future__ import annotations

from contextlib import suppress

import duckdb

from plumbline.store.workspace import naive, now

#: answers of one system: windows and filters are without end
MOST = 500


def find(cursor: duckdb.DuckDBPyConnection, key: str, question: str, digest: str) -> str | None:
    """What was kept for a question about a system as it is now, or None."""
    row = cursor.execute(
        "SELECT body FROM kept WHERE system = ? AND question = ? AND rests_on = ? LIMIT 1",
        [key, question, digest],
    ).fetchone()
    return str(row[0]) if row else None


def keep(cursor: duckdb.DuckDBPyConnection, key: str, question: str, digest: str, body: str) -> None:
    """Keep an answer, at most ``MOST`` of a system as it is; one that cannot be kept is measured again next time."""
    with suppress(duckdb.Error):
        cursor.execute(
            """INSERT INTO kept SELECT $key, $question, $digest, $body, $at
               WHERE (SELECT count(*) FROM kept WHERE system = $key AND rests_on = $digest) < $most""",
            {
                "key": key,
                "question": question,
                "digest": digest,
                "body": body,
                "at": naive(now()),
                "most": MOST,
            },
        )


def forget_stale(cursor: duckdb.DuckDBPyConnection, key: str, digest: str) -> None:
    """Drop what rests on decisions that have changed since; inside the writer's transaction."""
    cursor.execute("DELETE FROM kept WHERE system = ? AND rests_on <> ?", [key, digest])


def forget(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Drop all that is kept of a system, inside an erasing transaction.

    What stays is written anew, so that no block of the file keeps the bytes of what went.
    """
    cursor.execute("CREATE TEMP TABLE stage_answers AS SELECT * FROM kept WHERE system <> ?", [key])
    cursor.execute("DELETE FROM kept")
    cursor.execute("INSERT INTO kept SELECT * FROM temp.stage_answers")
    cursor.execute("DROP TABLE temp.stage_answers")

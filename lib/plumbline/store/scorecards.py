"""Every computed scorecard, with what it was computed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.workspace import aware, naive


@dataclass(frozen=True, slots=True)
class StoredScorecard:
    """One scorecard as it was kept. ``given`` and ``card`` are canonical JSON, '' in the oldest ones."""

    id: int
    system: str
    at: datetime
    verdict: str
    inputs: str  # hash of the inputs apart from the moment
    given: str
    card: str
    card_sha256: str
    catalogue: str
    rules: str


_FIELDS = "id, system, made_at, verdict, inputs, given, body, card_sha256, catalogue, rules"


def _stored_scorecard(row: tuple[Any, ...]) -> StoredScorecard:
    return StoredScorecard(
        row[0], row[1], aware(row[2]), row[3], row[4], row[5], row[6] if row[5] else "", *row[7:]
    )


def keep(cursor: duckdb.DuckDBPyConnection, item: StoredScorecard) -> bool:
    """Keep a scorecard unless the one in force then rests on the same and says the same; True when it was kept.

    The trail takes the hashes, so that what was kept cannot be altered unnoticed.
    """
    last = cursor.execute(
        "SELECT inputs, verdict, catalogue, rules FROM scorecard WHERE system = ? AND made_at <= ?"
        " ORDER BY made_at DESC, id DESC LIMIT 1",
        [item.system, naive(item.at)],
    ).fetchone()
    if last and tuple(last) == (item.inputs, item.verdict, item.catalogue, item.rules):
        return False
    cursor.execute(
        f"INSERT INTO scorecard ({_FIELDS}) VALUES (nextval('scorecard_id'), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            item.system,
            naive(item.at),
            item.verdict,
            item.inputs,
            item.given,
            item.card,
            item.card_sha256,
            item.catalogue,
            item.rules,
        ],
    )
    detail = {
        "verdict": item.verdict,
        "inputs": item.inputs,
        "card": item.card_sha256,
        "catalogue": item.catalogue,
    }
    trail.append(cursor, actor="plumbline", action=Act.SCORECARD_KEPT, system=item.system, detail=detail)
    return True


def verdicts(cursor: duckdb.DuckDBPyConnection, system: str) -> list[tuple[datetime, str]]:
    """When each kept scorecard was made and its verdict, the oldest first."""
    rows = cursor.execute(
        "SELECT made_at, verdict FROM scorecard WHERE system = ? ORDER BY made_at, id", [system]
    ).fetchall()
    return [(aware(at), verdict) for at, verdict in rows]


def scorecard_before(
    cursor: duckdb.DuckDBPyConnection, system: str, until: datetime
) -> StoredScorecard | None:
    """The last scorecard made before a moment, or None."""
    row = cursor.execute(
        f"SELECT {_FIELDS} FROM scorecard WHERE system = ? AND made_at < ? ORDER BY made_at DESC, id DESC LIMIT 1",
        [system, naive(until)],
    ).fetchone()
    return _stored_scorecard(row) if row else None


def newest_pair(
    cursor: duckdb.DuckDBPyConnection, system: str
) -> tuple[StoredScorecard | None, StoredScorecard | None]:
    """The newest scorecard and the one before it, of those that say what they were computed from."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM scorecard WHERE system = ? AND given <> '' ORDER BY made_at DESC, id DESC LIMIT 2",
        [system],
    ).fetchall()
    scorecards = [_stored_scorecard(row) for row in rows]
    return (scorecards[0] if scorecards else None), (scorecards[1] if len(scorecards) > 1 else None)


def list_scorecards(cursor: duckdb.DuckDBPyConnection, system: str) -> list[StoredScorecard]:
    """Every kept scorecard of a system, the oldest first."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM scorecard WHERE system = ? ORDER BY made_at, id", [system]
    ).fetchall()
    return [_stored_scorecard(row) for row in rows]

"""The places that decisions are pulled from, and how far each has been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from plumbline.domain import Load
from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.workspace import aware, naive, now


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of a load come from. ``location`` holds no secret.

    ``item``: the table or query; ``since``: the column that tells new rows; ``mark``: its newest value among the rows.
    """

    kind: str
    location: str
    item: str = ""
    name: str = ""
    since: str = ""
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source of a system, up to where it has been read, and when it was last."""

    system: str
    origin: Origin
    pulled_at: datetime | None


def list_sources(cursor: duckdb.DuckDBPyConnection, system: str | None = None) -> list[StoredSource]:
    """The sources of a system, or of all, by system and name."""
    rows = cursor.execute(
        """SELECT s.system, s.kind, s.location, s.item, s.name, s.since,
                  last(p.mark ORDER BY p.load_id) FILTER (p.mark IS NOT NULL), max(p.made_at)
           FROM source s LEFT JOIN source_pull p USING (system, location, item)
           WHERE ? IS NULL OR s.system = ? GROUP BY ALL ORDER BY s.system, s.name, s.location, s.item""",
        [system, system],
    ).fetchall()
    return [StoredSource(r[0], Origin(*r[1:7]), aware(r[7]) if r[7] else None) for r in rows]


def keep(cursor: duckdb.DuckDBPyConnection, load: Load, origin: Origin) -> None:
    """Remember a source and how far a load has read it: in the load's own transaction, or the mark could be wrong."""
    cursor.execute(
        """INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET since = excluded.since, name = excluded.name""",
        [load.system, origin.location, origin.item, origin.kind, origin.name, origin.since, naive(now())],
    )
    cursor.execute(
        "INSERT INTO source_pull VALUES (?, ?, ?, ?, ?, ?)",
        [load.system, origin.location, origin.item, load.load_id, origin.mark, naive(now())],
    )
    detail = {
        "load_id": load.load_id, "source": origin.location, "item": origin.item, "since": origin.since,
        "mark": origin.mark,
    }  # fmt: skip
    trail.append(cursor, actor=load.actor, action=Act.PULLED, system=load.system, detail=detail)


def forget_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Forget how far a load and the later ones of the same source had read it."""
    cursor.execute(
        """DELETE FROM source_pull p USING source_pull u
           WHERE u.load_id = $load AND p.load_id >= $load
             AND (p.system, p.location, p.item) = (u.system, u.location, u.item)""",
        {"load": load_id},
    )


def loads_by_source(cursor: duckdb.DuckDBPyConnection, system: str) -> dict[str, list[int]]:
    """The name of each source of a system -> the loads that it brought, in their order."""
    rows = cursor.execute(
        """SELECT s.name, list(p.load_id ORDER BY p.load_id) FROM source s
           JOIN source_pull p USING (system, location, item) WHERE s.system = ? GROUP BY 1 ORDER BY 1""",
        [system],
    ).fetchall()
    return {str(name): [int(load) for load in loads] for name, loads in rows}

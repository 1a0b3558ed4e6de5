"""Attributions computed in bulk: which decisions still wait for theirs, keeping them, and reading them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, System, agree
from plumbline.profile.scan.decisions import column_list, localise_times
from plumbline.profile.scope import ARM, VERSION, span_scope
from plumbline.store.models.attributions import forget_version
from plumbline.store.sql import decision_table
from plumbline.store.workspace import naive, now

if TYPE_CHECKING:
    import pandas as pd

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionSet:
    """One version's stored attributions: by which file, over which features, from which base."""

    version: str
    sha256: str
    features: tuple[str, ...]
    space: str
    base: float
    method: str


@dataclass(frozen=True, slots=True)
class AttributionCoverage:
    """How many of a version's decisions on one day have stored attributions, and how many of these add up."""

    version: str
    day: date
    n: int
    adds_up: int


def begin_pass(cursor: duckdb.DuckDBPyConnection, system: System, run: AttributionSet) -> None:
    """Note what a version's attributions are; those of another file, base or set of features go.

    A base that differs by rounding alone, as on another processor, is the same, and the one that was kept stays.
    """
    kept_set = find_attribution_set(cursor, system.key, run.version)
    if kept_set is not None and agree(kept_set.base, run.base) and replace(kept_set, base=run.base) == run:
        return
    forget_version(cursor, system.key, run.version)
    cursor.execute(
        "INSERT INTO attribution_pass VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            system.key,
            run.version,
            run.sha256,
            json.dumps(list(run.features)),
            run.space,
            run.base,
            run.method,
            naive(now()),
        ],
    )


def list_attribution_sets(cursor: duckdb.DuckDBPyConnection, system: str) -> list[AttributionSet]:
    """What is stored, by version."""
    rows = cursor.execute(
        """SELECT version, sha256, features, space, base, method FROM attribution_pass
           WHERE system = ? ORDER BY version""",
        [system],
    ).fetchall()
    return [
        AttributionSet(
            version=r[0], sha256=r[1], features=tuple(json.loads(r[2])), space=r[3], base=r[4], method=r[5]
        )
        for r in rows
    ]


def find_attribution_set(
    cursor: duckdb.DuckDBPyConnection, system: str, version: str
) -> AttributionSet | None:
    """What is stored of one version, or None."""
    return next((p for p in list_attribution_sets(cursor, system) if p.version == version), None)


_WAITING = """NOT EXISTS (SELECT 1 FROM attribution a
              WHERE a.system = $key AND a.load_id = _load_id AND a.line = _line)"""


def count_unattributed(cursor: duckdb.DuckDBPyConnection, system: System, version: str) -> int:
    """Decisions of a version without stored attributions."""
    row = cursor.execute(
        f"""SELECT count(*) FROM {decision_table(system.key)}
            WHERE "timestamp" IS NOT NULL AND {VERSION} = $version AND {_WAITING}""",
        {"key": system.key, "version": version},
    ).fetchone()
    return int(row[0]) if row else 0


def next_unattributed(
    cursor: duckdb.DuckDBPyConnection, system: System, version: str, after: tuple[int, int], limit: int
) -> pd.DataFrame:
    """The next decisions of a version without attributions, by load and line; columns as in ``decisions.find``."""
    frame = cursor.execute(
        f"""SELECT {column_list(cursor, system)} FROM {decision_table(system.key)}
            WHERE "timestamp" IS NOT NULL AND {VERSION} = $version AND (_load_id, _line) > ($load, $line)
              AND {_WAITING} ORDER BY _load_id, _line LIMIT $limit""",
        {"key": system.key, "version": version, "load": after[0], "line": after[1], "limit": limit},
    ).df()
    return localise_times(frame)


def keep(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    run: AttributionSet,
    frame: pd.DataFrame,
    parts: FloatArray,
    adds_up: BoolArray,
) -> None:
    """Keep the attributions (n, d) of the decisions of a frame."""
    import pyarrow as pa

    n, d = parts.shape
    flat = pa.array(np.ascontiguousarray(parts, np.float32).ravel(), from_pandas=True)  # NaN: not known
    offsets = (
        pa.array(np.arange(0, n * d + 1, d, dtype=np.int32)) if d else pa.array([0] * (n + 1), pa.int32())
    )
    table = pa.table(
        {
            "load_id": pa.array(frame["_load_id"].to_numpy(np.int32)),
            "line": pa.array(frame["_line"].to_numpy(np.int64)),
            "day": pa.array(frame["timestamp"].dt.date),
            "adds_up": pa.array(adds_up.astype(bool)),
            "parts": pa.ListArray.from_arrays(offsets, flat),
        }
    )
    cursor.register("attribution_batch", table)
    try:
        # a decision that an erasure or an undo took meanwhile gets none
        cursor.execute(
            f"""INSERT INTO attribution SELECT $key, b.load_id, b.line, $version, $sha, b.day, b.adds_up, b.parts
                FROM attribution_batch b WHERE EXISTS (SELECT 1 FROM {decision_table(system.key)} d
                     WHERE d._load_id = b.load_id AND d._line = b.line)
                AND NOT EXISTS (SELECT 1 FROM attribution a WHERE a.system = $key AND a.load_id = b.load_id
                     AND a.line = b.line) ORDER BY b.load_id, b.line""",
            {"key": system.key, "version": run.version, "sha": run.sha256},
        )
    finally:
        cursor.unregister("attribution_batch")


def attribution_coverage(cursor: duckdb.DuckDBPyConnection, system: System) -> list[AttributionCoverage]:
    """Stored attributions by version and day, for coverage."""
    rows = cursor.execute(
        """SELECT version, day, count(*), count(*) FILTER (adds_up) FROM attribution WHERE system = ?
           GROUP BY version, day ORDER BY version, day""",
        [system.key],
    ).fetchall()
    return [AttributionCoverage(*row) for row in rows]


def mean_attributions(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[str, float]:
    """Mean absolute stored attribution by feature, over the version that most decisions of them are of."""
    row = cursor.execute(
        "SELECT version FROM attribution WHERE system = ? GROUP BY version ORDER BY count(*) DESC, version LIMIT 1",
        [system.key],
    ).fetchone()
    kept_set = find_attribution_set(cursor, system.key, row[0]) if row else None
    if kept_set is None or not kept_set.features:
        return {}
    means = ", ".join(f"avg(abs(parts[{i + 1}]))" for i in range(len(kept_set.features)))
    record = cursor.execute(
        f"SELECT {means} FROM attribution WHERE system = ? AND version = ?", [system.key, kept_set.version]
    ).fetchone()
    return {n: float(v) for n, v in zip(kept_set.features, record or (), strict=False) if v is not None}


def sample_attributions(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    version: str,
    span: tuple[datetime | None, datetime | None],
    n: int,
    seed: int = 0,
) -> tuple[pd.DataFrame, FloatArray]:
    """A random sample of a version's decisions of a span with stored attributions: rows as logged, and (n, d)."""
    scope = span_scope(system, *span).narrow(
        f"{VERSION} = $version AND lower({ARM}) <> 'shadow'", version=version
    )
    frame = cursor.execute(
        f"""WITH chosen AS (SELECT rowid AS place, _load_id, _line {scope.rows}),
                 both_of AS (SELECT c.place, a.parts FROM chosen c JOIN attribution a
                     ON a.system = $key AND a.load_id = c._load_id AND a.line = c._line
                     ORDER BY hash(c._load_id, c._line, $seed::BIGINT), c._load_id, c._line LIMIT $n)
            SELECT {column_list(cursor, system)}, b.parts AS "_parts"
            FROM {scope.table} d JOIN both_of b ON d.rowid = b.place ORDER BY "timestamp", _load_id, _line""",
        scope.params | {"key": system.key, "seed": seed, "n": n},
    ).df()
    parts = np.array(frame["_parts"].tolist(), np.float64) if len(frame) else np.empty((0, 0))
    return localise_times(frame.drop(columns="_parts")), parts

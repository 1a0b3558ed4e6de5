"""Decisions of a small log, files of them, and what a workspace holds once they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from plumbline.domain import ColumnMap, Kind, Load, Mapping, RoleName, Task
from plumbline.logs.load.decisions import load_decisions
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace

HEADER = ("id", "when", "score", "pred", "label", "age", "region")
NUMERIC = ("score", "age")
ROLES = {"id": "decision_id", "when": "timestamp", "score": "score", "pred": "prediction", "label": "label",
         "age": "feature:age", "region": "feature:region"}  # fmt: skip


def mapping(
    roles: dict[str, str] = ROLES, *, task: Task = Task.BINARY, positive: str | None = "yes", zone: str = "UTC",
    formats: dict[str, str] | None = None, numeric: Sequence[str] = NUMERIC,
) -> Mapping:  # fmt: skip
    """Columns to roles; times are ISO unless said otherwise."""
    said = {"when": "iso"} | (formats or {})
    return Mapping(
        tuple(
            ColumnMap(
                column=c,
                role=RoleName.parse(r, c),
                kind=Kind.NUMERIC if c in numeric else Kind.CATEGORICAL,
                format=said.get(c, ""),
            )
            for c, r in roles.items()
        ),
        task,
        positive,
        zone,
    )


def row(i: int, **changed: object) -> list[str]:
    """One decision; hours of January 2026 run on."""
    score = ((i * 37) % 100) / 100
    made: dict[str, object] = {
        "id": f"d{i:04d}", "when": f"2026-01-{1 + i // 24 % 28:02d}T{i % 24:02d}:00:00Z", "score": score,
        "pred": "yes" if score >= 0.5 else "no", "label": "yes" if (i * 53) % 100 < score * 100 else "no",
        "age": 20 + i % 50, "region": "north" if i % 3 else "south",
    }  # fmt: skip
    return [str((made | changed)[name]) for name in HEADER]


def decisions(n: int, start: int = 0, **cells: object) -> list[list[str]]:
    """``n`` rows, numbered from ``start`` on; a cell that is said may be a function of the row's number."""
    return [
        row(i, **{c: v(i) if callable(v) else v for c, v in cells.items()}) for i in range(start, start + n)
    ]


def records(n: int, start: int = 0, **cells: object) -> list[dict[str, str]]:
    """The same by the names of their columns."""
    return [dict(zip(HEADER, line, strict=True)) for line in decisions(n, start, **cells)]


def csv_bytes(rows: Iterable[Iterable[str]], header: Sequence[str] = HEADER, sep: str = ",") -> bytes:
    """A plain CSV without quotes."""
    return ("\n".join([sep.join(header), *(sep.join(r) for r in rows)]) + "\n").encode()


def write(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, sep: str = ",") -> Path:
    """The same as a file; returns its path."""
    path.write_bytes(csv_bytes(rows, header, sep))
    return path


def load(ws: Workspace, path: Path, **options: Any) -> Load:
    """Load with the usual mapping into the system ``s``."""
    return load_decisions(
        ws, path, **({"title": "s", "mapping": mapping(), "actor": "test", "accept": True} | options)
    )


def rows_of(ws: Workspace, columns: str = "*", key: str = "s", where: str = "true") -> list[tuple[Any, ...]]:
    """Decisions in file order."""
    with ws.read() as cursor:
        return cursor.execute(
            f"SELECT {columns} FROM {decision_table(key)} WHERE {where} ORDER BY _load_id, _line"
        ).fetchall()


def state(ws: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Everything but the trail with its digests, the register of loads, the remembered mapping, and kept answers."""
    with ws.read() as cursor:
        tables = [t for (t,) in cursor.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1").fetchall()]  # fmt: skip
        left_out = {"trail", "load", "mapping", "setting", "kept", "state_digest"}
        return {
            t: sorted(cursor.execute(f'SELECT * FROM "{t}"').fetchall(), key=repr)
            for t in tables
            if t not in left_out
        }

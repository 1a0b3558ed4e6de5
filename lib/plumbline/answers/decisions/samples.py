"""Random decisions of a version, from what is kept of a long log, and single ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.answers.cache import Memory
from plumbline.domain import Slice, System
from plumbline.domain.decisions import Decision
from plumbline.profile.scan import decisions, samples
from plumbline.profile.scope import all_rows
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.cache.samples import is_drawn
from plumbline.store.workspace import BusyWriter, Cursor, FullDisk, Workspace

if TYPE_CHECKING:
    import pandas as pd

#: decisions from which a log is long: below, drawing takes no longer than reading what was kept
LONG = 200_000
ROWS = 64  # single decisions that stay in memory: one page asks for its own several times
_MEMORY: Memory[Decision] = Memory(ROWS)


def draw(
    ws: Workspace,
    cursor: Cursor,
    system: System,
    version: str,
    n: int,
    *,
    outcome: str | None = None,
    columns: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """At most n random decisions of a version ("": of all), or of one outcome of it, oldest first.

    The same ones for the same loads, and the first of a larger draw. Of a long log they are drawn once and kept.
    """
    if keep_draw(ws, cursor, system, version):
        current = fingerprint(cursor, system)
        sample = samples.stored_sample(cursor, system, version, current, n, outcome=outcome, columns=columns)
        if sample is not None:
            return sample
    where = (("prediction", outcome),) if outcome is not None else ()
    return decisions.sample(cursor, system, Slice(version=version or None, where=where), n, 0, columns)


def keep_draw(ws: Workspace, cursor: Cursor, system: System, version: str) -> bool:
    """Keep a version's draw if the log is long and nothing is being written; whether one of these loads is kept."""
    if is_drawn(cursor, system.key, version, fingerprint(cursor, system)):
        return True
    row = cursor.execute(f"SELECT count(*) FROM {all_rows(system).table}").fetchone()
    if row is None or row[0] < LONG:
        return False
    try:
        with ws.write(by_itself=True, wait=False) as writer:
            samples.keep(writer, system, version, fingerprint(writer, system))
    except (BusyWriter, FullDisk):
        return False
    return True


def cached_decision(ws: Workspace, cursor: Cursor, system: System, decision_id: str) -> Decision:
    """One decision as ``profile.scan.decisions.read_decision`` finds it, which scans the log for it once.

    Raises:
        PlumblineError: there is none.
    """
    return _MEMORY.get(
        ws, cursor, system, decision_id, lambda: decisions.read_decision(cursor, system, decision_id)
    )

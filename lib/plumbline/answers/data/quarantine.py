"""Rows that could not be loaded: which and why, to take away as a file, and to try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plumbline.answers.data.load import Progress, amend, check_load, rebuild_outcomes
from plumbline.domain import Load
from plumbline.logs.load.retry import RetryTrial, read_load_form, retry, sample_cells, try_rows
from plumbline.logs.mapping.date_order import apply_order, read_order
from plumbline.profile import build
from plumbline.store import loads, systems
from plumbline.store.loads import LoadForm, QuarantinedRow
from plumbline.store.workspace import Workspace
from plumbline.wording.safe_csv import safe_csv

EXAMPLES = 200


@dataclass(frozen=True, slots=True)
class QuarantineAnswer:
    """A system's rows that wait. ``counts``: (load, reason, rows); ``rows``: examples in file order, at most 200.

    ``waiting``: rows that the filter lets through; ``total``: all of the system.
    """

    counts: tuple[tuple[int, str, int], ...]
    rows: tuple[QuarantinedRow, ...]
    waiting: int
    total: int


def quarantine_answer(
    ws: Workspace,
    key: str,
    *,
    load_id: int | None = None,
    reason: str | None = None,
    limit: int | None = EXAMPLES,
) -> QuarantineAnswer:
    """Rows of a system that could not be loaded, of one load or for one reason where asked.

    Raises:
        PlumblineError: there is no such system.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        counts = loads.quarantine_counts(cursor, key)
        rows = loads.quarantined_rows(cursor, system=key, load_id=load_id, reason=reason, limit=limit)
    waiting = sum(n for load, why, n in counts if load_id in (None, load) and reason in (None, why))
    return QuarantineAnswer(tuple(counts), tuple(rows), waiting, sum(n for _, _, n in counts))


def quarantine_csv(ws: Workspace, key: str, *, load_id: int | None = None, reason: str | None = None) -> str:
    """All those rows as CSV, safe to open in a spreadsheet: no cell can be read as a formula."""
    found = quarantine_answer(ws, key, load_id=load_id, reason=reason, limit=None)
    header = ("load", "line", "reason", "detail", "raw")
    return safe_csv(header, ((r.load_id, r.line, r.reason, r.detail, r.raw) for r in found.rows))


def read_form(ws: Workspace, load_id: int) -> LoadForm:
    """How a load's rows were read: columns and mapping.

    Raises:
        PlumblineError: it keeps nothing that could be tried again.
    """
    return read_load_form(ws, load_id)[1]


def quarantine_samples(
    ws: Workspace, load_id: int, *, reason: str | None = None
) -> dict[str, tuple[str, ...]]:
    """A few cells of each column as they stand in the rows that wait.

    Raises:
        PlumblineError: the load keeps nothing that could be tried again.
    """
    return sample_cells(ws, load_id, reason=reason)


def try_retry(
    ws: Workspace,
    load_id: int,
    *,
    maps: Sequence[tuple[str, str]] = (),
    reason: str | None = None,
    lenient: bool = False,
    date_order: str | None = None,
    timezone: str | None = None,
) -> RetryTrial:
    """Which rows of a load's quarantine would load under a mended mapping; changes nothing.

    Raises:
        PlumblineError: see ``logs.load.decisions.retry.try_rows``.
    """
    order = read_order(date_order)
    mapping = apply_order(amend(read_form(ws, load_id).mapping, maps), order)
    mapping = replace(mapping, timezone=timezone or mapping.timezone)
    return try_rows(ws, load_id, mapping, reason=reason, lenient=lenient, order=order)


def retry_load(
    ws: Workspace,
    load_id: int,
    *,
    maps: Sequence[tuple[str, str]] = (),
    reason: str | None = None,
    lenient: bool = False,
    date_order: str | None = None,
    timezone: str | None = None,
    actor: str,
    progress: Progress | None = None,
) -> Load:
    """Load the rows of a load's quarantine that fit under a mended mapping, profiles included; then check.

    Raises:
        PlumblineError: none fits; the sentence says why.
    """
    trial = try_retry(
        ws, load_id, maps=maps, reason=reason, lenient=lenient, date_order=date_order, timezone=timezone
    )
    load = retry(
        ws,
        trial,
        actor=actor,
        lenient=lenient,
        after=build.on_load,
        after_labels=rebuild_outcomes,
        progress=progress,
    )
    return check_load(ws, load, actor=actor)

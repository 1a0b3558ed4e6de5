"""Shift of whole rows: the window, and each chunk of the log, against the reference, from samples of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from plumbline.answers.cache import memoise
from plumbline.answers.drift.features import Span, drift_chunk, reference_of, window_of
from plumbline.answers.question import resolve_filters
from plumbline.domain import Kind, PlumblineError, PointStatus, Result, Slice, System, json_value
from plumbline.domain.decisions import bare_name
from plumbline.domain.messages import Message, as_message, message
from plumbline.monitor.chunks import chunk_index
from plumbline.monitor.drift import multivariate
from plumbline.monitor.drift.multivariate import Column, WholeRow
from plumbline.profile.read import profiles as read
from plumbline.profile.scan import decisions
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count, decimal

if TYPE_CHECKING:
    import pandas as pd

CHUNK_ROWS = 400
MOST_CHUNKS = 30  # the last ones; each takes about half a second
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRowAnswer(Result):
    """The window (``now``) and every chunk against the reference."""

    COLUMNS = (
        "start",
        "end",
        "n",
        "n_reference",
        "auc",
        "low",
        "high",
        "error",
    )

    system: System
    reference: Span
    window: Span
    by: str
    now: WholeRow
    chunks: tuple[WholeRow, ...]
    sentence: str

    def rows(self) -> list[dict[str, Any]]:
        """One a chunk."""
        return [{**json_value(one), "start": one.start, "end": one.end} for one in self.chunks]

    def _json_values(self) -> dict[str, Any]:
        """The window's comparison and its sentence."""
        return {**json_value(self.now), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class _Comparison:
    now: WholeRow
    chunks: tuple[WholeRow, ...]


def row_shift(
    ws: Workspace,
    key: str,
    *,
    reference: Span | None = None,
    window: Span | None = None,
    by: str | None = None,
    version: str | None = None,
    where: tuple[tuple[str, str], ...] = (),
    over_time: bool = True,
) -> WholeRowAnswer:
    """Whether rows as wholes have shifted, which no single feature may show.

    From at most 1,000 rows of the reference and of the window, and 400 of a chunk; always the same rows.

    Raises:
        PlumblineError: no such system, no reference, or fewer than two features.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        where = resolve_filters(cursor, system, Slice(where=where)).where
        columns = [
            (c.name, c.kind) for c in systems.decision_columns(cursor, key) if c.role.role == "feature"
        ][:MOST_COLUMNS]
        if len(columns) < 2:
            raise PlumblineError(
                message("{key} has fewer than two features", key=key), todo="Map some columns as features."
            )
        healthy, shown = reference_of(system, reference), window_of(cursor, system, window)
        profiles = read.feature_profiles(
            cursor, system, Slice(version=version), [bare_name(columns[0][0]), columns[0][0]]
        )
        chunk = by or drift_chunk(profiles)
        spans = _chunks(profiles[0].days, chunk) if over_time and profiles else []
        asked = Slice(*healthy, version, None, where)
        question = f"whole rows of {shown} against {asked} by {chunk}{', over time' if over_time else ''}"

        def make() -> _Comparison:
            return _compare_windows(cursor, system, columns, asked, shown, chunk, spans[-MOST_CHUNKS:])

        # a filter names a value of the log, which is not to be written down
        comparison = make() if where else memoise(cursor, system, question, _Comparison, make)
    return WholeRowAnswer(
        system=system,
        reference=healthy,
        window=shown,
        by=chunk,
        now=comparison.now,
        chunks=comparison.chunks,
        sentence=_sentence(comparison.now),
    )


def _compare_windows(
    cursor: Cursor,
    system: System,
    columns: list[tuple[str, Kind]],
    reference: Slice,
    window: Span,
    by: str,
    spans: list[tuple[datetime, datetime]],
) -> _Comparison:
    names = [name for name, _ in columns]
    then = decisions.sample(cursor, system, reference, multivariate.ROWS, columns=names)
    base = _columns(then, columns)
    if len(then) < multivariate.FEWEST:
        raise PlumblineError(
            message(
                "The reference of {key} holds {then} such decisions; {fewest} are needed",
                key=system.key,
                then=str(len(then)),
                fewest=str(multivariate.FEWEST),
            )
        )
    encode = multivariate.encoder(base)
    index = chunk_index([t.date() for t in then["timestamp"]], by)[2]
    fitted = multivariate.components(encode.matrix(base), index)

    def compare_window(span: Span, rows: int, base: list[Column], *, strongest: bool = False) -> WholeRow:
        part = replace(reference, start=span[0], end=span[1])
        frame = decisions.sample(cursor, system, part, rows, 1, names)
        return multivariate.compare(encode, base, fitted, _columns(frame, columns), span, strongest=strongest)

    now = compare_window(window, multivariate.ROWS, base, strongest=True)
    less = _columns(then.sample(min(len(then), CHUNK_ROWS), random_state=0), columns)
    return _Comparison(now, tuple(compare_window(span, CHUNK_ROWS, less) for span in spans))


def _columns(frame: pd.DataFrame, columns: list[tuple[str, Kind]]) -> list[Column]:
    return [
        (
            bare_name(name),
            kind,
            frame[name].to_numpy(dtype=float) if kind is Kind.NUMERIC else frame[name].to_numpy(dtype=object),
        )
        for name, kind in columns
    ]


def _chunks(days: tuple[object, ...], by: str) -> list[tuple[datetime, datetime]]:
    starts, ends, _ = chunk_index(list(days), by)  # type: ignore[arg-type]
    return list(zip(starts, ends, strict=True))


def _sentence(now: WholeRow) -> Message:
    if now.auc is None or now.low is None or now.high is None:
        return message("Whole rows could not be compared: {note}", note=as_message(now.note))
    size = message(
        "a classifier tells the window's rows from the reference's with AUC {auc} ({low} to {high}, n = {n} and "
        "{n_reference})",
        auc=decimal(now.auc, ".2f"),
        low=decimal(now.low, ".2f"),
        high=decimal(now.high, ".2f"),
        n=count(now.n),
        n_reference=count(now.n_reference),
    )
    if now.status is PointStatus.OK:
        return message(
            "Whole rows did not shift enough to matter: {size}; {half} is no difference.",
            size=size,
            half=decimal(0.5, ".1f"),
        )
    if not now.strongest:
        return message("Whole rows shifted: {size}.", size=size)
    return message(
        "Whole rows shifted: {size}, mostly by {names}.", size=size, names=", ".join(now.strongest)
    )

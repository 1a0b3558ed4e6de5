"""Whether decisions still follow the score's cut-off of the reference, kept until the decisions change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np

from plumbline.answers.cache import memoise
from plumbline.domain import FeatureProfile, IntArray, Slice, System, Task
from plumbline.monitor.chunks import midnight
from plumbline.monitor.drift.cutoff import (
    FEWEST,
    OF_ANSWER,
    OF_VERSION,
    SCORES,
    CutOff,
    DailySides,
    Departure,
    best_cut_off,
    departures,
    roundest_number,
)
from plumbline.profile.scan.score_sides import (
    Scale,
    SideCounts,
    answers_by_cell,
    answers_by_score,
    score_range,
    sides_by_day,
)
from plumbline.store.workspace import Cursor

_DAY = timedelta(days=1)


def cutoff_departures(
    cursor: Cursor, system: System, features: Sequence[FeatureProfile], until: datetime
) -> tuple[Departure, ...]:
    """When decisions left the reference's cut-off; nothing where it has none, as far as is known."""
    reference = system.reference
    named = {p.bins.feature for p in features}
    if reference is None or system.task is not Task.BINARY or system.positive is None or "score" not in named:
        return ()

    def make() -> tuple[Departure, ...]:
        healthy = Slice(*reference)
        cut, scale = reference_cut(cursor, system, healthy)
        sides = sides_by_day(cursor, system, Slice(), scale, cut.score) if cut is not None else None
        return () if cut is None or sides is None else departures_of(sides, cut, scale, reference, until)

    question = f"cut-off of {[t.isoformat() for t in reference]} until {until.isoformat()}"
    return memoise(cursor, system, question, tuple[Departure, ...], make)


def reference_cut(cursor: Cursor, system: System, healthy: Slice) -> tuple[CutOff | None, Scale]:
    """The cut-off that the decisions of the reference follow, to the score; None where there is none, or too little.

    The cell that parts the answers best is found first, and within it and its neighbours the exact score.
    """
    scores_range = score_range(cursor, system, healthy)
    if scores_range is None or scores_range.n < FEWEST or scores_range.distinct < SCORES:
        return None, Scale()
    scale = scores_range.scale
    cells, answers = answers_by_cell(cursor, system, healthy, scale)
    rough = best_cut_off(cells.astype(np.float64), answers)
    if rough is None or answers.sum(axis=0).min() < OF_ANSWER:
        return None, scale
    low, high = int(rough.low), int(rough.high)
    places, exact = answers_by_score(cursor, system, healthy, scale, (low, high))
    below, after = (answers[side].sum(axis=0) for side in (cells < low, cells > high))
    outer = scale.start(np.array([low, high + 1]))
    ends = [min(outer[0], np.nextafter(places[0], -np.inf)), max(outer[1], np.nextafter(places[-1], np.inf))]
    places = np.concatenate([ends[:1], places, ends[1:]])
    fine = best_cut_off(places, np.concatenate([below[None], exact, after[None]]).astype(np.int64))
    return fine if fine is not None and fine.is_reliable else None, scale


def departures_of(
    sides: SideCounts, cut: CutOff, scale: Scale, reference: tuple[datetime, datetime], until: datetime
) -> tuple[Departure, ...]:
    """Each episode, with the cut-off that its decisions follow and the version that decides so."""
    first = midnight(sides.first.astype(date))
    given = sides.yes if cut.upper else ~sides.yes  # the answer that belongs above
    days = int(sides.day.max()) + 1
    below, above = given & ~sides.above, ~given & sides.above

    def daily(rows: np.ndarray) -> np.ndarray:
        return np.bincount(sides.day[rows], sides.n[rows], days).astype(np.float64)

    daily_sides = DailySides(first, daily(np.ones(len(sides.n), bool)), daily(below), daily(above))
    start, end = ((bound - first) // _DAY for bound in reference)
    healthy = (sides.day >= start) & (sides.day < end)
    results = []
    for onset, known, last, over in departures(daily_sides, cut, reference=reference, until=until):
        in_span = (sides.day >= onset) & (sides.day <= last)
        wrong = in_span & (below | above)
        n, k = int(sides.n[in_span].sum()), int(sides.n[wrong].sum())
        lower = bool(sides.n[in_span & below].sum() >= sides.n[in_span & above].sum())
        version = _version(sides, wrong, healthy)
        alike = in_span & (sides.version == sides.versions.index(version)) if version else in_span
        results.append(
            Departure(
                was=cut.score,
                now=_episode_cut_off(sides, alike, given, cut, scale),
                lower=lower,
                share=k / n,
                healthy=cut.exceptions / cut.n,
                n=n,
                since=first + onset * _DAY,
                until=first + (last + 1) * _DAY if over else None,
                at=first + (known + 1) * _DAY,
                version=version,
            )
        )
    return tuple(results)


def _episode_cut_off(
    sides: SideCounts, scores: np.ndarray, given: np.ndarray, cut: CutOff, scale: Scale
) -> float | None:
    """The cut-off that the decisions of an episode follow, to the cell; None where none fits as a cut-off has to."""
    cells, place = np.unique(sides.cell[scores], return_inverse=True)
    answers: IntArray = np.zeros((len(cells), 2), np.int64)
    np.add.at(answers, (place, given[scores].astype(np.int64)), sides.n[scores])
    cut_off = best_cut_off(cells.astype(np.float64), answers)
    if cut_off is None or not cut_off.is_reliable or not cut_off.upper:
        return None
    low, high = scale.start(np.array([cut_off.low, cut_off.high + 1]))  # the cells on either side of it
    return None if low < cut.high and cut.low < high else roundest_number(float(low), float(high))


def _version(sides: SideCounts, wrong: np.ndarray, healthy: np.ndarray) -> str:
    """The version, unknown to the reference, that all but a few of these decisions are of; empty where none is."""
    by = np.bincount(sides.version[wrong], sides.n[wrong], len(sides.versions))
    most = int(np.argmax(by))
    name = sides.versions[most]
    new = not (healthy & (sides.version == most)).any()
    return name if name and new and by[most] >= OF_VERSION * by.sum() else ""

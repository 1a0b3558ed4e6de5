"""For whom a system is worse: the slices that hurt most, and where to look next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from plumbline.answers.cache import memoise
from plumbline.answers.performance.headline import outcome_population, system_headline
from plumbline.answers.question import resolve_filters
from plumbline.domain import Result, Slice, System, json_object, json_value
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.figures import say_value
from plumbline.monitor.performance.segments import SegmentSearch, search
from plumbline.monitor.performance.selective_labels import UNKNOWN
from plumbline.profile.scan.slices import PROPORTIONS, read_slices, slice_metric, slicers
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.language import phrase
from plumbline.wording.names import say_level, say_metric
from plumbline.wording.quantities import count


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsAnswer(Result):
    """``window``: what was searched; ``asked``: the metric asked for where another had to stand in."""

    COLUMNS = (
        "where",
        "n",
        "value",
        "low",
        "high",
        "against",
        "difference",
        "extra",
    )

    system: System
    window: Slice
    search: SegmentSearch
    sentence: str
    asked: str = ""

    def rows(self) -> list[dict[str, Any]]:
        """One a segment, the one that hurts most first; ``where`` as the option of that name takes it."""
        return [
            {**json_value(one), "where": [f"{column}={value}" for column, value in one.where]}
            for one in self.search.segments
        ]

    def _json_values(self) -> dict[str, Any]:
        """``segments``: those that hurt most, worst first."""
        return json_object(
            {
                "sentence": self.sentence,
                "window": (self.window.start, self.window.end),
                **json_value(self.search),
                "segments": self.rows(),
            }
        )


@dataclass(frozen=True, slots=True)
class _SegmentSearch:
    search: SegmentSearch
    columns: bool


def segments(
    ws: Workspace,
    key: str,
    *,
    window: Slice | None = None,
    metric: str | None = None,
    against: str = "reference",
    pairs: bool = True,
) -> SegmentsAnswer:
    """Search every level, range and pair of them for the slices that hurt most.

    Args:
        window: what to search; without a span it begins where the reference ends.
        metric: a metric that is a mean over decisions; another gives way to the task's first.
        against: ``reference``: what changed for the worse by more than the rest did since then; ``rest``: what
            is worse than the rest of the window. Without a reference it is the rest.

    Raises:
        PlumblineError: no such system or column.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        part = resolve_filters(cursor, system, window or Slice())
        healthy = system.reference
        if healthy and part.start is None and part.end is None:
            part = replace(part, start=healthy[1])
        asked, whose = metric or system_headline(cursor, system).metric, outcome_population(cursor, system)
        if whose and asked in UNKNOWN:
            asked = "accuracy"
        name = slice_metric(system, asked)
        against = against if healthy else "rest"

        def make() -> _SegmentSearch:
            by = slicers(cursor, system, {column for column, _ in part.where})
            now = read_slices(cursor, system, part, name, by)
            then = None
            if healthy:
                span = replace(part, start=healthy[0], end=healthy[1], version=None)
                then = read_slices(cursor, system, span, name, by)
            even = name in PROPORTIONS
            return _SegmentSearch(
                search(now, name, reference=then, against=against, proportion=even, pairs=pairs), bool(by)
            )

        question = f"slices of {part!r} by {name} against {against}{', pairs' if pairs else ''}"
        # a filter names a value of the log, which is not to be written down
        outcome = make() if part.where else memoise(cursor, system, question, _SegmentSearch, make)
    segment_search = outcome.search
    sentence = f"{_sentence(segment_search, outcome.columns, system.unit)} {whose if segment_search.n else ''}".rstrip()
    return SegmentsAnswer(
        system=system,
        window=part,
        search=segment_search,
        sentence=sentence,
        asked="" if asked == name else asked,
    )


def say_slice(where: tuple[tuple[str, str], ...]) -> str:
    """A slice in words: ``region is north and basket is 10 to below 20``."""
    return phrase(" and ").join(
        phrase("{column} is {level}", column=column.partition(":")[2] or column, level=say_level(value))
        for column, value in where
    )


def _sentence(search: SegmentSearch, columns: bool, unit: str) -> Message:
    if not columns:
        return message("There is no column to slice the decisions by.")
    if not search.n:
        return message("No outcomes are known in this window, so no segment can be compared.")
    looked = message(
        "{tried} segments were compared over {n} labelled decisions{sample}{how}",
        tried=count(search.tried),
        n=count(search.n),
        sample=message(", a sample of {available}", available=count(search.available))
        if search.n < search.available
        else NOTHING,
        how=message(", counted by subject")
        if search.named
        else message(", counted as independent but for what a day has in common"),
    )
    if not search.segments:
        return (
            message("No segment is worse than the rest by enough to matter: {looked}.", looked=looked)
            if search.against == "rest"
            else message(
                "No segment fell behind the rest since the reference by enough to matter: {looked}.",
                looked=looked,
            )
        )
    worst = search.segments[0]
    values = {
        "metric": say_metric(search.metric),
        "where": _slice(worst.where),
        "value": say_value(search.metric, worst.value, unit),
        "against": say_value(search.metric, worst.against, unit),
        "n": count(worst.n),
        "looked": looked,
    }
    if search.against == "rest":
        return message(
            "{metric} suffers most where {where}: {value} against {against} for the rest (n = {n}). {looked}.",
            **values,
        )
    return message(
        "{metric} suffers most where {where}: {value} against {against} had it changed like the rest (n = {n}). "
        "{looked}.",
        **values,
    )


def _slice(where: tuple[tuple[str, str], ...]) -> Message:
    parts = [
        message("{column} is {level}", column=column.partition(":")[2] or column, level=say_level(value))
        for column, value in where
    ]
    return message("{most} and {last}", most=parts[0], last=parts[1]) if len(parts) > 1 else parts[0]

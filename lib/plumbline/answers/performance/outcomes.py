"""What decisions came to: the table of predicted against true, its worth, and two windows side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from plumbline.answers.performance.headline import classes_with_outcomes, outcome_population, system_headline
from plumbline.answers.performance.label_delay import delays
from plumbline.answers.question import log_span, reporting_date, resolve_filters
from plumbline.domain import FloatArray, PlumblineError, Result, Slice, System, Task, json_object, json_value
from plumbline.domain.messages import Message, message, sequence
from plumbline.monitor.alarms.change_point import ChangePoint
from plumbline.monitor.figures import say_value
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.performance.compare_windows import WindowComparison, compare_windows
from plumbline.monitor.performance.money import Stake, money_at_stake, stated_stake
from plumbline.monitor.performance.selective_labels import UNKNOWN
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.names import metric_unit, say_metric
from plumbline.wording.quantities import count, percent
from plumbline.wording.times import say_span

#: days of the second window where none is asked for
RECENT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionAnswer:
    """Labelled decisions by class predicted (rows) and true (columns), in the window and in the reference.

    ``cost``: value of one such decision in ``currency``, None where the owner stated none.
    """

    classes: tuple[str, ...]
    window: FloatArray
    reference: FloatArray | None
    cost: FloatArray | None
    currency: str
    sentence: str


@dataclass(frozen=True, slots=True)
class WindowsAnswer(Result):
    """Every metric in two windows."""

    COLUMNS = (
        "metric",
        "first",
        "second",
        "difference",
        "low",
        "high",
        "verdict",
    )

    first: Slice
    second: Slice
    metrics: tuple[WindowComparison, ...]
    sentence: str

    def _json_values(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        return json_object(
            {
                "sentence": self.sentence,
                "first": self.first,
                "second": self.second,
                "metrics": self.metrics,
            }
        )

    def lines(self) -> list[str]:
        """The same for a terminal."""
        return [self.sentence, *(_line(one) for one in self.metrics)]

    def rows(self) -> list[dict[str, Any]]:
        """One a metric: its value in both windows, and the difference with its limits."""
        return [{**json_value(m), "first": m.first.value, "second": m.second.value} for m in self.metrics]


def _line(compared: WindowComparison) -> str:
    values = " -> ".join(
        "unknown" if s.value is None else f"{s.value:.4f}" for s in (compared.first, compared.second)
    )
    sure = "" if compared.low is None else f"  ({compared.low:+.4f} to {compared.high:+.4f})"
    return (
        f"{compared.metric:<24} {values}{sure}  n={compared.first.n}, {compared.second.n}  {compared.verdict}"
    )


def confusion(ws: Workspace, key: str, *, window: Slice | None = None) -> ConfusionAnswer | None:
    """Predicted against true; None for a system that predicts numbers.

    Raises:
        PlumblineError: no such system or column, or a cost matrix that does not fit.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        if system.task is Task.REGRESSION:
            return None
        part = resolve_filters(cursor, system, window or Slice())
        cost = system.settings.cost_matrix
        now = counts_of(outcome_profile(cursor, system, part), cost)
        whose = outcome_population(cursor, system)
        then = None
        if system.reference and (part.start, part.end) != system.reference:
            healthy = replace(part, start=system.reference[0], end=system.reference[1], version=None)
            then = counts_of(outcome_profile(cursor, system, healthy), cost)
    table = now.confusion.sum(0)
    same = then is not None and then.classes == now.classes
    return ConfusionAnswer(
        classes=now.classes,
        window=table,
        reference=then.confusion.sum(0) if then is not None and same else None,
        cost=now.cost,
        currency=str((cost or {}).get("currency", "")),
        sentence=sequence([_most_frequent_error(now.classes, table), whose]),
    )


def compare(
    ws: Workspace,
    key: str,
    *,
    first: Slice | None = None,
    second: Slice | None = None,
    within: Slice | None = None,
) -> WindowsAnswer:
    """Two windows, metric by metric.

    Args:
        first: None: the reference. second: None: the last 30 days of the log.
        within: the version and the filters of a window that is not named.

    Raises:
        PlumblineError: no such system or column, or no reference to stand in for the first window.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        a, b = default_windows(cursor, system, first, second, within)
        profiles = [outcome_profile(cursor, system, resolve_filters(cursor, system, part)) for part in (a, b)]
        headline, whose = system_headline(cursor, system).metric, outcome_population(cursor, system)
    barred = UNKNOWN if whose else ()
    comparisons = compare_windows(profiles[0], profiles[1], cost=system.settings.cost_matrix, unknown=barred)
    return WindowsAnswer(
        a, b, comparisons, f"{_sentence(system, headline, a, b, comparisons)} {whose}".rstrip()
    )


def money_lost_since(ws: Workspace, key: str, change: ChangePoint | None) -> Stake | None:
    """Money lost since a change, by the owner's cost matrix, or as the owner stated it; None without either.

    Raises:
        PlumblineError: no such system, or a cost matrix that does not fit.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        cost = system.settings.cost_matrix
        if not cost or change is None or system.reference is None:
            return stated_stake(system.settings.at_stake)
        profile = outcome_profile(cursor, system, Slice())
        delay, now = delays(cursor, system), reporting_date(system, log_span(cursor, system))
        known, _ = classes_with_outcomes(cursor, system)
    stake = money_at_stake(
        profile,
        cost,
        reference=system.reference,
        since=change.at,
        until=change.until,
        delay=delay,
        today=now,
        known=known,
    )
    return stake or stated_stake(system.settings.at_stake)


def default_windows(
    cursor: Cursor, system: System, first: Slice | None, second: Slice | None, within: Slice | None
) -> tuple[Slice, Slice]:
    """The two spans meant: the reference and the last 30 days of the log, where none is named."""
    within = within or Slice()
    if first is None:
        if system.reference is None:
            raise PlumblineError("There is no reference to compare with", todo="Choose both windows.")
        first = replace(within, start=system.reference[0], end=system.reference[1])
    if second is None:
        span = log_span(cursor, system)
        last = (
            (span.last + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            if span
            else None
        )
        second = replace(within, start=last - timedelta(days=RECENT) if last else None, end=last)
    return first, second


def overlap(a: Slice, b: Slice) -> str:
    """A sentence where two windows share decisions, empty where they do not."""
    late = max((part.start for part in (a, b) if part.start), default=None)
    early = min((part.end for part in (a, b) if part.end), default=None)
    if late is not None and early is not None and late >= early:
        return ""
    return " The windows share decisions, which makes them look more alike than they are."


def _most_frequent_error(classes: tuple[str, ...], table: FloatArray) -> str:
    """The largest cell off the diagonal, in words."""
    total = float(table.sum())
    wrong = [(float(table[i, j]), i, j) for i in range(len(classes)) for j in range(len(classes)) if i != j]
    if not total or not wrong or not max(wrong)[0]:
        return (
            message("No wrong decision among the labelled ones.")
            if total
            else message("No outcomes are known in this window.")
        )
    n, i, j = max(wrong)
    return message(
        "The most frequent error: {decided} was decided where {true} was true, {n} times in {total} labelled decisions "
        "({share}).",
        decided=classes[i],
        true=classes[j],
        n=count(n),
        total=count(total),
        share=percent(n / total),
    )


def _sentence(
    system: System, name: str, a: Slice, b: Slice, comparisons: tuple[WindowComparison, ...]
) -> Message:
    head = next((comparison for comparison in comparisons if comparison.metric == name), None)
    spans = message(
        "{second} against {first}", second=say_span(b.start, b.end), first=say_span(a.start, a.end)
    )
    if head is None or head.first.value is None or head.second.value is None:
        return message(
            "{metric} cannot be compared ({spans}): one of the windows has too few labels.",
            metric=say_metric(name),
            spans=spans,
        )
    unit = metric_unit(system, name)
    return message(
        "{metric} {verdict}: {second} after {first} ({spans}).{overlap}",
        metric=say_metric(name),
        verdict=_COMPARED[head.verdict],
        second=say_value(name, head.second.value, unit),
        first=say_value(name, head.first.value, unit),
        spans=spans,
        overlap=overlap(a, b),
    )


_COMPARED = {
    "same": message("is no different beyond chance"),
    "worse": message("is worse"),
    "better": message("is better"),
    "changed": message("has changed"),
    "unknown": message("cannot be judged"),
}

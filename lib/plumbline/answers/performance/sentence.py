"""The sentence that says how well a system does: whether its performance holds, and since when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbline.domain import OutcomeProfile, Point, PointStatus, Slice, System, Task
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.monitor.alarms.change_point import ChangePoint
from plumbline.monitor.alarms.findings import PerformanceProblem
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.figures import say_value
from plumbline.monitor.metrics.baseline import BaselineComparison, compare_with_baseline
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.metrics import metric
from plumbline.monitor.performance.selective_labels import Selection, unknown_metrics
from plumbline.monitor.performance.series import window_rows
from plumbline.wording.names import metric_unit, say_metric
from plumbline.wording.quantities import decimal
from plumbline.wording.times import say_day


def performance_sentence(
    system: System,
    headline: str,
    points: Sequence[Point],
    problems: Sequence[PerformanceProblem],
    change: ChangePoint | None,
    profile: OutcomeProfile,
    window: Slice,
    now: datetime,
    selected: Selection | None = None,
) -> Message:
    """The finding in one sentence: what, from what to what, since when, on how many decisions.

    Args:
        points: every metric by the page's chunk; the latest value is that of the last complete one.
        problems: of the whole family, by the chunk that alarms are raised on: what is open there is no *holds*.
        change: the change point of the headline.
        now: the moment that the log speaks for.
        selected: that being labelled depends on the decision; where some answer has no outcomes the sentence says
            whom it speaks of.
    """
    if unknown_metrics(selected).get(headline) and selected is not None:
        return message(
            "{metric} is unknown: no outcome is known for decisions {name}.",
            metric=say_metric(headline),
            name=selected.least_labelled.name,
        )
    sentence = _headline_sentence(system, headline, points, problems, change, profile, window, now, selected)
    return sequence([sentence, selected.population_note]) if selected is not None else sentence


def _headline_sentence(
    system: System,
    headline: str,
    points: Sequence[Point],
    problems: Sequence[PerformanceProblem],
    change: ChangePoint | None,
    profile: OutcomeProfile,
    window: Slice,
    now: datetime,
    selected: Selection | None,
) -> Message:
    series = sorted((p for p in points if p.metric == headline and not p.estimated), key=lambda p: p.start)
    known = [p for p in series if p.value is not None]
    open_problem = next((p for p in problems if p.until is None), None)
    if not known and open_problem is None:
        return message("No outcomes are known yet, so performance is unknown: load labels to see it.")
    name = say_metric(headline)
    shown = complete(known, now) or known
    lasts = change is not None and (change.until is None or shown[-1].status is not PointStatus.OK)
    if change is not None and lasts:
        return message("{metric}: {change}", metric=name, change=change.sentence)
    if open_problem is not None and (open_problem.metric != headline or not shown):
        return _other_breach_sentence(system, open_problem, headline, shown)
    last, breaches = shown[-1], [p for p in shown if p.status is PointStatus.BREACH]
    n = sum(p.n for p in shown)
    value = say_value(headline, last.value, metric_unit(system, headline))
    if breaches:
        return message(
            "{metric} was beyond its limit in {breaches} of {periods} periods, first from {day}; "
            "the latest is {value} ({n} labelled decisions).",
            metric=name,
            breaches=decimal(len(breaches), ""),
            periods=decimal(len(shown), ""),
            day=say_day(breaches[0].start),
            value=value,
            n=decimal(last.n, ","),
        )
    guess = baseline_comparison(system, headline, profile, window, selected)
    if guess is not None:
        latest = message(
            "The latest is {value}, over {n} labelled decisions.", value=value, n=decimal(n, ",")
        )
        return sequence([say_guess(system, headline, guess), latest])
    values = {"metric": name, "value": value, "n": decimal(n, ",")}
    if system.reference is None:
        return message(
            "{metric} was last {value} ({n} labelled decisions); there is no reference to compare with.",
            **values,
        )
    holds = message(
        "{metric} holds: the latest is {value}, within its limits over {n} labelled decisions.", **values
    )
    was = message("It broke before: {change}", change=change.sentence) if change is not None else NOTHING
    return sequence([holds, was])


def complete(points: Sequence[Point], now: datetime) -> list[Point]:
    """The periods that are over, have their labels, and enough of them: not the last few days, of which little is known
    and that by those whose outcomes come first."""
    whole = [
        p for p in points if p.value is not None and not p.provisional and p.end <= now + timedelta(days=1)
    ]
    return [p for p in whole if p.n >= ENOUGH] or whole


def say_guess(system: System, headline: str, found: BaselineComparison) -> Message:
    """That the headline is no better than guessing, in words."""
    name = say_metric(headline)
    if system.task is Task.REGRESSION:
        return message(
            "{metric} was never good: always answering the mean of the labels would be no worse.", metric=name
        )
    value, guess = (
        say_value(headline, figure, metric_unit(system, headline)) for figure in (found.value, found.guess)
    )
    values = {"metric": name, "value": value, "guess": guess}
    if found.worse:
        return message(
            "{metric} is {value}, worse than guessing, which gives {guess}: "
            "check how predictions and labels are named.",
            **values,
        )
    return message("{metric} is {value}, no better than guessing, which gives {guess}.", **values)


def baseline_comparison(
    system: System,
    headline: str,
    profile: OutcomeProfile,
    window: Slice | None = None,
    selected: Selection | None = None,
) -> BaselineComparison | None:
    """The headline over the window's labelled rows beside what guessing gives, where it is no better.

    None where only one answer has outcomes: whether other answers would have been worse cannot be seen there.
    """
    if selected is not None and selected.is_one_sided:
        return None
    counts = counts_of(profile, system.settings.cost_matrix)
    return compare_with_baseline(metric(headline), counts.select_rows(window_rows(profile, window)))


def _other_breach_sentence(
    system: System, problem: PerformanceProblem, headline: str, shown: Sequence[Point]
) -> Message:
    """A breach that the headline does not show, by the figures of its finding."""
    worst = problem.worst
    unit = metric_unit(system, problem.metric)
    words = message(
        "{metric} went to {value}, limit {limit}, from {since} to {day} ({n} labelled decisions).",
        metric=say_metric(problem.metric),
        value=say_value(problem.metric, worst.value, unit),
        limit=say_value(problem.metric, worst.threshold, unit),
        since=say_day(problem.since),
        n=decimal(problem.rows, ","),
        day=say_day(problem.part[-1].end - timedelta(microseconds=1)),
    )
    if not shown or headline in problem.others:
        return words
    latest = say_value(headline, shown[-1].value, metric_unit(system, headline))
    other = message(
        "{metric} does not show it: the latest is {value}.", metric=say_metric(headline), value=latest
    )
    return sequence([words, other])

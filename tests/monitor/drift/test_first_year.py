"""What moved slowly in a log's first year is one finding that keeps its parts; what came at once is its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from plumbline.domain import Finding, Point, PointStatus, Severity
from plumbline.monitor.alarms.findings import is_same_problem
from plumbline.monitor.drift.first_year import (
    NAME,
    includes_family,
    merge_slow_changes,
    signals,
    split_findings,
)
from plumbline.monitor.drift.season import YEAR
from tests.bench.detection.first_years import findings
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn, profile_of
from tests.bench.detection.worlds import draw

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
REFERENCE = (START, START + 90 * DAY)
END = REFERENCE[1] + YEAR


def finding(signal: str, since: int, known: int, until: int | None = None, **more: object) -> Finding:
    values = {"severity": Severity.MEDIUM, "page": "drift", "figures": {}} | more
    return Finding(
        system="s", signal=signal, sentence=f"{signal} says so.", since=START + since * DAY,
        until=None if until is None else START + until * DAY, confidence=0.99, known_at=START + known * DAY, **values,
    )  # type: ignore[arg-type]  # fmt: skip


def daily(*, step: bool) -> list[Point]:
    """200 days at 0.8, from day 100 on lower: at once, or by and by."""
    rng = np.random.default_rng(1)
    fall = 0.15 * (np.arange(200) >= 140) if step else 0.0015 * np.maximum(np.arange(200) - 90, 0)
    return [
        Point(metric="accuracy", start=START + i * DAY, end=START + (i + 1) * DAY, n=100,
              value=float(0.8 - fall[i] + rng.normal(0, 0.02)), low=None, high=None, threshold=0.75,
              status=PointStatus.OK)
        for i in range(200)
    ]  # fmt: skip


def joined(found: list[Finding], *, step: bool = False) -> list[Finding]:
    return merge_slow_changes(found, {}, lambda name: daily(step=step), REFERENCE)


SLOW = (
    finding("performance.accuracy", 120, 170, 190, severity=Severity.HIGH, page="accuracy",
            figures={"metric": "accuracy", "cost": {"amount": 10.0}, "among": "Of some."}),
    finding("warning.contradiction", 130, 160, None, page="accuracy"),
)  # fmt: skip
DUE = finding("retraining", 170, 176, severity=Severity.HIGH, page="accuracy")


def test_slow_losses_are_one_finding_as_grave_as_the_gravest_known_with_the_second() -> None:
    whole, other = joined([*SLOW, DUE, finding("quality.gap", 120, 121, 122)])
    assert (other.signal, whole.signal, whole.severity) == ("quality.gap", "season", Severity.HIGH)
    assert whole.sentence.startswith(
        f"{SLOW[0].sentence} {NAME}."
    )  # a measured breach comes before what may explain it
    assert includes_family(whole, "performance.")
    assert not includes_family(other, "performance.")
    assert whole.sentence.count(SLOW[0].sentence) == 1
    assert all(part.sentence in whole.sentence for part in (*SLOW, DUE))
    assert [part.signal for part in whole.parts] == [
        "warning.contradiction",
        "performance.accuracy",
        "retraining",
    ]
    assert (whole.known_at, whole.since, whole.until) == (START + 170 * DAY, START + 120 * DAY, None)
    assert (whole.figures["cost"], whole.figures["among"], whole.page) == (
        {"amount": 10.0},
        "Of some.",
        "accuracy",
    )
    assert signals(whole) == ("season", "warning.contradiction", "performance.accuracy", "retraining")
    assert split_findings([whole, other]) == [*whole.parts, other]


def test_a_breach_leads_to_its_own_page_also_where_drift_was_known_before() -> None:
    early = replace(SLOW[1], severity=Severity.HIGH, page="drift")
    assert joined([SLOW[0], early])[0].page == "accuracy"


def test_it_is_over_with_the_last_of_its_parts() -> None:
    whole, *_ = joined([SLOW[0], replace(SLOW[1], until=START + 195 * DAY)])
    assert whole.until == START + 195 * DAY


@pytest.mark.parametrize(
    "found",
    [
        [SLOW[0], DUE],  # one slow change, and what follows from it
        [SLOW[0], finding("drift.unknown", 120, 150)],  # nothing is known of the other
        [SLOW[0], finding("association.a+b", 120, 150)],
        [SLOW[0], finding("estimate.accuracy", 120, 150)],
        [SLOW[0], replace(SLOW[1], known_at=END)],  # the other came in the second year
    ],
)
def test_one_slow_change_stays_by_itself(found: list[Finding]) -> None:
    assert joined(found) == found


def test_one_slow_change_belongs_to_a_question_that_is_on_record_within_its_year() -> None:
    gap = finding("quality.gap", 120, 121, 122)
    whole, other = merge_slow_changes(
        [SLOW[0], gap], {}, lambda name: daily(step=False), REFERENCE, asked=True
    )
    assert (whole.signal, whole.parts, other) == ("season", (SLOW[0],), gap)
    assert (whole.known_at, whole.since, whole.until) == (SLOW[0].known_at, SLOW[0].since, SLOW[0].until)
    assert whole.sentence.startswith(f"{SLOW[0].sentence} {NAME}.")
    for found, step in (
        ([SLOW[0]], True),
        ([replace(SLOW[0], known_at=END)], False),
        ([DUE], False),
        ([], False),
    ):
        assert (
            merge_slow_changes(found, {}, lambda name, step=step: daily(step=step), REFERENCE, asked=True)
            == found
        )


def test_what_came_at_once_stays_by_itself() -> None:
    assert joined([*SLOW, DUE], step=True) == [*SLOW, DUE]


def test_retraining_that_is_due_for_another_reason_is_no_part() -> None:
    early = finding("retraining", 100, 110, severity=Severity.HIGH)
    assert joined([*SLOW, early])[1:] == [early]


def test_the_question_stays_the_same_for_a_year() -> None:
    first, later, long_after = (finding("season", day, day + 9, day + 20) for day in (100, 300, 600))
    assert is_same_problem(first, later)
    assert not is_same_problem(first, long_after)
    assert not is_same_problem(finding("drift.x", 100, 109, 120), finding("drift.x", 300, 309, 320))


@pytest.mark.parametrize("seed", [301, 306])
def test_a_first_year_with_a_season_raises_one(seed: int) -> None:
    log = draw("yearly", replace(KINDS["yearly"], days=90 + 365), seed)
    (one,) = findings(log)
    families = {part.signal.partition(".")[0] for part in one.parts}
    assert (one.signal, families) == ("season", {"drift", "performance"})


def test_a_unit_that_changes_within_a_season_is_a_finding_of_its_own() -> None:
    raised = findings(drawn("yearly", 311, "unit"))
    assert {"season", "drift.tenure", "performance.recall"} <= {f.signal for f in raised}
    assert "tenure" not in next(f for f in raised if f.signal == "season").sentence


def test_a_shift_is_slow_by_its_own_days() -> None:
    log = draw("yearly", replace(KINDS["yearly"], days=90 + 120), 301)
    held = {"income": profile_of(log.frame, "income", 90)}
    drift = finding("drift.income", 120, 137, figures={"feature": "income", "value": 0.3})
    whole, *_ = merge_slow_changes([drift, SLOW[0]], held, lambda name: daily(step=False), REFERENCE)
    assert "income moved away from the reference slowly" in whole.sentence
    assert whole.known_at == SLOW[0].known_at


def test_what_came_after_it_was_known_decides_nothing() -> None:
    points = [replace(p, value=(p.value or 0) - 0.4 * (i >= 180)) for i, p in enumerate(daily(step=False))]
    whole, *rest = merge_slow_changes([*SLOW], {}, lambda name: points, REFERENCE)
    assert (whole.signal, rest) == ("season", [])


def test_retraining_that_is_due_since_it_was_over_is_no_part() -> None:
    late = finding("retraining", 195, 199, severity=Severity.HIGH)
    assert joined([SLOW[0], replace(SLOW[1], until=START + 190 * DAY), late])[1:] == [late]

"""The sentence that opens Accuracy, beside the finding on the same problem."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from plumbline.answers.performance.sentence import performance_sentence
from plumbline.domain import OutcomeProfile, Point, PointStatus, Slice, System, Task
from plumbline.domain.settings import Settings
from plumbline.monitor.alarms.findings import performance_findings, performance_problems
from plumbline.monitor.figures import say_value
from plumbline.wording.names import say_metric

START, DAY = datetime(2026, 10, 20, tzinfo=UTC), timedelta(days=1)
SYSTEM = System(
    key="s", title="S", created_at=START, task=Task.BINARY, classes=("pass", "block"), positive="block",
    reference=(START - 7 * DAY, START), settings=Settings(cost_matrix={"currency": "EUR", "fp": 2.0, "fn": 9.0}),
)  # fmt: skip


def series(metric: str, values: list[float], limit: float) -> list[Point]:
    return [
        Point(
            metric=metric, start=START + i * DAY, end=START + (i + 1) * DAY, n=5_900 + i, value=value,
            low=value - 0.01, high=value + 0.01, threshold=limit + i / 1000,
            status=PointStatus.BREACH if value < limit else PointStatus.OK,
        )
        for i, value in enumerate(values)
    ]  # fmt: skip


def test_a_breach_that_the_headline_does_not_show_is_told_by_the_figures_of_its_finding() -> None:
    precision = series("precision", [0.3, 0.0237, 0.0276, 0.164], 0.1)
    value = series("value", [-0.8, -0.8, -0.9, -0.885], -2.0)
    judged = [*value, *precision]
    problems = performance_problems(judged, {"precision": 0.3, "value": -0.88})
    (finding,) = performance_findings(
        "s", judged, name=say_metric, say=say_value, healthy={"precision": 0.3, "value": -0.88}
    )
    no_profile = cast(OutcomeProfile, None)  # nothing is compared with guessing here
    said = performance_sentence(
        SYSTEM, "value", value, problems, None, no_profile, Slice(), START + 4 * DAY, None
    )
    assert said == (
        "Precision went to 2.4 %, limit 10.1 %, from 21 October 2026 to 22 October 2026 (11,803 labelled decisions). "
        "The value of a decision does not show it: the latest is EUR −0.885."
    )
    assert finding.sentence.startswith(
        "Precision went to 2.4 %, limit 10.1 %, over 11,803 labelled decisions."
    )

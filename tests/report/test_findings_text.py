"""Findings and cautions in German: what each family of signals says has German words, and keeps its figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.record import NEEDED
from plumbline.answers.performance import cautions
from plumbline.answers.performance.series import performance
from plumbline.domain import FeatureDrift, Finding, Kind, Point, PointStatus, Repeats, Severity
from plumbline.domain.messages import Message, QuotedText
from plumbline.logs.load.schema_changes import CHANGES, change_text
from plumbline.monitor.alarms.contradiction import Contradiction
from plumbline.monitor.alarms.cusum import EarlyWarning, warning_sentence
from plumbline.monitor.alarms.findings import performance_findings
from plumbline.monitor.drift.cutoff import Departure
from plumbline.monitor.drift.findings import drift_findings, presence_sentence
from plumbline.monitor.figures import say_value
from plumbline.monitor.quality.completeness import lack_sentence
from plumbline.monitor.quality.consistency import consistency
from plumbline.monitor.quality.leakage import LabelLeak
from plumbline.monitor.quality.staleness import _sentence
from plumbline.report.language import language
from plumbline.report.translation import translate
from plumbline.store import findings as register
from plumbline.store.workspace import Workspace, open_workspace
from plumbline.wording.names import METHOD_NAMES, say_metric

GERMAN = language("de")
DIGITS = re.compile(r"\d+")
DAY = datetime(2026, 5, 2, tzinfo=UTC)
WEEK = timedelta(days=7)


def points(name: str, values: list[float], limit: float, *, estimated: bool = False) -> list[Point]:
    """A weekly series, in breach wherever it is below its limit."""
    return [
        Point(
            metric=name, start=DAY + i * WEEK, end=DAY + (i + 1) * WEEK, n=4_200, value=value, low=value - 0.01,
            high=value + 0.01, threshold=limit, estimated=estimated,
            status=PointStatus.BREACH if value < limit else PointStatus.OK,
        )
        for i, value in enumerate(values)
    ]  # fmt: skip


def performance_sentences() -> list[Message]:
    fell = points("accuracy", [0.82, 0.61, 0.6], 0.797)
    alone = performance_findings("s", fell, name=say_metric, say=say_value)
    together = [*fell, *points("recall", [0.8, 0.4, 0.4], 0.7), *points("brier", [0.2, 0.1, 0.1], 0.15)]
    several = performance_findings("s", together, name=say_metric, say=say_value)
    back = points("precision", [0.9, 0.4, 0.4, 0.71], 0.7)
    ended = performance_findings("s", back, name=say_metric, say=say_value, healthy=0.9)
    guessed = points("accuracy", [0.82, 0.61], 0.797, estimated=True)
    early = performance_findings("s", guessed, name=say_metric, say=say_value)
    said = [f.sentence for f in (*alone, *several, *ended, *early)]
    assert any(text.endswith("Beyond their limits too: recall and the Brier score.") for text in said)
    assert any("not clear of the limit for long enough" in text for text in said)
    return said


def drifted(value: float, after: int = 0) -> FeatureDrift:
    return FeatureDrift(
        feature="income", kind=Kind.NUMERIC, method="js", value=value, threshold=0.05, p_value=1e-30, q_value=1e-30,
        drifted=value > 0.05, status=PointStatus.BREACH if value > 0.05 else PointStatus.OK, n_reference=9_000,
        n=20_918, missing_share=0.0, missing_share_reference=0.0, start=DAY + after * WEEK,
        end=DAY + (after + 1) * WEEK,
    )  # fmt: skip


def drift_sentences() -> list[Message]:
    week, calmer = drifted(0.11), replace(drifted(0.04, 1), q_value=1e-30)
    single = replace(drifted(0.31), start=drifted(0.31).end - timedelta(days=1), p_value=1e-60)  # type: ignore[operator]
    found = [
        *drift_findings("s", [week], spoken=METHOD_NAMES),
        *drift_findings("s", [week], spoken=METHOD_NAMES, weights={"income": 0.12, "x": 0.88}),
        *drift_findings("s", [drifted(0.04)], sudden=[single], spoken=METHOD_NAMES),
        *drift_findings("s", [week, calmer], spoken=METHOD_NAMES),
    ]
    said = [f.sentence for f in found]
    assert [any(part in text for text in said) for part in ("up to", "12 %", "alone", "The latest")] == [
        True
    ] * 4
    return said


def repeats(**counts: float) -> Message:
    empty = Repeats(decisions=11_803, conflicting=0, groups=5_000, conflicting_groups=0)
    return consistency(replace(empty, **counts)).sentence  # type: ignore[arg-type]


def departures() -> list[Message]:
    return [
        Departure(was=0.5, now=now, lower=lower, share=0.123, healthy=0.001, n=1_234, since=DAY, until=None, at=DAY,
                  version=version).sentence
        for now in (0.35, None) for lower in (True, False) for version in ("", "1.1")
    ]  # fmt: skip


def warnings() -> list[Message]:
    one = EarlyWarning(metric="recall", days=(), sums=np.zeros(0), limit=4.0, run_length=3_650.0)
    return [
        warning_sentence(say_metric("recall"), replace(one, dependent=dependent), over=over)
        for dependent in (True, False)
        for over in (True, False)
    ]


def contradictions() -> list[Message]:
    one = Contradiction(at=DAY, since=DAY, until=None, share=0.05, low=0.03, high=0.07, n=1_900, wrong=300,
                        expected=210.0, run_length=3_650.0)  # fmt: skip
    return [one.sentence, replace(one, until=DAY).sentence]


#: family of signals -> what its findings say
SAID = {
    "performance": performance_sentences(),
    "early warning": warnings(),
    "contradiction": contradictions(),
    "drift": drift_sentences(),
    "cut-off": departures(),
    "missing values and new levels": [presence_sentence(m, "income", 0.1234, 18_104)
                                      for m in ("missing", "new_levels", "out_of_range")],
    "staleness": [_sentence(version, 270.0, source, DAY, status, 90.0, 180.0)
                  for version in ("", "2.3") for source in ("trained_at", "first seen") for status in PointStatus],
    "record": [lack_sentence(name, 0.6729, 25_000) for name in NEEDED],
    "schema": [change_text(change, 3, "numeric", "other", late=late) for change in CHANGES for late in (True, False)],
    "consistency": [repeats(conflicting=852, conflicting_groups=400, near=12, reach=0.01), repeats(),
                    repeats(near=852, reach=0.01), repeats(decisions=0), repeats(decisions=20)],
    "leakage": [LabelLeak(feature="fee", measure=measure, value=0.9912, low=0.9871, n=1_200).sentence
                for measure in ("ROC AUC", "rank correlation")],
}  # fmt: skip


@pytest.mark.parametrize("family", SAID)
def test_findings_have_german_words_and_keep_their_figures(family: str) -> None:
    for text in SAID[family]:
        assert isinstance(text, Message)
        german = translate(text, GERMAN)
        assert german is not None, text
        assert sorted(DIGITS.findall(german)) == sorted(DIGITS.findall(text)), (text, german)


def test_a_metric_within_a_german_sentence_keeps_its_capital_and_an_article_loses_it() -> None:
    text = next(text for text in SAID["performance"] if "the Brier score" in text)
    assert (translate(text, GERMAN) or "").endswith(
        "Auch jenseits ihrer Grenzen: Trefferquote und der Brier-Wert."
    )


def test_every_caution_has_german_words() -> None:
    first, last = DAY, DAY + timedelta(days=28)
    log = cautions.Held(first, last + timedelta(days=60), 900)
    windows = [(first, None), (first + timedelta(days=3), last - timedelta(days=3)), (last - timedelta(days=3), None),
               (first - timedelta(days=9), last + timedelta(days=9))]  # fmt: skip
    said = {cautions.window_beside_reference((first, last), window, log)[1] for window in windows}
    assert len(said - {""}) == 3
    for text in (*said, cautions.PROVISIONAL, cautions.SEASON):
        assert isinstance(text, Message)
        assert not text or translate(text, GERMAN) is not None, text


def test_what_a_log_itself_raises_has_german_words(held: Workspace) -> None:
    found = check(held, "offers", actor="test")
    assert found
    answer = performance(held, "offers")
    for text in (*(f.sentence for f in found), answer.sentence, answer.reason, answer.selected):
        assert not text or translate(text, GERMAN) is not None, text


def test_a_recorded_finding_stays_a_message_and_one_of_before_is_quoted(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb")
    sentence = drift_sentences()[0]
    finding = Finding(
        system="s", signal="drift.income", sentence=sentence, since=DAY, until=None, severity=Severity.LOW,
        confidence=None, page="drift", figures={"value": 0.11},
    )  # fmt: skip
    with ws.write() as cursor:
        first, second = (register.add(cursor, finding, DAY, None) for _ in range(2))
        register.join(cursor, second, first, DAY)
        joined = register.read_finding(cursor, second).finding
        cursor.execute("UPDATE finding SET figures = '{\"value\": 0.11}' WHERE id = ?", [first])
        before = register.read_finding(cursor, first).finding
    ws.close()
    assert (before.sentence, before.figures) == (sentence, {"value": 0.11})
    assert isinstance(before.sentence, QuotedText)
    assert joined.figures == {"value": 0.11, "part_of": first}
    assert translate(joined.sentence, GERMAN) == translate(sentence, GERMAN)

"""Findings and cautions in German: a family of signals, or a caution, without German words fails here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.signals import FAMILIES, NEEDED
from plumbline.answers.performance import cautions
from plumbline.answers.performance.series import performance
from plumbline.domain import PointStatus
from plumbline.logs.load.schema_changes import _SAID
from plumbline.monitor.alarms.contradiction import Contradiction
from plumbline.monitor.drift.cutoff import Departure
from plumbline.monitor.drift.findings import TOLD
from plumbline.monitor.drift.season import NAME
from plumbline.monitor.quality.leakage import Leak
from plumbline.monitor.quality.staleness import _sentence
from plumbline.report.language import language
from plumbline.report.translate import told
from plumbline.store.workspace import Workspace

GERMAN = language("de")
DIGITS = re.compile(r"\d+")
DAY = datetime(2026, 5, 2, tzinfo=UTC)
BACK = "The latest is 16.4 %: not clear of the limit for long enough to be over."
STEADY = ("a steady system", "a steady system whose days follow each other")
MOVED = "drifted: Jensen-Shannon distance up to 0.11, limit 0.05, over 20,918 decisions."
AGED = [
    _sentence(version, 270.0, source, DAY, PointStatus.BREACH, 90.0, 180.0)
    for version in ("", "2.3") for source in ("trained_at", "first seen")
]  # fmt: skip


def departure(now: float | None, lower: bool, version: str) -> Departure:
    return Departure(
        was=0.5,
        now=now,
        lower=lower,
        share=0.123,
        healthy=0.001,
        n=1_234,
        since=DAY,
        until=None,
        at=DAY,
        version=version,
    )


def contradiction(until: datetime | None) -> Contradiction:
    return Contradiction(
        at=DAY, since=DAY, until=until, share=0.054, low=0.031, high=0.082, n=1_520, wrong=312, expected=238.6,
        run_length=7300,
    )  # fmt: skip


#: family of signals -> what its findings say
SAID = {
    "performance": [
        "Accuracy went to 60.9 %, limit 79.7 %, over 25,658 labelled decisions. Beyond their limits too: recall, "
        "precision and the Brier score.",
        f"Precision went to 2.4 %, limit 10.0 %, over 11,842 labelled decisions. Beyond its limit too: ROC AUC. {BACK}",
        "The mean error (bias) went to +59.0 parcels, limit +1.22 parcels, over 21,700 labelled decisions.",
        "Accuracy: 82.3 % until 29 July 2026, falling since, 60.9 % in the last days. Beyond its limit too: recall.",
    ],
    "retraining": [
        "Retraining is due: the threshold has been breached since 3 May 2026, and version 7 is still in use.",
    ],
    "early warning": [
        f"Recall {grew} getting worse day by day: a running sum of daily outcomes {went} past its limit, which "
        f"{steady} crosses about once in 10 years."
        for grew, went in (("is", "is"), ("was", "went")) for steady in STEADY
    ],
    "contradiction": [contradiction(until).sentence for until in (None, DAY)],
    "estimated performance": [
        "Accuracy, estimated, went to 60.9 %, limit 79.7 %, over 25,658 decisions, before their labels.",
    ],
    "drift": [
        f"season_index {MOVED}",
        f"score, which carries 12 % of the model's weight, {MOVED} {BACK.replace('16.4 %', '0.01')}",
        "income drifted: Jensen-Shannon distance on 2026-05-02 alone 0.31, limit 0.1, over 200 decisions.",
        f"The answer pass was given in 69.1 % of decisions, 98.9 % in the reference: prediction {MOVED}",
        f"{NAME}. income, debt and x moved away from the reference slowly, not from one day to the next; the farthest "
        "is debt (distance 0.31). The same weeks of a year before are not in the log.",
        f"x {MOVED} It changed within the reference already, about 2026-03-02: take the days before or after.",
    ],
    "association": [
        "age and income no longer go together: rank correlation -0.02, 0.81 in the reference, over 900 decisions. Each "
        "by itself may look as before: so does a join on a wrong key.",
    ],
    "cut-off": [departure(now, lower, version).sentence
                for now in (0.35, None) for lower in (True, False) for version in ("", "1.1")],
    "missing values and new levels": [
        f"{words.format('income', 12.34)}, over 18,104 decisions." for words in TOLD.values()
    ],
    "staleness": AGED,
    "record": [
        *(f"{words} on 67.29 % of 25,000 decisions." for words in NEEDED.values()),
        "1.2 % of 25,000 decisions share an id.", "No decision for 30 hours, where 6 at most are usual.",
    ],
    "schema": [
        *(f"Column income: {words.format(load=3, was='numbers', now='text')}." for words in _SAID.values()),
        "Column true: not in load 3 and after; a file of labels brings it later, joined by decision id.",
    ],
    "consistency": [
        "852 of 11,803 decisions that repeat an input (7.2 %, 95 % interval 6.8 to 7.7 %) got another answer from the "
        "same version; the limit is 0.1 %. Of 12 more the scores differ by at most 0.01.",
        "852 of 11,803 decisions that repeat an input got a score that differs by at most 0.01, as rounded or unlogged "
        "inputs explain: the logged inputs do not determine the score.",
    ],
    "releases": [
        "Version 4.2 was rolled back to 4.1 after 18.0 hours.",
        "Version 4.2: 62.5 % of the first 8 decisions were positive against 2.0 % before: beyond chance from 23 "
        "October 2026, 00:31 UTC on. Roll back to 4.1. Version 4.2 went on for 18 hours and 900 decisions, 200 of them "
        "positive.",
    ],
}  # fmt: skip


def test_every_family_of_signals_has_its_sentences_here() -> None:
    assert set(SAID) == {family.name for family in FAMILIES}


@pytest.mark.parametrize("family", SAID)
def test_findings_have_german_words_and_keep_their_figures(family: str) -> None:
    for text in SAID[family]:
        german = told(text, GERMAN)
        assert german is not None, text
        assert sorted(DIGITS.findall(german)) == sorted(DIGITS.findall(text)), (text, german)


def test_every_caution_has_german_words() -> None:
    first, last = DAY, DAY + timedelta(days=28)
    log = cautions.Held(first, last + timedelta(days=60), 900)
    windows = [(first, None), (first + timedelta(days=3), last - timedelta(days=3)), (last - timedelta(days=3), None),
               (first - timedelta(days=9), last + timedelta(days=9))]  # fmt: skip
    said = {cautions.apart((first, last), window, log)[1] for window in windows} - {""}
    assert len(said) == 3
    changed = (
        "x changed within the reference, about since 2 May 2026 (Jensen-Shannon distance 0.31): take 1 April 2026 to "
        "1 May 2026, or 2 May 2026 to 1 June 2026, as the reference."
    )
    leaks = [
        Leak(feature="fee", measure=measure, value=0.9912, low=0.9871, n=1_200).sentence
        for measure in ("ROC AUC", "rank correlation")
    ]
    for text in (*said, cautions.PROVISIONAL, cautions.SEASON, changed, *leaks):
        assert told(text, GERMAN) is not None, text


def test_the_reason_for_another_headline_has_german_words() -> None:
    text = (
        "1.2 % of the reference's labels are block, so a model that always says pass is right in 98.79 %: the headline "
        "is the value of a decision instead of accuracy."
    )
    assert "der Wert einer Entscheidung" in (told(text, GERMAN) or "")


def test_what_a_log_itself_raises_has_german_words(held: Workspace) -> None:
    found = check(held, "offers", actor="test")
    assert found
    answer = performance(held, "offers")
    for text in (*(f.sentence for f in found), answer.sentence, answer.reason, answer.selected):
        assert not text or told(text, GERMAN) is not None, text

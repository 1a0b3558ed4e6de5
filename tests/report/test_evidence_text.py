"""Evidence in German: every sentence a rule can give has a form, and no figure is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from plumbline.domain import Scorecard
from plumbline.governance.catalogue import catalogue
from plumbline.governance.evidence.case import RECORDED
from plumbline.governance.facts import FairnessGroup, Noted, Switch
from plumbline.governance.verdict import three_next_actions
from plumbline.report.language import language
from plumbline.report.translate import Teller, _data, told
from tests.governance.cases import (
    CREDIT,
    OPERATIONS,
    SANDBOX,
    SHOP,
    STATED,
    SUGGESTIONS,
    TODAY,
    attested,
    breach,
    days_ago,
    exempted,
    healthy_facts,
    judge,
    thin_facts,
)
from tests.governance.test_evidence import UNSEEN
from tests.governance.test_laws import LADDERS

GERMAN = language("de")
DIGITS = re.compile(r"\d+")


@cache
def cards() -> tuple[Scorecard, ...]:
    """One scorecard for each rung of each fact, and the ways in which people state and exempt."""
    return tuple(_cards())


def _cards() -> Iterator[Scorecard]:
    for name, rungs in LADDERS.items():
        for value in [*rungs, None]:
            try:
                yield judge(healthy_facts(**{name: value}), CREDIT, STATED)
            except (TypeError, AttributeError):  # a fact that may not be missing
                continue
    for context in (SHOP, SUGGESTIONS, OPERATIONS, SANDBOX, {}):
        yield judge(healthy_facts(), context)
        yield judge(thin_facts(), context, STATED)
    small = (
        FairnessGroup(attribute="sex", group="f", n=12, ratio=None, low=None, high=None),
        FairnessGroup(attribute="sex", group="d", n=9, ratio=None, low=None, high=None),
    )
    rare = FairnessGroup(
        attribute="sex",
        group="f",
        n=900,
        ratio=0.91,
        low=0.89,
        high=0.93,
        error_gap=0.04,
        q=0.0,
        gap_low=0.01,
        gap_high=0.07,
        gap_q=0.2,
        adverse=10.0,
        adverse_low=7.4,
        adverse_high=13.5,
    )
    less = FairnessGroup(attribute="sex", group="f", n=900, ratio=0.71, low=0.66, high=0.76, error_gap=0.02)
    few = FairnessGroup(
        attribute="sex",
        group="f",
        n=90,
        ratio=0.9,
        low=0.5,
        high=1.4,
        error_gap=0.04,
        q=0.7,
        gap_low=0.0,
        gap_high=0.4,
        gap_q=0.6,
    )
    best = FairnessGroup(attribute="sex", group="m", n=900, ratio=1.0, low=1.0, high=1.0, error_gap=0.0)
    for one, otherwise in ((less, less), (less, best), (few, few), (best, best)):
        yield judge(healthy_facts(fairness=(one, best), fairness_otherwise=(otherwise, best), favourable="1",
                                  favourable_source="assumed"), CREDIT, STATED)  # fmt: skip
    for one in (rare, less, few, best):
        for source in ("owner", "names"):
            facts = healthy_facts(fairness=(one,), favourable="grant", favourable_source=source)
            yield judge(facts, CREDIT, STATED)
    shaky = replace(breach(3), unnamed="2026-06-01")
    for facts in (
        healthy_facts(fairness=small), healthy_facts(performance_breach=shaky),
        healthy_facts(drift_breach=replace(breach(40), sentence="age and 2 more drifted (Jensen-Shannon distance 0.31, "
                                           "limit 0.1, n = 1,204)", handled="an incident opened on 2026-05-01")),
        healthy_facts(switches=(Switch(at=days_ago(4), previous="1", version="2", overlap_hours=0.0,
                                       overlap_decisions=0),)),
        healthy_facts(drift_breach=replace(breach(40), sentence="The mean error (bias): about 0 until "
                                           "15 November 2025, +36.5 parcels since")),
        healthy_facts(conflicting_share=0.002, conflicting_decisions=0.001),
        healthy_facts(near_share=0.97, conflicting_decisions=0.0),
        healthy_facts(near_share=0.9, conflicting_share=0.1, conflicting_decisions=0.1),
        healthy_facts(sign_in=False, roles_assigned=False), healthy_facts(repeats=3, conflicting_share=0.0),
        healthy_facts(rollback_at=days_ago(3), rollback_minutes=1080.0), healthy_facts(covers_launch=None),
        healthy_facts(retraining_fired_at=None, retraining_tested_at=days_ago(3)),
        healthy_facts(versions_missing=("7", "8", "9", "10"), registered_versions=1, probed_at=days_ago(3),
                      probed_where="MLflow credit at https://mlflow.example"),
    ):  # fmt: skip
        yield judge(facts, CREDIT, STATED)
    told_of = tuple(Noted(event, days_ago(3), "Ana B. Lee, Dr. h. c.") for event in RECORDED)
    for some in (*((note,) for note in told_of), told_of):
        facts = healthy_facts(**UNSEEN, noted=some)
        yield judge(facts, CREDIT, STATED)
        yield judge(
            facts, CREDIT, tuple(attested(name) for name in ("MON-6", "MON-7", "REL-3", "REL-6", "CMP-5"))
        )
    every = [c.id for c in catalogue().controls]
    said = tuple(attested(name, link="") for name in every)
    late = tuple(replace(a, expires=TODAY - timedelta(days=1)) for a in said)
    freed = tuple(exempted(name, TODAY + timedelta(days=20)) for name in every)
    for facts in (healthy_facts(), thin_facts(), healthy_facts(trail_intact=False, conflicting_share=0.5)):
        yield judge(facts, CREDIT, said)
        yield judge(facts, CREDIT, late)
        yield judge(facts, CREDIT, (), freed)
        yield judge(facts, CREDIT, (), tuple(replace(e, until=TODAY - timedelta(days=1)) for e in freed))
        yield judge(facts, CREDIT, (), tuple(replace(e, proposer="Ana") for e in freed))


def sentences() -> set[str]:
    found: set[str] = set()
    for card in cards():
        found |= {c.evidence.sentence for c in card.controls} | set(card.contradictions)
        found |= {c.sentence for c in (*card.conditions, *card.triggers)}
        found |= {
            re.sub(r"^[A-Z]{2,4}-\d+ .*?: (?:pass|partial|fail|unknown|exempt)\. ", "", r)
            for r in card.reasons
        }
    return found | MEASURED


#: what pages and documents open with, as the measurements say it
MEASURED = {
    "EUR 10,100 lost over 31,476 decisions since 29 July 2026 against the reference "
    "(95 % interval EUR 7,520 to EUR 12,600).",
    "EUR 2.01 million lost over 21,700 decisions from 1 May 2026 to 3 May 2026 against the reference; "
    "too few days for an interval. In all they cost EUR 2.47 million; the reference's would have cost EUR 457,000.",
    "6 of 8 features drifted. season_index comes first (Jensen-Shannon distance 0.87, n = 10,027; "
    "since 1 October 2026, against 4 May 2026 to 2 July 2026).",
    "None of 6 features drifted: since 1 October 2026, against 1 October 2026 to 10 October 2026, "
    "up to 90,000 decisions.",
    "None of 6 features drifted: since 8 October 2026, against 1 October 2026 to 7 October 2026, "
    "up to 68,950 decisions. The prediction and the score drifted in 1 of 23 periods, first from 21 October 2026.",
    "2 versions and one release in the log; version 4.1 in charge since 22 October 2026, 03:00 UTC; "
    "version 4.2 was taken back to 4.1 on 22 October 2026, 03:00 UTC after 18.0 hours.",
    "Accuracy was beyond its limit in 2 of 30 periods, first from 21 October 2026; "
    "the latest is 98.4 % (609 labelled decisions).",
    "Accuracy holds: the latest is 98.4 %, within its limits over 6,609 labelled decisions. "
    "It broke before: 61.0 % from 3 to 9 May 2026, 82.0 % before.",
    "Outcomes are known for 100.0 % of decisions grant and 5.0 % of refuse: error rates of groups are unknown, as "
    "decisions with an outcome are unlike the others.",
    "Recall is unknown: no outcome is known for decisions refuse.",
    "Accuracy holds: the latest is 88.0 %, within its limits over 6,609 labelled decisions. "
    "This speaks of decisions grant alone, as no outcome of others is known.",
    "Outcomes are known for 90.0 % of decisions yes and 10.0 % of no: these figures speak of those. Weighted to all "
    "decisions: accuracy 81.2 % (79.0 % to 83.4 %); recall 60.0 % (50.1 % to 69.9 %); precision 83.0 % (82.0 % to "
    "84.0 %); ROC AUC 0.831 (0.801 to 0.861) (worth 1,234 labels drawn at random).",
    "Outcomes are known for decisions with a higher score more often than for others: these figures speak of those. "
    "Over all decisions accuracy is unknown: it could be anything from 20.0 % to 91.0 %.",
    "Outcomes are known for decisions a and b only (98.0 % of 9,000, against 0.0 % of 1,000 c): these figures speak "
    "of those. Over all decisions accuracy is 71.0 % (70.0 % to 72.0 %).",
}  # fmt: skip


def test_every_sentence_of_evidence_and_every_reason_has_a_german_form() -> None:
    without = sorted(text for text in sentences() if told(text, GERMAN) is None)
    assert not without, "\n".join(without[:40])
    assert len(sentences()) > 250


def test_no_figure_is_lost_added_or_changed_on_the_way() -> None:
    for text in sentences():
        german = told(text, GERMAN) or ""
        assert sorted(DIGITS.findall(german)) == sorted(DIGITS.findall(text)), (text, german)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("The model is 211 days old, counted since training, on 30 June 2026 (at most 180).",
         "Das Modell ist am 30. Juni 2026 211 Tage alt, gezählt seit dem Training (höchstens 180)."),
        ("99.5 % of decisions have an id (needed 99.9 %); over 99.99 % are duplicates (at most 0.1 %); "
         "0 unexplained gaps (60,000 decisions, 1 January 2026 to 30 June 2026).",
         "99,5 % der Entscheidungen haben eine Kennung (nötig 99,9 %); über 99,99 % sind doppelt (höchstens 0,1 %); "
         "0 unerklärte Lücken (60.000 Entscheidungen, 1. Januar 2026 bis 30. Juni 2026)."),
        ("Ada states: It is. All of it ({n}). (3 March 2026, holds until 1 May 2026). A statement alone is partial.",
         "Ada erklärt: It is. All of it ({n}). (3. März 2026, gilt bis 1. Mai 2026). Eine Erklärung allein gilt als "
         "teilweise."),
        ("Accuracy: 82.0 % until 3 May 2026, falling since, 61.2 % in the last days; open 40 days on 30 June 2026 "
         "(at most 7), and no incident or release handles it.",
         "Genauigkeit: 82,0 % bis 3. Mai 2026, seither fallend, 61,2 % in den letzten Tagen; am 30. Juni 2026 40 Tage "
         "offen (höchstens 7), und kein Vorfall und keine neue Version behandelt es."),
    ],
)  # fmt: skip
def test_a_sentence_is_told_as_german_writes_it(english: str, german: str) -> None:
    assert told(english, GERMAN) == german


def test_a_sentence_without_a_form_is_quoted_and_remembered() -> None:
    teller = Teller(GERMAN)
    assert teller.tell("Nobody ever wrote this. The guardrail is off.").startswith("Nobody ever wrote this.")
    assert teller.tell("The guardrail is off.") == "Die Leitplanke ist aus."
    assert len(teller.quoted) == 1
    english = Teller(language("en"))
    assert english.tell("Nobody ever wrote this.") == "Nobody ever wrote this."
    assert not english.quoted


def test_every_control_has_a_german_next_action() -> None:
    assert set(_data("de")["action"]) == {"Context", *(c.id for c in catalogue().controls)}
    card = judge(thin_facts(), {})
    teller = Teller(GERMAN)
    assert all(teller.action(a.control, a.words) != a.words for a in three_next_actions(card))


def test_every_framework_and_every_reference_has_a_german_name():
    german = language("de").texts
    held = catalogue()
    assert {framework.title for framework in held.frameworks.values()} == set(german["framework"])
    assert {reference for control in held.controls for reference in control.references} == set(
        german["subject"]
    )

"""Evidence in German: every message a rule can give has a form, and no figure is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

from plumbline.domain import Scorecard
from plumbline.domain.messages import Message, as_message, message, sequence, word
from plumbline.governance.catalogue import catalogue
from plumbline.governance.evidence.case import RECORDED
from plumbline.governance.facts import FairnessGroup, LatestRecord, SwitchFacts
from plumbline.governance.next_actions import next_actions
from plumbline.report.language import language
from plumbline.report.translation import Translator, translate
from tests.governance.cases import (
    CREDIT,
    INCIDENT,
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
from tests.governance.evidence.test_case import UNSEEN
from tests.governance.test_verdict_laws import LADDERS

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
        healthy_facts(drift_breach=replace(breach(40, INCIDENT), dated=True)),
        healthy_facts(switches=(SwitchFacts(at=days_ago(4), previous="1", version="2", overlap_hours=0.0,
                                       overlap_decisions=0),)),
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
    told_of = tuple(LatestRecord(event, days_ago(3), "Ana B. Lee, Dr. h. c.") for event in RECORDED)
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


def messages() -> list[Message]:
    """Every message of the cards, each once."""
    found: dict[str, Message] = {}
    for card in cards():
        for text in (
            *(c.evidence.sentence for c in card.controls), *card.contradictions, *card.reasons,
            *(c.sentence for c in (*card.conditions, *card.triggers)),
        ):  # fmt: skip
            found.setdefault(text, text)
    return list(found.values())


def test_every_sentence_of_evidence_and_every_reason_is_a_message_with_a_german_form() -> None:
    assert {type(text) for text in messages()} == {Message}
    without = sorted(text for text in messages() if translate(text, GERMAN) is None)
    assert not without, "\n".join(without[:40])
    assert len(messages()) > 250


def test_no_figure_is_lost_added_or_changed_on_the_way() -> None:
    for text in messages():
        german = translate(text, GERMAN) or ""
        assert sorted(DIGITS.findall(german)) == sorted(DIGITS.findall(text)), (text, german)


def test_a_message_is_told_as_german_writes_it() -> None:
    facts = healthy_facts(model_age_days=211, id_share=0.995, duplicate_share=0.99999)
    card = judge(facts, CREDIT, (attested("CMP-7", statement="It is. All of it ({n})."),))
    german = {c.id: translate(c.evidence.sentence, GERMAN) or "" for c in card.controls}
    assert german["MON-3"] == (
        "Das Modell ist am 1. Juli 2026 211 Tage alt, gezählt seit dem Training (höchstens 180)."
    )
    assert german["AUD-1"].startswith(
        "99,5 % der Entscheidungen haben eine Kennung (nötig 99,9 %); über 99,99 % sind doppelt (höchstens 0,1 %); "
        "0 unerklärte Lücken (60.000 Entscheidungen, 1. Juli 2025 bis "
    )
    assert "It is. All of it ({n}) (" in german["CMP-7"]
    reason = next(text for text in card.reasons if text.startswith("MON-3"))
    assert (translate(reason, GERMAN) or "").startswith("MON-3 Alterung wird überwacht: verfehlt. Das Modell")


def test_words_of_people_and_names_of_a_log_stay_as_they_are() -> None:
    text = message("{who} states {status}, but this control counts only what is shown.",
                   who="No model registry is connected. 1,234", status=word("pass"))  # fmt: skip
    assert translate(text, GERMAN) == (
        "No model registry is connected. 1,234 erklärt: bestanden; bei dieser Kontrolle zählt aber nur, "
        "was gezeigt wird."
    )


def test_a_text_without_a_form_is_quoted_and_remembered() -> None:
    translator = Translator(GERMAN)
    assert translator.text(as_message("Nobody ever wrote this.")) == "Nobody ever wrote this."
    assert translator.text(sequence([message("The guardrail is off."), Message("Nor this.")])) == (
        "The guardrail is off. Nor this."
    )
    assert translator.text(message("The guardrail is off.")) == "Die Leitplanke ist aus."
    assert len(translator.quoted) == 2
    english = Translator(language("en"))
    assert english.text(as_message("Nobody ever wrote this.")) == "Nobody ever wrote this."
    assert not english.quoted


def test_every_control_has_a_german_next_action() -> None:
    translator = Translator(GERMAN)
    for control in catalogue().controls:
        assert translator.catalogue_text(control.next_action, "action") != control.next_action
    card = judge(thin_facts(), {})
    assert all(translator.catalogue_text(a.words, "action") != a.words for a in next_actions(card))
    assert not translator.quoted


def test_every_framework_and_every_reference_has_a_german_name():
    german = language("de").texts
    held = catalogue()
    assert {framework.title for framework in held.frameworks.values()} == set(german["framework"])
    assert {reference for control in held.controls for reference in control.references} == set(
        german["subject"]
    )

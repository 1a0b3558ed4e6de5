"""Every demand of the customer's document, by number, and the controls that stand for it.

Numbers: section, then item, then sentence where an item has several. 2 the decision logic (1 to 4 its default
conditions, 5 to 7 what changes the answer, 8 to 10 the thresholds), 3 the triggers, 4 what is misunderstood, 5 the edge
cases, 6 the questions and answers.
"""

from __future__ import annotations

import pytest

from plumbline.domain import Requirement, Tier, Verdict
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import read_context, requirement
from plumbline.governance.context_effects import effects
from tests.governance.cases import (
    CREDIT,
    SANDBOX,
    SHOP,
    SUGGESTIONS,
    healthy_facts,
    judge,
    sandboxed,
    thin_facts,
)

LIGHT, FULL, REGULATED = Tier.LIGHT, Tier.FULL, Tier.REGULATED
#: number -> the lightest tier in which each of the controls is mandatory
MANDATORY = {
    "2.2": (LIGHT, "MON-1 MON-2 MON-3"),
    "2.3": (FULL, "REL-1 REL-2 REL-3 REL-4"),
    "2.4": (REGULATED, "AUD-1 AUD-2 EXP-1"),
    "2.9": (REGULATED, "EXP-1 EXP-2 EXP-3 AUD-1 AUD-5"),
    "2.10": (REGULATED, "FAIR-1 REL-10 CMP-7"),
    "3.1.1": (REGULATED, "EXP-1 AUD-1 CMP-1"),
    "3.1.3": (REGULATED, "EXP-2 EXP-3 AUD-2 CMP-1"),
    "3.2.1": (LIGHT, "MON-4"),
    "3.2.3": (LIGHT, "MON-1 MON-2 MON-3"),
    "3.2.4": (REGULATED, "MON-7"),
    "3.3.1": (LIGHT, "REL-1 REL-3"),
    "3.3.3": (REGULATED, "REL-2 REL-4 REL-6"),
    "3.4.1": (FULL, "SEC-1 SEC-4 SEC-5"),
    "3.4.3": (REGULATED, "SEC-1 SEC-2 SEC-3 SEC-5 SEC-6"),
    "3.5.1": (REGULATED, "CMP-1 CMP-3 CMP-6"),
    "3.5.3": (REGULATED, "REL-2 REL-7 AUD-1 AUD-5 CMP-6"),
    "3.6.1": (REGULATED, "CMP-2 CMP-3 CMP-4"),
    "3.6.3": (REGULATED, "CMP-4 CMP-5 CMP-9"),
    "4.1": (LIGHT, "MON-1 MON-2 MON-4"),
    "4.2": (REGULATED, "EXP-1 EXP-3"),
    "4.3": (LIGHT, "REL-1 REL-3"),
    "4.4": (FULL, "REL-1 REL-2 REL-7 REL-8"),
    "4.5": (REGULATED, "MON-3 MON-5 MON-7"),
    "5.2.2": (LIGHT, "AUD-1 MON-1 MON-2"),
    "6.1": (FULL, "REL-1 REL-3 MON-1 AUD-1"),
    "6.2": (LIGHT, "MON-1 MON-2 MON-3"),
    "6.3": (REGULATED, "EXP-1 EXP-2 AUD-1"),
    "6.4": (LIGHT, "REL-3"),
    "6.6": (LIGHT, "MON-4"),
    "6.7.1": (REGULATED, "REL-2 REL-7 AUD-1 AUD-5 SEC-1"),
    "6.7.2": (REGULATED, "SEC-1 SEC-2 SEC-6 AUD-1"),
    "6.7.3": (REGULATED, "CMP-8"),
    "5.1.2": (REGULATED, "SEC-7"),
}
#: number -> the trigger whose title and weight it gives
TRIGGERS = {f"3.{n}.2": n for n in range(1, 7)}
#: shown by the tests of this module that have the number in their name
SHOWN = {"2.1", "2.5", "2.6", "2.7", "2.8", "5.1.1", "5.2.1", "5.2.3", "5.3", "6.5"}
ITEMS = {"2": 10, "3": 6, "4": 5, "5": 3, "6": 7}


def test_every_item_of_the_document_is_listed_by_its_number() -> None:
    listed = {".".join(number.split(".")[:2]) for number in (*MANDATORY, *TRIGGERS, *SHOWN)}
    assert listed == {f"{section}.{item}" for section, many in ITEMS.items() for item in range(1, many + 1)}
    names = " ".join(name for name in globals() if name.startswith("test_"))
    assert all(f"_{number.replace('.', '_')}_" in names for number in SHOWN)


@pytest.mark.parametrize("number", MANDATORY)
def test_its_controls_are_mandatory_from_its_tier_on(number: str) -> None:
    lightest, ids = MANDATORY[number]
    order = (LIGHT, FULL, REGULATED)
    for name in ids.split():
        for tier in order[order.index(lightest) :]:
            assert catalogue().control(name).requirements[tier] is Requirement.MANDATORY, (number, name)


@pytest.mark.parametrize("number", TRIGGERS)
def test_each_trigger_is_weighed_and_fails_when_all_that_it_asks_for_fails(number: str) -> None:
    index = TRIGGERS[number] - 1
    assert judge(healthy_facts(), CREDIT).triggers[index].state == "cleared"
    assert judge(thin_facts(), CREDIT, ()).triggers[index].state != "cleared"


def test_2_1_what_affects_outcomes_opens_the_gate() -> None:
    assert judge(healthy_facts(), SHOP).conditions[0].state == "met"


def test_2_5_5_1_1_a_sandbox_without_effect_is_acceptable() -> None:
    assert judge(sandboxed(thin_facts()), SANDBOX).verdict is Verdict.EXEMPT


def test_2_6_5_2_1_reviewed_recommendations_are_light() -> None:
    assert judge(thin_facts(), SUGGESTIONS, ()).tier is LIGHT


def test_2_7_full_observability_and_automated_retraining_are_mature() -> None:
    assert judge(healthy_facts(), CREDIT).verdict is Verdict.MATURE
    assert judge(healthy_facts(retraining_trigger=False), CREDIT).verdict is not Verdict.MATURE


def test_2_8_above_a_tenth_of_interactions_monitoring_and_rollback_are_mandatory() -> None:
    reading = read_context(SUGGESTIONS, thin_facts(decisions_a_month=200_000))
    for name in ("MON-1", "MON-2", "MON-3", "MON-4", "MON-5", "MON-6", "REL-3"):
        assert requirement(catalogue().control(name), reading) is Requirement.MANDATORY


def test_5_2_3_governance_is_full_once_nobody_reviews() -> None:
    assert judge(thin_facts(), SUGGESTIONS | {"oversight": "never"}, ()).tier is FULL


def test_5_3_exemptions_are_documented_and_end() -> None:
    """Shown at length in test_registers.py: a document, twelve months, commercial use."""
    from .cases import exempted

    failing = healthy_facts(explained_share=0.0)
    assert judge(failing, CREDIT, exemptions=[exempted("EXP-1")]).verdict is not Verdict.MATURE
    commercial = healthy_facts(explained_share=0.0, commercial_from=failing.as_of.date())
    assert judge(commercial, CREDIT, exemptions=[exempted("EXP-1")]).verdict is Verdict.LIABILITY


def test_6_5_each_framework_is_said_to_apply_or_not() -> None:
    assert {a.law for a in effects(CREDIT, healthy_facts()).laws} == {
        "GDPR",
        "AI Act",
        "DORA",
        "ISO 27001 and SOC 2",
    }
    for impact in ("credit", "employment", "health", "biometrics"):
        assert read_context(SUGGESTIONS | {"impact": impact}, thin_facts()).tier is REGULATED

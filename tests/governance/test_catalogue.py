"""The catalogue holds every agreed control, and nobody can loosen it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_type_hints

import pytest

from plumbline.domain import PlumblineError, Requirement, Tier
from plumbline.governance.catalogue import catalogue, check_limits, limits
from plumbline.governance.evidence.rules import RULES
from plumbline.governance.facts import Facts
from tests.governance.cases import CREDIT, healthy_facts, judge

#: id -> requirement in tiers light, full, regulated, as agreed
TIERS = {
    "MON-1": "MMM", "MON-2": "MMM", "MON-3": "MMM", "MON-4": "MMM", "MON-5": "rMM", "MON-6": "rMM",
    "MON-7": "rrM", "MON-8": "-rM",
    "REL-1": "MMM", "REL-2": "-MM", "REL-3": "MMM", "REL-4": "-MM", "REL-5": "-MM", "REL-6": "-rM",
    "REL-7": "-MM", "REL-8": "rMM", "REL-9": "-rM", "REL-10": "-rM",
    "AUD-1": "MMM", "AUD-2": "rMM", "AUD-3": "-MM", "AUD-4": "-MM", "AUD-5": "-rM",
    "EXP-1": "-rM", "EXP-2": "-rM", "EXP-3": "-rM", "FAIR-1": "-rM", "OVR-1": "MrM",
    "SEC-1": "-MM", "SEC-2": "-rM", "SEC-3": "-rM", "SEC-4": "rMM",
    "SEC-5": "-MM", "SEC-6": "-rM", "SEC-7": "-rM", "SEC-8": "-rM", "SEC-9": "-rr",
    "CMP-1": "-rM", "CMP-2": "-rM", "CMP-3": "--M", "CMP-4": "-rM", "CMP-5": "--M", "CMP-6": "--M",
    "CMP-7": "rMM", "CMP-8": "-rM", "CMP-9": "--M", "CMP-10": "-rr",
}  # fmt: skip
TRIGGERS = {
    1: "EXP-1 EXP-2 EXP-3 AUD-1 AUD-2 AUD-3 AUD-4 AUD-5 CMP-1",
    2: "MON-1 MON-2 MON-3 MON-4 MON-5 MON-6 MON-7 MON-8",
    3: "REL-1 REL-2 REL-3 REL-4 REL-5 REL-6 REL-7 REL-8",
    4: "SEC-1 SEC-2 SEC-3 SEC-4 AUD-3",
    5: "AUD-1 AUD-2 AUD-3 AUD-4 AUD-5 REL-2 REL-7 CMP-6",
    6: "CMP-2 CMP-3 CMP-4 CMP-5",
}
#: which control counts a statement, and how far
ATTESTED = {
    "MON-6": "partial", "MON-7": "partial", "REL-3": "partial", "REL-4": "partial", "REL-6": "partial",
    "REL-7": "partial", "CMP-5": "partial",
    "AUD-5": "full", "SEC-1": "full", "SEC-2": "full", "SEC-3": "full", "CMP-1": "full", "CMP-3": "full",
    "CMP-7": "full", "CMP-8": "full", "CMP-9": "full", "SEC-5": "full", "SEC-6": "full", "SEC-7": "full",
    "REL-9": "full", "REL-10": "full", "MON-8": "full", "FAIR-1": "full",
    "SEC-8": "full", "SEC-9": "full", "CMP-10": "full",
}  # fmt: skip
LETTERS = {Requirement.MANDATORY: "M", Requirement.RECOMMENDED: "r", Requirement.NOT_ASKED: "-"}


def test_every_agreed_control_is_there_once_with_its_tiers() -> None:
    found = {
        control.id: "".join(LETTERS[control.requirements[t]] for t in (Tier.LIGHT, Tier.FULL, Tier.REGULATED))
        for control in catalogue().controls
    }
    assert found == TIERS
    assert len(catalogue().controls) == len(TIERS) == 47


def test_every_control_has_a_rule_and_every_rule_a_control() -> None:
    assert set(RULES) == set(TIERS)


@pytest.mark.parametrize("control", catalogue().controls, ids=lambda c: c.id)
def test_every_entry_says_what_it_asks_why_and_what_to_do(control) -> None:  # type: ignore[no-untyped-def]
    for text in (control.question, control.tooltip, control.rule, control.next_action):
        assert len(text) > 15
        assert text[-1] in ".?"
    assert control.references
    assert control.page
    assert control.triggers or control.condition


def test_triggers_and_conditions_hold_the_agreed_controls() -> None:
    for number, ids in TRIGGERS.items():
        found = {c.id for c in catalogue().controls if number in c.triggers}
        assert set(ids.split()) <= found, number
    conditions = {
        "no_monitoring": ("MON",),
        "no_governance": ("REL", "CMP-7"),
        "no_audit_trail": ("AUD", "EXP"),
    }
    for key, starts in conditions.items():
        assert {c.id for c in catalogue().controls if c.condition == key} == {
            i for i in TIERS if i.startswith(starts)
        }


def test_the_six_triggers_have_the_names_that_customers_know() -> None:
    titles = (
        "Regulated Industry Sales",
        "Model Drift Causes Revenue Loss",
        "Failed Model Deployment Causes Downtime",
        "Security Incident Exposes Model Data",
        "Procurement Stalls Due to Missing Audit Trails",
        "AI Act or DORA Compliance Becomes Mandatory",
    )
    assert [(t.number, t.title) for t in catalogue().triggers] == list(enumerate(titles, 1))
    shown = judge(healthy_facts(), CREDIT).to_dict()["triggers"]
    assert [(item["number"], item["title"]) for item in shown] == list(enumerate(titles, 1))


def test_statements_are_accepted_only_where_agreed() -> None:
    assert {c.id: c.attested for c in catalogue().controls if c.attested != "none"} == ATTESTED


def test_every_framework_has_a_date_and_nothing_unread_is_called_confirmed() -> None:
    assert list(catalogue().frameworks) == [
        "GDPR",
        "AI Act",
        "DORA",
        "ISO 27001",
        "SOC 2",
        "ISO 42001",
        "NIST",
    ]
    for framework in catalogue().frameworks.values():
        assert framework.as_of <= catalogue().as_of
        assert not framework.confirmed


def test_limits_follow_the_tier_and_the_stricter_owner() -> None:
    control = catalogue().control("MON-1")
    assert limits(control, Tier.LIGHT)["labelled_share"] == 0.2
    assert limits(control, Tier.FULL)["labelled_share"] == 0.5
    assert limits(control, Tier.FULL, {"labelled_share": 0.8})["labelled_share"] == 0.8
    assert limits(control, Tier.FULL, {"labelled_share": 0.1})["labelled_share"] == 0.5
    assert limits(control, Tier.FULL, {"label_age_chunks": 9})["label_age_chunks"] == 2


def test_a_limit_can_be_tightened_and_not_loosened() -> None:
    check_limits("MON-3", {"age_days": 90})
    with pytest.raises(PlumblineError, match="loosen MON-3"):
        check_limits("MON-3", {"age_days": 400})
    with pytest.raises(PlumblineError, match="loosen REL-4"):
        check_limits("REL-4", {"overlap_hours": 1})
    with pytest.raises(PlumblineError, match="no limit"):
        check_limits("MON-3", {"age": 9})


def test_an_unknown_control_is_refused_in_words() -> None:
    with pytest.raises(PlumblineError, match="no control 'MON-99'"):
        catalogue().control("MON-99")


def test_every_fact_but_the_count_and_the_date_may_be_unknown() -> None:
    blind = Facts(as_of=datetime(2026, 7, 1, tzinfo=UTC))
    known = {name for name in get_type_hints(Facts) if getattr(blind, name) is not None}
    assert known == {
        "as_of",
        "context_answered",
        "noted",
        "sample_reason",
        "callers_busy",
        "callers_sample",
        "callers_untold",
        "probing",
        "model_unsafe",
        "model_other",
        "model_served",
        "complaints_open",
        "complaint_keeper",
        "complaints_logged",
        "complaint_gap",
        "decisions",
        "chunk_unit",
        "model_age_source",
        "guardrail_sentence",
        "personal_declared",
        "versions_missing",
        "probed_where",
        "labels_selected",
        "labels_among",
        "fairness_outcomes",
        "retraining_due",
        "retraining_days",
        "rollback_mode",
        "performance_guess",
        "performance_worse_than_guess",
        "technical_file_by",
        "favourable",
        "favourable_source",
        "fairness_otherwise",
    }

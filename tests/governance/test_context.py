"""The answers, the tier they lead to, and what the log says against them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError, Requirement, Tier
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import (
    QUESTIONS,
    answer_text,
    check_answer,
    interaction_share,
    read_context,
    requirement,
)
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

QUIET = sandboxed(thin_facts())


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        (SANDBOX, Tier.EXEMPT),
        (SANDBOX | {"impact": "operations"}, Tier.FULL),
        (SUGGESTIONS, Tier.LIGHT),
        (SUGGESTIONS | {"regulated_buyers": "yes"}, Tier.REGULATED),
        (SUGGESTIONS | {"financial_entity": "yes"}, Tier.REGULATED),
        (SUGGESTIONS | {"impact": "operations"}, Tier.LIGHT),
        (SUGGESTIONS | {"impact": "none"}, Tier.LIGHT),
        (SUGGESTIONS | {"impact": "pricing"}, Tier.FULL),
        (SUGGESTIONS | {"impact": "credit"}, Tier.REGULATED),
        (SUGGESTIONS | {"oversight": "sometimes"}, Tier.FULL),
        (SUGGESTIONS | {"critical": "yes"}, Tier.FULL),
        (SUGGESTIONS | {"harm": "yes"}, Tier.REGULATED),
        (SHOP, Tier.FULL),
        (SHOP | {"regulated_buyers": "yes"}, Tier.REGULATED),
        (SHOP | {"financial_entity": "yes"}, Tier.REGULATED),
        (SHOP | {"impact": "employment"}, Tier.REGULATED),
        (SHOP | {"impact": "fraud"}, Tier.FULL),
        (CREDIT, Tier.REGULATED),
        ({}, Tier.REGULATED),
    ],
)
def test_the_answers_lead_to_the_tier(answers: dict[str, str], tier: Tier) -> None:
    assert read_context(answers, QUIET).tier is tier


def test_the_class_worked_out_replaces_the_presumption_of_high_risk() -> None:
    employment = SHOP | {"impact": "employment"}
    assert read_context(employment, thin_facts(ai_act_class="minimal")).tier is Tier.FULL
    assert read_context(SHOP, thin_facts(ai_act_class="high risk")).tier is Tier.REGULATED


STRICTNESS = [Tier.EXEMPT, Tier.LIGHT, Tier.FULL, Tier.REGULATED]
asked = {q.key: q.values for q in QUESTIONS if q.strictest}


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in asked.items()}))
def test_unanswered_is_never_milder_than_any_answer(answers: dict[str, str]) -> None:
    tier = STRICTNESS.index(read_context(answers, QUIET).tier)
    missing = [key for key in asked if key not in answers][:2]
    for values in product(*(asked[key] for key in missing)):
        assert (
            STRICTNESS.index(read_context(answers | dict(zip(missing, values, strict=True)), QUIET).tier)
            <= tier
        )


def test_one_missing_answer_that_could_change_the_tier_leaves_it_open() -> None:
    without = {key: value for key, value in SHOP.items() if key != "regulated_buyers"}
    reading = read_context(without, QUIET)
    assert reading.open
    assert "regulated_buyers" in reading.notes[0]
    settled = {key: value for key, value in CREDIT.items() if key != "regulated_buyers"}
    assert not read_context(settled, QUIET).open
    assert read_context(settled, QUIET).unanswered == ("regulated_buyers",)


@pytest.mark.parametrize(
    "change",
    [{"decisions_a_month": 200_000}, {"overrides_90_days": 3}, {"override_rate": 0.01},
     {"outcomes_arrive_later": True}],
)  # fmt: skip
def test_a_sandbox_with_traces_of_production_is_read_as_production(change: dict[str, object]) -> None:
    reading = read_context(SANDBOX, replace(QUIET, **change))
    assert reading.tier is not Tier.EXEMPT
    assert len(reading.contradictions) == 1
    assert read_context(SANDBOX, QUIET).contradictions == ()
    assert read_context(SUGGESTIONS, replace(QUIET, **change)).contradictions == ()


@pytest.mark.parametrize(("decisions", "mandatory"), [(100_000, False), (100_001, True), (None, True)])
def test_above_a_tenth_of_interactions_monitoring_and_rollback_are_mandatory(
    decisions: int | None, mandatory: bool
) -> None:
    reading = read_context(SUGGESTIONS, thin_facts(decisions_a_month=decisions))
    asked = {c.id for c in catalogue().controls if requirement(c, reading) is Requirement.MANDATORY}
    extra = {"MON-5", "MON-6"} if mandatory else set()
    assert asked == LIGHT | extra


#: what any production system has to show from its first day, and the oversight that makes it light
LIGHT = {"MON-1", "MON-2", "MON-3", "MON-4", "REL-1", "REL-3", "AUD-1", "OVR-1"}


@pytest.mark.parametrize(
    ("elsewhere", "mandatory"), [(None, False), (0.0, False), (0.02, False), (0.021, True), (0.9, True)]
)
def test_two_systems_of_eight_per_cent_each_are_above_a_tenth_together(
    elsewhere: float | None, mandatory: bool
) -> None:
    facts = thin_facts(decisions_a_month=80_000, share_elsewhere=elsewhere)
    card = judge(facts, SUGGESTIONS, ())
    asked = {r.id for r in card.controls if r.requirement is Requirement.MANDATORY}
    assert asked == (LIGHT | {"MON-5", "MON-6"} if mandatory else LIGHT)
    if mandatory:
        assert "8 % of all customer interactions" in card.reasons[-1]
        assert "other systems in production" in card.reasons[-1]


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1_000_000))
def test_another_system_never_lowers_what_is_asked(a: float, b: float, decisions: int) -> None:
    fewer, more = sorted((a, b))
    for context in (SUGGESTIONS, SHOP, CREDIT, SANDBOX):
        asked = [
            {c.id for c in catalogue().controls if requirement(c, reading) is Requirement.MANDATORY}
            for share in (None, fewer, more)
            for reading in [
                read_context(context, replace(QUIET, decisions_a_month=decisions, share_elsewhere=share))
            ]
        ]
        assert asked[0] <= asked[1] <= asked[2]


@pytest.mark.parametrize("found", [("email",), None])
def test_personal_data_asks_for_access_encryption_and_audited_requests(found: tuple[str, ...] | None) -> None:
    without = read_context(SHOP, thin_facts())
    holds = read_context(SHOP, thin_facts(personal_detected=found))
    for name in ("SEC-1", "SEC-2", "SEC-3"):
        control = catalogue().control(name)
        assert requirement(control, holds) is Requirement.MANDATORY
        assert requirement(control, without) is control.requirements[Tier.FULL]
    assert requirement(catalogue().control("SEC-2"), read_context(SANDBOX, QUIET)) is Requirement.NOT_ASKED


@pytest.mark.parametrize(
    "impact", ["credit", "employment", "health", "insurance", "biometrics", "education", "justice", "public benefits"]
)  # fmt: skip
def test_uses_of_high_risk_are_regulated_until_their_class_is_worked_out(impact: str) -> None:
    answers = SUGGESTIONS | {"impact": impact}
    assert read_context(answers, QUIET).tier is Tier.REGULATED
    assert read_context(answers, replace(QUIET, ai_act_class="minimal")).tier is Tier.FULL


def test_oversight_that_makes_a_system_light_is_measured_there() -> None:
    for facts, status in (
        (thin_facts(override_mapped=False, override_rate=None, overrides_90_days=None), "unknown"),
        (thin_facts(override_rate=0.0, overrides_90_days=0), "partial"),
        (thin_facts(), "pass"),
    ):
        card = judge(facts, SUGGESTIONS, ())
        found = next(r for r in card.controls if r.id == "OVR-1")
        assert (found.requirement, found.status) == (Requirement.MANDATORY, status)
        assert card.verdict == ("MANAGED" if status == "pass" else "EXPOSED")


@pytest.mark.parametrize(
    ("stated", "decisions", "share"),
    [("1,000,000", 250_000, 0.25), ("1 000", 2_000, 1.0), ("unknown", 5, None), ("0", 5, None),
     ("10", None, None)],
)  # fmt: skip
def test_the_share_of_interactions(stated: str, decisions: int | None, share: float | None) -> None:
    facts = thin_facts(decisions_a_month=decisions)
    assert interaction_share({"interactions_per_month": stated}, facts) == share


def test_answers_are_checked_where_they_are_given() -> None:
    assert check_answer("environment", " Production ") == "production"
    assert check_answer("interactions_per_month", "12,000") == "12000"
    assert answer_text("interactions_per_month", "12000") == "12,000"
    assert answer_text("interactions_per_month", "unknown") == "unknown"
    assert answer_text("harm", "no") == "no"
    assert check_answer("harm", "") == ""
    for key, value in [("environment", "prod"), ("interactions_per_month", "-3"), ("impact", "number"),
                       ("interactions_per_month", "nan"), ("colour", "red")]:  # fmt: skip
        with pytest.raises(PlumblineError):
            check_answer(key, value)


def test_answering_everything_makes_the_context_complete() -> None:
    assert judge(healthy_facts(), CREDIT).context_complete
    assert not judge(healthy_facts(), {k: v for k, v in CREDIT.items() if k != "harm"}).context_complete

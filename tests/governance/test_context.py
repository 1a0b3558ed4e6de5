"""The answers, the tier they lead to, and what the log says against them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError, Requirement, Tier
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import QUESTIONS, check_answer, interaction_share, read, requirement, spoken

from .cases import CREDIT, SANDBOX, SHOP, SUGGESTIONS, healthy_facts, judge, thin_facts

QUIET = thin_facts()


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
    assert read(answers, QUIET).tier is tier


def test_the_class_worked_out_replaces_the_presumption_of_high_risk() -> None:
    employment = SHOP | {"impact": "employment"}
    assert read(employment, thin_facts(ai_act_class="minimal")).tier is Tier.FULL
    assert read(SHOP, thin_facts(ai_act_class="high risk")).tier is Tier.REGULATED


STRICTNESS = [Tier.EXEMPT, Tier.LIGHT, Tier.FULL, Tier.REGULATED]
asked = {q.key: q.values for q in QUESTIONS if q.strictest}


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in asked.items()}))
def test_unanswered_is_never_milder_than_any_answer(answers: dict[str, str]) -> None:
    tier = STRICTNESS.index(read(answers, QUIET).tier)
    missing = [key for key in asked if key not in answers][:2]
    for values in product(*(asked[key] for key in missing)):
        assert STRICTNESS.index(read(answers | dict(zip(missing, values, strict=True)), QUIET).tier) <= tier


def test_one_missing_answer_that_could_change_the_tier_leaves_it_open() -> None:
    without = {key: value for key, value in SHOP.items() if key != "regulated_buyers"}
    reading = read(without, QUIET)
    assert reading.open
    assert "regulated_buyers" in reading.notes[0]
    settled = {key: value for key, value in CREDIT.items() if key != "regulated_buyers"}
    assert not read(settled, QUIET).open
    assert read(settled, QUIET).unanswered == ("regulated_buyers",)


@pytest.mark.parametrize(
    "change",
    [{"decisions_a_month": 200_000}, {"overrides_90_days": 3}, {"override_rate": 0.01},
     {"outcomes_arrive_later": True}],
)  # fmt: skip
def test_a_sandbox_with_traces_of_production_is_read_as_production(change: dict[str, object]) -> None:
    reading = read(SANDBOX, thin_facts(**change))
    assert reading.tier is not Tier.EXEMPT
    assert len(reading.contradictions) == 1
    assert read(SANDBOX, thin_facts()).contradictions == ()
    assert read(SUGGESTIONS, thin_facts(**change)).contradictions == ()


@pytest.mark.parametrize(("decisions", "mandatory"), [(100_000, False), (100_001, True), (None, True)])
def test_above_a_tenth_of_interactions_monitoring_and_rollback_are_mandatory(
    decisions: int | None, mandatory: bool
) -> None:
    reading = read(SUGGESTIONS, thin_facts(decisions_a_month=decisions))
    asked = {c.id for c in catalogue().controls if requirement(c, reading) is Requirement.MANDATORY}
    extra = {"MON-5", "MON-6", "REL-3"} if mandatory else set()
    assert asked == {"MON-1", "MON-2", "MON-3", "MON-4"} | extra


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
    assert spoken("interactions_per_month", "12000") == "12,000"
    assert spoken("interactions_per_month", "unknown") == "unknown"
    assert spoken("harm", "no") == "no"
    assert check_answer("harm", "") == ""
    for key, value in [("environment", "prod"), ("interactions_per_month", "-3"), ("impact", "number"),
                       ("interactions_per_month", "nan"), ("colour", "red")]:  # fmt: skip
        with pytest.raises(PlumblineError):
            check_answer(key, value)


def test_answering_everything_makes_the_context_complete() -> None:
    assert judge(healthy_facts(), CREDIT).context_complete
    assert not judge(healthy_facts(), {k: v for k, v in CREDIT.items() if k != "harm"}).context_complete

"""The twenty situations whose verdict is agreed, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plumbline.domain import Requirement, Status, Tier, Verdict
from plumbline.governance.facts import Facts, FairnessGroup, SwitchFacts
from plumbline.governance.verdict import pipeline_verdict
from tests.governance.cases import (
    CREDIT,
    FRAUD,
    HEALTH,
    NOW,
    OPERATIONS,
    PRICING,
    SANDBOX,
    SHOP,
    STATED,
    SUGGESTIONS,
    TODAY,
    attested,
    breach,
    but,
    control,
    days_ago,
    exempted,
    healthy_facts,
    judge,
    sandboxed,
    thin_facts,
)


def test_row_1_a_sandbox_that_affects_nothing_is_exempt() -> None:
    card = judge(sandboxed(thin_facts(decisions_a_month=0)), SANDBOX)
    assert card.verdict is Verdict.EXEMPT
    assert card.tier is Tier.EXEMPT
    assert "1 July 2026" in card.reasons[0]
    assert "10 %" in card.reasons[0]


@pytest.mark.parametrize("facts", [thin_facts(), healthy_facts()], ids=["thin", "healthy"])
def test_row_2_a_sandbox_with_30_per_cent_of_interactions_is_judged_as_production(facts) -> None:  # type: ignore[no-untyped-def]
    busy = replace(facts, decisions_a_month=300_000)
    card = judge(busy, SANDBOX)
    declared = judge(busy, SANDBOX | {"environment": "production"})
    assert card.verdict is declared.verdict
    assert card.tier is declared.tier
    assert card.controls == declared.controls
    assert "sandbox" in card.reasons[0]
    assert "30 %" in card.reasons[0]
    assert card.reasons[1:] == declared.reasons


def test_row_3_reviewed_suggestions_with_minimum_monitoring_are_managed() -> None:
    card = judge(thin_facts(), SUGGESTIONS, ())
    assert card.tier is Tier.LIGHT
    assert card.verdict is Verdict.MANAGED


def test_row_4_without_labels_even_reviewed_suggestions_are_a_liability() -> None:
    card = judge(thin_facts(labels=None, labelled_share=None, label_age_chunks=None), SUGGESTIONS, ())
    assert card.verdict is Verdict.LIABILITY
    assert control(card, "MON-1").status is Status.FAIL


def test_row_5_removing_the_reviewer_asks_for_governance() -> None:
    facts = thin_facts(labelled_share=0.9, version_share=None, rollback_rehearsed_at=None)
    card = judge(facts, SUGGESTIONS | {"oversight": "never"}, ())
    assert card.tier is Tier.FULL
    assert card.verdict is Verdict.LIABILITY
    assert next(c for c in card.conditions if c.key == "no_governance").state == "met"


def test_row_6_a_rollback_nobody_has_seen_fails_and_an_attested_one_is_partial() -> None:
    facts = healthy_facts(rollback_rehearsed_at=None, decisions_a_month=10_000)
    card = judge(facts, SHOP)
    assert control(card, "REL-3").status is Status.FAIL
    assert card.verdict is Verdict.LIABILITY
    stated = judge(facts, SHOP, (*STATED, attested("REL-3")))
    assert control(stated, "REL-3").status is Status.PARTIAL
    assert stated.verdict is Verdict.EXPOSED


def test_row_7_a_breach_open_40_days_comes_first() -> None:
    card = judge(healthy_facts(performance_breach=breach(40), rollback_wired=False, id_share=0.5), SHOP)
    assert card.verdict is Verdict.LIABILITY
    assert card.reasons[0].startswith("MON-4")
    assert "40 days" in card.reasons[0]


def test_row_8_a_breach_of_three_days_is_within_the_response_time() -> None:
    card = judge(healthy_facts(performance_breach=breach(3)), CREDIT)
    assert control(card, "MON-4").status is Status.PARTIAL
    assert card.verdict is Verdict.EXPOSED


def test_row_9_accurate_pricing_without_ids_and_explanations_is_a_liability() -> None:
    card = judge(healthy_facts(id_share=2 / 3, version_share=1 / 3, explained_share=0.0), PRICING)
    assert card.verdict is Verdict.LIABILITY
    assert control(card, "AUD-1").status is Status.FAIL
    assert control(card, "EXP-1").status is Status.FAIL
    assert any("66.7 %" in reason for reason in card.reasons)


def test_row_10_a_rollback_was_seen_but_nothing_guarded_the_release() -> None:
    unguarded = SwitchFacts(at=days_ago(9), previous="4.1", version="4.2")
    facts = healthy_facts(
        rollback_at=days_ago(8.25), rollback_minutes=1080.0, switches=(unguarded,), guardrail_unhandled=1
    )
    card = judge(facts, FRAUD)
    statuses = {i: control(card, i).status for i in ("REL-3", "REL-4", "REL-5")}
    assert statuses == {"REL-3": Status.PASS, "REL-4": Status.FAIL, "REL-5": Status.FAIL}
    assert "18.0 hours" in control(card, "REL-3").evidence.sentence
    assert card.verdict is Verdict.LIABILITY
    next_release = replace(
        facts,
        guardrail_unhandled=0,
        switches=(
            unguarded,
            SwitchFacts(at=NOW, previous="4.1", version="4.3", overlap_hours=30.0, overlap_decisions=90),
        ),
    )
    assert judge(next_release, FRAUD).verdict is Verdict.EXPOSED


def test_row_11_conflicting_repeats_outvote_what_is_attested() -> None:
    facts = healthy_facts(conflicting_share=0.07, reproducible_versions=None)
    card = judge(facts, HEALTH, (*STATED, attested("REL-7"), attested("REL-8")))
    assert control(card, "REL-8").status is Status.FAIL
    assert card.verdict is Verdict.LIABILITY
    assert card.reasons[0] == control(card, "REL-8").contradiction != ""


def test_row_12_a_stale_and_biased_forecast_is_a_liability() -> None:
    card = judge(healthy_facts(model_age_days=365, performance_breach=breach(90)), OPERATIONS)
    assert card.verdict is Verdict.LIABILITY
    assert [reason[:5] for reason in card.reasons[:2]] == ["MON-4", "MON-3"]


def test_row_13_everything_proven_is_mature() -> None:
    card = judge(healthy_facts(), CREDIT)
    assert card.tier is Tier.REGULATED
    assert card.verdict is Verdict.MATURE
    assert all(r.status is Status.PASS for r in card.controls if r.requirement is Requirement.MANDATORY)


def test_row_14_an_attestation_that_expired_yesterday_is_no_evidence() -> None:
    lapsed = but(STATED, attested("SEC-2", expires=TODAY - timedelta(days=1)))
    card = judge(healthy_facts(), CREDIT, lapsed)
    assert control(card, "SEC-2").status is Status.UNKNOWN
    assert "expired on 30 June 2026" in control(card, "SEC-2").evidence.sentence
    assert card.verdict is Verdict.EXPOSED


def test_row_15_an_alert_never_delivered_or_tested_is_unknown() -> None:
    card = judge(healthy_facts(alerts_delivered=0, alerts_acknowledged=0), CREDIT)
    assert control(card, "MON-6").status is Status.UNKNOWN
    assert card.verdict is Verdict.EXPOSED


def test_row_16_exempt_controls_are_managed_until_their_date() -> None:
    until = TODAY + timedelta(days=30)
    failing = healthy_facts(
        explained_share=0.0, recent_chunks_attributed=0, records_issued=0, incidents_overdue=2,
        ai_act_class=None, technical_file_reviewed=None, rollback_rehearsed_at=None,
        restore_rehearsed_at=None, rollback_at=days_ago(40),
    )  # fmt: skip
    said = but(STATED, *(attested(f"CMP-{n}", Status.FAIL) for n in (1, 3, 5, 7)))
    waived = [exempted(f"{f}-{n}", until) for f, last in (("EXP", 3), ("CMP", 7)) for n in range(1, last + 1)]
    card = judge(failing, HEALTH, said, waived)
    assert card.verdict is Verdict.MANAGED
    assert control(card, "EXP-1").status is Status.EXEMPT
    assert control(card, "EXP-1").evidence.until == until
    assert any("31 July 2026" in reason for reason in card.reasons)
    on_the_day = NOW + timedelta(days=30)
    assert judge(failing, HEALTH, said, waived, on_the_day).verdict is Verdict.MANAGED
    assert judge(failing, HEALTH, said, waived, on_the_day + timedelta(days=1)).verdict is Verdict.LIABILITY


def test_row_17_no_context_at_all_is_not_yet_judged_and_a_breach_shows_all_the_same() -> None:
    card = judge(healthy_facts(), {})
    assert card.verdict is Verdict.NOT_YET_JUDGED
    assert pipeline_verdict(card) is Verdict.NOT_YET_JUDGED
    assert not card.context_complete
    assert card.reasons == (
        "Nobody has said what this system is for: the verdict waits for 8 context questions.",
    )
    assert {r.status for r in card.controls} & {Status.PASS}  # what is measured is listed
    broken = judge(healthy_facts(performance_breach=breach(40)), {})
    assert broken.verdict is Verdict.NOT_YET_JUDGED
    assert broken.reasons[0].startswith("MON-4")
    assert pipeline_verdict(broken) is Verdict.LIABILITY


def test_rows_in_quarantine_are_part_of_the_answer_why() -> None:
    left_out = healthy_facts(rows_read=3_000, rows_quarantined=119)
    sentence = (
        "119 of the 3,000 rows read (4 %) could not be loaded: no figure here counts what is in quarantine."
    )
    assert judge(left_out, {}).reasons[1:] == (sentence,)
    failing = judge(replace(left_out, id_share=0.5), CREDIT)
    leading = [reason.split()[0] for reason in failing.reasons]
    assert leading.index("AUD-1") < leading.index("119")  # what fails comes first
    assert not [reason for reason in judge(healthy_facts(), CREDIT).reasons if "quarantine" in reason]


def test_row_17_answers_that_were_withdrawn_are_read_as_the_stricter_ones() -> None:
    card = judge(healthy_facts(context_answered=True), {})
    assert card.tier is Tier.REGULATED
    assert card.verdict is Verdict.EXPOSED
    assert any("unanswered" in reason for reason in card.reasons)


def test_row_17_a_number_of_interactions_alone_does_not_say_what_it_is_for() -> None:
    assert judge(healthy_facts(), {"interactions_per_month": "9000"}).verdict is Verdict.NOT_YET_JUDGED


def test_row_17b_impact_and_environment_alone_are_read_as_regulated_and_never_better_than_exposed() -> None:
    facts = healthy_facts(ai_act_class="minimal")
    card = judge(facts, {"environment": "production", "impact": "recommendation"})
    assert card.tier is Tier.REGULATED
    assert card.verdict is Verdict.EXPOSED


def test_row_18_a_system_that_was_emptied_waits_unless_it_is_in_production() -> None:
    empty = Facts(as_of=NOW)
    assert judge(empty, {}).verdict is Verdict.NOT_YET_JUDGED
    assert judge(empty, SANDBOX | {"impact": "pricing"}).verdict is Verdict.NOT_YET_JUDGED
    assert judge(empty, CREDIT).verdict is Verdict.LIABILITY
    assert judge(replace(empty, context_answered=True), {}).verdict is Verdict.LIABILITY


def test_row_17c_credit_for_regulated_buyers_is_never_light_whatever_is_said_of_it() -> None:
    friendly = CREDIT | {"regulated_buyers": "yes", "harm": "no", "critical": "no", "oversight": "always"}
    card = judge(thin_facts(), friendly, ())
    assert card.tier is Tier.REGULATED
    assert card.verdict is Verdict.LIABILITY


def test_row_18_statements_without_a_log_are_a_liability() -> None:
    everything = tuple(attested(r.id) for r in judge(healthy_facts(), CREDIT).controls)
    card = judge(Facts(as_of=NOW), CREDIT, everything)
    assert card.verdict is Verdict.LIABILITY
    assert next(c for c in card.conditions if c.key == "no_monitoring").state == "met"
    assert any("no log" in reason for reason in card.reasons)


def groups(n: int) -> tuple[FairnessGroup, ...]:
    best = FairnessGroup(attribute="origin", group="a", n=9_000, ratio=1.0, low=1.0, high=1.0, error_gap=0.0)
    spread = 0.05 if n > 100 else 0.4
    return (
        best,
        FairnessGroup(
            attribute="origin",
            group="b",
            n=n,
            ratio=0.71,
            low=0.71 - spread,
            high=0.71 + spread,
            error_gap=0.03,
        ),
    )


def test_row_19_a_group_at_71_per_cent_fails_in_regulated() -> None:
    card = judge(healthy_facts(fairness=groups(4_000)), CREDIT)
    assert control(card, "FAIR-1").status is Status.FAIL
    assert "0.66 to 0.76" in control(card, "FAIR-1").evidence.sentence
    assert card.verdict is Verdict.LIABILITY


def test_row_20_a_group_of_12_is_unknown() -> None:
    card = judge(healthy_facts(fairness=groups(12)), CREDIT)
    assert control(card, "FAIR-1").status is Status.UNKNOWN
    assert card.verdict is Verdict.EXPOSED

"""Claims against evidence, conditions and triggers, reasons and next actions, frameworks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from plumbline.domain import EvidenceKind, Requirement, Status, Tier, Verdict
from plumbline.domain.messages import message
from plumbline.governance.catalogue import catalogue
from plumbline.governance.conditions import default_conditions
from plumbline.governance.context import read_context
from plumbline.governance.facts import FairnessGroup
from plumbline.governance.frameworks import frameworks
from plumbline.governance.next_actions import next_actions
from plumbline.governance.resolution import last_day
from plumbline.governance.verdict import (
    MATURE_BY_EVIDENCE,
    decide,
    is_as_bad_as,
    scorecard,
)
from tests.governance.cases import (
    CREDIT,
    NOW,
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


def test_a_claim_the_log_outvotes_is_shown_as_a_contradiction() -> None:
    card = judge(healthy_facts(id_share=0.5), CREDIT, (*STATED, attested("AUD-1")))
    shown = control(card, "AUD-1").contradiction
    assert "Ana states pass" in shown
    assert "the log shows fail" in shown
    assert card.contradictions == (shown,)
    assert card.reasons[0] == shown


def test_a_claim_of_failure_does_not_spoil_what_is_measured_but_is_shown() -> None:
    card = judge(healthy_facts(), CREDIT, (*STATED, attested("REL-3", Status.FAIL)))
    assert control(card, "REL-3").status is Status.PASS
    assert "what was found shows pass" in control(card, "REL-3").contradiction


def test_the_newest_statement_counts() -> None:
    worse = attested("CMP-7", Status.FAIL, at=days_ago(1).date())
    assert control(judge(healthy_facts(), CREDIT, (*STATED, worse)), "CMP-7").status is Status.FAIL


@pytest.mark.parametrize(
    ("at", "expires", "end"),
    [
        (date(2026, 1, 5), date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 1, 5), date(2029, 3, 1), date(2027, 1, 5)),
        (date(2028, 2, 29), date(2031, 1, 1), date(2029, 2, 28)),
    ],
)
def test_a_statement_holds_for_twelve_months_at_most(at: date, expires: date, end: date) -> None:
    assert last_day(attested("CMP-7", at=at, expires=expires)) == end


def test_a_statement_dated_tomorrow_is_not_heard_today() -> None:
    early = but(STATED, attested("SEC-2", at=TODAY + timedelta(days=1)))
    assert control(judge(healthy_facts(), CREDIT, early), "SEC-2").status is Status.UNKNOWN


def test_an_exemption_says_what_it_covers_and_a_passing_control_needs_none() -> None:
    card = judge(healthy_facts(id_share=0.5), CREDIT, STATED, [exempted("AUD-1"), exempted("AUD-2")])
    waived = control(card, "AUD-1")
    assert waived.status is Status.EXEMPT
    assert "approved by Bo" in waived.evidence.sentence
    assert "Without it: fail" in waived.evidence.sentence
    assert control(card, "AUD-2").status is Status.PASS
    assert card.verdict is Verdict.MANAGED


def test_a_family_in_which_nothing_passes_is_met_even_when_exempt() -> None:
    ids = [f"MON-{n}" for n in range(1, 9)]
    worst = healthy_facts(
        labels=None, recent_chunks_compared=0, model_age_days=999, performance_breach=breach(90),
        drift_breach=breach(90), alert_channel=False, retraining_trigger=False, segments_labelled=0,
    )  # fmt: skip
    card = judge(worst, CREDIT, STATED, [*(exempted(i) for i in ids), exempted("CMP-4")])
    assert next(c for c in card.conditions if c.key == "no_monitoring").state == "met"
    assert card.verdict is Verdict.LIABILITY


def test_conditions_and_triggers_have_their_states() -> None:
    card = judge(healthy_facts(id_share=0.5, lineage_versions=None), CREDIT)
    assert [c.state for c in card.conditions] == ["met", "cleared", "cleared", "met"]
    assert {c.key: c.state for c in card.triggers} == {
        "regulated_industry_sales": "fail", "drift_revenue_loss": "cleared", "deployment_downtime": "cleared",
        "security_incident": "fail", "procurement_stalls": "fail", "compliance_mandatory": "cleared",
    }  # fmt: skip
    assert "fails: AUD-1; unknown: AUD-5" in card.conditions[3].sentence
    full = judge(healthy_facts(), SHOP | {"financial_entity": "no"}, ())
    light = judge(thin_facts(), SUGGESTIONS, ())
    assert full.triggers[5].state == "fail" or full.tier is Tier.REGULATED
    assert light.triggers[5].state == "not applicable"
    assert light.conditions[2].state == "cleared"


def test_an_exempt_system_is_asked_nothing() -> None:
    card = judge(sandboxed(thin_facts()), SANDBOX, ())
    assert {r.requirement for r in card.controls} == {Requirement.NOT_ASKED}
    assert {r.status for r in card.controls} == {Status.NOT_APPLICABLE}
    assert card.conditions[0].state == "cleared"
    assert next_actions(card) == ()


def test_recommended_controls_decide_between_managed_and_mature() -> None:
    full = SHOP
    assert judge(healthy_facts(ai_act_class="minimal"), full).verdict is Verdict.MATURE
    patchy = healthy_facts(ai_act_class="minimal", explained_share=0.0, fairness=None)
    card = judge(patchy, full)
    assert card.verdict is Verdict.MANAGED
    assert any("recommended controls pass, 90 % needed" in reason for reason in card.reasons)


@pytest.mark.parametrize("status", [Status.PARTIAL, Status.FAIL, Status.UNKNOWN])
@pytest.mark.parametrize("name", sorted(MATURE_BY_EVIDENCE))
def test_each_control_of_monitoring_has_to_pass_for_mature_even_where_it_is_only_recommended(
    name: str, status: Status
) -> None:
    facts, recommended = healthy_facts(ai_act_class="minimal"), Requirement.RECOMMENDED
    reading, held = read_context(SHOP, facts), judge(facts, SHOP).controls

    def verdict(status: Status, kind: EvidenceKind) -> Verdict:
        results = [
            replace(r, requirement=recommended, status=status, evidence=replace(r.evidence, status=status, kind=kind))
            if r.id == name else r
            for r in held
        ]  # fmt: skip
        asked = [r for r in results if r.requirement is recommended]
        others = [r for r in asked if r.id != name]
        assert all(r.status is Status.PASS for r in others)
        assert len(others) / len(asked) >= 0.9  # the share of recommended controls alone bars nothing
        return decide(results, reading, default_conditions(results, reading), facts)

    assert verdict(Status.PASS, EvidenceKind.MEASURED) is Verdict.MATURE
    assert verdict(status, EvidenceKind.MEASURED) is Verdict.MANAGED
    assert verdict(Status.PASS, EvidenceKind.ATTESTED) is Verdict.MANAGED


def test_the_map_for_audits_is_judged_by_its_gaps() -> None:
    whole = control(judge(healthy_facts(), CREDIT), "CMP-6")
    assert (whole.status, "A passing control answers each of them." in whole.evidence.sentence) == (
        Status.PASS,
        True,
    )
    some = control(judge(healthy_facts(), CREDIT, but(STATED, attested("CMP-8", Status.FAIL))), "CMP-6")
    assert some.status is Status.PARTIAL
    assert "No passing control answers 2 of " in some.evidence.sentence
    assert "ISO 27001 A.5.35 and SOC 2 CC4.1" in some.evidence.sentence
    blind = control(judge(replace(healthy_facts(), **BLIND), CREDIT, ()), "CMP-6")
    assert blind.status is Status.FAIL
    waived = judge(replace(healthy_facts(), **BLIND), CREDIT, (), [exempted("CMP-6")])
    assert control(waived, "CMP-6").status is Status.EXEMPT
    assert [r.id for r in waived.controls] == [c.id for c in catalogue().controls]


#: what answers most of ISO 27001 and SOC 2, unknown
BLIND: dict[str, Any] = dict.fromkeys(
    ("id_share", "trail_intact", "caller_share", "version_share", "registered_versions", "switches",
     "guardrail_on", "personal_detected", "incidents", "restore_rehearsed_at", "rollback_rehearsed_at",
     "recent_chunks", "performance_watched", "sign_in", "workspace_encrypted", "alerts_delivered", "repeats")
)  # fmt: skip


def test_reasons_begin_with_people_wronged_then_money_then_process() -> None:
    wronged = FairnessGroup(attribute="sex", group="f", n=9_000, ratio=0.4, low=0.3, high=0.5, error_gap=0.02)
    even = FairnessGroup(attribute="sex", group="m", n=9_000, ratio=1.0, low=1.0, high=1.0, error_gap=0.0)
    worst = healthy_facts(
        id_share=0.5, guardrail_unhandled=1, performance_breach=breach(40), fairness=(wronged, even),
        alert_channel=False, alerts_delivered=0, explained_share=0.0,
    )  # fmt: skip
    leading = [reason.split()[0] for reason in judge(worst, CREDIT).reasons[:5]]
    assert leading == ["FAIR-1", "MON-4", "REL-5", "AUD-1", "EXP-1"]
    full = judge(replace(worst, ai_act_class="minimal"), SHOP)  # where FAIR-1 is only recommended
    assert control(full, "FAIR-1").requirement is Requirement.RECOMMENDED
    assert full.reasons[0].startswith("FAIR-1")


def test_a_guardrail_leads_with_the_event() -> None:
    event = message("Version {version} refused everybody.", version="3.2")
    facts = healthy_facts(guardrail_unhandled=1, guardrail_sentence=event)
    sentence = control(judge(facts, CREDIT), "REL-5").evidence.sentence
    assert sentence.startswith("Version 3.2 refused everybody. The guardrail has 1 finding")


def test_a_test_of_the_retraining_trigger_is_not_mature_where_it_is_recommended() -> None:
    tested = {"retraining_fired_at": None, "retraining_tested_at": days_ago(3)}
    card = judge(healthy_facts(ai_act_class="minimal", **tested), SHOP)
    assert control(card, "MON-7").requirement is Requirement.RECOMMENDED
    assert card.verdict is Verdict.MANAGED
    assert any("MON-7 not proven by evidence" in reason for reason in card.reasons)


def test_retraining_by_statement_is_not_mature() -> None:
    facts = healthy_facts(ai_act_class="minimal", retraining_trigger=False)
    assert judge(facts, SHOP, (*STATED, attested("MON-7"))).verdict is Verdict.MANAGED


def test_the_three_next_actions_are_the_worst_first() -> None:
    facts = healthy_facts(
        performance_breach=breach(40), fairness=None, version_share=0.96, explained_share=0.0
    )
    actions = next_actions(judge(facts, CREDIT))
    assert [action.control for action in actions] == ["MON-4", "EXP-1", "CMP-4"]
    assert str(next_actions(judge(facts, {}))[0]).startswith("Context: Answer")
    assert next_actions(judge(healthy_facts(), CREDIT)) == ()


def test_the_owner_can_be_stricter_than_the_catalogue_but_not_milder() -> None:
    def verdict(days: float) -> Verdict:
        limits = {"MON-3": {"age_days": days}}
        return scorecard("s", healthy_facts(), CREDIT, STATED, (), NOW, tightened=limits).verdict

    assert verdict(30) is Verdict.LIABILITY
    old = {"MON-3": {"age_days": 9999.0}}
    stale = scorecard("s", healthy_facts(model_age_days=500), CREDIT, STATED, (), NOW, tightened=old)
    assert stale.verdict is Verdict.LIABILITY


def test_verdicts_are_ordered() -> None:
    assert is_as_bad_as(Verdict.LIABILITY, Verdict.EXPOSED)
    assert is_as_bad_as(Verdict.EXPOSED, Verdict.EXPOSED)
    assert not is_as_bad_as(Verdict.MATURE, Verdict.MANAGED)
    assert not is_as_bad_as(Verdict.EXEMPT, Verdict.MATURE)
    assert is_as_bad_as(Verdict.NOT_YET_JUDGED, Verdict.EXPOSED)
    assert not is_as_bad_as(Verdict.NOT_YET_JUDGED, Verdict.LIABILITY)


def test_the_money_at_stake_is_passed_on() -> None:
    card = scorecard("s", healthy_facts(), CREDIT, STATED, (), NOW, {"amount": 5, "currency": "EUR"})
    assert card.at_stake == {"amount": 5, "currency": "EUR"}


def test_each_framework_lists_its_articles_with_their_controls() -> None:
    pages = {page.key: page for page in frameworks()}
    rows = {row.article: row for row in pages["AI Act"].rows}
    assert rows["72"].controls == ("MON-1", "MON-2", "MON-4")
    assert rows["15"].subject == "Accuracy, robustness and cybersecurity"
    assert [row.article for row in pages["AI Act"].rows][:5] == ["4a", "5", "6", "9", "10"]
    assert {row.reference for row in pages["DORA"].rows} == {
        f"DORA {n}" for n in ("6", "9(4)(e)", 10, 11, 12, 17, 18, 19, 24, 25)
    }
    assert all(row.subject for page in pages.values() for row in page.rows)


def test_a_framework_shows_what_passes_and_where_the_gaps_are() -> None:
    card = judge(healthy_facts(repeats=None, trail_intact=False), CREDIT)
    rows = {row.reference: row for page in frameworks(card.controls) for row in page.rows}
    assert rows["SOC 2 PI1.4"].gap
    assert rows["ISO 27001 A.5.33"].open == ("AUD-3",)
    assert not rows["SOC 2 CC7.2"].gap
    assert "AUD-3" in rows["SOC 2 CC7.2"].open
    assert not any(row.gap for page in frameworks() for row in page.rows)


def test_a_next_step_leads_to_where_it_can_be_done() -> None:
    card = judge(healthy_facts(performance_breach=breach(40)), CREDIT)
    (step,) = (item for item in next_actions(card) if item.control == "MON-4")
    assert "Alerts page" in step.words
    assert step.page == "alerts"
    assert control(card, "MON-4").evidence.page == "accuracy"

"""Since when a system has been a liability: by its log, not since somebody first looked."""

from __future__ import annotations

from datetime import timedelta

from plumbline.domain import Verdict
from plumbline.governance.onset import onset
from tests.governance.cases import CREDIT, NOW, STATED, breach, control, days_ago, healthy_facts, judge


def test_a_breach_that_nobody_handles_dates_the_verdict() -> None:
    facts = healthy_facts(performance_breach=breach(40))
    card = judge(facts, CREDIT, STATED)
    assert card.verdict is Verdict.LIABILITY
    assert onset(card, facts) == days_ago(40)


def test_the_earliest_of_several_counts_and_only_what_fails() -> None:
    facts = healthy_facts(performance_breach=breach(3), drift_breach=breach(50), model_age_days=200)
    card = judge(facts, CREDIT, STATED)
    assert control(card, "MON-4").status.value != "fail"  # within the response time
    limit = 180 if control(card, "MON-3").status.value == "fail" else None
    assert limit == 180
    assert onset(card, facts) == days_ago(50)
    assert onset(card, healthy_facts(model_age_days=200)) == NOW - timedelta(days=20)


def test_the_owners_stricter_age_moves_the_day() -> None:
    facts = healthy_facts(model_age_days=200)
    card = judge(facts, CREDIT, STATED)
    assert onset(card, facts, {"MON-3": {"age_days": 100}}) == days_ago(100)


def test_a_verdict_without_a_day_in_the_log_has_none() -> None:
    facts = healthy_facts(id_share=0.5)  # fails, but since no particular day
    card = judge(facts, CREDIT, STATED)
    assert card.verdict is Verdict.LIABILITY
    assert onset(card, facts) is None
    fine = healthy_facts()
    assert onset(judge(fine, CREDIT, STATED), fine) is None

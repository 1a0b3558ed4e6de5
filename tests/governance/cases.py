"""Systems to put before the catalogue: a healthy one, and what a test changes about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from plumbline.domain import Attestation, ControlResult, Exemption, Scorecard, Status
from plumbline.domain.messages import NOTHING, Message, Number, message
from plumbline.governance.facts import Breach, Facts, FairnessGroup, ProbingCaller, SwitchFacts
from plumbline.governance.verdict import scorecard
from plumbline.monitor.figures import say_value
from plumbline.monitor.performance.selective_labels import LabelledShare, Selection, population_sentence
from plumbline.monitor.performance.weights import WeightedMetric
from plumbline.wording.names import say_metric

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TODAY = NOW.date()

SANDBOX = {
    "environment": "sandbox", "impact": "none", "harm": "no", "oversight": "never", "critical": "no",
    "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "1000000",
    "exemption": "none",
}  # fmt: skip
SUGGESTIONS = SANDBOX | {"environment": "production", "impact": "recommendation", "oversight": "always"}
SHOP = SUGGESTIONS | {"oversight": "never", "critical": "yes", "interactions_per_month": "40000"}
CREDIT = SHOP | {"impact": "credit", "harm": "yes", "oversight": "sometimes", "financial_entity": "yes"}
PRICING = SHOP | {"impact": "pricing", "regulated_buyers": "yes"}
FRAUD = CREDIT | {"impact": "fraud", "financial_entity": "no"}
HEALTH = CREDIT | {"impact": "health", "financial_entity": "no"}
OPERATIONS = SHOP | {"impact": "operations"}


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def healthy_facts(**changes: Any) -> Facts:
    """A year of a credit model about which there is nothing to say against."""
    groups = tuple(
        FairnessGroup(
            attribute="sex",
            group=name,
            n=20_000,
            ratio=ratio,
            low=ratio - 0.03,
            high=ratio + 0.03,
            error_gap=0.02,
        )
        for name, ratio in (("female", 0.95), ("male", 1.0))
    )
    switches = tuple(
        SwitchFacts(
            at=days_ago(90 * n),
            previous=f"{4 - n}",
            version=f"{5 - n}",
            overlap_hours=72.0,
            overlap_decisions=1200,
        )
        for n in (1, 2, 3)
    )
    facts = Facts(
        as_of=NOW, decisions=60_000, first_decision=days_ago(365), last_decision=days_ago(0.1),
        decisions_a_month=5_000, labels=50_000, due=55_000, labelled_share=0.91, label_age_chunks=1,
        outcomes_arrive_later=True, reference=True, recent_chunks=13, recent_chunks_compared=13,
        performance_watched=True, drift_watched=True, model_age_days=60, model_age_source="trained_at",
        segments=4, segments_labelled=4, alert_channel=True, alerts_delivered=3, alerts_failed=0,
        alerts_acknowledged=3, retraining_trigger=True, retraining_fired_at=days_ago(60), version_share=1.0,
        versions=4, registered_versions=4, registry_complete=True, probed_at=days_ago(10),
        probed_where="MLflow credit at https://registry", rollback_rehearsed_at=days_ago(30),
        switches=switches, guardrail_on=True, guardrail_unhandled=0, rollback_wired=True,
        rollback_wire_tested_at=days_ago(30), reproducible_versions=4, repeats=400, conflicting_share=0.0,
        id_share=1.0, duplicate_share=0.0, gaps_unexplained=0, features_share=1.0, trail_intact=True,
        loads=12, loads_hashed=12, covers_launch=True, personal_detected=("email",),
        personal_declared=("email",), oldest_personal_days=300, retention_days=730,
        lineage_versions=4, explained_share=1.0,
        recent_chunks_attributed=13, records_sampled=20, records_issued=20, reasons_complete=True,
        fairness=groups, override_mapped=True, override_rate=0.02, overrides_90_days=250, sign_in=True,
        roles_assigned=True, workspace_encrypted=True, caller_share=1.0, ai_act_class="high risk",
        ai_act_reviewed=days_ago(100).date(), ai_act_duties_open=0, technical_file_reviewed=TODAY,
        technical_file_gaps=0,
        incidents=1, incidents_overdue=0, callers=6, callers_busy=4, callers_sample=4, inputs=12,
        model_formats_known=4, model_served=4, complaints=9, complaint_days=21.0, complaint_usual_days=6.0,
        complaint_keeper="Bo", restore_rehearsed_at=days_ago(30),
    )  # fmt: skip
    return replace(facts, **changes)


def thin_facts(**changes: Any) -> Facts:
    """Reviewed suggestions: minimum monitoring, ids, versions and a way back; nothing else can be shown."""
    facts = Facts(
        as_of=NOW, decisions=9_000, first_decision=days_ago(200), last_decision=NOW, decisions_a_month=1_300,
        labels=2_500, due=8_000, labelled_share=0.3, label_age_chunks=1, reference=True, recent_chunks=13,
        recent_chunks_compared=13, performance_watched=True, model_age_days=80, model_age_source="trained_at",
        version_share=1.0, rollback_rehearsed_at=days_ago(30), id_share=1.0, duplicate_share=0.0, gaps_unexplained=0,
        override_mapped=True, override_rate=0.05, overrides_90_days=40, personal_detected=(), alert_channel=True,
    )  # fmt: skip
    return replace(facts, **changes)


def sandboxed(facts: Facts) -> Facts:
    """The same where nobody overrules: nothing in the log speaks against a sandbox."""
    return replace(facts, override_rate=0.0, overrides_90_days=0)


#: what facts say in words, as the measurements word it
AMONG = population_sentence(["grant"])
SELECTED = Selection(
    (LabelledShare("grant", 9_000, 8_820), LabelledShare("refuse", 1_000, 0)),
    None,
    (WeightedMetric("accuracy", None, 0.7, 0.8),),
).sentence
GUESS = message(
    "{metric} is {value}, no better than guessing, which gives {guess}.",
    metric=say_metric("accuracy"), value=say_value("accuracy", 0.501), guess=say_value("accuracy", 0.502),
)  # fmt: skip
NO_ERRORS = message(
    "Outcomes are known for decisions {known} only: error rates of groups, which need those of "
    "{none} too, are unknown.",
    known="grant",
    none="refuse",
)
INCIDENT = message("an incident opened on {day}", day="2026-05-01")


def breach(
    days: float, handled: Message = NOTHING, *, in_hand: bool = False, until: date | None = None
) -> Breach:
    sentence = message(
        "{metric} is {value} (n = {n})",
        metric=say_metric("accuracy"), value=say_value("accuracy", 0.61), n=Number("1,204"),
    )  # fmt: skip
    return Breach(since=days_ago(days), sentence=sentence, handled=handled, in_hand=in_hand, until=until)


def prober(share: float = 0.7, **changes: Any) -> ProbingCaller:
    return replace(ProbingCaller(caller="app-7", n=900, share=share, usual=0.05), **changes)


def attested(control: str, status: Status = Status.PASS, **changes: Any) -> Attestation:
    item = Attestation(
        "s", control, status, f"{control} holds", "Ana", days_ago(50).date(), TODAY + timedelta(days=200),
        link="dms/1",
    )  # fmt: skip
    return replace(item, **changes)


def exempted(control: str, until: date = TODAY + timedelta(days=30)) -> Exemption:
    return Exemption("s", control, "phased introduction", "Bo", until, days_ago(50).date(), link="dms/2")


STATED = tuple(
    attested(control)
    for control in ("SEC-1", "SEC-2", "SEC-7", "REL-9", "REL-10", "CMP-1", "CMP-7", "CMP-8", "CMP-9")
)


def judge(
    facts: Facts,
    context: Mapping[str, str],
    statements: Iterable[Attestation] = STATED,
    exemptions: Iterable[Exemption] = (),
    at: datetime = NOW,
    alone: Collection[str] = (),
) -> Scorecard:
    return scorecard("s", facts, context, tuple(statements), tuple(exemptions), at, alone=alone)


def control(card: Scorecard, control_id: str) -> ControlResult:
    return next(result for result in card.controls if result.id == control_id)


def but(statements: Iterable[Attestation], *changed: Attestation) -> tuple[Attestation, ...]:
    """The statements with some replaced or added."""
    ids = {item.control for item in changed}
    return (*(item for item in statements if item.control not in ids), *changed)

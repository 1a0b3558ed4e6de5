"""Each rule at its threshold, and the figures its sentence gives."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.domain import EvidenceKind, Status, Verdict
from plumbline.governance.evidence.case import RECORDED
from plumbline.governance.facts import FairnessGroup, LatestRecord, SwitchFacts
from plumbline.wording.quantities import share
from tests.governance.cases import (
    AMONG,
    CREDIT,
    GUESS,
    INCIDENT,
    SELECTED,
    SUGGESTIONS,
    attested,
    breach,
    control,
    days_ago,
    healthy_facts,
    judge,
    prober,
)

PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN


def switch(days: float, hours: float, decisions: int = 0) -> SwitchFacts:
    return SwitchFacts(
        at=days_ago(days), previous="1", version="2", overlap_hours=hours, overlap_decisions=decisions
    )


def one_group(
    n: int = 900, low: float = 0.9, high: float = 1.0, gap: float | None = 0.02, **more: Any
) -> Any:
    return (
        FairnessGroup(
            attribute="sex", group="f", n=n, ratio=(low + high) / 2, low=low, high=high, error_gap=gap, **more
        ),
    )


CASES: list[tuple[str, dict[str, Any], Status]] = [
    ("MON-1", {"labelled_share": 0.5}, PASS),
    ("MON-1", {"labelled_share": 0.499}, FAIL),
    ("MON-1", {"label_age_chunks": 3}, FAIL),
    ("MON-1", {"labels_selected": SELECTED}, PARTIAL),
    ("MON-1", {"labels_selected": SELECTED, "labelled_share": 0.3}, FAIL),
    ("MON-1", {"labels": 0}, FAIL),
    ("MON-1", {"labels": None}, FAIL),
    ("MON-1", {"labelled_share": None}, UNKNOWN),
    ("MON-2", {"recent_chunks_compared": 7}, PARTIAL),
    ("MON-2", {"recent_chunks_compared": 6}, FAIL),
    ("MON-2", {"reference": False}, FAIL),
    ("MON-2", {"reference": None}, UNKNOWN),
    ("MON-2", {"recent_chunks": 0}, UNKNOWN),
    ("MON-3", {"model_age_days": 180}, PASS),
    ("MON-3", {"model_age_days": 181}, FAIL),
    ("MON-3", {"model_age_days": None}, UNKNOWN),
    ("MON-4", {"performance_breach": breach(7)}, PARTIAL),
    ("MON-4", {"performance_breach": breach(7.01)}, FAIL),
    ("MON-4", {"performance_breach": breach(40, INCIDENT)}, PASS),
    *(
        case
        for control_id, name in (("MON-4", "performance_breach"), ("MON-5", "drift_breach"))
        for case in (
            (control_id, {name: breach(40, INCIDENT, in_hand=True, until=days_ago(0).date())}, PARTIAL),
            (control_id, {name: breach(40, INCIDENT, in_hand=True, until=days_ago(1).date())}, FAIL),
            (control_id, {name: breach(40, INCIDENT, in_hand=True)}, FAIL),
            (control_id, {name: breach(400, INCIDENT)}, PASS),
        )
    ),
    ("MON-4", {"performance_watched": None}, UNKNOWN),
    (
        "MON-4",
        {"performance_guess": GUESS},
        PARTIAL,
    ),
    ("MON-4", {"performance_guess": GUESS, "performance_worse_than_guess": True}, FAIL),
    ("MON-4", {"performance_guess": GUESS, "performance_breach": breach(40)}, FAIL),
    ("MON-4", {"labels_among": AMONG}, PARTIAL),
    ("MON-4", {"labels_among": AMONG, "performance_breach": breach(40)}, FAIL),
    ("MON-4", {"labels_among": AMONG, "performance_watched": None}, UNKNOWN),
    ("MON-5", {"drift_breach": breach(29)}, PARTIAL),
    ("MON-5", {"drift_breach": breach(31)}, FAIL),
    ("MON-5", {"drift_watched": None}, UNKNOWN),
    ("MON-6", {"alert_channel": False}, FAIL),
    ("MON-6", {"alerts_delivered": None}, UNKNOWN),
    ("MON-6", {"alerts_delivered": 0, "alert_tested_at": days_ago(3)}, PASS),
    ("MON-6", {"alerts_delivered": 0, "alert_tested_at": days_ago(400)}, UNKNOWN),
    ("MON-6", {"alerts_delivered": 0, "alerts_failed": 2}, FAIL),
    ("MON-6", {"alerts_acknowledged": 1}, PARTIAL),
    ("MON-6", {"alerts_acknowledged": 1, "alert_tested_at": days_ago(3)}, PARTIAL),
    ("MON-6", {"alerts_acknowledged": 1, "alerts_waiting": 2}, PASS),
    ("MON-6", {"alerts_acknowledged": 0, "alerts_waiting": 3}, PARTIAL),
    ("MON-6", {"alerts_acknowledged": 0, "alerts_waiting": 3, "alert_tested_at": days_ago(3)}, PASS),
    ("MON-6", {"alerts_failed": 1, "alert_tested_at": days_ago(3)}, PARTIAL),
    ("MON-7", {"retraining_trigger": None}, FAIL),
    ("MON-7", {"retraining_fired_at": None}, FAIL),
    ("MON-7", {"retraining_fired_at": None, "retraining_tested_at": days_ago(9)}, PARTIAL),
    ("MON-7", {"retraining_tested_at": days_ago(9)}, PASS),
    ("MON-7", {"retraining_fired_at": days_ago(366)}, FAIL),
    ("MON-7", {"retraining_days": (1.2, 30.0, None)}, PASS),
    ("MON-7", {"retraining_days": (1.2, 30.0, 44.0)}, PASS),
    ("MON-7", {"retraining_fired_at": days_ago(-3)}, FAIL),
    ("MON-8", {"segments": None}, UNKNOWN),
    ("MON-8", {"segments_labelled": 2}, PARTIAL),
    ("REL-1", {"version_share": 0.95}, PARTIAL),
    ("REL-1", {"version_share": 0.9499}, FAIL),
    ("REL-1", {"version_share": None}, UNKNOWN),
    ("REL-2", {"registered_versions": None}, UNKNOWN),
    ("REL-2", {"registered_versions": 3}, FAIL),
    ("REL-2", {"registry_complete": None}, PARTIAL),
    ("REL-3", {"rollback_rehearsed_at": days_ago(366)}, FAIL),
    ("REL-3", {"rollback_drill_seconds": 4.2}, PASS),
    ("REL-3", {"rollback_rehearsed_at": None, "rollback_at": days_ago(500)}, PASS),
    ("REL-4", {"switches": None}, FAIL),
    ("REL-4", {"switches": (switch(1, 24),)}, PASS),
    ("REL-4", {"switches": (switch(1, 23.9, 499),)}, FAIL),
    ("REL-4", {"switches": (switch(1, 0, 500),)}, PASS),
    ("REL-4", {"switches": (switch(9, 0), switch(1, 30))}, PARTIAL),
    ("REL-4", {"switches": (*(switch(n, 30) for n in (1, 2, 3)), switch(90, 0))}, PASS),
    ("REL-5", {"guardrail_on": None}, UNKNOWN),
    ("REL-5", {"guardrail_on": False}, FAIL),
    ("REL-5", {"guardrail_unhandled": None, "sample_reason": "Only a sample is here."}, UNKNOWN),
    ("REL-5", {"guardrail_in_hand": 1}, PARTIAL),
    ("REL-5", {"guardrail_in_hand": 1, "guardrail_unhandled": 1}, FAIL),
    ("REL-6", {"rollback_wire_tested_at": None}, PARTIAL),
    ("REL-6", {"rollback_mode": "automatic"}, PASS),
    ("REL-6", {"rollback_mode": "propose"}, PARTIAL),
    ("REL-6", {"rollback_mode": "dry run"}, PARTIAL),
    ("REL-7", {"reproducible_versions": None}, UNKNOWN),
    ("REL-7", {"reproducible_versions": 1}, PARTIAL),
    ("REL-8", {"conflicting_share": 0.001}, PASS),
    ("REL-8", {"conflicting_share": 0.002}, PARTIAL),  # of 400 repeats: may be chance
    ("REL-8", {"conflicting_share": 0.02}, FAIL),
    ("REL-8", {"conflicting_share": 0.7, "repeated_inputs": 300, "conflicting_inputs": 1}, PARTIAL),
    ("REL-8", {"near_share": 0.98, "conflicting_decisions": 0.0}, PARTIAL),
    ("REL-8", {"near_share": 0.9, "conflicting_share": 0.05}, FAIL),
    ("REL-8", {"repeats": 29}, UNKNOWN),
    ("REL-8", {"repeats": 0}, UNKNOWN),
    ("REL-8", {"repeats": 5, "conflicting_share": 0.2}, UNKNOWN),
    ("REL-8", {"repeats": 2, "conflicting_share": 1.0}, UNKNOWN),
    ("AUD-1", {"id_share": 0.999}, PASS),
    ("AUD-1", {"id_share": 0.9989}, FAIL),
    ("AUD-1", {"id_share": None}, UNKNOWN),
    ("AUD-1", {"id_share": None, "gaps_unexplained": 1}, FAIL),
    ("AUD-1", {"duplicate_share": 0.0011}, FAIL),
    ("AUD-2", {"features_share": 0.989}, FAIL),
    ("AUD-3", {"trail_intact": False}, FAIL),
    ("AUD-3", {"loads_hashed": 11}, FAIL),
    ("AUD-3", {"loads": 0}, UNKNOWN),
    ("AUD-4", {"first_decision": days_ago(90)}, PASS),
    ("AUD-4", {"first_decision": days_ago(90), "covers_launch": False}, FAIL),
    ("AUD-4", {"first_decision": days_ago(90), "covers_launch": None}, UNKNOWN),
    ("AUD-4", {"covers_launch": None}, PASS),
    ("AUD-4", {"retention_days": None}, UNKNOWN),
    ("AUD-4", {"oldest_personal_days": 731}, FAIL),
    ("AUD-4", {"personal_detected": (), "personal_declared": (), "retention_days": None}, PASS),
    ("AUD-5", {"lineage_versions": None}, UNKNOWN),
    ("EXP-1", {"explained_share": 0.99}, PASS),
    ("EXP-1", {"explained_share": 0.5, "surrogate_share": 0.5}, PARTIAL),
    ("EXP-1", {"explained_share": 0.0, "surrogate_share": 0.9}, FAIL),
    ("EXP-1", {"explained_share": None}, UNKNOWN),
    ("EXP-2", {"recent_chunks_attributed": 12}, PARTIAL),
    ("EXP-2", {"recent_chunks_attributed": 0}, FAIL),
    ("EXP-3", {"records_sampled": None}, UNKNOWN),
    ("EXP-3", {"records_sampled": 5, "records_issued": 5}, UNKNOWN),
    ("EXP-3", {"reasons_complete": False}, PARTIAL),
    ("FAIR-1", {"fairness": None}, UNKNOWN),
    ("FAIR-1", {"fairness": one_group(low=0.8)}, PASS),
    ("FAIR-1", {"fairness": one_group(low=0.79)}, PARTIAL),
    ("FAIR-1", {"fairness": one_group(low=0.7, high=0.79)}, FAIL),
    ("FAIR-1", {"fairness": one_group(n=29, low=0.1, high=0.2)}, UNKNOWN),
    ("FAIR-1", {"fairness": one_group(gap=0.11)}, FAIL),
    ("FAIR-1", {"fairness": one_group(gap=None)}, UNKNOWN),
    ("FAIR-1", {"fairness": one_group(gap=0.15, gap_low=0.08, gap_high=0.22)}, PARTIAL),  # not surely beyond
    ("FAIR-1", {"fairness": one_group(gap=0.15, gap_low=0.11, gap_high=0.19, gap_q=0.06)}, PARTIAL),
    ("FAIR-1", {"fairness": one_group(gap=0.05, gap_low=0.0, gap_high=0.15, gap_q=0.4)}, PASS),
    ("FAIR-1", {"fairness": one_group(gap=0.05, gap_low=0.0, gap_high=0.25, gap_q=0.4)}, UNKNOWN),
    ("FAIR-1", {"fairness": one_group(low=0.7, high=1.1, q=0.4)}, PASS),  # no difference, and 0.64 ruled out
    ("FAIR-1", {"fairness": one_group(low=0.6, high=1.2, q=0.4)}, UNKNOWN),
    ("FAIR-1", {"fairness": one_group(low=0.5, high=0.79, q=0.06)}, PARTIAL),
    ("FAIR-1", {"fairness": one_group(adverse=10.0, adverse_low=7.0, adverse_high=14.0)}, FAIL),
    ("FAIR-1", {"fairness": one_group(adverse=1.6, adverse_low=1.2, adverse_high=2.1)}, PARTIAL),
    ("OVR-1", {"override_mapped": False}, UNKNOWN),
    ("OVR-1", {"overrides_90_days": 0}, PARTIAL),
    ("SEC-5", {"sign_in": False}, FAIL),
    ("SEC-5", {"sign_in": None}, UNKNOWN),  # the workspace cannot tell
    ("SEC-6", {"workspace_encrypted": False}, FAIL),
    ("SEC-6", {"workspace_encrypted": None}, UNKNOWN),
    ("MON-3", {"alert_channel": False}, PARTIAL),
    ("REL-8", {"repeats": 0, "reproduced_versions": 4}, PASS),
    ("REL-8", {"repeats": 12, "reproduced_versions": 3}, PARTIAL),
    ("REL-8", {"repeats": 0, "reproduced_versions": 0}, UNKNOWN),
    ("REL-8", {"repeats": 12, "conflicting_share": 0.5, "reproduced_versions": 4}, UNKNOWN),
    ("SEC-3", {"caller_share": 0.9}, FAIL),
    ("SEC-3", {"caller_share": None}, UNKNOWN),
    ("SEC-4", {"personal_declared": ()}, FAIL),
    ("SEC-4", {"personal_detected": None}, UNKNOWN),
    ("CMP-2", {"ai_act_reviewed": days_ago(366).date()}, PARTIAL),
    ("CMP-2", {"ai_act_class": None}, UNKNOWN),
    ("CMP-3", {"technical_file_reviewed": None}, UNKNOWN),
    ("CMP-3", {"technical_file_reviewed": days_ago(366).date()}, UNKNOWN),
    ("CMP-3", {"technical_file_gaps": 1}, PARTIAL),
    ("CMP-3", {"technical_file_gaps": None}, PARTIAL),
    ("CMP-3", {"technical_file_reviewed": days_ago(80).date()}, PASS),
    ("CMP-3", {"technical_file_reviewed": days_ago(100).date()}, PARTIAL),  # a release 90 days ago, after it
    ("CMP-4", {"incidents_overdue": 1}, FAIL),
    ("CMP-4", {"performance_breach": breach(8)}, FAIL),
    ("CMP-4", {"performance_breach": breach(3)}, PASS),
    ("CMP-4", {"incidents": None}, UNKNOWN),
    ("CMP-5", {"restore_rehearsed_at": None}, PARTIAL),
    ("CMP-5", {"restore_rehearsed_at": None, "rollback_rehearsed_at": None}, UNKNOWN),
    ("SEC-8", {"model_formats_known": None}, UNKNOWN),
    ("SEC-8", {"versions": 0}, UNKNOWN),
    ("SEC-8", {"model_formats_known": 3}, PARTIAL),
    ("SEC-8", {"model_served": 3}, PARTIAL),
    ("SEC-8", {"model_other": ("2",)}, PARTIAL),
    ("SEC-8", {"model_unsafe": ("2",)}, FAIL),
    ("SEC-8", {"model_unsafe": ("1", "2", "3", "4"), "model_formats_known": 4, "model_served": 0}, FAIL),
    ("SEC-9", {"callers": None}, UNKNOWN),
    ("SEC-9", {"callers": None, "sample_reason": "Only a sample is here."}, UNKNOWN),
    ("SEC-9", {"inputs": 2}, UNKNOWN),
    ("SEC-9", {"inputs": 3, "callers_busy": 0}, PASS),
    ("SEC-9", {"callers": 30, "callers_busy": 21, "callers_sample": 20}, PARTIAL),
    ("SEC-9", {"callers_untold": 1}, UNKNOWN),
    ("SEC-9", {"caller_share": 0.989}, PARTIAL),
    ("SEC-9", {"probing": (prober(),)}, PARTIAL),
    ("SEC-9", {"probing": (prober(),), "callers_untold": 2}, PARTIAL),
    ("SEC-9", {"probing": (prober(), prober(enumerates=True, usual=None))}, FAIL),
    ("CMP-10", {"complaints": None}, UNKNOWN),
    ("CMP-10", {"complaint_days": 30.0}, PASS),
    ("CMP-10", {"complaint_days": 30.1}, PARTIAL),
    ("CMP-10", {"complaints_open": 1, "complaints_open_days": 30.0}, PASS),
    ("CMP-10", {"complaints_open": 1, "complaints_open_days": 31.0}, FAIL),
    ("CMP-10", {"complaints_open": 9, "complaints_open_days": 3.0, "complaint_days": None}, PARTIAL),
]


@pytest.mark.parametrize(("control_id", "changes", "status"), CASES)
def test_the_rule_at_its_threshold(control_id: str, changes: dict[str, Any], status: Status) -> None:
    result = control(judge(healthy_facts(**changes), CREDIT), control_id)
    assert result.status is status
    sentence = result.evidence.sentence
    assert sentence[0].isupper() or not sentence[0].isalpha()
    assert sentence.endswith(".")
    assert "None" not in sentence
    assert ".." not in sentence
    assert bool(result.next_action) == (status is not PASS)


def test_light_asks_for_fewer_labels() -> None:
    facts = healthy_facts(labelled_share=0.21, ai_act_class="minimal")
    assert control(judge(facts, SUGGESTIONS), "MON-1").status is PASS
    assert control(judge(facts, CREDIT), "MON-1").status is FAIL


def test_nobody_claiming_review_needs_no_overrides() -> None:
    facts = healthy_facts(overrides_90_days=0, override_rate=0.0)
    assert control(judge(facts, CREDIT | {"oversight": "never"}), "OVR-1").status is PASS
    unanswered = {key: value for key, value in CREDIT.items() if key != "oversight"}
    assert control(judge(facts, unanswered), "OVR-1").status is PARTIAL


#: what people did about a system, seen by nobody but them
UNSEEN: dict[str, Any] = {
    "alert_channel": False, "alerts_delivered": None, "alerts_acknowledged": None, "retraining_trigger": False,
    "retraining_fired_at": None, "rollback_rehearsed_at": None, "rollback_wired": None,
    "rollback_wire_tested_at": None, "restore_rehearsed_at": None,
}  # fmt: skip


@pytest.mark.parametrize("control_id", ["MON-6", "MON-7", "REL-3", "REL-4", "REL-6", "REL-7", "CMP-5"])
def test_a_statement_alone_is_partial(control_id: str) -> None:
    unseen = healthy_facts(**UNSEEN, switches=(), reproducible_versions=None)
    result = control(judge(unseen, CREDIT, [attested(control_id)]), control_id)
    assert result.status is PARTIAL
    assert result.evidence.kind is EvidenceKind.ATTESTED
    assert result.evidence.by == "Ana"


RECORDS = {
    "MON-6": ("alert tested", "alert delivered"), "MON-7": ("retraining fired", "retraining tested"),
    "REL-3": ("rollback rehearsed",), "REL-6": ("automatic rollback tested",),
    "CMP-5": ("rollback rehearsed", "restore rehearsed"),
}  # fmt: skip
EVERY_RECORD = tuple(
    LatestRecord(event, days_ago(3), "release pipeline") for event in RECORDED if event != "alert failed"
)


@pytest.mark.parametrize(
    ("control_id", "event"), [(name, event) for name, events in RECORDS.items() for event in events]
)
def test_what_a_person_typed_is_attested_and_partial_at_most(control_id: str, event: str) -> None:
    facts = healthy_facts(**UNSEEN, noted=(LatestRecord(event, days_ago(3), "release pipeline"),))
    result = control(judge(facts, CREDIT), control_id)
    assert (result.status, result.evidence.kind) == (PARTIAL, EvidenceKind.ATTESTED)
    assert result.evidence.sentence.startswith("Recorded by release pipeline: ")
    assert "28 June 2026. A record alone is partial." in result.evidence.sentence
    assert (result.evidence.by, result.evidence.until) == ("release pipeline", days_ago(3 - 365).date())


@pytest.mark.parametrize("days", [366, -1])
def test_a_record_of_over_a_year_ago_or_of_tomorrow_is_none(days: float) -> None:
    told = tuple(LatestRecord(event, days_ago(days), "pipeline") for event in RECORDED)
    card = judge(healthy_facts(**UNSEEN, noted=told), CREDIT)
    found = {name: control(card, name).status for name in RECORDS}
    assert found == {"MON-6": FAIL, "MON-7": FAIL, "REL-3": FAIL, "REL-6": UNKNOWN, "CMP-5": UNKNOWN}


def test_a_record_that_nothing_arrived_fails_and_one_that_something_did_is_partial() -> None:
    lost, arrived = (
        LatestRecord("alert failed", days_ago(3), "Ana"),
        LatestRecord("alert delivered", days_ago(9), "Ana"),
    )
    failed = control(judge(healthy_facts(**UNSEEN, noted=(lost,)), CREDIT), "MON-6")
    assert (failed.status, failed.evidence.kind) == (FAIL, EvidenceKind.ATTESTED)
    assert "A record alone is partial" not in failed.evidence.sentence
    both = healthy_facts(**UNSEEN, noted=(lost, arrived))
    assert control(judge(both, CREDIT), "MON-6").status is PARTIAL


def test_every_record_there_is_leaves_a_perfect_system_exposed_and_no_record_spoils_a_receipt() -> None:
    typed = judge(healthy_facts(**UNSEEN, noted=EVERY_RECORD), CREDIT)
    assert typed.verdict is Verdict.EXPOSED
    # no alarm of its age would arrive, and the map for audits has the gaps that the records leave
    assert {c.id for c in typed.controls if c.status is not PASS} == {*RECORDS, "MON-3", "CMP-6"}
    assert judge(healthy_facts(noted=EVERY_RECORD), CREDIT).verdict is Verdict.MATURE


def test_a_rollback_that_the_log_shows_passes_with_or_without_a_record() -> None:
    for told in ((), EVERY_RECORD):
        seen = healthy_facts(**UNSEEN, rollback_at=days_ago(5), noted=told)
        result = control(judge(seen, CREDIT), "REL-3")
        assert (result.status, result.evidence.kind) == (PASS, EvidenceKind.MEASURED)


def test_a_record_of_processing_without_its_document_is_partial() -> None:
    assert control(judge(healthy_facts(), CREDIT, [attested("CMP-1", link="")]), "CMP-1").status is PARTIAL


@pytest.mark.parametrize(
    ("n", "ratio", "low", "high"),
    [(12, 0.4, 0.3, 0.5), (12, None, None, None), (900, None, 0.3, 0.5), (900, 0.4, None, 0.5), (900, 0.4, 0.3, None)],
)  # fmt: skip
def test_a_group_that_is_too_small_says_how_many_rows_it_has_and_needs(
    n: int, ratio: float | None, low: float | None, high: float | None
) -> None:
    groups = (
        FairnessGroup(attribute="sex", group="f", n=n, ratio=ratio, low=low, high=high, error_gap=0.02),
        FairnessGroup(attribute="sex", group="m", n=9_000, ratio=1.0, low=1.0, high=1.0, error_gap=0.0),
    )
    result = control(judge(healthy_facts(fairness=groups), CREDIT), "FAIR-1")
    assert result.status is UNKNOWN
    assert result.evidence.sentence == (
        f"Group sex = f has {n} rows, 30 are needed to compare it (60,000 decisions, 1 July 2025 to 1 July 2026)."
    )


def test_sentences_give_figures_window_and_sample() -> None:
    sentence = control(judge(healthy_facts(), CREDIT), "MON-1").evidence.sentence
    assert sentence == (
        "Outcomes are known for 91 % of 55,000 decisions old enough (needed 50 %); "
        "the last labelled week is 1 week old (at most 2)."
    )
    logged = control(judge(healthy_facts(id_share=0.667), CREDIT), "AUD-1").evidence.sentence
    assert "66.7 %" in logged
    assert "60,000 decisions, 1 July 2025 to 1 July 2026" in logged


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (1, "100 %"), (0.99999, "over 99.99 %"), (0.9989, "99.89 %"), (0.3333, "33.3 %"),
     (0.001, "0.1 %"), (0.0004, "0.04 %"), (0.000001, "under 0.001 %"), (0.995, "99.5 %")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(value: float, text: str) -> None:
    assert share(value) == text

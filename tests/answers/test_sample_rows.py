"""Where only a sample of the rows is here, nothing official is made of them as if they were all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plumbline.answers.alerts import record, signals
from plumbline.answers.alerts.check import signals_of
from plumbline.answers.alerts.incident_impact import hints
from plumbline.answers.drift.features import drift
from plumbline.answers.governance import facts
from plumbline.answers.governance.misuse import caller_facts
from plumbline.answers.performance.series import performance
from plumbline.answers.question import log_span, reporting_date
from plumbline.answers.releases.gate import GateDecision, gate
from plumbline.answers.releases.guardrails import watch
from plumbline.answers.releases.history import releases, system_releases
from plumbline.domain import Finding, PlumblineError, Repeats, Severity
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.profile.scan import weights
from plumbline.store import systems
from plumbline.store.findings import FindingRecord
from tests.answers.conftest import SYSTEM, Held


@pytest.fixture
def attached(held: Held, monkeypatch: pytest.MonkeyPatch) -> Held:
    """The system as if its decisions lay in a cluster, and these rows were a sample of them."""
    place = Attachment(system=SYSTEM, location="spark:sc://h:1", item="a.b", since="at", share=0.1, size=1000)
    monkeypatch.setattr(attachments, "find", lambda cursor, key: place)
    return held


def test_guardrails_and_the_gate_are_not_judged_by_a_sample(
    held: Held, attached: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held.ws.read() as cursor:
        system = systems.get_system(cursor, SYSTEM)
        answer = system_releases(cursor, system)
        switch = answer.releases.switches[0]
        assert watch(cursor, system, answer.releases.spans, switch) == ()
        reason = weights.sample_reason(cursor, system)
        assert "only a sample of their rows is here" in reason
        assert (
            caller_facts(cursor, system, reporting_date(system, log_span(cursor, system))).sample_reason
            == reason
        )
    verdict = gate(held.ws, SYSTEM, switch.version)
    assert (verdict.decision, verdict.reasons) == (GateDecision.INCONCLUSIVE, (reason,))
    assert reason in releases(held.ws, SYSTEM).cautions
    monkeypatch.undo()
    with held.ws.read() as cursor:
        assert weights.sample_reason(cursor, system) == ""
        assert watch(cursor, system, answer.releases.spans, switch)


def test_the_clients_of_an_incident_are_unknown_in_a_sample(attached: Held) -> None:
    finding = Finding(
        system=SYSTEM, signal="performance.accuracy", sentence="Accuracy fell.",
        since=datetime(2026, 1, 10, tzinfo=UTC), until=None, severity=Severity.HIGH, confidence=None, page="accuracy",
    )  # fmt: skip
    with attached.ws.read() as cursor:
        system = systems.get_system(cursor, SYSTEM)
        record = FindingRecord(
            id=1, finding=finding, recorded_at=finding.since, seen_at=finding.since, closed_at=None,
            acknowledged_by="", acknowledged_at=None,
        )  # fmt: skip
        clients = next(h for h in hints(cursor, system, record) if h.key == "clients")
        assert (clients.met, clients.sentence) == (None, weights.sample_reason(cursor, system))


def test_exact_figures_are_refused_in_a_sample(attached: Held) -> None:
    for answer in (performance, drift):
        with pytest.raises(PlumblineError, match="what needs every row is unknown"):
            answer(attached.ws, SYSTEM, exact=True)


def test_overrides_are_a_share_and_no_number_in_a_sample(held: Held, attached: Held) -> None:
    with held.ws.read() as cursor:
        system = systems.get_system(cursor, SYSTEM)
        people = facts._people_facts(cursor, system, reporting_date(system, log_span(cursor, system)))
    assert people["override_mapped"]
    assert people["override_rate"] > 0
    assert people["overrides_90_days"] is None


def test_what_a_cluster_cannot_be_asked_now_closes_no_finding(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held.ws.read() as cursor:
        system = systems.get_system(cursor, SYSTEM)
        _, _, _, asked = signals_of(cursor, system, True)
        unknown = Repeats(decisions=0, conflicting=0, groups=0, conflicting_groups=0, unknown=True)
        monkeypatch.setattr(signals, "find_repeats", lambda *given: unknown)
        monkeypatch.setattr(record, "duplicate_ids", lambda *given: None)
        _, _, _, left = signals_of(cursor, system, True)
    assert set(asked) - set(left) == {"consistency.", "quality.duplicates"}
    assert "quality.gap" in left

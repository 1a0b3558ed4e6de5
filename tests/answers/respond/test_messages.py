"""A message about figures of a table that lies elsewhere says when they are from a sample of how many decisions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.answers.alerts.signals import FAMILIES
from plumbline.answers.data.load import load_file
from plumbline.answers.respond.messages import OF_ROWS, OF_ROWS_UNLESS_BINARY, finding_event
from plumbline.answers.respond.retraining.payload import payload
from plumbline.domain import Finding, Severity, Task
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger, RunState, TriggerRun
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.respond.events import Sender, envelope
from plumbline.respond.text import plain_text
from plumbline.store import systems
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write

AT = datetime(2026, 2, 1, tzinfo=UTC)
NOTE = "This is from a sample of 200 of 400 decisions."


@pytest.fixture
def halved(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A system of which every second row is here."""
    load_file(workspace, write(tmp_path / "1.csv", decisions(400)), title="s", actor="t")
    with workspace.write() as cursor:
        place = Attachment(
            system="s", location="spark:sc://h:1", item="a.b", since="at", share=0.5, size=1000
        )
        attachments.keep(cursor, place)
        cursor.execute("DELETE FROM decision_s WHERE _line % 2 = 0")
    return workspace


def _record(signal: str, **figures: object) -> FindingRecord:
    finding = Finding(
        system="s", signal=signal, sentence="Something moved.", since=AT, until=None, severity=Severity.HIGH,
        confidence=None, page="drift", figures=figures,
    )  # fmt: skip
    return FindingRecord(
        id=1, finding=finding, recorded_at=AT, seen_at=AT, closed_at=None, acknowledged_by="", acknowledged_at=None
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["finding.opened", "finding.worsened", "finding.resolved"])
@pytest.mark.parametrize(
    "signal", ["group.x", "association.x", "cutoff.score", "drift.x", "performance.accuracy"]
)
def test_a_message_says_when_its_figures_are_from_a_sample(halved: Workspace, signal: str, kind: str) -> None:
    with halved.read() as cursor:
        event = finding_event(cursor, _record(signal), kind, AT)
    told = plain_text(envelope(event, (), Sender("w"), "dlv_1"))
    of_rows = signal.startswith(OF_ROWS)
    assert (NOTE in told) is of_rows
    assert event.data.get("sample") == ({"rows": 200, "decisions": 400} if of_rows else None)
    json.dumps(event.data["sample"] if of_rows else {})


def test_an_estimate_is_from_rows_unless_one_score_says_it(halved: Workspace) -> None:
    for task in Task:
        with halved.write() as cursor:
            systems.update_system(cursor, replace(systems.get_system(cursor, "s"), task=task))
            event = finding_event(cursor, _record("estimate.accuracy"), "finding.opened", AT)
        assert ("sample" in event.data) is (task is not Task.BINARY), task


def test_a_log_that_is_here_has_no_sample(halved: Workspace) -> None:
    with halved.write() as cursor:
        cursor.execute("DELETE FROM attachment")
        event = finding_event(cursor, _record("group.x"), "finding.opened", AT)
    assert "sample" not in event.data
    assert "sample" not in event.sentence


def test_every_signal_of_rows_is_one_of_a_family() -> None:
    prefixes = [prefix for family in FAMILIES for prefix in family.prefixes]
    assert {*OF_ROWS, *OF_ROWS_UNLESS_BINARY} <= set(prefixes)


def test_what_a_target_is_told_names_what_is_from_a_sample(halved: Workspace) -> None:
    item = RetrainingTrigger(system="s", name="retrain", url="http://127.0.0.1:1/hook", allow_inner=True)
    run = TriggerRun(
        id="r", system="s", trigger="retrain", when=RetrainingCondition.DRIFT, state=RunState.FIRED, due_at=AT,
        onset=AT, version="1", sentence="x drifted.", test=True,
    )  # fmt: skip
    with halved.read() as cursor:
        system = systems.get_system(cursor, "s")
    assert payload(halved, system, item, run)["data"]["sample"] == {
        "rows": 200, "decisions": 400, "of": ["segments"],
    }  # fmt: skip

"""A first year in which inputs and performance went down slowly: one finding, and triggers still see the breach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.events import read_records
from plumbline.answers.releases.history import BreachResponse, breach_response, system_releases
from plumbline.answers.respond.messages import public_sentence
from plumbline.answers.respond.retraining.payload import drifting_features
from plumbline.answers.respond.retraining.triggers import add_trigger, triggers
from plumbline.answers.respond.rollback.act import _findings
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger
from plumbline.store import findings as register
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decay import KEY, healthy_reference, load, rows

WEEKS = 24


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Nine healthy weeks, then fifteen in which x rises and the model is right less and less often."""
    folder = tmp_path_factory.mktemp("slow")
    weeks = []
    for week in range(WEEKS):
        frame = rows(7 * week, 7, "1", "2026-01-01", 0.85 - 0.012 * max(week - 9, 0), week)
        x = np.random.default_rng(week).normal(0.05 * max(week - 6, 0), 1, len(frame))
        weeks.append(frame.assign(x=x.clip(-3, 3) + np.linspace(0, 1e-6, len(x))))
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load(ws, folder, pd.concat(weeks), "log.csv", today=7 * WEEKS)
    healthy_reference(ws)
    for when in (RetrainingCondition.BREACH, RetrainingCondition.DRIFT):
        item = RetrainingTrigger(system=KEY, name=when.value, url="https://example.org/hook", when=when)
        add_trigger(ws, item, by="Ada")
    return ws


def test_one_finding_and_both_triggers_are_due(ws: Workspace) -> None:
    found = [f for f in check(ws, KEY, actor="test") if not f.signal.startswith("staleness")]
    (one,) = found
    assert one.signal == "season"
    assert {p.signal.partition(".")[0] for p in one.parts} == {"drift", "performance", "retraining"}
    runs = {run.when: run for run in triggers(ws, KEY).runs}
    assert set(runs) == {RetrainingCondition.BREACH, RetrainingCondition.DRIFT}
    assert runs[RetrainingCondition.BREACH].sentence.startswith("Retraining is due")
    assert "x drifted" in runs[RetrainingCondition.DRIFT].sentence


def test_who_acts_on_a_part_reads_it_from_the_register(ws: Workspace) -> None:
    check(ws, KEY, actor="test")
    with ws.read() as cursor:
        assert drifting_features(cursor, KEY) == ["x"]
        assert any(f.signal.startswith("performance.") and f.until is None for f in _findings(cursor, KEY))
        shown = [r for r in register.recorded_findings(cursor, KEY) if r.open]
    assert [r.finding.signal for r in shown if r.finding.signal != "staleness.age"] == ["season"]
    assert np.all(
        [name in public_sentence(shown[0].finding) for name in ("Season or drift", "x moved", "went to")]
    )


def test_an_incident_about_it_is_about_the_breach(ws: Workspace) -> None:
    check(ws, KEY, actor="test")
    with ws.read() as cursor:
        (one,) = [r for r in register.recorded_findings(cursor, KEY) if r.finding.signal == "season"]
        part = next(
            r
            for r in register.problems_by_themselves(cursor, KEY)
            if r.finding.signal.startswith("performance.")
        )
    for number in (one.id, part.id):
        open_incident(ws, KEY, "It went down", by="Ada", finding=number)
    with ws.read() as cursor:
        noted = read_records(cursor, KEY)
        released = system_releases(cursor, systems.get_system(cursor, KEY))
        since = one.finding.since
    assert since is not None
    assert len(noted) == 2
    for record in noted:
        done = breach_response(since, [], released, (record,), lambda s: s.startswith("performance."))
        assert (done != BreachResponse(), done.unnamed) == (True, "")

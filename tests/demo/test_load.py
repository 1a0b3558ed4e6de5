"""What Plumbline makes of each story, from the written files to the verdict, beside what was planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers.alerts.check import check, findings
from plumbline.answers.alerts.findings import findings as records
from plumbline.answers.data.load import load_file
from plumbline.answers.drift.features import drift
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.performance.series import performance
from plumbline.answers.releases.history import releases
from plumbline.answers.respond.replay.verdicts import shortfall
from plumbline.answers.respond.retraining.triggers import triggers
from plumbline.answers.respond.rollback.register import rollbacks
from plumbline.demo.load import load_files
from plumbline.demo.retraining import play
from plumbline.demo.scenarios import SCENARIOS, ScenarioFiles
from plumbline.domain import Finding, PlumblineError, PointStatus, Scorecard, Slice, Status
from plumbline.domain.respond import RollbackState, RunState
from plumbline.report.record_trials import try_possible_records
from plumbline.store import systems
from plumbline.store.backup.snapshot import snapshot
from plumbline.store.workspace import Workspace, open_workspace

Written = Mapping[str, ScenarioFiles]


class Told:
    """One story in a workspace of its own."""

    def __init__(self, name: str, ws: Workspace) -> None:
        self.name, self.ws, self.truth = name, ws, SCENARIOS[name].truth
        self.card: Scorecard = scorecard(ws, name)

    def status(self, control: str) -> Status:
        return next(c for c in self.card.controls if c.id == control).status

    @property
    def findings(self) -> tuple[Finding, ...]:
        with self.ws.read() as cursor:
            return findings(cursor, systems.get_system(cursor, self.name))


@pytest.fixture(scope="module")
def told(
    request: pytest.FixtureRequest, written: Written, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """Tests of one story share its workspace and read it alone."""
    name, files = request.param, written[request.param]
    ws = open_workspace(tmp_path_factory.mktemp(name) / "workspace.duckdb", read_from=[files.log.parent])
    load_files(ws, SCENARIOS[name], files)
    try_possible_records(ws, name, actor="demo", worded=True)
    yield Told(name, ws)
    ws.close()


def story(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("told", [name], indirect=True)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@story("shop-recommendations")
def test_the_shop_is_a_liability_since_its_onset_and_the_season_comes_first(told: Told) -> None:
    onset = _day(told.truth["onset"])
    held = performance(told.ws, told.name, metrics=["accuracy"])
    assert told.card.verdict == "LIABILITY"
    assert told.status("MON-4") is Status.FAIL
    assert held.change is not None
    assert abs(held.change.at - onset) <= timedelta(days=7)
    confirmed = next(f for f in told.findings if f.signal == "performance.accuracy")
    assert held.change.at <= confirmed.since <= onset + timedelta(days=14)
    assert tuple(r.feature for r in drift(told.ws, told.name).ranking[:2]) == told.truth["seasonal"]
    assert told.card.at_stake["low"] > 0
    assert "15 %" in told.card.at_stake["reason"]
    due = next(f for f in told.findings if f.signal == "retraining")
    breached = [p for p in held.points if p.status is PointStatus.BREACH and not p.provisional]
    assert due.since == breached[0].start
    assert due.sentence == held.retraining
    assert due.sentence in next(c for c in told.card.controls if c.id == "MON-7").evidence.sentence


@story("card-fraud")
def test_what_is_on_record_is_of_the_whole_story(told: Told) -> None:
    before = [(record.finding, record.open) for record in records(told.ws, told.name)]
    check(told.ws, told.name, actor="demo")
    assert [(record.finding, record.open) for record in records(told.ws, told.name)] == before
    assert len(before) > 3


@story("fleet-demand")
def test_the_fleet_is_stale_and_costs_two_million_in_all_and_against_its_healthy_year(told: Told) -> None:
    stake = told.card.at_stake
    assert (told.status("MON-3"), told.status("MON-4")) == (Status.FAIL, Status.FAIL)
    assert stake["amount"] == pytest.approx(told.truth["lost"], rel=0.10)
    assert -stake["after"] * stake["decisions"] == pytest.approx(told.truth["lost"], rel=0.10)
    bias = performance(told.ws, told.name, metrics=["bias"])
    assert bias.change is not None
    assert abs(bias.change.at - _day(told.truth["onset"])) < timedelta(days=31)
    assert drift(told.ws, told.name).ranking[0].feature == "rival_lockers"


@story("fleet-demand")
def test_the_fleets_median_error_is_that_of_its_rows_in_every_month(told: Told, written: Written) -> None:
    log = pd.read_csv(written[told.name].log, parse_dates=["made_at"]).dropna(subset=["parcels_came"])
    error = (log["parcels_forecast"] - log["parcels_came"]).abs()
    truth = error.groupby(log["made_at"].dt.strftime("%Y-%m")).median()
    shown = performance(told.ws, told.name, metrics=["median_absolute_error"], by="month").points
    assert len(shown) == len(truth) > 20
    for point in shown:
        assert point.value == pytest.approx(truth[f"{point.start:%Y-%m}"], rel=0.002)
        assert point.bound <= 0.002 * (point.value or 0)


@story("card-fraud")
def test_a_version_s_cost_is_that_of_its_rows_against_the_reference(told: Told, written: Written) -> None:
    log = pd.read_csv(written[told.name].log, dtype={"model": str}, parse_dates=["ts"]).dropna(
        subset=["verdict"]
    )
    wrong = {("block", "pass"): -9.0, ("pass", "block"): -80.0}
    worth = pd.Series(
        [wrong.get(pair, 0.0) for pair in zip(log["action"], log["verdict"], strict=True)], log.index
    )
    guard = next(g for g in releases(told.ws, told.name).guardrails if g.fired)
    assert guard.at is not None
    with told.ws.read() as cursor:
        first, end = systems.get_system(cursor, told.name).reference or (guard.at, guard.at)
    healthy = worth[(log["ts"] >= first) & (log["ts"] < end)].mean()
    own = worth[log["model"] == guard.version]
    stake = shortfall(told.ws, told.name, since=guard.at, window=Slice(version=guard.version))
    assert stake is not None
    assert len(own) > 2_000
    assert stake.amount == pytest.approx((healthy - own.mean()) * stake.decisions, rel=1e-6)


@story("card-fraud")
def test_the_bad_release_is_caught_within_a_hundred_decisions_and_its_return_recognised(told: Told) -> None:
    assert "The prediction and the score drifted in 1 of" in drift(told.ws, told.name).sentence
    found = releases(told.ws, told.name)
    guard = next(g for g in found.guardrails if g.fired).found
    assert guard.at_decision is not None
    assert guard.at_decision <= 100
    assert any(f"back to {told.truth['back_to']}" in f.sentence for f in told.findings)
    (back,) = found.releases.rollbacks
    assert back.minutes == 60 * told.truth["hours"]
    assert told.status("REL-3") is Status.PASS
    assert told.status("REL-5") is Status.FAIL
    assert told.status("MON-4") is Status.PASS  # the return to 4.1 handles the breach


@story("credit-limits")
def test_credit_has_no_alarm_in_twelve_months_and_is_mature_by_receipts(told: Told) -> None:
    """Nothing of what acts was typed: a code came back, a copy was read whole, a drill and a fire were answered."""
    assert told.card.verdict == "MATURE"
    assert told.findings == ()
    mandatory = {c.id: c for c in told.card.controls if c.requirement == "mandatory"}
    assert {i for i, c in mandatory.items() if c.status is not Status.PASS} == set()
    assert (mandatory["MON-6"].status, mandatory["MON-6"].evidence.kind) == ("pass", "measured")
    receipts = ("MON-7", "REL-3", "REL-6", "CMP-5")
    assert {(mandatory[i].status, mandatory[i].evidence.kind) for i in receipts} == {("pass", "probed")}
    assert SCENARIOS[told.name].events == ()
    (run,) = triggers(told.ws, told.name).runs
    assert (run.state, run.seen_version, run.seen_where) == (RunState.CURED, "2026.3", "log")
    assert not any(c.status is Status.EXEMPT for c in told.card.controls)


@story("card-fraud")
def test_a_dry_run_would_have_rolled_fraud_back_four_minutes_after_the_switch(told: Told) -> None:
    (run,) = rollbacks(told.ws, told.name).runs
    assert (run.state, run.version, run.to) == (RollbackState.DRY, told.truth["bad"], told.truth["back_to"])
    assert run.known_at is not None
    assert f"{run.known_at:%H:%M}" == "09:04"
    assert len(run.interlocks) == 8
    assert all(lock.holds for lock in run.interlocks)


@story("shop-recommendations")
def test_the_shop_s_trigger_is_due_and_waits_for_its_owner(told: Told) -> None:
    due, tested = sorted(triggers(told.ws, told.name).runs, key=lambda run: run.test)
    assert (due.state, [g.name for g in due.guards if not g.holds]) == (RunState.DUE, ["approval"])
    assert tested.state is RunState.TESTED
    assert told.status("MON-7") is Status.PARTIAL


@story("shop-recommendations")
def test_the_shop_s_retraining_is_fired_seen_and_cured_in_the_log(told: Told, tmp_path: Path) -> None:
    ws = open_workspace(snapshot(told.ws, tmp_path / "after.duckdb").path, read_from=[tmp_path])
    try:
        fired, *later = play(ws, tmp_path)
        last = later[-1]
        assert (fired.state, fired.receipt is not None and fired.receipt.ok) == (RunState.RUNNING, True)
        assert [run.state for run in later] == [RunState.SEEN, RunState.SEEN, RunState.CURED, RunState.CURED]
        assert (last.seen_version, last.seen_where, last.receipt) == ("r8", "log", fired.receipt)
        after = Told(told.name, ws)
        accuracy = next(f for f in after.findings if f.signal == "performance.accuracy")
        assert accuracy.until is not None
        assert after.status("MON-4") is Status.PASS
        assert after.status("MON-7") is Status.PASS
        with pytest.raises(PlumblineError, match="no trigger that waits"):
            play(ws, tmp_path)
        _loaded_by_somebody(ws, told.name, tmp_path)
        assert Told(told.name, ws).status("MON-7") is Status.FAIL
    finally:
        ws.close()


def _loaded_by_somebody(ws: Workspace, key: str, folder: Path) -> None:
    """One row of somebody's own: from then on the demo's receipts prove nothing of the system."""
    first, row = (folder / "shop_after.csv").read_text("utf-8").splitlines()[:2]
    own = folder / "own.csv"
    own.write_text(f"{first}\n{row.replace('A000000', 'OWN')}\n", "utf-8")
    load_file(ws, own, title=key, actor="Ida")


@story("search-sandbox")
def test_the_sandbox_is_exempt_with_its_boundary_stated(told: Told) -> None:
    assert told.card.verdict == told.truth["verdict"]
    assert any("sandbox" in reason.lower() for reason in told.card.reasons)

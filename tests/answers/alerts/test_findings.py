"""The register of findings: one record a problem, whatever is checked, loaded or taken back, and in what order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.answers.alerts.check import check, reconcile
from plumbline.answers.alerts.findings import acknowledge, findings
from plumbline.answers.data.load import undo_load
from plumbline.answers.events import read_records
from plumbline.domain import Finding, PlumblineError, Point, PointStatus, Severity
from plumbline.monitor.alarms.findings import performance_findings
from plumbline.store import findings as register
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Workspace
from tests.examples import examples
from tests.factory.shop import shop_log
from tests.factory.workspaces import load_log

AT = datetime(2026, 3, 1, tzinfo=UTC)
ALL = ("",)


def problem(day: int, until: int | None = None, signal: str = "performance.accuracy") -> Finding:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    ended = None if until is None else start + timedelta(days=until)
    since = start + timedelta(days=day)
    return Finding(
        system="s",
        signal=signal,
        sentence=f"from day {day}",
        since=since,
        until=ended,
        severity=Severity.HIGH,
        confidence=None,
        page="accuracy",
    )


def kept(ws: Workspace, found: list[Finding], *, looked_at: tuple[str, ...] = ALL) -> list[FindingRecord]:
    from plumbline.store.findings import recorded_findings

    with ws.write() as cursor:
        reconcile(cursor, "s", found, looked_at, AT)
        return recorded_findings(cursor, "s")


def test_the_same_problem_found_again_is_updated_and_not_repeated(workspace: Workspace) -> None:
    (first,) = kept(workspace, [problem(3)])
    (again,) = kept(workspace, [problem(1)])
    assert (again.id, again.open, again.finding.sentence) == (first.id, True, "from day 1")


def test_a_problem_that_ends_is_closed_and_a_later_one_is_another(workspace: Workspace) -> None:
    kept(workspace, [problem(3)])
    (ended,) = kept(workspace, [problem(3, 9)])
    assert (ended.open, ended.closed_at) == (False, AT)
    both = kept(workspace, [problem(3, 9), problem(20)])
    assert [(r.open, r.finding.until is None) for r in both] == [(True, True), (False, False)]


def test_what_is_no_longer_found_is_closed_unless_its_signal_was_not_looked_at(workspace: Workspace) -> None:
    kept(workspace, [problem(3), problem(3, signal="consistency.repeats")])
    left = kept(workspace, [], looked_at=("performance.", "drift."))
    assert {r.finding.signal: r.open for r in left} == {
        "performance.accuracy": False,
        "consistency.repeats": True,
    }


def test_a_withdrawn_problem_is_not_reopened_by_another_long_after(workspace: Workspace) -> None:
    (first,) = kept(workspace, [problem(3)])
    kept(workspace, [])
    both = kept(workspace, [problem(90)])
    assert {(r.id == first.id, r.open) for r in both} == {(True, False), (False, True)}
    again = kept(workspace, [problem(4), problem(90)])
    assert {(r.id == first.id, r.open) for r in again} == {(True, True), (False, True)}


def test_problems_that_later_labels_join_are_one_record_and_two_again_if_they_part(
    workspace: Workspace,
) -> None:
    kept(workspace, [problem(3, 9), problem(30)])
    newer, older = kept(workspace, [problem(3, 9), problem(30)])
    with workspace.write() as cursor:
        register.acknowledge(cursor, newer.id, "Ada", AT)
    (one,) = kept(workspace, [problem(3)])
    assert (one.id, one.open, one.acknowledged_by) == (older.id, True, "Ada")
    with workspace.read() as cursor:
        part = register.read_finding(cursor, newer.id)
    assert (part.part_of, part.open) == (older.id, False)
    parted = kept(workspace, [problem(3, 9), problem(30)])
    assert [(r.id, r.open) for r in parted] == [(newer.id, True), (older.id, False)]


#: what a week turned out to be; a step of the story: weeks that are loaded by then, and one corrected
WEEKS = st.lists(st.sampled_from([PointStatus.BREACH, PointStatus.OK]), min_size=1, max_size=20)


def weekly(states: list[PointStatus]) -> list[Finding]:
    begins = [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=7 * i) for i in range(len(states))]
    points = [
        Point(
            metric="accuracy",
            start=at,
            end=at + timedelta(days=7),
            n=100,
            value=v,
            low=v - 0.01,
            high=v + 0.01,
            threshold=0.8,
            status=s,
        )
        for at, s in zip(begins, states, strict=True)
        for v in [0.6 if s is PointStatus.BREACH else 0.9]
    ]
    return performance_findings("s", points, name=str, say=lambda m, v: f"{v}", healthy=0.9)


def shown(ws: Workspace) -> list[tuple[int, bool, datetime | None, datetime | None]]:
    with ws.read() as cursor:
        rows = register.recorded_findings(cursor, "s")
    return sorted((r.id, r.open, r.finding.since, r.finding.until) for r in rows)


@settings(
    max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(WEEKS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 19)), min_size=1, max_size=6))
def test_however_a_log_grows_is_corrected_or_taken_back_there_is_one_record_a_problem(
    workspace: Workspace, weeks: list[PointStatus], steps: list[tuple[int, int]]
) -> None:
    with workspace.write() as cursor:
        cursor.execute("DELETE FROM finding")
    states = list(weeks)
    for loaded_weeks, corrected in steps:
        if corrected < len(states):
            states[corrected] = PointStatus.OK
        found = weekly(states[:loaded_weeks])
        kept(workspace, found)
        held = shown(workspace)
        kept(workspace, found)
        assert shown(workspace) == held
        told = [(since, until) for _, _, since, until in held]
        assert all(told.count((f.since, f.until)) == 1 for f in found)
        assert [since for _, is_open, since, _ in held if is_open] == [
            f.since for f in found if f.until is None
        ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WEEKS, st.sets(st.integers(0, 20)))
def test_a_log_that_only_grows_leaves_the_records_that_one_check_at_its_end_would(
    workspace: Workspace, weeks: list[PointStatus], looks: set[int]
) -> None:
    with workspace.write() as cursor:
        cursor.execute("DELETE FROM finding")
    for cut in [*sorted(looks), len(weeks)]:
        kept(workspace, weekly(weeks[: min(cut, len(weeks))]))
    held = [(since, until) for _, _, since, until in shown(workspace)]
    assert held == [(f.since, f.until) for f in weekly(weeks)]


@pytest.fixture
def loaded(workspace: Workspace, tmp_path: Path) -> Workspace:
    load_log(workspace, tmp_path, title="shop")
    return workspace


def test_a_load_records_its_findings_and_an_undo_closes_them(loaded: Workspace) -> None:
    check(loaded, "shop", actor="test")
    open_ones = [r for r in findings(loaded, "shop") if r.open]
    assert any(r.finding.signal == "performance.accuracy" for r in open_ones)
    assert len({r.finding.signal for r in open_ones}) == len(open_ones)
    undo_load(loaded, 1, actor="test")
    check(loaded, "shop", actor="test")
    assert not [r for r in findings(loaded, "shop") if r.open]


def test_acknowledging_is_evidence_on_the_trail_and_happens_once(loaded: Workspace) -> None:
    number = findings(loaded, "shop")[0].id
    assert acknowledge(loaded, number, by=" Ada ").acknowledged_by == "Ada"
    with loaded.read() as cursor:
        assert [(r.event, r.by) for r in read_records(cursor, "shop")] == [("alert acknowledged", "Ada")]
    with pytest.raises(PlumblineError, match="already"):
        acknowledge(loaded, number, by="Bob")
    with pytest.raises(PlumblineError, match="no finding 999"):
        acknowledge(loaded, 999, by="Bob")
    with pytest.raises(PlumblineError, match="needs a name"):
        acknowledge(loaded, number, by=" ")


def test_the_command_lists_the_register_and_fails_a_pipeline_on_open_ones(
    plumbline: Callable[..., object], tmp_path: Path
) -> None:
    (tmp_path / "shop.csv").write_bytes(shop_log())
    run: Callable[..., object] = plumbline
    run("load", tmp_path / "shop.csv", "--system", "shop")
    listed = run("findings", "shop", "--open", "--json")
    assert listed.code == 1  # type: ignore[attr-defined]
    number = listed.json["findings"][0]["id"]  # type: ignore[attr-defined]
    seen = run("findings", "shop", "--acknowledge", number, "--by", "Ada", "--json")
    assert [f["acknowledged_by"] for f in seen.json["findings"] if f["id"] == number] == ["Ada"]  # type: ignore[attr-defined]


def season(day: int, *parts: Finding, until: int | None = None) -> Finding:
    whole = problem(day, until, "season")
    return replace(whole, parts=parts, figures={"signals": [part.signal for part in parts]})


def test_a_finding_that_joins_several_stands_for_them(workspace: Workspace) -> None:
    (first,) = kept(workspace, [problem(3, signal="drift.x")])
    acknowledge(workspace, first.id, by="Ada")
    whole = season(3, problem(3, signal="drift.x"), problem(9), problem(5, 8, "drift.y"))
    for _ in range(2):  # a later check that finds the same changes nothing
        (one,) = kept(workspace, [whole])
        assert (one.finding.signal, one.open, one.acknowledged_by) == ("season", True, "")
        with workspace.read() as cursor:
            each = {
                r.finding.signal: (r.open, r.part_of) for r in register.problems_by_themselves(cursor, "s")
            }
            assert each == {
                "drift.x": (True, one.id), "performance.accuracy": (True, one.id), "drift.y": (False, one.id),
            }  # fmt: skip
            assert len(register.recorded_findings(cursor, "s", parts=True)) == 4
            assert register.read_finding(cursor, first.id).acknowledged_by == "Ada"


def test_a_part_that_is_one_no_longer_is_open_by_itself_again(workspace: Workspace) -> None:
    (one,) = kept(workspace, [season(3, problem(3, signal="drift.x"), problem(9))])
    both = {r.finding.signal: r.open for r in kept(workspace, [problem(9)])}
    assert both == {"season": False, "performance.accuracy": True}
    (again,) = [r for r in kept(workspace, [season(3, problem(3, signal="drift.x"), problem(9))]) if r.open]
    assert (again.id, again.finding.signal) == (one.id, "season")

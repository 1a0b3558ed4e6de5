"""The register of findings: one record a problem, whatever is checked, loaded or taken back, and in what order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.checking import check, reconcile
from plumbline.answers.findings import acknowledge, findings
from plumbline.answers.loading import load_file, undo_load
from plumbline.answers.recording import records_in
from plumbline.domain import Finding, PlumblineError, Severity
from plumbline.store.findings import Recorded
from plumbline.store.workspace import Workspace
from tests.pages.sample import log

AT = datetime(2026, 3, 1, tzinfo=UTC)
ALL = ("",)


def problem(day: int, until: int | None = None, signal: str = "performance.accuracy") -> Finding:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    ended = None if until is None else start + timedelta(days=until)
    since = start + timedelta(days=day)
    return Finding("s", signal, f"from day {day}", since, ended, Severity.HIGH, None, "accuracy")


def kept(ws: Workspace, found: list[Finding], *, looked_at: tuple[str, ...] = ALL) -> list[Recorded]:
    from plumbline.store.findings import recorded

    with ws.write() as cursor:
        reconcile(cursor, "s", found, looked_at, AT)
        return recorded(cursor, "s")


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


@pytest.fixture
def loaded(workspace: Workspace, tmp_path: Path) -> Workspace:
    (tmp_path / "shop.csv").write_bytes(log())
    load_file(workspace, tmp_path / "shop.csv", title="shop", actor="test")
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
        assert [(r.event, r.by) for r in records_in(cursor, "shop")] == [("alert acknowledged", "Ada")]
    with pytest.raises(PlumblineError, match="already"):
        acknowledge(loaded, number, by="Bob")
    with pytest.raises(PlumblineError, match="no finding 999"):
        acknowledge(loaded, 999, by="Bob")
    with pytest.raises(PlumblineError, match="needs a name"):
        acknowledge(loaded, number, by=" ")


def test_the_command_lists_the_register_and_fails_a_pipeline_on_open_ones(
    plumbline: Callable[..., object], tmp_path: Path
) -> None:
    (tmp_path / "shop.csv").write_bytes(log())
    run: Callable[..., object] = plumbline
    run("load", tmp_path / "shop.csv", "--system", "shop")
    listed = run("findings", "shop", "--open", "--json")
    assert listed.code == 1  # type: ignore[attr-defined]
    number = listed.json["findings"][0]["id"]  # type: ignore[attr-defined]
    seen = run("findings", "shop", "--acknowledge", number, "--by", "Ada", "--json")
    assert [f["acknowledged_by"] for f in seen.json["findings"] if f["id"] == number] == ["Ada"]  # type: ignore[attr-defined]

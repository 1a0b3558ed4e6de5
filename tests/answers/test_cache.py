"""What is kept of scans is what a scan would say, whatever was done, and nothing of a person who was erased."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.answers import cache, scans, warmup
from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file, set_reference, undo_load
from plumbline.answers.drift import associations, multivariate
from plumbline.answers.drift.cutoff_changes import cutoff_departures
from plumbline.answers.drift.group_shifts import shifts_of_groups
from plumbline.answers.performance.leakage import find_leaks
from plumbline.answers.performance.segments import segments
from plumbline.answers.question import log_span, reporting_date
from plumbline.answers.releases.history import releases, system_releases
from plumbline.answers.statements import change_settings
from plumbline.answers.warmup import measure_changed_systems
from plumbline.domain import PlumblineError, PointStatus, Settings, Slice
from plumbline.monitor.drift.multivariate import WholeRow
from plumbline.profile.read import profiles
from plumbline.profile.scan import exact
from plumbline.store import loads, systems, trail
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.workspace import Workspace, open_workspace
from tests.examples import examples

ROLES = {
    "id": "decision_id", "at": "timestamp", "x": "feature:x", "mail": "feature:mail", "area": "segment:area",
    "sex": "protected:sex", "who": "subject", "version": "version", "p": "score", "said": "prediction",
    "true": "label", "human": "override",
}  # fmt: skip
A_FILE, FILES = 40, 4


def _row(n: int) -> str:
    """One decision; inputs repeat with other outputs, ids repeat from file to file, version 2 comes with file 2."""
    file, i = divmod(n, A_FILE)
    said = "yes" if (i * 7 + file) % (5 - file) == 0 else "no"
    true = "" if i % 3 == 0 else "yes" if (i * 5) % 4 else "no"
    cells = (
        f"d{i + (36 * file if i > 4 else 0)}", f"2026-0{1 + file}-{1 + i // 2:02d}T{i % 24:02d}:00:00Z", i % 6,
        f"p{i % 6}@example.org", "north" if i % 4 else "south", "f" if i % 2 else "m", f"person-{i % 9}",
        "1" if file < 2 else "2", (i % 10) / 10 + file / 100, said, true, "no" if i % 5 == 0 else "",
    )  # fmt: skip
    return ",".join(str(cell) for cell in cells)


def _load(ws: Workspace, folder: Path, file: int) -> int:
    path = folder / f"{file}.csv"
    lines = [",".join(ROLES), *(_row(file * A_FILE + i) for i in range(A_FILE))]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return load_file(
        ws,
        path,
        title="s",
        actor="t",
        maps=tuple(ROLES.items()),
        positive="yes",
        task="binary",
        timezone="UTC",
    ).load_id


def _label(ws: Workspace, folder: Path, turn: int) -> None:
    path = folder / f"labels{turn}.csv"
    said = ("yes", "no")[turn % 2]
    path.write_text("id,true\n" + "".join(f"d{i},{said}\n" for i in range(turn % 3, 12, 3)), "utf-8")
    load_file(ws, path, title="s", actor="t", maps=(("id", "decision_id"), ("true", "label")))


def _told(ws: Workspace) -> dict[str, Any]:
    """The answer to every question whose answer is kept."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        found: dict[str, Any] = {
            "duplicates": scans.duplicate_ids(cursor, system),
            "repeats": scans.find_repeats(cursor, system, examples=True),
            "personal": scans.find_personal_data(cursor, system),
            "segments": scans.segment_sizes(cursor, system),
            "groups": [(g.attributes, g.levels, g.outcomes) for g in scans.group_counts(cursor, system)],
            "overridden": scans.overridden(cursor, system),
            "guardrails": system_releases(cursor, system).guardrails,
        }
        end = reporting_date(system, log_span(cursor, system))
        features = profiles.feature_profiles(cursor, system)
        found["associations"] = associations.find_lost_associations(cursor, system, features, end)
        found["cut-off"] = cutoff_departures(cursor, system, features, end)
        found["groups alone"] = shifts_of_groups(cursor, system, features, end)
        found["leaks"] = find_leaks(cursor, system)
    beside = releases(ws, "s")
    return found | {
        "shifts": beside.shifts, "side by side": beside.comparisons, "slices": segments(ws, "s").search,
    }  # fmt: skip


def _measured(ws: Workspace) -> dict[str, Any]:
    """The same where nothing is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "memoise", lambda _cursor, _system, _question, _kind, make: make())
        for name, module in list(sys.modules.items()):
            if (
                name.startswith("plumbline.answers.")
                and hasattr(module, "stored")
                and hasattr(module.stored, "__code__")
            ):
                patch.setattr(module, "stored", cache.memoise)
        return _told(ws)


def _newest(ws: Workspace) -> int | None:
    with ws.read() as cursor:
        return next((load.load_id for load in loads.list_loads(cursor, "s") if load.undone_at is None), None)


def _done(ws: Workspace, folder: Path, act: str, turn: int) -> None:
    if act.startswith("load"):
        _load(ws, folder, int(act[-1]))
    elif act == "label":
        _label(ws, folder, turn)
    elif act == "undo" and (load_id := _newest(ws)) is not None:
        undo_load(ws, load_id, actor="t")
    elif act == "erase":
        erase_person(ws, "s", subject=f"person-{turn % 9}", actor="t")
    elif act == "setting":
        change_settings(ws, "s", {"retention_days": 30 + turn}, by="t")


ACTS = [*(f"load{i}" for i in range(FILES)), "label", "undo", "erase", "setting"]


@pytest.fixture(scope="module")
def two_loads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two loads and every answer kept, to copy."""
    folder = tmp_path_factory.mktemp("two")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    for file in (0, 2):
        _load(ws, folder, file)
    assert _told(ws) == _measured(ws)
    ws.close()
    return folder / "w.duckdb"


@given(acts=st.lists(st.sampled_from(ACTS), min_size=3, max_size=5))
@settings(
    max_examples=examples(2), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_was_done_what_is_kept_is_what_a_scan_says(
    two_loads: Path, tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("acts")
    shutil.copy(two_loads, folder / "w.duckdb")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    try:
        for turn, act in enumerate(acts):
            with suppress(PlumblineError):  # nothing of that person, no id to join: nothing changed
                _done(ws, folder, act, turn)
            assert _told(ws) == _measured(ws), act
    finally:
        ws.close()


@pytest.fixture
def told(tmp_path: Path, two_loads: Path) -> tuple[Workspace, Path]:
    shutil.copy(two_loads, tmp_path / "w.duckdb")
    return open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path]), tmp_path


def _questions(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        return [row[0] for row in cursor.execute("SELECT question FROM kept ORDER BY 1").fetchall()]


def test_every_answer_is_kept_and_the_log_really_says_something(told: tuple[Workspace, Path]) -> None:
    ws, _ = told
    found = _told(ws)
    assert found["duplicates"] > 0
    assert found["repeats"].conflicting > 0
    assert found["repeats"].examples
    assert {p.column for p in found["personal"][0]} == {"feature:mail"}
    assert all(found[name] for name in ("segments", "groups", "overridden", "guardrails"))
    assert len(set(_questions(ws))) == len(found)
    ws.close()


def _no_scan(*_: object, **__: object) -> int:
    raise AssertionError("this was measured before")


@pytest.mark.parametrize(
    "act",
    [
        lambda ws: change_settings(ws, "s", {"retention_days": 90}, by="t"),
        lambda ws: None,
    ],
    ids=["a setting", "nothing, after a restart"],
)
def test_what_changes_no_decision_empties_nothing(
    told: tuple[Workspace, Path], act: Callable[[Workspace], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, folder = told
    act(ws)
    before = _told(ws)
    ws.close()
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    monkeypatch.setattr(exact, "duplicate_ids", _no_scan)
    assert _told(ws) == before
    ws.close()


def test_an_act_that_nobody_listed_counts_as_a_change(told: tuple[Workspace, Path]) -> None:
    ws, _ = told
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        before = fingerprint(cursor, system)
        assert fingerprint(cursor, replace(system, settings=Settings(unit="parcels"), title="T")) == before
        assert fingerprint(cursor, replace(system, positive="no")) != before
    with ws.write() as cursor:
        trail.append(cursor, actor="t", action="decisions rewritten", system="s")
    with ws.read() as cursor:
        assert fingerprint(cursor, system) != before
    ws.close()


def test_the_code_and_the_reference_count(
    told: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, _ = told
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        before = fingerprint(cursor, system)
        assert system.reference is not None
        monkeypatch.setattr("plumbline.store.cache.fingerprint.code", lambda: "another version")
        assert fingerprint(cursor, system) != before
        monkeypatch.undo()
    start, end = system.reference
    changed = set_reference(ws, "s", start, end.replace(day=end.day - 1), actor="t")
    with ws.read() as cursor:
        assert fingerprint(cursor, changed) != before
    ws.close()


def test_an_erasure_leaves_nothing_kept_of_the_system(told: tuple[Workspace, Path]) -> None:
    ws, folder = told
    assert "feature:mail" in " ".join(_bodies(ws))  # a masked address is among what was found
    erase_person(ws, "s", subject="person-3", actor="t")
    assert not _bodies(ws)
    data = (folder / "w.duckdb").read_bytes()
    ws.close()
    assert b'"examined"' not in data


def _bodies(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        return [row[0] for row in cursor.execute("SELECT body FROM kept").fetchall()]


def test_a_load_drops_what_no_longer_holds(told: tuple[Workspace, Path]) -> None:
    ws, folder = told
    before = _bodies(ws)
    _load(ws, folder, 3)
    with ws.read() as cursor:
        digest = fingerprint(cursor, systems.get_system(cursor, "s"))
        held = {row[0] for row in cursor.execute("SELECT rests_on FROM kept").fetchall()}
    assert before
    assert held == {digest}  # the check after the load kept its own
    ws.close()


def test_whole_rows_are_compared_once(told: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a classifier a week; another window is another question."""
    ws, _ = told
    made = WholeRow(None, None, 400, 900, 0.7, 0.65, 0.75, 1.2, 0.9, 1.1, PointStatus.BREACH, ("x",))
    asked: list[object] = []

    def compared(*given: object) -> multivariate._Comparison:
        asked.append(given)
        return multivariate._Comparison(made, (made,))

    monkeypatch.setattr(multivariate, "_compare_windows", compared)
    found = [multivariate.row_shift(ws, "s") for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].now == made
    assert len(asked) == 1
    multivariate.row_shift(ws, "s", version="2")
    assert len(asked) == 2
    for _ in range(2):
        multivariate.row_shift(ws, "s", where=(("feature:mail", "p1@example.org"),))
    assert len(asked) == 4  # a value that a person filtered by is not written down
    segments(ws, "s", window=Slice(where=(("feature:mail", "p1@example.org"),)))
    assert not any("example.org" in question for question in _questions(ws))
    ws.close()


def test_a_server_measures_what_changed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    _load(ws, tmp_path, 0)
    _load(ws, tmp_path, 2)
    measure_changed_systems(ws)
    asked = _questions(ws)
    _told(ws)
    assert set(asked) >= set(_questions(ws)) - {"overridden since the first"}
    change_settings(ws, "s", {"retention_days": 30}, by="t")
    with monkeypatch.context() as patch:
        patch.setattr(warmup, "measure", _no_scan)
        measure_changed_systems(ws)
        assert not caplog.records
        _load(ws, tmp_path, 3)
        caplog.clear()
        measure_changed_systems(ws)
        assert "judging: AssertionError" in caplog.text
    caplog.clear()
    measure_changed_systems(ws)
    assert not caplog.records
    assert warmup.ALL_ASKED in _questions(ws)
    ws.close()


def test_what_json_cannot_hold_is_measured_again(told: tuple[Workspace, Path]) -> None:
    ws, _ = told
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        asked = [cache.memoise(cursor, system, "odd", float, lambda: float("nan")) for _ in range(2)]
    assert all(value != value for value in asked)
    assert "odd" not in _questions(ws)
    ws.close()

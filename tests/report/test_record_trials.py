"""Records of a sample are really made: what the control reads of it, and for which log it counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers import statements
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.decisions import record, record_trials
from plumbline.domain import RELATIVE, PlumblineError
from plumbline.domain.acts import Act
from plumbline.report import record_trials as tried_records
from plumbline.report.record_trials import try_possible_records, try_records
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace, open_workspace


def _log(path: Path, first: int, n: int, *, explained: bool = True) -> Path:
    lines = ["decision_id,ts,version,income,debt,score,prediction,shap_income,shap_debt"]
    for i in range(first, first + n):
        parts = ((i % 40 - 20) / 10, 0.3 if i % 3 else -0.6)
        score = 1 / (1 + math.exp(-(0.2 + sum(parts))))
        shap = f"{parts[0]!r},{parts[1]!r}" if explained else ","
        said = "yes" if score >= 0.5 else "no"
        at = f"2026-01-{1 + i // 20:02d} 10:{i % 60:02d}:00"
        lines.append(f"d{i},{at},{1 + i % 2},{10 + i % 40},{i % 3},{score!r},{said},{shap}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "ws.duckdb", read_from=[tmp_path])
    load_file(made, _log(tmp_path / "one.csv", 0, 240), title="Loans", actor="test")
    yield made
    made.close()


def _facts(ws: Workspace) -> dict:
    with ws.read() as cursor:
        return record_trials.record_facts(cursor, systems.get_system(cursor, "loans"))


def test_only_what_was_really_made_for_this_log_counts(ws: Workspace, tmp_path: Path) -> None:
    assert _facts(ws) == {"reasons_complete": False}  # never tried: unknown
    made = try_records(ws, "loans", actor="Ada")
    assert (made.sampled, made.built, made.complete) == (20, 20, 20)
    assert (made.again, made.same, made.printed, made.problems) == (3, 3, 3, ())
    assert made.versions == ("1", "2")
    assert _facts(ws) == {"reasons_complete": False, "records_sampled": 20, "records_issued": 20}
    with ws.read() as cursor:
        entry = trail.entries(cursor, action=Act.RECORDS_TRIED)[0]
    assert (entry.actor, entry.detail["sampled"], entry.detail["seed"]) == ("Ada", 20, record_trials.SEED)
    assert not any("d1" in str(value) for value in entry.detail.values())  # a count names nobody
    later = load_file(ws, _log(tmp_path / "two.csv", 240, 60), title="Loans", actor="test")
    assert "records_sampled" not in _facts(ws)  # another log
    undo_load(ws, later.load_id, actor="test")
    assert _facts(ws)["records_issued"] == 20


def test_decisions_without_reasons_are_counted_without_making_any(ws: Workspace, tmp_path: Path) -> None:
    load_file(ws, _log(tmp_path / "bare.csv", 240, 200, explained=False), title="Loans", actor="test")
    found = _facts(ws)
    assert 0 < found["records_issued"] < found["records_sampled"] == 20
    made = try_records(ws, "loans", actor="Ada")
    assert (made.built, made.complete) == (0, found["records_issued"])
    assert made.problems
    assert try_possible_records(ws, "loans", actor="Ada") == ()


def test_a_record_that_comes_out_otherwise_is_none(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    count = iter(range(1_000))
    monkeypatch.setattr(tried_records, "record_json", lambda *_: str(next(count)).encode())
    made = try_records(ws, "loans", actor="Ada")
    assert (made.complete, made.again, made.same) == (20, 3, 0)
    assert _facts(ws)["records_issued"] == 17


@pytest.mark.parametrize(("off", "same"), [(1e-12, 3), (1e-7, 0)])
def test_numbers_made_again_may_round_otherwise_and_no_more(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, off: float, same: int
) -> None:
    real, count = record.record, iter(range(1_000))

    def other(*args: Any, **more: Any) -> record.DecisionRecord:
        made, turned = real(*args, **more), 1 + off * next(count)
        told = made.explanation
        parts = {name: value * turned for name, value in told.attributions.items()}
        reasons = tuple(replace(r, contribution=r.contribution * turned) for r in made.reasons)
        return replace(made, explanation=replace(told, attributions=parts), reasons=reasons)

    monkeypatch.setattr(tried_records, "record", other)
    made = try_records(ws, "loans", actor="Ada")
    assert (made.built, made.again, made.same) == (20, 3, same)
    assert off / 10 < made.gap <= off * 1.01
    assert "the same again (numbers within 1e-9 of the largest)" in made.sentence
    with ws.read() as cursor:
        detail = trail.entries(cursor, action=Act.RECORDS_TRIED)[0].detail
    assert (detail["gap"], detail["within"]) == (made.gap, RELATIVE)


def test_a_record_whose_words_or_inputs_differ_is_another(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = record.record, iter(range(1_000))

    def other(*args: Any, **more: Any) -> record.DecisionRecord:
        made, turn = real(*args, **more), next(count)
        parts = made.explanation.attributions | ({} if turn % 4 else {"extra": 0.0})
        told = replace(made.explanation, attributions=parts)
        return replace(made, explanation=told, outcome=f"{made.outcome} {turn % 3}")

    monkeypatch.setattr(tried_records, "record", other)
    made = try_records(ws, "loans", actor="Ada")
    assert (made.again, made.same) == (3, 0)
    with ws.read() as cursor:
        assert (
            trail.entries(cursor, action=Act.RECORDS_TRIED)[0].detail["gap"] is None
        )  # no number for what is not there


def test_what_cannot_be_made_is_said_and_not_counted(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PlumblineError("It cannot be made")

    monkeypatch.setattr(tried_records, "record", refuse)
    made = try_records(ws, "loans", actor="Ada")
    assert (made.built, made.complete, len(made.problems)) == (0, 0, 3)
    assert "It cannot be made" in made.sentence
    assert _facts(ws)["records_issued"] == 0


def test_the_sample_leaves_no_version_and_no_outcome_out(ws: Workspace) -> None:
    with ws.read() as cursor:
        sample = record_trials.trial_sample(cursor, systems.get_system(cursor, "loans"))
        again = record_trials.trial_sample(cursor, systems.get_system(cursor, "loans"))
    assert sample["decision_id"].tolist() == again["decision_id"].tolist()
    groups = sample.groupby(["version", "prediction"]).size()
    assert (len(sample), len(groups), groups.min()) == (20, 4, 5)


def test_where_words_are_asked_for_a_trial_waits_for_them(ws: Workspace) -> None:
    assert try_possible_records(ws, None, actor="demo", worded=True) == ()
    statements.change_settings(ws, "loans", {"reasons": {"income": "Income", "debt": "Debt"}}, by="Ada")
    (made,) = try_possible_records(ws, None, actor="demo", worded=True)
    assert made.complete == 20
    assert _facts(ws)["reasons_complete"]

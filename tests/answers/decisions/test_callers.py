"""Who asks a model, from the column that names the caller to the control that is judged by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plumbline.answers.data.load import inspect_file, load_file
from plumbline.answers.decisions import callers as module
from plumbline.answers.decisions.callers import CallersAnswer, callers_answer
from plumbline.answers.governance.facts import measure
from plumbline.answers.governance.reason_rows import evidence_rows
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.question import log_span, reporting_date
from plumbline.domain import Scorecard, Status
from plumbline.governance import canonical_json
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, decisions, write
from tests.governance.cases import CREDIT, control, judge, prober

COLUMNS = (*HEADER, "tenure", "limit", "caller")


def _log(folder: Path, *, probing: bool) -> Path:
    """A month of three callers; one more, perhaps, goes through a grid of inputs."""
    draw = np.random.default_rng(4)
    cells = [
        [*row, f"{draw.normal(5, 2):.2f}", f"{draw.normal(900, 300):.1f}", f"branch-{i % 3}"]
        for i, row in enumerate(decisions(900))
    ]
    if probing:
        grid = [(age, tenure, limit) for age in range(20, 30) for tenure in range(6) for limit in range(5)]
        for i, (age, tenure, limit) in enumerate(grid):
            row = decisions(1, 900 + i, age=age, region="north")[0]
            cells.append([*row, str(tenure), str(100 * limit), "app-7"])
    return write(folder / "log.csv", cells, COLUMNS)


def test_callers_beyond_the_busiest_are_not_said_to_be_clean(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CALLERS", 2)
    load_file(workspace, _log(tmp_path, probing=False), title="s", actor="t")
    answer = _answer(workspace)
    assert (answer.busy, answer.sample) == (3, 2)
    evidence = control(_card(workspace), "SEC-9").evidence
    assert evidence.status is Status.PARTIAL
    assert "of the 2 busiest" in evidence.sentence


def test_one_caller_with_all_the_traffic_is_unknown(workspace: Workspace, tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    cells = [[*row, *(f"{v:.3f}" for v in draw.normal(size=2)), "service"] for row in decisions(300)]
    load_file(workspace, write(tmp_path / "log.csv", cells, COLUMNS), title="s", actor="t")
    assert _answer(workspace).unjudged_callers == 1
    assert control(_card(workspace), "SEC-9").status is Status.UNKNOWN


def test_many_inputs_cost_no_more_than_few() -> None:
    assert [module.decision_limit(n) for n in (0, 3, 30, 60, 3000)] == [20_000, 20_000, 20_000, 10_000, 1_000]


def _card(ws: Workspace) -> Scorecard:
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        moment = reporting_date(system, log_span(cursor, system))
    return judge(measure(ws, system, moment).facts, CREDIT, ())


def _answer(ws: Workspace) -> CallersAnswer:
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        answer = callers_answer(cursor, system, reporting_date(system, log_span(cursor, system)))
    assert answer is not None
    return answer


def test_a_caller_is_recognised_by_its_name_and_is_no_input(tmp_path: Path) -> None:
    mapping = inspect_file(_log(tmp_path, probing=False)).mapping
    assert [str(m.role) for m in mapping.columns if m.column == "caller"] == ["segment:caller"]


@pytest.mark.parametrize(("probing", "status"), [(False, Status.PASS), (True, Status.FAIL)])
def test_the_controls_are_judged_by_who_asked(
    workspace: Workspace, tmp_path: Path, probing: bool, status: Status
) -> None:
    load_file(workspace, _log(tmp_path, probing=probing), title="s", actor="t")
    answer = _answer(workspace)
    assert (answer.callers, answer.busy) == ((4, 4) if probing else (3, 3))
    assert [q.caller for q in answer.probing] == (["app-7"] if probing else [])
    assert canonical_json.read(CallersAnswer, canonical_json.write(answer)) == answer
    card = _card(workspace)
    assert control(card, "SEC-3").status is Status.PASS
    assert control(card, "SEC-9").status is status
    assert ("app-7" in control(card, "SEC-9").evidence.sentence) is probing


def test_the_rows_that_open_are_those_of_the_caller_in_the_sentence(
    workspace: Workspace, tmp_path: Path
) -> None:
    load_file(workspace, _log(tmp_path, probing=True), title="s", actor="t")
    answer = scorecard_answer(workspace, "s")
    steps = prober(caller="branch-1", n=5_000)  # a tool for trying out, with more inputs
    facts = replace(answer.measured.facts, probing=(steps, prober(enumerates=True)))
    answer = replace(answer, measured=replace(answer.measured, facts=facts))
    (rows,) = evidence_rows(workspace, "s", answer)["SEC-9"]
    assert [value for _, value in rows.where] == ["app-7"]
    assert "app-7" in control(judge(facts, CREDIT, ()), "SEC-9").evidence.sentence


def test_without_a_caller_nothing_is_known(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, write(tmp_path / "log.csv", decisions(60)), title="s", actor="t")
    with workspace.read() as cursor:
        system = systems.get_system(cursor, "s")
        assert callers_answer(cursor, system, reporting_date(system, log_span(cursor, system))) is None


def test_decisions_without_a_caller_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    cells = [
        [*row, str(i % 7), str(i % 11), "" if i % 10 == 0 else "branch"]
        for i, row in enumerate(decisions(400))
    ]
    load_file(workspace, write(tmp_path / "log.csv", cells, COLUMNS), title="s", actor="t")
    assert _answer(workspace).named_share == pytest.approx(0.9)

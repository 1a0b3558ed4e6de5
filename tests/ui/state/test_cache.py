"""Which changes an answer is measured again after, and what pages share."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import plumbline
from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import load_file
from plumbline.answers.data.quality import quality
from plumbline.answers.data.volume import volume
from plumbline.answers.drift.features import drift
from plumbline.answers.fairness.groups import fairness
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.performance.segments import segments
from plumbline.answers.performance.series import performance
from plumbline.answers.releases.history import releases
from plumbline.domain import Result
from plumbline.store.workspace import Changes, Workspace, open_workspace
from plumbline.ui import portfolio
from plumbline.ui.state import cache
from plumbline.ui.state.cache import FIGURES, ask, ask_within
from plumbline.ui.state.view import View
from tests.factory.shop import shop_log

QUESTIONS = (performance, segments, drift, releases, fairness, quality, volume)
#: what checks found and told is read from here
OF_WATCHING = ("plumbline.store.findings", "plumbline.answers.alerts.findings", "plumbline.store.respond")


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("cache")
    (folder / "shop.csv").write_bytes(shop_log())
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="Shop offers", actor="test")
    yield ws
    ws.close()


def view(ws: Workspace) -> View:
    from plumbline.store import systems

    with ws.read() as cursor:
        (system,) = systems.list_systems(cursor)
    return View(
        ws=ws, changes=ws.changes(), mode="light", systems=(system,), system=system, own=ws.changes(system.key),
    )  # fmt: skip


def _plain(answer: object) -> object:
    return answer.to_dict() if isinstance(answer, Result) else answer


def test_a_check_changes_no_figure(ws: Workspace) -> None:
    """Every question that is kept through a check is answered after it as before."""
    key = view(ws).system.key
    assert all(f"{question.__module__}.".startswith(FIGURES) for question in QUESTIONS)
    before = [_plain(question(ws, key)) for question in QUESTIONS]
    own = ws.changes(key)
    check(ws, key, actor="test")
    assert ws.changes(key).every > own.every
    assert ws.changes(key).figures == own.figures
    assert [_plain(question(ws, key)) for question in QUESTIONS] == before


def test_no_module_of_figures_reads_what_checks_found() -> None:
    home = Path(plumbline.__file__).parent
    for room in FIGURES:
        place = home.joinpath(*room.strip(".").split(".")[1:])
        modules = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        assert modules
        for module in modules:
            for node in ast.walk(ast.parse(module.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
                    assert not any(name.startswith(OF_WATCHING) for name in names), (module, node.module)


def test_an_answer_is_measured_once_and_again_only_after_a_change(ws: Workspace) -> None:
    asked: list[str] = []

    def question(workspace: Workspace, key: str) -> str:
        asked.append(key)
        return f"{key} {len(asked)}"

    now = view(ws)
    key = now.system.key
    assert ask(now, question, key) == ask(now, question, key) == f"{key} 1"
    later = replace(now, own=Changes(now.own.every + 1, now.own.figures + 1, now.own.people))
    assert ask(later, question, key) == f"{key} 2"


def test_an_error_reaches_who_asks_and_is_not_kept(ws: Workspace) -> None:
    outcomes: list[object] = [ValueError("no"), "yes"]

    def question(workspace: Workspace, key: str) -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return str(outcome)

    now = view(ws)
    with pytest.raises(ValueError, match="no"):
        ask(now, question, now.system.key)
    assert ask(now, question, now.system.key) == "yes"


def test_the_portfolio_takes_the_scorecard_that_a_page_keeps(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def judge(workspace: Workspace, key: str) -> object:
        judged.append(key)
        return scorecard_answer(workspace, key)

    monkeypatch.setattr(portfolio, "scorecard_answer", judge)
    now = view(ws)
    ask(now, judge, now.system.key)
    (row,) = portfolio.kept_overview(ws).rows
    assert row.key == now.system.key
    assert judged == [now.system.key]


def test_a_question_within_another_waits_for_the_same_one_at_work(ws: Workspace) -> None:
    import threading

    go, asked = threading.Event(), []

    def question(workspace: Workspace, key: str) -> str:
        asked.append(key)
        go.wait(20)
        return "measured"

    now, answers = view(ws), []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(now, question, now.system.key))),
        threading.Thread(target=lambda: answers.append(ask_within(ws, question, now.system.key))),
    ]
    threads[0].start()
    while not asked:
        threading.Event().wait(0.01)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(20)
    assert answers == ["measured", "measured"]
    assert len(asked) == 1


def test_a_day_later_it_is_asked_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2099, 1, 1, tzinfo=UTC)

    asked: list[str] = []

    def question(workspace: Workspace, key: str) -> int:
        asked.append(key)
        return len(asked)

    now = view(ws)
    assert ask(now, question, now.system.key) == 1
    monkeypatch.setattr(cache, "datetime", Later)
    assert ask(now, question, now.system.key) == 2

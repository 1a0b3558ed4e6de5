"""Which state pages show while new rows are measured."""

from __future__ import annotations

import threading
import time

import pytest

from plumbline.store.workspace import Changes
from plumbline.ui.state import refresh as module
from plumbline.ui.state.refresh import Begin, Refresh, Refreshes, State

OLD, ROWS, CHECK = Changes(7, 7, 5), Changes(8, 8, 5), Changes(9, 8, 5)


class Question:
    """A question whose measuring ends when the test says so."""

    def __init__(self) -> None:
        self.states: list[Changes] = []
        self.end = threading.Event()

    def begin(self, changes: Changes) -> Begin:
        self.states.append(changes)
        return lambda seconds: self.end.wait(max(seconds, 0))


@pytest.fixture
def question(monkeypatch: pytest.MonkeyPatch) -> Question:
    monkeypatch.setenv("PLUMBLINE_REFRESH_SECONDS", "20")
    question = Question()
    yield question
    question.end.set()


def refresh(question: Question | None) -> Refresh:
    of = Refreshes().of("workspace", "shop", OLD)
    if question is not None:
        of.note("question", question.begin)
    return of


def turned(of: Refresh, newest: Changes) -> State:
    """The state once a refresh at work has ended."""
    until = time.monotonic() + 20
    while not (state := of.state(newest)).is_newest and time.monotonic() < until:
        time.sleep(0.01)
    return state


def test_new_rows_are_shown_once_what_was_asked_is_measured_of_them(question: Question) -> None:
    of = refresh(question)
    assert of.state(OLD) == State(OLD)
    assert of.state(ROWS) == of.state(ROWS) == State(OLD, is_newest=False)
    question.end.set()
    assert turned(of, ROWS) == State(ROWS)
    assert question.states == [ROWS]  # once, for all who look meanwhile


def test_what_a_check_says_of_the_new_rows_is_shown_with_them(question: Question) -> None:
    of, shown = refresh(question), set()
    of.state(ROWS)
    assert of.state(CHECK).changes == OLD
    question.end.set()
    until = time.monotonic() + 20
    while not (state := of.state(CHECK)).is_newest and time.monotonic() < until:
        shown.add(state.changes)
    assert state == State(CHECK)
    assert shown <= {OLD}  # never the rows without
    assert question.states == [ROWS, CHECK]


def test_rows_that_arrive_meanwhile_hold_the_first_ones_back_no_longer(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, more = refresh(question), Changes(9, 9, 5)
    of.state(ROWS)
    of.state(more)
    monkeypatch.setattr(of, "_took", 0.0)
    question.end.set()
    until = time.monotonic() + 20
    while of.changes == OLD and time.monotonic() < until:
        time.sleep(0.01)
    assert of.changes == ROWS
    assert turned(of, more) == State(more)
    assert question.states == [ROWS, more]


def test_what_a_person_did_is_shown_at_once_though_rows_arrive(question: Question) -> None:
    of = refresh(question)
    assert of.state(ROWS).changes == OLD
    deed = Changes(9, 9, 9)
    assert of.state(deed) == State(deed)
    assert of.state(deed) == State(deed)


def test_who_loaded_the_rows_sees_them_and_nobody_else_waits(question: Question) -> None:
    of = refresh(question)
    assert of.state(ROWS, seen=8) == State(ROWS)
    assert of.state(ROWS).changes == OLD


def test_nothing_is_held_back_where_nothing_was_asked_lately(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refresh(None).state(ROWS) == State(ROWS)
    of = refresh(question)
    monkeypatch.setattr(module, "RECENT", -1.0)
    assert of.state(ROWS) == State(ROWS)
    assert question.states == []


def test_pages_wait_for_new_rows_where_the_setting_says_so(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_REFRESH_SECONDS", "0")
    assert refresh(question).state(ROWS) == State(ROWS)


def test_a_measurement_that_does_not_end_holds_nothing_back_for_ever(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_REFRESH_SECONDS", "0.05")
    of = refresh(question)
    assert of.state(ROWS).changes == OLD
    assert turned(of, ROWS) == State(ROWS)
    assert not question.end.is_set()


def test_a_question_that_fails_holds_nothing_back(
    question: Question, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(changes: Changes) -> Begin:
        raise ZeroDivisionError

    of = refresh(None)
    of.note("another", fail)
    of.note("question", question.begin)
    of.state(ROWS)
    question.end.set()
    assert turned(of, ROWS) == State(ROWS)
    assert "ZeroDivisionError" in caplog.text
    assert question.states == [ROWS]


def test_rows_that_arrive_all_the_time_are_measured_with_rests_between(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = refresh(question)
    question.end.set()
    of.state(ROWS)
    assert turned(of, ROWS) == State(ROWS)
    of._took = 1000.0  # as if it had taken long
    for every in range(9, 20):
        assert of.state(Changes(every, every, 5)).changes == ROWS
    assert question.states == [ROWS]
    monkeypatch.setattr(module, "LONGEST_REST", 0.0)
    last = Changes(20, 20, 5)
    assert turned(of, last) == State(last)
    assert question.states == [ROWS, last]


def test_only_so_many_questions_are_remembered(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_QUESTIONS", 3)
    of = refresh(None)
    for name in range(5):
        of.note(name, question.begin)
    of.state(ROWS)
    question.end.set()
    turned(of, ROWS)
    assert question.states == [ROWS] * 3

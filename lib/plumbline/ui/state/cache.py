"""Answers kept between runs: the same question about the same state of the workspace is answered once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import wait
from contextlib import suppress
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from plumbline.domain import PlumblineError
from plumbline.sandbox.limits import number
from plumbline.store.workspace import Changes, Workspace
from plumbline.ui.state.measurements import FORGOTTEN, Measurement, Measurements
from plumbline.ui.state.refresh import Refreshes
from plumbline.ui.state.view import View
from plumbline.wording.language import english_reader, phrase
from plumbline.wording.quantities import count

P = ParamSpec("P")
T = TypeVar("T")


#: questions about figures: what a check found and told, right after a load, leaves their answers as they are
FIGURES = tuple(
    f"plumbline.answers.{room}."
    for room in ("performance", "drift", "releases", "fairness", "data.quality", "data.volume")
)
#: seconds of a wait that need no words
WORDLESS = 0.4
#: seconds that a page waits for a section that is not its first, before it goes on without
SECTION_SECONDS = 0.8

#: of every session
MEASUREMENTS, REFRESHES = Measurements(), Refreshes()


def ask(
    view: View, question: Callable[Concatenate[Workspace, P], T], *args: P.args, **options: P.kwargs
) -> T:
    """Put a question of ``plumbline.answers`` to the view's workspace, and wait for its answer.

    Kept by workspace, its change counter, the question and the day (statements end on a date), so that a
    load or an undo needs no clearing. It is answered in English, and rendered where it is drawn.
    A question about the chosen system, which is its first argument, is kept
    through what is done to the others. The answer is a copy: nothing done to it reaches the next run.

    It is measured beside the page, which says for how long and can be left meanwhile.
    """
    while True:
        try:
            answer: T = _kept_answer(view, question, args, dict(options))
        except Unready as unready:
            _show_wait(unready.measurement)
        else:
            return answer


def ask_soon(
    view: View,
    question: Callable[Concatenate[Workspace, P], T],
    *args: P.args,
    **options: P.kwargs,
) -> T | Measurement:
    """The same; where it takes longer than a page waits for a section, the measurement, which goes on."""
    answer = look(view, question, *args, **options)
    if isinstance(answer, Measurement):
        wait([answer.result], number("PLUMBLINE_SECTION_SECONDS", SECTION_SECONDS, least=0))
        answer = look(view, question, *args, **options)
    return answer


def look(
    view: View,
    question: Callable[Concatenate[Workspace, P], T],
    *args: P.args,
    **options: P.kwargs,
) -> T | Measurement:
    """The same without any wait."""
    try:
        return _kept_answer(view, question, args, dict(options), later=True)
    except Unready as unready:
        return unready.measurement


class Unready(Exception):
    """An answer that is not there yet, and what is at work on it."""

    def __init__(self, measurement: Measurement) -> None:
        super().__init__()
        self.measurement = measurement


def ask_within(ws: Workspace, question: Callable[[Workspace, str], T], key: str) -> T:
    """Put a question about one system from within another: what a page of that system keeps is taken, and kept for it.

    Measured in the thread that calls, unless somebody measures it already.
    """
    name = _name(question, ws, ws.change(key), (key,), {})
    begun = MEASUREMENTS.find_begun(repr(name))

    def measured(workspace: Workspace, system: str) -> T:
        answer: T = begun.result.result() if begun is not None else question(workspace, system)
        return answer

    answer: T = _kept(measured, ws, *name)
    return answer


def _name(
    question: Callable[..., Any], ws: Workspace, change: int, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    named = f"{question.__module__}.{question.__qualname__}"
    return named, str(ws.path.resolve()), change, datetime.now(UTC).date(), args, options


def _kept_answer(
    view: View,
    question: Callable[..., T],
    args: tuple[Any, ...],
    options: dict[str, Any],
    *,
    later: bool = False,
) -> T:
    """The answer that is kept of the state that the view shows; else it is asked for.

    Raises:
        Unready: it is being measured.
    """
    of_this_system = view.system is not None and args[:1] == (view.system.key,)

    def find(changes: Changes, *, later: bool) -> T:
        by = changes.every
        if of_this_system and f"{question.__module__}.".startswith(FIGURES):
            by = changes.figures
        key = _name(question, view.ws, by, args, options)

        def measured(ws: Workspace, *_: Any, **__: Any) -> T:
            measurement = MEASUREMENTS.ask(
                repr(key), lambda: _answer(question, ws, *key), kind=(key[0], args[:1]), later=later
            )
            if not measurement.result.done():
                raise Unready(measurement)
            MEASUREMENTS.drop(measurement)
            answer: T = measurement.result.result()
            return answer

        answer: T = (_scratch_answer if view.scratch else _kept)(measured, view.ws, *key)
        return answer

    if not view.scratch:
        path, system = str(view.ws.path), view.system.key if view.system and of_this_system else ""
        refresh = REFRESHES.known(path, system)
        if refresh is not None:
            refresh.note(
                repr((question.__module__, question.__qualname__, args, options)),
                lambda changes: _begin(lambda: find(changes, later=True)),
            )
    return find(view.own if of_this_system else view.changes, later=later)


def _begin(find: Callable[[], object]) -> Callable[[float], object]:
    """Have an answer measured; what is returned waits for it, so many seconds at most, and keeps it."""

    def wait_for(seconds: float) -> None:
        until = monotonic() + seconds
        with suppress(PlumblineError):  # its page says why
            while True:
                try:
                    find()
                except Unready as unready:
                    left = until - monotonic()
                    if left <= 0:
                        return
                    wait([unready.measurement.result], min(left, FORGOTTEN / 3))
                else:
                    return

    wait_for(0)
    return wait_for


def _show_wait(measurement: Measurement) -> None:
    """Wait until it is done. Each word that is written lets a newer click of the visitor end this run."""
    wait([measurement.result], WORDLESS)
    if measurement.result.done():
        return
    place = st.empty()
    while not measurement.result.done():
        MEASUREMENTS.want(measurement)
        words = phrase(
            "Measuring for {n} s. This is done once after each change; other pages can be opened meanwhile.",
            n=count(int(measurement.seconds)),
        )
        place.markdown(f":small[:gray[{words}]]")
        wait([measurement.result], 1.0)
    place.empty()


def _answer(
    _question: Callable[..., Any],
    _ws: Workspace,
    name: str,
    path: str,
    change: int,
    today: date,
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    with english_reader():
        return _question(_ws, *args, **options)


#: answers that are kept for everybody: some fifty of each of a dozen systems, as fifty people look at them
ANSWERS = 600
_kept = st.cache_data(max_entries=ANSWERS, show_spinner=False)(_answer)


@st.cache_data(max_entries=48, show_spinner=False, scope="session")
def _scratch_answer(_question: Callable[..., Any], _ws: Workspace, *key: Any) -> Any:
    """The same for a scratch workspace: what is kept ends with the session."""
    return _answer(_question, _ws, *key)

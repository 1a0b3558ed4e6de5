"""Answers kept between runs: the same question about the same state of the workspace is answered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from plumbline.store.workspace import Workspace
from plumbline.ui.state.view import View
from plumbline.wording.language import english_reader, localise, screen_text

P = ParamSpec("P")
T = TypeVar("T")


class ScreenText(str):
    """A text of ours that is rendered when it is written: Streamlit is given it once, and shows it to every reader."""

    __slots__ = ()

    def __str__(self) -> str:
        return localise(str.__str__(self))


def ask(
    view: View, question: Callable[Concatenate[Workspace, P], T], *args: P.args, **options: P.kwargs
) -> T:
    """Put a question of ``plumbline.answers`` to the view's workspace.

    Kept by workspace, its change counter, the question and the day (statements end on a date), so that a
    load or an undo needs no clearing. It is answered in English, and rendered where it is drawn.
     A question about the chosen system, which is its first argument, is kept
    through what is done to the others. The answer is a copy: nothing done to it reaches the next run.
    """
    of_this_system = view.system is not None and args[:1] == (view.system.key,)
    change = view.own if of_this_system else view.change
    name = f"{question.__module__}.{question.__qualname__}"
    today = datetime.now(UTC).date()
    answer: T = (_scratch_answer if view.scratch else _kept)(
        question, view.ws, name, str(view.ws.path.resolve()), change, today, args, dict(options)
    )
    return answer


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
_SPINNER = ScreenText(screen_text("Measuring. This is done once after each change."))
_kept = st.cache_data(max_entries=ANSWERS, show_spinner=_SPINNER)(_answer)


@st.cache_data(max_entries=48, show_spinner=_SPINNER, scope="session")
def _scratch_answer(_question: Callable[..., Any], _ws: Workspace, *key: Any) -> Any:
    """The same for a scratch workspace: what is kept ends with the session."""
    return _answer(_question, _ws, *key)

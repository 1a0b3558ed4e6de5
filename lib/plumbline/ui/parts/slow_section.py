"""A section of a page that can take longer than all else on it: the page is whole without, and it comes by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from plumbline.store.workspace import Workspace
from plumbline.ui.parts import cards
from plumbline.ui.state.cache import ask_soon, look
from plumbline.ui.state.measurements import Measurement
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase
from plumbline.wording.quantities import count

P = ParamSpec("P")
T = TypeVar("T")

#: seconds between two looks whether it is there
LOOK = 2.0


def slow_section(
    draw: Callable[[T], object],
    what: str,
    view: View,
    question: Callable[Concatenate[Workspace, P], T],
    *args: P.args,
    **options: P.kwargs,
) -> None:
    """Draw a section once its answer is there; until then say ``what`` is measured, a phrase without a stop."""
    answer = ask_soon(view, question, *args, **options)
    if isinstance(answer, Measurement):
        _announce(what, view, question, args, dict(options))
    else:
        draw(answer)


@st.fragment(run_every=LOOK)
def _announce(
    what: str, view: View, question: Callable[..., object], args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    answer = look(view, question, *args, **options)
    if not isinstance(answer, Measurement):
        st.rerun()
    if answer.seconds < 1:
        cards.note(phrase("{what}. The rest of the page is complete.", what=localise(what)))
    else:
        cards.note(
            phrase(
                "{what}, for {n} s so far. The rest of the page is complete.",
                what=localise(what),
                n=count(int(answer.seconds)),
            )
        )

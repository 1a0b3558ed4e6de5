"""The strip under every picture of time: how many decisions there were, with a window to be dragged, and the events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from plumbline.answers.data.volume import Volume, volume
from plumbline.charts.volume import volume as draw
from plumbline.ui.notes import event_form, marks
from plumbline.ui.parts import cards
from plumbline.ui.state import windows
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

QUIET = {"displayModeBar": False}


def strip(view: View, *, right: int = 8) -> None:
    """The whole log by period, the chosen window on it; a drag over the bars sets the window of every page.

    ``right``: the margin of the picture above, in pixels, so that both end at one place.
    """
    if view.system is None:
        return
    answer = ask(view, volume, view.system.key, version=view.version)
    events = marks.events(view)
    if len(answer.periods) > 1:
        figure = draw(
            answer.periods,
            view.mode,
            window=(view.start, view.end),
            releases=marks.releases(view),
            alerts=marks.alerts(view),
            events=events,
            right=right,
        )
        # another window is another picture: what was dragged on the one before is not selected on it
        key = f"strip.{view.system.key}.{view.start}.{view.end}"
        st.plotly_chart(
            figure,
            theme=None,
            config=QUIET,
            key=key,
            alt=_say(answer),
            on_select=partial(_brush, key, answer),
            selection_mode="box",
        )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        of = phrase("version {version}", version=view.version) if view.version else phrase("the whole log")
        cards.note(
            phrase(
                "Decisions by {by}, {of}. Drag over the bars to set the window of every page. "
                "Triangles: findings.",
                by=localise(answer.by),
                of=of,
            )
            if len(answer.periods) > 1
            else phrase("{n} decisions.", n=numbers.count(sum(p.n for p in answer.periods)))
        )
        event_form.panel(view, events)


def _say(found: Volume) -> str:
    most = max(found.periods, key=lambda p: p.n)
    total = numbers.count(sum(p.n for p in found.periods))
    return phrase(
        "Decisions by {by}: {total} in {periods} periods, most in {span} with {n}. It can be "
        "chosen above the page as well.",
        by=localise(found.by),
        total=total,
        periods=len(found.periods),
        span=numbers.span(most.start, most.end),
        n=numbers.count(most.n),
    )


def _brush(key: str, found: Volume) -> None:
    days = brushed_days(st.session_state.get(key) or {}, found.periods[0].start, found.periods[-1].end)
    if days is not None:
        windows.brush(*days)


def brushed_days(state: Mapping[str, Any], first: datetime, last: datetime) -> tuple[date, date] | None:
    """First and last day of what was dragged over, inside the half-open [first, last); None where nothing was."""
    boxes = (state.get("selection") or {}).get("box") or []
    if not boxes:
        return None
    try:
        ends = sorted(datetime.fromisoformat(str(x)[:19]) for x in boxes[0]["x"])
    except (KeyError, TypeError, ValueError):
        return None
    if not ends:
        return None
    left, right = ends[0].date(), (ends[-1] - timedelta(seconds=1)).date()
    left, right = max(left, first.date()), min(right, (last - timedelta(seconds=1)).date())
    return (left, right) if left <= right else None

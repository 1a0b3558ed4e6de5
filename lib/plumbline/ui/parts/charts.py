"""A figure with what a person takes away from it: the picture as PNG or SVG, the data as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from plumbline.answers.notes.calendar_events import say
from plumbline.domain.notes import CalendarEvent
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state import session
from plumbline.wording.language import code, localise, phrase
from plumbline.wording.safe_csv import Cell, safe_csv

FORMATS = ("PNG", "SVG")
#: plotly's own texts, as it looks them up
PLOTLY_TEXTS = (
    "Download plot as a PNG",
    "Download plot",
    "Snapshot succeeded",
    "Taking snapshot - this may take a few seconds",
    "Sorry, there was a problem downloading your snapshot!",
)


def config(name: str) -> dict[str, Any]:
    """Plotly's bar with nothing but the button that saves the picture."""
    image = {"format": session.PICTURE.get().lower(), "filename": name, "scale": 2}
    return {
        "locale": code(),
        "locales": {code(): {"dictionary": _plotly_words()}},
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": image,
    }


def _plotly_words() -> dict[str, str]:
    """What plotly writes of its own, in the reader's language: its texts of the button that saves the picture."""
    save = phrase("Save the picture")
    ours = (
        save,
        save,
        phrase("The picture is saved"),
        phrase("Saving the picture"),
        phrase("The picture could not be saved"),
    )
    return dict(zip(PLOTLY_TEXTS, ours, strict=True))


def show(
    figure: Any,
    *,
    key: str,
    name: str,
    alt: str,
    rows: Sequence[Mapping[str, object]],
    caption: str = "",
    select: bool = False,
    events: Sequence[CalendarEvent] = (),
) -> Any:
    """Draw a figure; below it, its data as a file and the picture's format.

    Args:
        name: of the files, without ending.
        rows: the numbers behind the figure, as the file has them.
        select: a mark can be clicked; what was selected is returned.
        events: that are marked on it; the file names those of each row's ``start`` to ``end``.
    """
    event: Any = None
    options: dict[str, Any] = {"theme": None, "config": config(name), "key": key, "alt": localise(alt)}
    if select:
        event = st.plotly_chart(figure, on_select="rerun", selection_mode="points", **options)
    else:
        st.plotly_chart(figure, **options)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if caption:
            st.markdown(f":small[:gray[{caption}]]", width="stretch")
        with st.popover(phrase("Export"), icon=":material/download:", type="tertiary"):
            st.download_button(
                phrase("Data as CSV"),
                csv_text(with_event_column(rows, events)),
                f"{name}.csv",
                "text/csv",
                key=f"{key}.csv",
                on_click="ignore",
            )
            chosen = st.segmented_control(
                phrase("Picture"),
                FORMATS,
                default=session.PICTURE.get(),
                key=f"{key}.format",
                help=phrase("Saved by the camera above the picture."),
            )
            if chosen and chosen != session.PICTURE.get():
                session.PICTURE.set(chosen)
                st.rerun()
    return event


def with_event_column(
    rows: Sequence[Mapping[str, object]], events: Sequence[CalendarEvent]
) -> Sequence[Mapping[str, object]]:
    """Rows with a column ``events`` that names those of the half-open ``start`` to ``end``, both ISO times."""
    if not events:
        return rows
    return [dict(row) | {"events": _event_names(row, events)} for row in rows]


def _event_names(row: Mapping[str, object], events: Sequence[CalendarEvent]) -> str:
    try:
        start, end = (datetime.fromisoformat(str(row[name])) for name in ("start", "end"))
    except (KeyError, ValueError):
        return ""
    return "; ".join(say(event) for event in events if event.overlaps(start, end))


def data(rows: Sequence[Mapping[str, object]], name: str, key: str) -> None:
    """A table's data as a file; ``name`` without ending."""
    st.download_button(
        phrase("Data as CSV"),
        csv_text(rows),
        f"{name}.csv",
        "text/csv",
        key=f"{key}.csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def csv_text(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as CSV that no spreadsheet reads as a formula; numbers stay numbers."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return safe_csv(
        [one_line(name) for name in columns], ([_cell(row.get(name)) for name in columns] for row in rows)
    )


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, (int, float)) else one_line(value)

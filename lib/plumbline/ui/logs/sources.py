"""Where decisions come from beside a dropped file: the sheets of a workbook, and the sources that are pulled."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from plumbline.answers.data.load import tables_of
from plumbline.answers.data.pull import sources_of
from plumbline.domain import PlumblineError
from plumbline.ui.logs.spool import Upload
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.times import iso_minute

_KINDS = {
    "postgres": screen_text("PostgreSQL"),
    "mysql": screen_text("MySQL"),
    "sqlite": "SQLite",
    "files": screen_text("files"),
    "delta": screen_text("Delta table"),
    "iceberg": screen_text("Iceberg table"),
}


def sheet(upload: Upload) -> Upload:
    """The upload with the sheet that is to be read, asked where a workbook holds several tables."""
    try:
        names = tables_of(upload.path)
    except PlumblineError:
        return upload  # said where the file is looked at
    if len(names) < 2:
        return upload
    chosen = st.selectbox(
        phrase("The workbook holds several tables. Sheet"),
        names,
        format_func=lambda name: one_line(name, 60),
        key=f"logs.sheet.{upload.token}",
        width=489,
    )
    place = names.index(chosen) if chosen in names else 0
    return replace(upload, token=f"{upload.token}.{place}", sheet=names[place])


def source_list(view: View) -> None:
    """The sources of the system that ``plumbline pull`` reads, and up to where each was read."""
    known = sources_of(view.ws, view.system.key) if view.system else []
    if not known:
        return
    cards.section(
        phrase("Sources"),
        phrase("Pulled with `plumbline pull`, from cron or by hand. No password or key is kept."),
    )
    tables.grid(
        [
            {
                "Source": one_line(s.origin.name, 60),
                "Kind": localise(_KINDS.get(s.origin.kind, s.origin.kind)),
                "Where": one_line(s.origin.location, 120),
                "Table or query": one_line(s.origin.item, 120) or numbers.DASH,
                "Read up to": one_line(f"{s.origin.since} {s.origin.mark}", 80)
                if s.origin.mark
                else numbers.DASH,
                "Last pull (UTC)": f"{iso_minute(s.pulled_at)}" if s.pulled_at else numbers.DASH,
            }
            for s in known
        ],
        alt=phrase("Sources: name, kind, where, table or query, read up to, last pull"),
    )

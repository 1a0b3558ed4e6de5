"""Tables of the pages: results in, one printed or scrolling table out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from plumbline.domain import Attestation, Exemption, TrailEntry
from plumbline.domain.messages import Quantity, sequence
from plumbline.governance.resolution import exemption_end
from plumbline.ui.parts import cards
from plumbline.ui.parts.details import say_detail
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.parts.paper import printed_table
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase
from plumbline.wording.safe_csv import escape_formula
from plumbline.wording.times import iso_second

if TYPE_CHECKING:
    import pandas as pd

#: rows up to which a table is shown whole; of one row more than fit, its upper half was to be seen
WHOLE = 14
#: cells that are numbers in words: right-aligned, so that their digits stand below each other
_NUMBER = re.compile(r"^(?:(?:< )?[+−-]?[\d,.]+(?:e[+-]?\d+)?(?: %)?|–|)$")
#: a difference or a range of them as we write it: it begins as a formula might, and cannot be one
_QUANTITY = re.compile(
    r"^[+−-][\d,.]+(?: %| points| Punkte)?(?: (?:to|bis) [+−-]?[\d,.]+(?: %| points| Punkte)?)?$"
)


def grid(
    rows: Sequence[Mapping[str, object]],
    *,
    alt: str,
    height: int | None = None,
    widths: Mapping[str, int] | None = None,
    bars: Sequence[str] = (),
) -> None:
    """A scrolling table of plain cells: canvas, so that nothing in a cell is read as markup; headers as in ``table``.

    ``widths``: of columns of text, in pixels, where their content should not decide. ``bars``: columns of lists of
    numbers from 0 to 1, drawn as small histograms.
    """
    import pandas as pd

    frame = for_export(pd.DataFrame([{name: _in_words(cell) for name, cell in row.items()} for row in rows]))
    config: dict[str, Any] = {}
    for column in frame.columns:
        shown = localise(str(column))
        if pd.api.types.is_integer_dtype(frame[column]):
            config[shown] = st.column_config.NumberColumn(format="localized", help=help_for(str(column)))
        elif column not in ("Version", *bars) and all(
            isinstance(c, str) and _NUMBER.match(c) for c in frame[column]
        ):
            config[shown] = st.column_config.Column(alignment="right", help=help_for(str(column)))
        elif help_for(str(column)):
            config[shown] = st.column_config.Column(help=help_for(str(column)))
    for name, width in (widths or {}).items():
        config[localise(name)] = st.column_config.Column(width=width, help=help_for(name))
    for name in bars:
        config[localise(name)] = st.column_config.BarChartColumn(
            width=96, y_min=0, y_max=1, help=help_for(name)
        )
    frame = frame.rename(columns=localise)
    with st.container(gap=None):
        whole: Literal["content", "auto"] = "content" if len(frame) <= WHOLE else "auto"
        st.dataframe(frame, hide_index=True, alt=alt, height=height or whole, column_config=config)
        printed_table(frame.drop(columns=[localise(name) for name in bars]))


def _in_words(cell: object) -> object:
    """A count with its noun is said in the reader's language; any other cell is words or a number already."""
    return localise(sequence([cell])) if isinstance(cell, Quantity) else cell


def for_export(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame of a grid as it may also leave it: Streamlit saves and copies cells as they are, so that a cell of a
    log that begins like a formula gets an apostrophe. Numbers in words stay."""
    safe = frame.rename(columns=lambda name: escape_formula(str(name)))
    for place, (_, cells) in enumerate(frame.items()):
        if any(isinstance(value, str) for value in cells):
            safe.isetitem(place, [_cell(value) for value in cells])
    return safe


def _cell(value: object) -> object:
    ours = isinstance(value, str) and all(
        _NUMBER.match(part) or _QUANTITY.match(part) for part in value.split(", ")
    )
    return escape_formula(value) if isinstance(value, str) and not ours else value


def trail(entries: Sequence[TrailEntry]) -> None:
    """The trail, newest first."""
    grid(
        [
            {
                "No.": entry.seq,
                "When (UTC)": f"{iso_second(entry.at)}",
                "Who": one_line(entry.actor),
                "What": one_line(entry.action),
                "System": one_line(entry.system) or numbers.DASH,
                "Detail": one_line(say_detail(entry.detail), 400) or numbers.DASH,
                "Digest": entry.digest[:16],
            }
            for entry in entries
        ],
        alt=phrase("Trail entries, newest first: number, time, actor, action, system, detail, digest"),
        height=560 if len(entries) > 14 else None,
        widths={"Who": 140, "What": 190, "System": 115, "Detail": 330},
    )


def attestations(items: Sequence[Attestation], today: date) -> None:
    """Statements, newest first; one that has ended says so. Who approved is shown once somebody did."""
    approved = any(item.approved_by for item in items)
    cards.table(
        [
            {
                "Control": escape(item.control),
                "Claim": cards.word(item.status.value),
                "Statement": escape(item.statement, 300),
                "By": escape(item.owner),
                **({"Approved by": escape(item.approved_by) or numbers.DASH} if approved else {}),
                "Dated": numbers.day(item.at),
                "Holds until": _end_day(item.expires, today),
                "Document": escape(item.link, 80) or numbers.DASH,
            }
            for item in items
        ],
        alt=phrase("Attestations: control, claim, statement, who, date, end, document"),
    )


def exemptions(items: Sequence[Exemption], today: date) -> None:
    """Exemptions, newest first; one that has ended says so."""
    cards.table(
        [
            {
                "Control": escape(item.control),
                "Reason": escape(item.reason, 300),
                "Asked for by": escape(item.proposer) or numbers.DASH,
                "Approved by": escape(item.approver) or cards.word("unknown", phrase("waits")),
                "Document": escape(item.link, 200) or cards.word("unknown", phrase("none: does not count")),
                "Dated": numbers.day(item.at),
                "Until": _end_day(exemption_end(item), today),
            }
            for item in items
        ],
        alt=phrase("Exemptions: control, reason, who asked for it, approver, document, date, end"),
    )


def _end_day(day: date, today: date) -> str:
    words = numbers.day(day)
    return cards.word("fail", phrase("ended {words}", words=words)) if day < today else words

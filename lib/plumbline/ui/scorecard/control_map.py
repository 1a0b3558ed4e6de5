"""Every control that is asked, as a map of coloured words: what stands and what does not, at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from plumbline.charts.style import mark, status_word
from plumbline.domain import ControlResult, Requirement, Status
from plumbline.domain.messages import enumeration
from plumbline.governance.catalogue import catalogue
from plumbline.ui.language import catalogue_title, control_title
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape
from plumbline.wording.language import localise, phrase

#: families side by side, the most urgent for a leader first
PLACES = (("MON",), ("REL",), ("AUD", "EXP"), ("SEC",), ("FAIR", "OVR"), ("CMP",))
ORDER = (Status.FAIL, Status.PARTIAL, Status.UNKNOWN, Status.EXEMPT, Status.PASS)


def control_map(results: Sequence[ControlResult]) -> None:
    """One block a family: its name, how many of its controls pass, and each by its title in the colour of its status.

    A recommended control stands in italics; what is not asked in this tier is left out.
    """
    control_results = [
        r
        for r in results
        if r.requirement is not Requirement.NOT_ASKED and r.status is not Status.NOT_APPLICABLE
    ]
    titles = catalogue().families
    family = {control.id: control.family for control in catalogue().controls}
    tally = Counter(result.status for result in control_results)
    counts = ", ".join(f"{tally[status]} {status_word(status.value)}" for status in ORDER if tally[status])
    cards.section(
        phrase("Controls at a glance"),
        phrase(
            "{asked} are asked: {counts}. In italics: recommended.",
            asked=len(control_results),
            counts=counts,
        ),
    )
    blocks = [(place, [r for r in control_results if family[r.id] in place]) for place in PLACES]
    shown = [(place, block) for place, block in blocks if block]
    with st.container(horizontal=True, gap="medium"):
        for place, block in shown:
            with st.container(width=cards.GRID[3], gap="xsmall"):
                passing = sum(r.status is Status.PASS for r in block)
                names = [catalogue_title("family", key, titles[key]) for key in place]
                name = localise(enumeration(names))
                st.markdown(
                    phrase(
                        "**{name}** :gray[{passing} of {own} pass]",
                        name=escape(name),
                        passing=passing,
                        own=len(block),
                    )
                )
                st.markdown(
                    "  \n".join(_control_word(r) for r in sorted(block, key=lambda r: ORDER.index(r.status)))
                )


def _control_word(result: ControlResult) -> str:
    look = mark(result.status.value)
    title = escape(control_title(result.id, result.title))
    words = f"*{title}*" if result.requirement is Requirement.RECOMMENDED else title
    return f":{look.markdown}[{look.glyph}\u00a0{words}]"

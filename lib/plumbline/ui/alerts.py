"""The pieces of the Alerts page: the register of findings, and saying that one was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from plumbline.answers.alerts import incidents as register_of
from plumbline.domain import System
from plumbline.governance.incident_deadlines import Incident
from plumbline.store.findings import Recorded
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import one_line, plain, prose
from plumbline.ui.state.session import SECTION
from plumbline.ui.state.view import View
from plumbline.wording import numbers

ONE, ALL = "This system", "All systems"
PAGES = ("accuracy", "drift", "releases", "fairness", "decisions", "logs")
MANY, TALL = 12, 640  # rows from which a table scrolls inside itself, at that many pixels


def opening(found: Sequence[Recorded], system: System) -> tuple[str, str]:
    """What is open, in one sentence, and whose it is."""
    open_ones = [r for r in found if r.open]
    own = [r for r in open_ones if r.finding.system == system.key]
    unseen = sum(not r.acknowledged_by for r in own)
    if not own:
        text = f"{system.title} has no open finding."
    else:
        first = min(own, key=lambda r: (_order(r), r.finding.since is None, r.finding.since))
        seen = "nobody has seen one yet" if unseen == len(own) else f"{unseen} of them seen by nobody yet"
        if not unseen:
            seen = "all of them seen"
        one = len(own) == 1
        count = f"{len(own)} open {'finding' if one else 'findings'}"
        text = f"{system.title} has {count}, {seen}. {first.finding.sentence}"
    named = {r.finding.system for r in open_ones}
    where = (
        f"{len(open_ones)} open in {len(named)} {'system' if len(named) == 1 else 'systems'}. "
        if named
        else ""
    )
    return text, f"{where}Times are UTC."


def scope(system: System) -> bool:
    """Whether all systems are meant."""
    chosen = st.segmented_control(
        "Show", (ONE, ALL), default=ONE, required=True, key="alerts.scope", label_visibility="collapsed"
    )
    return str(chosen) == ALL


def register(found: Sequence[Recorded], opened: Mapping[int, Incident], titles: Mapping[str, str]) -> None:
    """Open findings, the gravest first, each with the page that shows it."""
    cards.section(
        "Open", "One line a problem, from its onset. Known: when the rule could first have raised it."
    )
    open_ones = sorted((r for r in found if r.open), key=lambda r: (_order(r), r.finding.system, r.id))
    if not open_ones:
        st.markdown("Nothing is open.")
        return
    cards.table(
        _rows(open_ones, opened, titles),
        alt="Open findings: severity, system, what was found, since when, when known, how sure, seen by, incident",
        height=TALL if len(open_ones) > MANY else None,
    )
    pages = [page for page in PAGES if any(r.finding.page == page for r in open_ones)]
    steps: list[tuple[empty_states.Step, dict[str, str] | None]] = [
        (empty_states.Step(page, f"See it on {page.capitalize()}"), None) for page in pages
    ]
    if any(r.id in opened for r in open_ones):
        steps.append(
            (empty_states.Step("governance", "Incidents and their clocks"), {SECTION.name: "Incidents"})
        )
    for place, (step, query) in zip(cards.row(max(len(steps), 1)), steps, strict=False):
        with place:
            empty_states.link(step, query)


def closed(found: Sequence[Recorded], opened: Mapping[int, Incident], titles: Mapping[str, str]) -> None:
    """What was open once."""
    if not found:
        return
    cards.section("Closed", "It ended, or labels or an undo showed that it was not so.")
    cards.table(
        _rows(found[:100], opened, titles),
        alt="Closed findings: severity, system, what was found, since when, until, how sure, seen by, incident",
        height=TALL if len(found) > MANY else None,
    )


def seen(waiting: Sequence[Recorded]) -> tuple[int, str] | None:
    """A form to say that a finding was seen; the finding's number and the name, once it is sent."""
    if not waiting:
        return None
    by_number = {r.id: r for r in sorted(waiting, key=lambda r: (_order(r), r.id))}
    with st.form("alerts.seen", border=True):
        st.markdown(
            "**Say that you saw a finding.** It goes on the trail with your name, and is no longer waiting."
        )
        number = st.selectbox(
            "Finding",
            list(by_number),
            format_func=lambda n: f"{n}: {one_line(by_number[n].finding.sentence, 90)}",
        )
        name = signed_forms.signature("seen", page="alerts")
        sent = permissions.submit("I saw it", permissions.ANALYST)
    if not sent:
        return None
    if not name.strip():
        st.error("An acknowledgement needs a name. Say who saw the finding.")
        return None
    signed_forms.sign(name.strip())
    return int(number), name.strip()


def open_incident(view: View, waiting: Sequence[Recorded]) -> None:
    """One click from a finding to an incident, whose criteria are filled in as far as the log knows."""
    if not waiting:
        return
    by_number = {r.id: r for r in sorted(waiting, key=lambda r: (_order(r), r.id))}
    with st.form("alerts.incident", border=True):
        st.markdown(
            "**Open an incident for a finding.** Its clocks run from when somebody saw it, or from now."
        )
        number = st.selectbox(
            "Finding", list(by_number), key="alerts.incident.finding",
            format_func=lambda n: f"{n}: {one_line(by_number[n].finding.sentence, 90)}",
        )  # fmt: skip
        name = signed_forms.signature("incident", page="alerts")
        sent = permissions.submit("Open an incident", permissions.ANALYST)
    if not sent:
        return
    signed_forms.sign(name.strip())
    record = by_number[int(number)]
    register_of.open_incident(view.ws, record.finding.system, "", by=name, finding=record.id)
    st.rerun()


def thank() -> None:
    """Show the page anew, with what was said on it."""
    st.rerun()


def _order(record: Recorded) -> int:
    return ("high", "medium", "low").index(record.finding.severity.value)


def _sure(confidence: float | None) -> str:
    """How sure, never rounded up to certain."""
    if confidence is None:
        return ""
    return f":gray[{'over 99.9 %' if confidence > 0.999 else numbers.share(confidence)} sure.]"


def _rows(
    found: Sequence[Recorded], opened: Mapping[int, Incident], titles: Mapping[str, str]
) -> list[dict[str, str]]:
    """The table's rows; the system is named only where there are several."""
    rows = [_row(r, opened, titles) for r in found]
    if len({r.finding.system for r in found}) == 1:
        for row in rows:
            del row["System"]
    return rows


def _row(record: Recorded, opened: Mapping[int, Incident], titles: Mapping[str, str]) -> dict[str, str]:
    f, incident = record.finding, opened.get(record.id)
    until = f" to {numbers.day(f.until)}" if f.until else ""
    return {
        "": cards.word(f.severity.value),
        "System": plain(titles.get(f.system, f.system), 60),
        "Finding": " ".join(
            filter(None, (prose(f.sentence, 320), _cost(f.figures.get("cost")), _sure(f.confidence)))
        ),
        "Since": (numbers.day(f.since) if f.since else numbers.DASH) + until,
        "Known": numbers.day(f.known_at) if f.known_at else numbers.DASH,
        "Handled": _handled(record.acknowledged_by, incident),
    }


def _cost(found: object) -> str:
    if not isinstance(found, dict):
        return ""
    return f"Cost so far: {plain(numbers.money(float(found['amount']), str(found['currency'])))}."


def _handled(seen_by: str | None, incident: Incident | None) -> str:
    """Who saw it and its incident."""
    parts = [f"seen by {plain(seen_by, 40)}"] if seen_by else []
    if incident is not None:
        parts.append(f"incident {incident.id}, {'closed' if incident.closed_at else 'open'}")
    return "; ".join(parts) or ":gray[not yet]"

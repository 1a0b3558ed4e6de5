"""The register of findings: each open one with what can be done about it on its row, and what was open once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from plumbline.answers.respond.triage import TriagedFinding
from plumbline.charts.style import status_word
from plumbline.domain import System
from plumbline.governance.incident_deadlines import Incident
from plumbline.monitor.drift.first_year import BREACH, includes_family
from plumbline.store.findings import FindingRecord
from plumbline.ui.alerts import parts, triage
from plumbline.ui.frame import signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.parts.openings import day_zone_note
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.quantities import plural

ONE, ALL = screen_text("This system"), screen_text("All systems")
MANY, TALL = 12, 640  # rows from which a table scrolls inside itself, at that many pixels
#: findings that stand on the page with their buttons; the others are one click away
FIRST = 8


@dataclass(frozen=True, slots=True)
class RegisterView:
    """The findings of a page, their incidents, and the titles of systems by their keys."""

    findings: Mapping[int, TriagedFinding]
    incidents: Mapping[int, Incident]
    titles: Mapping[str, str]

    @property
    def open(self) -> list[TriagedFinding]:
        """Open findings, the gravest first."""
        records = [one for one in self.findings.values() if one.record.open]
        return sorted(records, key=lambda one: (*order(one.record), one.record.finding.system, one.record.id))

    @property
    def unanswered_guardrails(self) -> list[TriagedFinding]:
        """Findings of a guardrail that ended and that no incident answers: REL-5 asks for one."""
        return [
            shown_finding
            for shown_finding in self.findings.values()
            if not shown_finding.record.open
            and shown_finding.record.finding.signal == "release.guardrail"
            and shown_finding.record.id not in self.incidents
        ]


def opening(findings: Sequence[FindingRecord], system: System) -> tuple[str, str]:
    """What is open, in one sentence, and whose it is."""
    open_ones = [r for r in findings if r.open]
    records = [r for r in open_ones if r.finding.system == system.key]
    unseen = sum(not r.acknowledged_by for r in records)
    if not records:
        text = phrase("{title} has no open finding.", title=system.title)
    else:
        first = min(records, key=lambda r: (*order(r), r.finding.since is None, r.finding.since))
        seen = (
            phrase("none acknowledged")
            if unseen == len(records)
            else phrase("{unseen} of them not acknowledged", unseen=unseen)
        )
        if not unseen:
            seen = phrase("all acknowledged")
        is_single = len(records) == 1
        if is_single:
            seen = phrase("not acknowledged") if unseen else phrase("acknowledged")
        count = plural(len(records), "open finding")
        text = phrase(
            "{title} has {count}, {seen}. {sentence}",
            title=system.title,
            count=count,
            seen=seen,
            sentence=cards.first_sentence(first.finding.sentence),
        )
    named = {r.finding.system for r in open_ones}
    where = (
        phrase("{n} open in {systems}. ", n=len(open_ones), systems=plural(len(named), "system"))
        if named
        else ""
    )
    days = "" if system.timezone == "UTC" else f" {day_zone_note(system.timezone)}"
    return text, phrase("{where}Times are UTC.{days}", where=where, days=days)


def scope() -> bool:
    """Whether all systems are meant."""
    chosen = st.segmented_control(
        phrase("Show"),
        (ONE, ALL),
        format_func=localise,
        default=ONE,
        required=True,
        key="alerts.scope",
        label_visibility="collapsed",
    )
    return str(chosen) == ALL


def section(view: View, shown: RegisterView) -> None:
    """Open findings with their buttons, those that ended unanswered, and a table of what is over."""
    listed = shown.open
    if not listed:
        st.markdown(phrase("Nothing is open."))
    if listed or shown.unanswered_guardrails:
        by = signed_forms.signature("handle", phrase("Your name, for what you do below"), page="alerts")
        signed_forms.sign(by.strip())
        for shown_finding in listed[:FIRST]:
            _card(view, shown, shown_finding, by)
        if len(listed) > FIRST:
            with st.expander(phrase("{n} more", n=len(listed) - FIRST)):
                for shown_finding in listed[FIRST:]:
                    _card(view, shown, shown_finding, by)
        if shown.unanswered_guardrails:
            cards.section(
                phrase("Over, and not answered"),
                phrase("What a guardrail found is closed with an incident, even once it is over."),
            )
            for shown_finding in shown.unanswered_guardrails:
                _card(view, shown, shown_finding, by)
    above = {shown_finding.record.id for shown_finding in shown.unanswered_guardrails}
    _closed_section(
        shown,
        [
            r
            for r in (shown_finding.record for shown_finding in shown.findings.values())
            if not r.open and r.id not in above
        ],
    )


def _card(view: View, shown: RegisterView, handled: TriagedFinding, by: str) -> None:
    """One finding: what, since when, who has it, and what can be done about it."""
    record, finding = handled.record, handled.record.finding
    with st.container(border=True, gap="xsmall"):
        st.markdown(_heading(shown, record))
        st.markdown(prose(finding.sentence, 420))
        cards.note(_facts(record))
        parts.section(handled.parts)
        for line in triage.state(handled, shown.incidents.get(record.id)):
            st.markdown(f":small[{line}]")
        triage.buttons(view, handled, shown.incidents.get(record.id), by)


def _heading(shown: RegisterView, record: FindingRecord) -> str:
    grave = cards.word(record.finding.severity.value) if record.open else cards.word("undone", phrase("over"))
    several = len({shown_finding.record.finding.system for shown_finding in shown.findings.values()}) > 1
    title = shown.titles.get(record.finding.system, record.finding.system)
    return " ".join(
        filter(
            None,
            (grave, f"**{escape(title, 60)}**" if several else "", phrase(":gray[no. {id}]", id=record.id)),
        )
    )


def _facts(record: FindingRecord) -> str:
    """Since when, when it could be known, how sure, and what it cost."""
    f = record.finding
    until = phrase(" to {until}", until=numbers.day(f.until)) if f.until else ""
    lines = [
        phrase("Since {since}{until}", since=numbers.day(f.since), until=until)
        if f.since
        else phrase("Without an onset")
    ]
    lines += [phrase("known {known_at}", known_at=numbers.day(f.known_at))] if f.known_at else []
    lines += [confidence_text(f.confidence)] if f.confidence is not None else []
    lines += [cost(f.figures.get("cost"))] if isinstance(f.figures.get("cost"), dict) else []
    return ", ".join(lines) + "."


def order(record: FindingRecord) -> tuple[int, bool]:
    """The gravest first; of those a loss of performance, which the others explain."""
    grave = ("high", "medium", "low").index(record.finding.severity.value)
    return grave, not includes_family(record.finding, BREACH)


def confidence_text(confidence: float) -> str:
    """How sure, never rounded up to certain."""
    return phrase(
        "{share} sure", share=phrase("over 99.9 %") if confidence > 0.999 else numbers.share(confidence)
    )


def cost(money: object) -> str:
    """What it has cost so far."""
    if not isinstance(money, dict):
        return ""
    return phrase("cost so far {money}", money=numbers.money(float(money["amount"]), str(money["currency"])))


def _closed_section(shown: RegisterView, findings: Sequence[FindingRecord]) -> None:
    """What was open once."""
    if not findings:
        return
    cards.section(phrase("Closed"), phrase("It ended, or labels or an undo showed that it was not so."))
    rows = [_row(shown, record) for record in findings[:100]]
    if len({record.finding.system for record in findings}) == 1:
        for row in rows:
            del row["System"]
    cards.table(
        rows,
        alt=phrase(
            "Closed findings: severity, system, what was found, since when, until, how sure, "
            "seen by, incident"
        ),
        height=TALL if len(rows) > MANY else None,
    )


def _row(shown: RegisterView, record: FindingRecord) -> dict[str, str]:
    f, incident = record.finding, shown.incidents.get(record.id)
    until = phrase(" to {until}", until=numbers.day(f.until)) if f.until else ""
    acts = (
        [phrase("seen by {acknowledged_by}", acknowledged_by=escape(record.acknowledged_by, 40))]
        if record.acknowledged_by
        else []
    )
    if incident is not None:
        acts.append(
            phrase("incident {id}, closed", id=incident.id)
            if incident.closed_at
            else phrase("incident {id}, open", id=incident.id)
        )
    return {
        "": cards.word("undone", phrase("was {severity}", severity=status_word(f.severity.value))),
        "System": escape(shown.titles.get(f.system, f.system), 60),
        "Finding": prose(f.sentence, 320),
        "Since": (numbers.day(f.since) if f.since else numbers.DASH) + until,
        "Handled": "; ".join(acts) or phrase(":gray[not yet]"),
    }

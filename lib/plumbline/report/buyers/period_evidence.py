"""The evidence of a period: what changed, what went wrong, who could do what, and how each control stood, as one zip.

SOC 2 and ISO 27001 auditors draw samples from populations over months; each table here is such a population, with the
entry of the trail, the scorecard or the row of the log that each line comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from plumbline.answers.governance.period import AccessOf, Period, written
from plumbline.governance.incident_deadlines import notices
from plumbline.report.csv_tables import Row, sheet
from plumbline.report.documents import Item, Sections, sections_pdf
from plumbline.report.language import Language, language
from plumbline.report.material import Material
from plumbline.report.pack import readme
from plumbline.report.seal import Stamper, sealed, unstamped
from plumbline.report.translation import Translator


def period_pack(material: Material, told: Period, code: str, stamper: Stamper = unstamped) -> bytes:
    """The evidence of a period as a zip, signed like the evidence pack.

    Raises:
        PlumblineError: there are no documents in that language, or the key that signs cannot be read or made.
    """
    speech = language(code)
    files = {
        "README.txt": readme("period", code)
        .format(
            title=material.answer.system.title,
            start=told.start.date().isoformat(),
            end=told.end.date().isoformat(),
            at=told.at.isoformat(timespec="seconds"),
            head=material.proof.chain.head,
            entries=material.proof.chain.entries,
        )
        .encode(),
        "summary.pdf": _summary(material, told, speech),
        "changes.csv": _changes(told),
        "releases.csv": _releases(material, told),
        "access.csv": _access(told),
        "incidents.csv": _incidents(told),
        "notices.csv": _notices(told),
        "findings.csv": _findings(told, speech),
        "control-history.csv": _controls(told, speech),
        "verdicts.csv": sheet(("at", "verdict"), told.verdicts),
        "rehearsals.csv": _entries(told.rehearsals),
        "checks.csv": sheet(("at",), ((at,) for at in told.checks)),
        "statements.csv": _statements(material, told),
    }
    return sealed(files, material.proof, told.at, stamper)


def _entries(entries: Any) -> bytes:
    header = ("entry", "at", "by", "act", "of", "detail")
    return sheet(
        header, ((e.seq, e.at, e.actor, e.action, e.system or "workspace", written(e)) for e in entries)
    )


def _changes(told: Period) -> bytes:
    return _entries(told.changes)


def _releases(material: Material, told: Period) -> bytes:
    """Versions that took over in the period, as the log shows them. Who approved and tested them no log says."""
    header = (
        "version",
        "from",
        "previous",
        "overlap_hours",
        "overlap_decisions",
        "approved_by",
        "tests",
        "source",
    )
    found = material.releases.releases.switches if material.releases else ()
    rows = (
        (s.version, s.at, s.previous, s.overlap_hours, s.overlap_decisions, "", "", "log")
        for s in found
        if told.start <= s.at < told.end
    )
    return sheet(header, rows)


def _access(told: Period) -> bytes:
    header = ("who", "at_start", "at_end", "changed_at", "changed_by", "change")

    def rows() -> Iterator[Row]:
        for one in told.access:
            if not one.changes:
                yield one.who, one.at_start, one.at_end, None, "", ""
            for at, by, change in one.changes:
                yield one.who, one.at_start, one.at_end, at, by, change

    return sheet(header, rows())


def _incidents(told: Period) -> bytes:
    header = ("incident", "title", "known_at", "opened_at", "by", "classified_at", "what", "criteria", "cause", "owner",
              "due", "closed_at", "finding")  # fmt: skip
    return sheet(
        header,
        (
            (i.id, i.title, i.aware_at, i.opened_at, i.by, i.classified_at, "; ".join(i.flags), "; ".join(i.criteria),
             i.cause, i.owner, i.due, i.closed_at, i.finding or None)
            for i in told.incidents
        ),
    )  # fmt: skip


def _notices(told: Period) -> bytes:
    header = ("incident", "law", "notice", "due", "given_at", "late")
    return sheet(
        header,
        (
            (i.id, n.law, n.title, n.due, n.sent, n.late)
            for i in told.incidents
            for n in notices(i, min(told.end, told.at))
        ),
    )


def _findings(told: Period, speech: Language) -> bytes:
    header = ("finding", "signal", "severity", "sentence", "since", "recorded_at", "acknowledged_by",
              "acknowledged_at", "closed_at")  # fmt: skip
    translator = Translator(speech)
    return sheet(
        header,
        (
            (r.id, r.finding.signal, r.finding.severity.value, translator.text(r.finding.sentence), r.finding.since,
             r.recorded_at, r.acknowledged_by, r.acknowledged_at, r.closed_at)
            for r in told.findings
        ),
    )  # fmt: skip


def _controls(told: Period, speech: Language) -> bytes:
    header = (
        "control",
        "title",
        "requirement",
        "status",
        "evidence_kind",
        "from",
        "until",
        "evidence",
        "scorecard",
    )
    translator = Translator(speech)
    return sheet(
        header,
        (
            (s.control, speech.title("control", s.control, s.title), s.requirement, s.status.value, s.kind, s.since,
             s.until, translator.text(s.sentence), s.card_sha256)
            for s in told.spells
        ),
    )  # fmt: skip


def _statements(material: Material, told: Period) -> bytes:
    header = (
        "kind",
        "control",
        "status",
        "statement",
        "by",
        "from",
        "until",
        "approved_by",
        "link",
        "file_sha256",
    )
    given = material.statements
    first, last = told.start.date(), told.end.date()
    rows: list[Row] = [
        (
            "attestation",
            a.control,
            a.status.value,
            a.statement,
            a.owner,
            a.at,
            a.expires,
            a.approved_by,
            a.link,
            a.evidence,
        )
        for a in given.attestations
        if a.at < last and a.expires >= first
    ]
    rows += [
        (
            "exemption",
            e.control,
            "",
            e.reason,
            e.proposer or e.approver,
            e.at,
            e.until,
            e.approver,
            e.link,
            "",
        )
        for e in given.exemptions
        if e.at < last and e.until >= first
    ]
    return sheet(header, sorted(rows, key=lambda row: (str(row[5]), row[0], row[1])))


def _summary(material: Material, told: Period, speech: Language) -> bytes:
    kind = speech.say("title", "period")
    note = speech.say("note", "period", start=speech.day(told.start), end=speech.day(told.end))
    return sections_pdf(material, kind, note, summary(material, told, speech), speech)


def summary(material: Material, told: Period, speech: Language) -> Sections:
    """The tables of a period in figures, each with the table that it counts; what nothing shows is left open."""

    def number(key: str, n: int, source: str) -> Item:
        return _item(speech, key, speech.number(n), source)

    def moment(key: str, at: datetime | None, source: str) -> Item:
        return _item(speech, key, speech.moment(at) if at else "", source)

    switches = material.releases.releases.switches if material.releases else ()
    taken = (
        speech.number(sum(1 for s in switches if told.start <= s.at < told.end)) if material.releases else ""
    )
    pause = told.longest_pause
    failing = sorted(
        {s.control for s in told.spells if s.requirement == "mandatory" and s.status.value == "fail"}
    )
    closed = sum(1 for i in told.incidents if i.closed_at and i.closed_at < told.end)
    late = sum(1 for i in told.incidents for n in notices(i, min(told.end, told.at)) if n.late)
    return (
        (speech.say("changes", "period"), (
            number("changes", len(told.changes), "changes.csv"),
            _item(speech, "releases", taken, "releases.csv" if taken else "engineer"),
            _item(speech, "approvals", "", "engineer"),
            _item(speech, "release_tests", "", "engineer"),
        )),
        (speech.say("incidents", "period"), (
            number("incidents", len(told.incidents), "incidents.csv"),
            number("closed", closed, "incidents.csv"),
            number("late", late, "notices.csv"),
            number("findings", len(told.findings), "findings.csv"),
        )),
        (speech.say("access", "period"), (
            number("people_start", _with_access(told.access, "at_start"), "access.csv"),
            number("people_end", _with_access(told.access, "at_end"), "access.csv"),
            number("access_changes", sum(len(a.changes) for a in told.access), "access.csv"),
            _item(speech, "reviews", "", "owner"),
        )),
        (speech.say("controls", "period"), (
            moment("known_from", told.known_from, "control-history.csv"),
            _item(speech, "failing", (", ".join(failing) or "–") if told.spells else "", "control-history.csv"),
            number("checks", len(told.checks), "checks.csv"),
            _item(speech, "pause", speech.number(pause, 1) if pause is not None else "", "checks.csv"),
            number("rehearsals", len(told.rehearsals), "rehearsals.csv"),
        )),
    )  # fmt: skip


def _with_access(people: tuple[AccessOf, ...], when: str) -> int:
    return sum(1 for one in people if getattr(one, when) and one.who != "sign-in")


def _item(speech: Language, key: str, value: str, source: str) -> Item:
    """One line; without a value ``source`` may be who can tell."""
    name, people = speech.say(f"item_{key}", "period"), ("owner", "engineer", "dpo", "legal")
    if value:
        return Item(
            key=key,
            name=name,
            value=value,
            source=speech.say("source", "document", source=source),
            known=True,
        )
    who = speech.say(source if source in people else "owner", "document")
    return Item(key=key, name=name, value="", source=speech.say("missing", "document", who=who), known=False)

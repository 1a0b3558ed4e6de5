"""The evidence of a period: what changed, what went wrong, who could do what, and how each control stood, as one zip.

SOC 2 and ISO 27001 auditors draw samples from populations over months; each table here is such a population, with the
entry of the trail, the scorecard or the row of the log that each line comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from plumbline.answers.governance.period import AccessRecord, Period, detail_json
from plumbline.domain import Attestation, Exemption, TrailEntry
from plumbline.governance.incident_deadlines import Incident, Notice, notices
from plumbline.governance.resolution import exemption_end, last_day, needs_approval, requester
from plumbline.monitor.releases.history import Switch
from plumbline.report.buyers.access_rows import access_rows
from plumbline.report.csv_tables import Row
from plumbline.report.csv_tables import sheet as plain_sheet
from plumbline.report.documents import Item, Sections, sections_pdf
from plumbline.report.language import Language, language
from plumbline.report.material import Material
from plumbline.report.pack import readme
from plumbline.report.seal import Stamper, no_time_stamp, seal_files
from plumbline.report.translation import Translator

#: columns that hold words of a fixed set, which each language has
CODED = frozenset(
    {"act", "at_start", "at_end", "severity", "requirement", "status", "evidence_kind", "kind", "notice", "late",
     "hours_by_law", "verdict", "source"}
)  # fmt: skip


def period_pack(material: Material, evidence: Period, code: str, stamper: Stamper = no_time_stamp) -> bytes:
    """The evidence of a period as a zip, signed like the evidence pack.

    Raises:
        PlumblineError: there are no documents in that language, or the key that signs cannot be read or made.
    """
    speech = language(code)
    files = {
        "README.txt": readme("period", code)
        .format(
            title=material.answer.system.title,
            start=evidence.start.date().isoformat(),
            end=evidence.end.date().isoformat(),
            at=evidence.at.isoformat(timespec="seconds"),
            head=material.proof.chain.head,
            entries=material.proof.chain.entries,
        )
        .encode(),
        "summary.pdf": _summary(material, evidence, speech),
        "changes.csv": _changes(evidence, speech),
        "releases.csv": _releases(material, evidence, speech),
        "access.csv": _access(evidence, speech),
        "incidents.csv": _incidents(evidence, speech),
        "notices.csv": _notices(evidence, speech),
        "findings.csv": _findings(evidence, speech),
        "control-history.csv": _controls(evidence, speech),
        "verdicts.csv": sheet(speech, ("at", "verdict"), evidence.verdicts),
        "rehearsals.csv": _entries(evidence.rehearsals, speech),
        "checks.csv": sheet(speech, ("at",), ((at,) for at in evidence.checks)),
        "statements.csv": _statements(material, evidence, speech),
    }
    return seal_files(files, material.proof, evidence.at, stamper)


def sheet(speech: Language, header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A table of the pack: its columns, and the words of a fixed set in them, in the language of the pack.

    What people wrote, names, identifiers and the detail of an entry stay as they are.
    """
    coded = {place for place, name in enumerate(header) if name in CODED}
    return plain_sheet(
        tuple(speech.title("column", name, name) for name in header),
        (
            tuple(
                speech.title("cell", str(cell), str(cell))
                if place in coded and cell not in (None, "")
                else cell
                for place, cell in enumerate(row)
            )
            for row in rows
        ),
    )


def _entries(entries: Sequence[TrailEntry], speech: Language) -> bytes:
    header = ("entry", "at", "by", "act", "of", "detail")
    workspace = speech.title("cell", "workspace", "workspace")
    return sheet(
        speech,
        header,
        ((e.seq, e.at, e.actor, e.action, e.system or workspace, detail_json(e)) for e in entries),
    )


def _changes(evidence: Period, speech: Language) -> bytes:
    return _entries(evidence.changes, speech)


def _releases(material: Material, evidence: Period, speech: Language) -> bytes:
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
    rows = (
        (s.version, s.at, s.previous, s.overlap_hours, s.overlap_decisions, "", "", "log")
        for s in _switches(material, evidence)
    )
    return sheet(speech, header, rows)


def _switches(material: Material, evidence: Period) -> list[Switch]:
    """Versions that took over in the period; none where nothing is known of releases."""
    switches = material.releases.releases.switches if material.releases else ()
    return [s for s in switches if evidence.start <= s.at < evidence.end]


def _access(evidence: Period, speech: Language) -> bytes:
    header = ("who", "at_start", "at_end", "changed_at", "changed_by", "change")
    return sheet(speech, header, access_rows(evidence.access, speech))


def _incidents(evidence: Period, speech: Language) -> bytes:
    header = (
        "incident",
        "title",
        "known_at",
        "opened_at",
        "by",
        "classified_at",
        "what",
        "criteria",
        "cause",
        "owner",
        "due",
        "closed_at",
        "finding",
    )
    return sheet(
        speech,
        header,
        (
            (
                i.id,
                i.title,
                i.aware_at,
                i.opened_at,
                i.by,
                i.classified_at,
                "; ".join(speech.title("cell", flag, flag) for flag in i.flags),
                "; ".join(speech.title("cell", key, key) for key in i.criteria),
                i.cause,
                i.owner,
                i.due,
                i.closed_at,
                i.finding or None,
            )
            for i in evidence.incidents
        ),
    )


def _notices(evidence: Period, speech: Language) -> bytes:
    header = ("incident", "law", "notice", "due", "given_at", "late", "hours_by_law", "source", "read_on")
    return sheet(
        speech,
        header,
        (
            (i.id, n.law, n.title, n.due, n.sent, n.late, not n.undue, n.source, n.read)
            for i, n in _incident_notices(evidence)
        ),
    )


def _incident_notices(evidence: Period) -> list[tuple[Incident, Notice]]:
    """Each incident's notices, as they stood at the end of the period or today."""
    return [(i, n) for i in evidence.incidents for n in notices(i, min(evidence.end, evidence.at))]


def _findings(evidence: Period, speech: Language) -> bytes:
    header = (
        "finding",
        "signal",
        "severity",
        "sentence",
        "since",
        "recorded_at",
        "acknowledged_by",
        "acknowledged_at",
        "closed_at",
    )
    translator = Translator(speech)
    return sheet(
        speech,
        header,
        (
            (
                r.id,
                r.finding.signal,
                r.finding.severity.value,
                translator.text(r.finding.sentence),
                r.finding.since,
                r.recorded_at,
                r.acknowledged_by,
                r.acknowledged_at,
                r.closed_at,
            )
            for r in evidence.findings
        ),
    )


def _controls(evidence: Period, speech: Language) -> bytes:
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
        speech,
        header,
        (
            (
                s.control,
                speech.title("control", s.control, s.title),
                s.requirement,
                s.status.value,
                s.kind,
                s.since,
                s.until,
                translator.text(s.sentence),
                s.card_sha256,
            )
            for s in evidence.spells
        ),
    )


def _statements(material: Material, evidence: Period, speech: Language) -> bytes:
    """What was in force in the period, from the day on which it counted: where two persons are asked for, the day of
    the approval."""
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
    settings = material.answer.system.settings
    first, last = evidence.start.date(), evidence.end.date()

    def counts(statement: Attestation | Exemption) -> bool:
        """Whether nobody has yet to approve it; the day of an approval is looked at beside it."""
        return not (settings.four_eyes and needs_approval(statement))

    rows: list[Row] = []
    for a in material.statements.attestations:
        begins = a.approved_on or a.at if settings.four_eyes else a.at
        if counts(a) and begins < last and last_day(a) >= first:
            rows.append(
                (
                    "attestation",
                    a.control,
                    a.status.value,
                    a.statement,
                    a.owner,
                    begins,
                    last_day(a),
                    a.approved_by,
                    a.link,
                    a.evidence,
                )
            )
    for e in material.statements.exemptions:
        begins, ends = e.approved_on or e.at, exemption_end(e, settings.commercial_from)
        if e.link and e.approver and counts(e) and begins < last and ends >= first:
            asked = requester(e)
            rows.append(("exemption", e.control, "", e.reason, asked, begins, ends, e.approver, e.link, ""))
    return sheet(speech, header, sorted(rows, key=lambda row: (str(row[5]), row[0], row[1])))


def _summary(material: Material, evidence: Period, speech: Language) -> bytes:
    kind = speech.say("title", "period")
    note = speech.say("note", "period", start=speech.day(evidence.start), end=speech.day(evidence.end))
    return sections_pdf(material, kind, note, summary(material, evidence, speech), speech)


def summary(material: Material, evidence: Period, speech: Language) -> Sections:
    """The tables of a period in figures, each with the table that it counts; what nothing shows is left open."""

    def number(key: str, n: int, source: str) -> Item:
        return _item(speech, key, speech.number(n), source)

    def moment(key: str, at: datetime | None, source: str) -> Item:
        return _item(speech, key, speech.moment(at) if at else "", source)

    taken = speech.number(len(_switches(material, evidence))) if material.releases else ""
    pause = evidence.longest_pause
    failing = sorted(
        {s.control for s in evidence.spells if s.requirement == "mandatory" and s.status.value == "fail"}
    )
    closed = sum(1 for i in evidence.incidents if i.closed_at and i.closed_at < evidence.end)
    due = [notice for _, notice in _incident_notices(evidence)]
    late = sum(n.late for n in due)
    not_given = sum(
        n.undue and (n.sent is None or n.sent >= evidence.end) for n in due
    )  # nobody is called late
    return (
        (
            speech.say("changes", "period"),
            (
                number("changes", len(evidence.changes), "changes.csv"),
                _item(speech, "releases", taken, "releases.csv" if taken else "engineer"),
                _item(speech, "approvals", "", "engineer"),
                _item(speech, "release_tests", "", "engineer"),
            ),
        ),
        (
            speech.say("incidents", "period"),
            (
                number("incidents", len(evidence.incidents), "incidents.csv"),
                number("closed", closed, "incidents.csv"),
                number("late", late, "notices.csv"),
                number("not_given", not_given, "notices.csv"),
                number("findings", len(evidence.findings), "findings.csv"),
            ),
        ),
        (
            speech.say("access", "period"),
            (
                number("people_start", _count_access(evidence.access, "at_start"), "access.csv"),
                number("people_end", _count_access(evidence.access, "at_end"), "access.csv"),
                number("access_changes", sum(len(a.changes) for a in evidence.access), "access.csv"),
                _item(speech, "reviews", "", "owner"),
            ),
        ),
        (
            speech.say("controls", "period"),
            (
                moment("known_from", evidence.known_from, "control-history.csv"),
                _item(
                    speech,
                    "failing",
                    (", ".join(failing) or "–") if evidence.spells else "",
                    "control-history.csv",
                ),
                number("checks", len(evidence.checks), "checks.csv"),
                _item(speech, "pause", speech.number(pause, 1) if pause is not None else "", "checks.csv"),
                number("rehearsals", len(evidence.rehearsals), "rehearsals.csv"),
            ),
        ),
    )


def _count_access(people: tuple[AccessRecord, ...], when: str) -> int:
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

"""Registers on the Governance page: incidents with their clocks, and the places that keep versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from plumbline.answers.alerts import incidents as register
from plumbline.answers.alerts.findings import findings
from plumbline.answers.governance import probe
from plumbline.domain import Probe, ProbedVersion, System
from plumbline.governance.ai_act import law
from plumbline.governance.evidence.registry import KINDS
from plumbline.governance.incident_deadlines import FLAGS, Incident, Notice, notices
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.governance import places
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import escape, one_line, prose
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase
from plumbline.wording.quantities import plural
from plumbline.wording.times import iso_day, iso_minute

OLD = timedelta(days=90)


def incidents(view: View, system: System) -> None:
    """Open incidents with what is due and when, closed ones, and a new one."""
    cards.note(
        phrase(
            "Clocks run from when somebody knew. What is due and not done fails CMP-4. A helper, "
            "not legal advice."
        )
    )
    incidents = register.incidents(view.ws, system.key)
    now = datetime.now(UTC)
    for item in incidents:
        if item.closed_at is None or any(n.sent is None for n in notices(item, now)):
            _incident(view, system, item, now)
    closed = [_closed_row(item) for item in incidents if item.closed_at is not None]
    if closed:
        tables.grid(
            closed, alt=phrase("Closed incidents: number, title, known, closed, cause. Times are UTC.")
        )
    with st.expander(phrase("Open an incident"), expanded=not incidents):
        _open(view, system)


def _closed_row(item: Incident) -> dict[str, object]:
    closed = f"{iso_minute(item.closed_at)}" if item.closed_at else ""
    return {
        "No.": item.id, "Incident": one_line(item.title), "Known (UTC)": f"{iso_minute(item.aware_at)}",
        "Closed (UTC)": closed, "Cause": one_line(item.cause, 300),
    }  # fmt: skip


def _incident(view: View, system: System, item: Incident, now: datetime) -> None:
    with st.container(border=True):
        state = cards.word("open") if item.closed_at is None else cards.word("undone", phrase("closed"))
        st.markdown(f"**{item.id}. {escape(item.title)}** {state}")
        kinds = ", ".join(localise(FLAGS[flag]) for flag in item.flags)
        none = phrase("of none of the laws' kinds") if item.classified_at else phrase("not classified yet")
        cards.note(
            phrase(
                "Known {aware_at}, opened by {by}; {kinds}.",
                aware_at=numbers.moment(item.aware_at),
                by=item.by,
                kinds=kinds or none,
            )
        )
        if item.finding:
            cards.note(phrase("Opened for finding {finding} on the Alerts page.", finding=item.finding))
        if item.closed_at is None:
            cards.note(_handling_text(item))
        steps = notices(item, now)
        if steps:
            cards.table([_step(n, now) for n in steps], alt=phrase("Steps: law, step, due, state, source"))
        _act(view, system, item, steps)


def _handling_text(item: Incident) -> str:
    """Who deals with it and by when, or what is missing before it counts."""
    if item.planned_day and item.planned_day >= signed_forms.today():
        return phrase(
            "{owner} closes it by {planned}. Cause, as far as is known: {cause}",
            owner=item.owner,
            planned=numbers.day(item.planned_day),
            cause=item.cause,
        )
    if item.planned_day:
        return phrase(
            "It was to be closed by {planned}: it keeps no control from failing any more.",
            planned=numbers.day(item.planned_day),
        )
    missing = [
        words
        for words, there in (
            (phrase("classify it"), item.classified_at),
            (phrase("say its cause, as far as it is known"), item.cause),
            (phrase("say who deals with it"), item.owner),
            (phrase("say by when"), item.due),
        )
        if not there
    ]
    return phrase("It keeps no control from failing yet. Still to do: {join}.", join=", ".join(missing))


def _step(notice: Notice, now: datetime) -> dict[str, object]:
    if notice.sent is not None:
        late = phrase("late, ") if notice.late else ""
        state = cards.word("watch" if notice.late else "pass", f"{late}{numbers.moment(notice.sent)}")
    elif notice.late:
        state = cards.word("fail", phrase("overdue by {span}", span=_span(-notice.time_left(now))))
    else:
        state = cards.word("open", phrase("{span} left", span=_span(notice.time_left(now))))
    source = notice.source + (
        phrase("; read on {read}", read=numbers.day(notice.read)) if notice.read else ""
    )
    return {
        "Law": escape(notice.law) or numbers.DASH,
        "Step": prose(localise(notice.title)),
        "Due": numbers.moment(notice.due),
        "State": state,
        "Source": escape(source),
    }


def _span(left: timedelta) -> str:
    hours = left.total_seconds() / 3600
    return (
        phrase("{hours} hours", hours=f"{hours:.0f}")
        if hours < 72
        else phrase("{days} days", days=f"{hours / 24:.0f}")
    )


def _act(view: View, system: System, item: Incident, steps: tuple[Notice, ...]) -> None:
    """Classify, give notice or close, in one form."""
    key = f"governance.incident.{item.id}"
    due = {n.key: f"{n.law} {localise(n.title)}" for n in steps if n.sent is None and n.key != "classify"}
    asks = {str(c["key"]): localise(str(c["asks"])) for c in law().criteria}
    offered = register.act_flags(view.ws, system.key)
    offered |= {flag: FLAGS[flag] for flag in item.flags}
    with st.popover(phrase("Take a step")), st.form(key, border=False):
        if item.known and item.classified_at is None:
            _known_criteria(item, asks)
        flags = st.multiselect(
            phrase("It is"),
            list(offered),
            default=list(item.flags),
            format_func=lambda flag: localise(offered[flag]),
            key=f"{key}.flags",
        )
        about = 0 if item.finding else _finding_choice(view, system, key)
        critical = st.checkbox(
            phrase("A critical service is hit (DORA)"), value=item.critical_service, key=f"{key}.critical"
        )
        met = st.multiselect(
            phrase("DORA thresholds met"),
            list(asks),
            default=list(item.criteria),
            format_func=asks.__getitem__,
            key=f"{key}.met",
        )
        lines = st.multiselect(
            phrase("Notices sent now"),
            list(due),
            format_func=due.__getitem__,
            key=f"{key}.sent",
            disabled=not due,
        )
        cause = st.text_area(
            phrase("Cause, as far as is known; to close it, what was done as well"),
            value=item.cause,
            key=f"{key}.cause",
            max_chars=2000,
            height=80,
        )
        owner = st.text_input(
            phrase("Who deals with it"), value=item.owner, key=f"{key}.owner", max_chars=120
        )
        until = st.date_input(
            phrase("To be closed by"), value=item.due, format="YYYY-MM-DD", key=f"{key}.due"
        )
        ends = st.checkbox(
            phrase("It is dealt with: close it"), key=f"{key}.ends", disabled=bool(item.closed_at)
        )
        by = signed_forms.signature(f"incident.{item.id}")
        saved = permissions.submit(phrase("Save"), permissions.ANALYST, type=cards.leading_type())
    if not saved:
        return
    signed_forms.sign(by)
    classification = (tuple(flags), critical, tuple(met))
    stored = (item.flags, item.critical_service, item.criteria)
    if item.closed_at is None and (item.classified_at is None or classification != stored or about):
        register.classify(
            view.ws,
            system.key,
            item.id,
            by=by,
            flags=flags,
            critical_service=critical,
            criteria=met,
            finding=about,
        )
    for notice in lines:
        register.give_notice(view.ws, system.key, item.id, notice, by=by)
    if not ends and isinstance(until, date):
        _plan(view, system, item, by, cause.strip(), owner.strip(), until)
    if ends and item.closed_at is None:
        register.close_incident(view.ws, system.key, item.id, by=by, cause=cause)
    st.rerun()


def _plan(view: View, system: System, item: Incident, by: str, cause: str, owner: str, until: date) -> None:
    """Keep who deals with an open incident and by when, once all of it is said and something is new."""
    new = (cause, owner, until) != (item.cause, item.owner, item.due)
    if item.closed_at is None and cause and owner and new:
        register.plan(view.ws, system.key, item.id, by=by, cause=cause, owner=owner, due=until)


def _finding_choice(view: View, system: System, key: str) -> int:
    """The finding that an incident is about, where it was opened without one; 0: none is named."""
    incidents = register.incidents_by_finding(view.ws, [system.key])
    free = {r.id: r for r in findings(view.ws, system.key) if r.id not in incidents}
    number = st.selectbox(
        phrase("Finding it is about"),
        [0, *free],
        key=f"{key}.finding",
        format_func=lambda n: f"{n}: {one_line(free[n].finding.sentence, 90)}" if n else phrase("none"),
        help=phrase("An incident handles a breach only if it names a finding of it."),
    )
    return int(number or 0)


def _known_criteria(item: Incident, asks: dict[str, str]) -> None:
    """What the log knew of each criterion when the incident was opened; the boxes below begin with it."""
    st.markdown(
        phrase(
            "**What the log knows.** Thresholds that it shows to be met are chosen below; the "
            "rest is yours to say."
        )
    )
    named = {**asks, "critical": phrase("Critical service")}
    for name in [name for name in named if name in item.known]:  # in the order of the law
        cards.note(f"{named[name].partition(':')[0]}: {localise(item.known[name])}")


def _open(view: View, system: System) -> None:
    with st.form("governance.incident", border=False, clear_on_submit=True):
        title = st.text_input(phrase("What happened"), key="governance.incident.title", max_chars=300)
        left, right = st.columns(2, gap="large")
        day = left.date_input(
            phrase("Known since (UTC)"),
            value=signed_forms.today(),
            format="YYYY-MM-DD",
            max_value=signed_forms.today(),
            key="governance.incident.day",
        )
        at = right.time_input(
            phrase("At (UTC)"),
            value=None,
            key="governance.incident.at",
            help=phrase("Left open: now for today, and the first minute of an earlier day."),
        )
        by = signed_forms.signature("incident")
        saved = permissions.submit(phrase("Open"), permissions.ANALYST, type=cards.leading_type())
    if saved and isinstance(day, date):
        signed_forms.sign(by)
        aware = datetime.combine(day, at or time(), UTC)
        if at is None and day == signed_forms.today():
            aware = datetime.now(UTC)
        register.open_incident(view.ws, system.key, title or "", by=by, aware_at=aware)
        st.rerun()


def registries(view: View, system: System) -> None:
    """Where versions are kept and what was read there, and a new look."""
    cards.note(
        phrase(
            "An MLflow registry or a folder with DVC's files is read, never written. What it "
            "says answers REL-2, REL-7 and AUD-5. A password in the address is used once and not "
            "kept. Only listed places are read, with no credential of this machine that its "
            "operator did not bind to them."
        )
    )
    now = datetime.now(UTC)
    for item in probe.probes(view.ws, system.key):
        _probe(view, system, item, now)
    with st.form("governance.probe", border=False):
        left, right = st.columns(2, gap="large")
        uri = left.text_input(
            phrase("MLflow: tracking server or database"),
            key="governance.probe.uri",
            max_chars=500,
            placeholder="https://mlflow.example:5000",
        )
        model = left.text_input(
            phrase("Registered model"),
            key="governance.probe.model",
            max_chars=200,
            placeholder=phrase("may be left out if it is the only one"),
        )
        folder = right.text_input(
            phrase("Or DVC: folder on this machine"), key="governance.probe.folder", max_chars=500
        )
        with right:
            by = signed_forms.signature("probe")
        saved = permissions.submit(phrase("Read it"), permissions.ANALYST, type=cards.leading_type())
    places.section(view)
    if saved:
        signed_forms.sign(by)
        with st.spinner(phrase("Reading.")):
            probe.probe(view.ws, system.key, by=by, mlflow=uri or "", model=model or "", dvc=folder or "")
        st.rerun()


def _probe(view: View, system: System, item: Probe, now: datetime) -> None:
    age = (now - item.at).days
    state = phrase("{age} ago", age=plural(age, "day")) if age else phrase("today")
    state = (
        cards.word("partial", phrase("{state}: look again", state=state)) if now - item.at > OLD else state
    )
    with st.expander(
        phrase(
            "{kind}: {subject}, {versions} versions",
            kind=localise(KINDS[item.kind]),
            subject=escape(item.subject, 60),
            versions=len(item.versions),
        )
    ):
        st.markdown(
            phrase(
                "{place}, read by {by} on {at}, {state}.",
                place=escape(item.place, 120),
                by=escape(item.by),
                at=numbers.day(item.at),
                state=state,
            )
        )
        for note in item.notes:
            cards.note(note)
        tables.grid(
            [_version(v) for v in item.versions],
            alt=phrase("Versions as registered: version, other names, when, who, code, data, parameters"),
        )
        key = f"governance.probe.{item.kind}.{item.place}.{item.subject}"
        if permissions.button(phrase("Leave this place out"), permissions.ANALYST, key=key):
            probe.forget(view.ws, system.key, item, by=sign_in.actor())
            st.rerun()


def _version(v: ProbedVersion) -> dict[str, object]:
    return {
        "Version": one_line(v.version, 24), "Also named": one_line(", ".join((*v.names[1:4], *v.moving)), 80),
        "When": f"{iso_day(v.created_at)}" if v.created_at else numbers.DASH,
        "Who": one_line(v.created_by) or numbers.DASH, "Code": one_line(v.code[:12]) or numbers.DASH,
        "Data": one_line(v.data[:16]) or numbers.DASH, "Parameters": v.parameters,
    }  # fmt: skip

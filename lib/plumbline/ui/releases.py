"""The pieces of the Releases page: who decided when, guardrails, what each switch changed, side by side."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from plumbline.answers.releases import sentences
from plumbline.answers.releases.guardrails import GuardrailResult
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.charts.forest_plot import EstimateRow, ReferenceLine, forest
from plumbline.charts.style import Mode
from plumbline.charts.timeline import ReleaseEvent, Stretch, timeline
from plumbline.monitor.releases.ab_test import Comparison, Measure
from plumbline.monitor.releases.history import duration
from plumbline.ui.notes import event_form, marks
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.parts.openings import time_zone_note
from plumbline.ui.releases_switches import estimate_data, estimate_row
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import capital, digits, localise, phrase
from plumbline.wording.quantities import plural
from plumbline.wording.times import iso_day, iso_minute


def split_choice() -> float | None:
    """The share of decisions that a newcomer was meant to get, 0 to 1; the link carries it."""
    cards.section(
        phrase("Side by side"),
        phrase("Tests, canaries and shadows. The p-value holds however often one looks."),
    )
    per_cent = st.number_input(
        phrase("Planned share of the new version, %"),
        min_value=0.1,
        max_value=99.9,
        value=None,
        step=5.0,
        width=316,
        key=session.INTENDED.name,
        bind="query-params",
        placeholder=phrase("even, where it is near one"),
        help=help_for("Split"),
    )
    return per_cent / 100 if per_cent else None


def figures(answer: ReleasesAnswer) -> None:
    """Versions, releases, rollbacks, and the one in charge."""
    releases = answer.releases
    named = [v for v in releases.versions if v.version]
    period = releases.spans[-1]
    tripped = {w.version for w in answer.guardrails if w.fired and not w.proved}
    back = releases.rollbacks[-1] if releases.rollbacks else None
    since = numbers.moment(period.start, answer.system.timezone)
    items = [
        Figure(
            name=phrase("In charge"),
            value=period.version or phrase("no version"),
            note=phrase("since {since}", since=since),
        ),
        Figure(
            name=phrase("Versions"),
            value=numbers.count(len(named)),
            note=phrase("{releases}", releases=plural(len(releases.switches), "release")),
        ),
        Figure(
            name=phrase("Guardrails tripped"),
            value=numbers.count(len(tripped)),
            note=", ".join(sorted(tripped))
            or phrase("of {n} watched", n=len({w.version for w in answer.guardrails})),
            status="fail" if tripped else "ok" if answer.guardrails else "unknown",
        ),
        Figure(
            name=phrase("Rollbacks"),
            value=numbers.count(len(releases.rollbacks)),
            note=phrase(
                "{bad_version} to {back_to} after {duration}",
                bad_version=back.bad_version,
                back_to=back.back_to,
                duration=duration(back.minutes),
            )
            if back
            else phrase("none in the log"),
        ),
    ]
    cards.figures(items)


def history(answer: ReleasesAnswer, view: View) -> None:
    """The timeline with guardrails and rollbacks on it."""
    releases = answer.releases
    stretches = [
        Stretch(version=s.version, role="in charge", start=s.start, end=s.end, n=s.n) for s in releases.spans
    ]
    stretches += [
        Stretch(version=p.version, role=p.role, start=p.start, end=p.end, n=p.n) for p in answer.presences
    ]
    events = [
        ReleaseEvent(
            w.version,
            w.at,
            "fail" if not w.proved else "watch",
            phrase(
                "Guardrail, {signal}: {advice}",
                signal=localise(w.signal, "guardrail"),
                advice=sentences.rollback_advice(w, answer.system.timezone),
            ),
        )
        for w in answer.guardrails
        if w.fired and w.at is not None
    ]
    events += [
        ReleaseEvent(
            b.back_to,
            b.end,
            "pass",
            phrase(
                "Back from {bad_version} after {duration}.",
                bad_version=b.bad_version,
                duration=duration(b.minutes),
            ),
        )
        for b in releases.rollbacks
    ]
    rows = [{**asdict(s), "start": s.start.isoformat(), "end": s.end.isoformat()} for s in stretches]
    calendar = marks.events(view)
    cards.section(
        phrase("Versions in use"),
        phrase(
            "Thick: in charge. Thin: beside the one in charge. Hatched: shadow, which nobody "
            "acted on. A square is a guardrail that tripped, a triangle a way back."
        ),
    )
    charts.show(
        timeline(stretches, events, view.mode, calendar=calendar),
        key="releases.timeline",
        name=f"{answer.system.key}-versions",
        alt=phrase("{sentence} The table of versions below has every date.", sentence=answer.sentence),
        rows=rows,
        events=calendar,
    )
    event_form.panel(view, calendar)


def guardrails(answer: ReleasesAnswer) -> None:
    """What tripped and what it called for, then every guardrail that was watched."""
    cards.section(
        phrase("Guardrails"),
        phrase(
            "The first decisions of each new version, against the version before. Trips by "
            "chance at most once in a thousand switches."
        ),
    )
    for watched in answer.guardrails:
        if watched.fired:
            status = "watch" if watched.proved else "fail"
            st.markdown(
                f"{cards.chip(status, watched.version)} {prose(_advice(watched, answer.system.timezone))}"
            )
    if not answer.guardrails:
        if not answer.releases.switches:
            cards.note(phrase("No version took over from another, so there was nothing to watch."))
        return
    zone = answer.system.timezone
    tables.grid(
        [_guardrail_row(w, zone) for w in answer.guardrails],
        alt=phrase("Guardrails: version, signal, rate, time"),
    )


def _advice(watched: GuardrailResult, zone: str) -> str:
    if watched.proved:
        return f"{_signal(watched)}: {localise(watched.found.sentence)}{localise(watched.acquittal)}"
    return f"{_signal(watched)}: {localise(sentences.rollback_advice(watched, zone))}"


def _signal(watched: GuardrailResult) -> str:
    words = localise(watched.signal, "guardrail")
    return words[:1].upper() + words[1:]


def _guardrail_row(w: GuardrailResult, zone: str) -> dict[str, object]:
    tripped = "watch" if w.proved else "fail"
    status = "unknown" if w.found.rate is None else tripped if w.fired else "ok"
    return {
        "Version": one_line(w.version),
        "After": one_line(w.previous) or phrase("no version"),
        "Guardrail": _signal(w),
        "Rate": numbers.share(w.found.rate),
        "n": w.found.at_decision or w.found.n,
        "Before": numbers.share(w.found.previous_rate),
        "Status": cards.glyph(status),
        "Known at": numbers.moment(w.at, zone) if w.at else numbers.DASH,
        "In charge for": duration(60 * w.exposed_hours),
        "Wrong since": numbers.count(w.since.wrong) if w.since and w.since.labelled else numbers.DASH,
    }


def comparisons_section(answer: ReleasesAnswer, mode: Mode) -> None:
    """Versions that decided over the same hours: what differs, and what it takes to know."""
    if not answer.comparisons:
        cards.note(
            phrase(
                "No two versions decided side by side for an hour and 30 decisions each. Run the "
                "next version in shadow first, and log its decisions with arm = shadow."
            )
        )
        return
    zone = answer.system.timezone
    for comparison in answer.comparisons[:3]:
        st.markdown(f"- {prose(sentences.say_comparison(comparison, zone))}")
    rows = [
        _difference_row(c, m)
        for c in answer.comparisons
        for m in c.measures
        if m.metric not in sentences.NUMBERS
    ]
    if rows:
        charts.show(
            forest(
                rows, mode, unit="points", lines=[ReferenceLine(0.0, phrase("no difference"))], longest=44
            ),
            key="releases.side",
            name=f"{answer.system.key}-side-by-side",
            alt=phrase("Differences of versions side by side, with 95 % intervals"),
            rows=[estimate_data(r) for r in rows],
        )
    tables.grid(
        [_comparison_row(c, m, answer.system.timezone) for c in answer.comparisons for m in c.measures],
        alt=phrase("Versions side by side: difference, interval, p, what would have been seen"),
    )


def _difference_row(c: Comparison, m: Measure) -> EstimateRow:
    label = phrase(
        "{newer} less {older} ({kind}), {measure}",
        newer=c.versions[1],
        older=c.versions[0],
        kind=localise(c.kind, "comparison"),
        measure=localise(sentences.say_name(m.metric)),
    )
    row = estimate_row(label, m.metric, m.difference)
    return EstimateRow(
        label=label,
        value=row.value,
        low=row.low,
        high=row.high,
        words=row.words,
        status="watch" if m.differs else "",
    )


def _comparison_row(c: Comparison, m: Measure, zone: str) -> dict[str, object]:
    ratio = c.ratio
    split = (
        numbers.DASH
        if ratio is None
        else f"{cards.glyph(ratio.status).split(' ')[0]} {numbers.share(ratio.share)}"
    )
    longer = phrase("long enough") if m.days_more == 0 else numbers.DASH
    if m.days_more:
        longer = duration(60 * 24 * m.days_more)
    return {
        "Versions": phrase(
            "{newer} beside {older}",
            newer=one_line(c.versions[1]),
            older=one_line(c.versions[0]),
        ),
        "How": localise(c.kind, "comparison"),
        "From": f"{iso_minute(c.start)}",
        "Days": digits(f"{c.days:.1f}"),
        "Measure": capital(sentences.say_name(m.metric)),
        "Difference": digits(sentences.change(m.metric, m.difference.value)),
        "95 % interval": localise(sentences.interval(m.metric, m.difference.low, m.difference.high)),
        "n": m.difference.n_before + m.difference.n_after,
        "p (any time)": localise(sentences.p_value(m.p_value)),
        "Known at": numbers.moment(m.known_at, zone) if m.known_at else numbers.DASH,
        "Would have been seen": digits(sentences.change(m.metric, m.detectable).lstrip("+"))
        if m.detectable
        else numbers.DASH,
        "Longer to run": longer,
        "Split": split,
        "Agreed": numbers.share(c.agreed),
    }


def table(answer: ReleasesAnswer) -> None:
    """Every version with its dates and figures."""
    times = time_zone_note(answer.system.timezone)
    cards.section(
        phrase("Versions"),
        phrase("In order of first sight. Rates leave the shadow arm out. {times}", times=times),
    )
    tables.grid(
        [
            {
                "Version": one_line(v.version) or phrase("no version"),
                "First seen": f"{iso_minute(v.first)}",
                "Last seen": f"{iso_minute(v.last)}",
                "Trained": f"{iso_day(v.trained)}" if v.trained else phrase("unknown"),
                "Decisions": v.n,
                "In shadow": v.n_shadow,
                "Arms": one_line(", ".join(a for a in v.arms if a)) or numbers.DASH,
                "Positive rate": numbers.share(v.positives_rate),
                "Accuracy": numbers.share(v.accuracy),
                "Labelled": v.n_labelled,
            }
            for v in answer.releases.versions
        ],
        alt=phrase("Versions: first and last decision, training date, decisions, rates"),
    )

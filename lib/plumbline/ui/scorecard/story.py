"""One picture that tells the story of a verdict: the headline metric, its break, the releases and the findings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.answers.governance.scorecard import Answer
from plumbline.charts.marks import Alert
from plumbline.charts.trend import trend
from plumbline.domain import PointStatus
from plumbline.store.findings import FindingRecord
from plumbline.ui.notes import marks
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

HEIGHT = 120  # with the rest of the first screen it fits 1440 x 900


def story(answer: Answer, findings: Sequence[FindingRecord], view: View) -> None:
    """The headline metric over the whole log; without outcomes, what would make it visible."""
    standing, releases = answer.measured.standing, answer.measured.releases
    if standing is None or not any(p.value is not None for p in standing.points):
        cards.note(phrase("No outcome is known yet: load labels to see whether it is still right."))
        empty_states.link(empty_states.LOAD_A_LOG)
        return
    name = numbers.name(standing.headline)
    system_findings = [
        r.finding for r in findings if r.finding.system == answer.system.key and r.finding.since is not None
    ]
    events = marks.events(view)
    figure = trend(
        standing.points,
        view.mode,
        reference=answer.system.reference,
        level=standing.levels.get(standing.headline),
        releases=marks.release_marks(releases.releases.spans) if releases else [],
        alerts=[Alert(localise(f.sentence), f.since) for f in system_findings if f.since is not None],
        events=events,
        height=HEIGHT,
    )
    breach = answer.measured.facts.performance_breach
    words = phrase("{name} by {by}", name=name, by=localise(standing.by))
    if breach and any(p.status is PointStatus.BREACH for p in standing.points):
        words += phrase(", in breach since {since}", since=numbers.day(breach.since))
    elif breach:
        words += phrase("; another metric is in breach since {since}", since=numbers.day(breach.since))
    st.plotly_chart(
        figure,
        theme=None,
        config={"displayModeBar": False},
        key="scorecard.story",
        alt=phrase(
            "{words}. {findings} findings are marked at their onset.",
            words=words,
            findings=len(system_findings),
        ),
    )
    marked = phrase(" Triangles: findings.") if system_findings else ""
    st.markdown(
        phrase(
            ":small[:gray[{words}.{marked}]] :small[[{page}](accuracy?system={key})]",
            page=page_name("accuracy"),
            words=escape(words),
            marked=marked,
            key=answer.system.key,
        )
    )

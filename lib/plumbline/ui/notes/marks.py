"""What is marked on every picture of time of the chosen system: its releases, its findings, its events."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.answers.alerts.findings import findings
from plumbline.answers.notes.calendar_events import calendar_events
from plumbline.answers.releases.history import history
from plumbline.charts.marks import Alert, Release
from plumbline.domain.notes import CalendarEvent
from plumbline.monitor.releases.champion import ChampionPeriod
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase


def events(view: View) -> tuple[CalendarEvent, ...]:
    """What people noted, the earliest first."""
    return ask(view, calendar_events, view.system.key).items if view.system else ()


def releases(view: View) -> list[Release]:
    """When each version took over."""
    if view.system is None:
        return []
    return release_marks(ask(view, history, view.system.key).releases.spans)


def release_marks(spans: Sequence[ChampionPeriod]) -> list[Release]:
    """The moment of each span's version; none in a log that names no version at all."""
    if not any(span.version for span in spans):
        return []
    return [Release(span.version or phrase("no version"), span.start) for span in spans]


def alerts(view: View) -> list[Alert]:
    """Each finding at its onset."""
    if view.system is None:
        return []
    known = [record.finding for record in ask(view, findings, view.system.key)]
    return [
        Alert(localise(finding.sentence), finding.since) for finding in known if finding.since is not None
    ]

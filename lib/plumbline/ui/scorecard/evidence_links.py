"""Links from a control's evidence to the rows and days that it speaks of, as Markdown for a list or a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from plumbline.answers.governance.reason_rows import EvidenceRows, evidence_rows
from plumbline.answers.governance.scorecard import Answer
from plumbline.domain import ControlResult
from plumbline.monitor.chunks import midnight
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import bar_filter, drill_down
from plumbline.ui.parts import empty_states, filters
from plumbline.ui.parts.escape import escape
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.links import GO, widget_text
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

PAGES = {path.stem for path in empty_states.PAGES.glob("*.py")}
Rows = Mapping[str, Sequence[EvidenceRows]]


def reason_rows(view: View, key: str, answer: Answer) -> Rows:
    """The rows of a scorecard's evidence, kept as long as the scorecard is, which is measured once for both."""

    def question(ws: Workspace, key: str) -> Rows:
        return evidence_rows(ws, key, answer)

    return ask(view, question, key)


def links(item: ControlResult, system: str, rows: Rows, *, only_rows: bool = False) -> str:
    """The page that shows the evidence, and the rows where it lies in some; empty where no page shows it.

    Args:
        only_rows: the rows alone where it lies in some, named by their page, as each word counts.
    """
    places = [_link(place, system, brief=only_rows) for place in rows.get(item.id, ())]
    page = item.evidence.page
    if page in PAGES and not any(place.page == page for place in rows.get(item.id, ())):
        places.insert(0, page_link(page, system))
    return " ".join(places[-1:] if only_rows else places)


def page_link(page: str, system: str) -> str:
    """A page of the system."""
    return f"[{page_name(page)}]({page}?system={quote(system)})"


def query(place: EvidenceRows, system: str) -> dict[str, str]:
    """What a link asks of the bar and of the page; whatever else the bar had goes."""
    asked = drill_down.whole_log_query(system) | drill_down.dates(system, place.start, place.end)
    if place.version:
        asked[session.VERSION.name] = place.version
    if place.where:
        asked |= bar_filter.query(place.where)
    if place.decision:
        asked[session.DECISION.name] = place.decision
    if place.switch:
        asked[session.SWITCH.name] = place.switch
    if place.page == "decisions":
        asked[session.FILTERS.name] = widget_text([filters.filter_text(item) for item in place.find])
    return asked


def _link(place: EvidenceRows, system: str, *, brief: bool) -> str:
    words = page_name(place.page) if brief else _words(place)
    return f"[{escape(words)}]({place.page}?{urlencode({GO: urlencode(query(place, system))})})"


def _words(place: EvidenceRows) -> str:
    """What the link shows, in words."""
    what = page_name(place.page)
    if place.decision:
        return phrase("Decision {decision}", decision=place.decision)
    if place.page == "decisions":
        what = phrase("Decisions")
    parts = [localise(filters.filter_text(item), "filter") for item in place.find]
    parts += [bar_filter.say(place.where)] if place.where else []
    version = place.version or place.switch
    parts += [phrase("version {version}", version=version)] if version else []
    if place.start and place.end:
        parts.append(numbers.span(*_day_bounds(place.start, place.end)))
    elif place.start:
        parts.append(phrase("since {since}", since=numbers.day(place.start)))
    return f"{what}: {', '.join(parts)}" if parts else what


def _day_bounds(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The days that the bar opens for a span: its first and its last one whole."""
    last = (end - timedelta(microseconds=1)).date()
    return midnight(start.date()), midnight(last + timedelta(days=1))

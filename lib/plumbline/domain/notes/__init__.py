"""What people write beside the figures of a system: events of the calendar, comments, views under a name."""

from plumbline.domain.notes.calendar_event import CalendarEvent, EventKind
from plumbline.domain.notes.comment import Comment
from plumbline.domain.notes.named_view import NamedView

__all__ = ["CalendarEvent", "Comment", "EventKind", "NamedView"]

"""Every key of the session state and of the query string, in one place, with its type and default.

A key of the bar is also the name in the query string. Keys of pages are ``page.name`` and never in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One entry of the session state."""

    name: str
    default: T

    def get(self) -> T:
        """The value, or the default."""
        value: T = st.session_state.get(self.name, self.default)
        return value

    def set(self, value: T) -> None:
        """Keep a value for this browser tab."""
        st.session_state[self.name] = value

    def clear(self) -> None:
        """Back to the default."""
        st.session_state.pop(self.name, None)


# the bar: bound to the query string
SYSTEM = Key("system", "")
WINDOW = Key("window", "all")
FROM: Key[Any] = Key("from", None)
TO: Key[Any] = Key("to", None)
VERSION = Key("version", "")
CHUNK = Key("by", "auto")
WHERE = Key("where", "")
LEVEL = Key("is", "")
WHERE_TOO = Key("and", "")
LEVEL_TOO = Key("and_is", "")

# pages: bound to the query string as well, so that a link shows the same picture
METRIC = Key("metric", "")
ESTIMATED = Key("estimated", False)
FEATURE = Key("feature", "")
METHOD = Key("method", "js")
DECISION = Key("decision", "")
FILTERS: Key[Any] = Key("find", None)  # what is looked for on the Decisions page, each filter in words
PART = Key("part", "Why")  # of the decision that is shown
SORT = Key("sort", "timestamp")
FALLING = Key("falling", True)
LINES = Key("lines", "")  # what has a line of its own: nothing, each version, or each level of a column
SECTION = Key("section", "")  # the tab of the page
ARRIVED = Key("arrived", False)  # the session has had its first page
HELD_AGAINST = Key("held", "reference")  # what segments are held against
AGAINST = Key("against", "")  # what the window is compared with: the reference, or dates of one's own
THEN_FROM: Key[Any] = Key("then_from", None)
THEN_TO: Key[Any] = Key("then_to", None)
#: the two windows that are compared on Accuracy: first and last day of each
TWO_WINDOWS: tuple[Key[Any], ...] = tuple(
    Key(name, None) for name in ("first_from", "first_to", "second_from", "second_to")
)
WORD = Key("word", "")  # what is looked for in the glossary
LANGUAGE = Key("language", "")  # of the screens, by its own name
LANGUAGE_CHOSEN = Key("language.chosen", "")  # chosen in this tab, by its code
WHOLE_ROW = Key("whole_row", False)
SPACE = Key("space", "log-odds")  # what contributions add up to
SWITCH = Key("switch", "")  # a version whose takeover is looked at
INTENDED: Key[Any] = Key("split", None)  # intended share of a newcomer's decisions, per cent
FAVOURABLE = Key("favourable", "")

# the quarantine on the Logs page: bound as well
LOAD = Key("load", "")
REASON = Key("reason", "")

# pages: kept in the tab only
UPLOADS: Key[Any] = Key("logs.uploads", ())  # the files in the uploader, as they were spooled
GROUP: Key[Any] = Key(
    "logs.group", None
)  # (question, what the files beside the leading one seem to be, and what becomes of them)
RESULT: Key[Any] = Key("logs.result", None)  # the result of the last load, or of several at once
PAGE_AFTER: Key[Any] = Key("decisions.after", None)  # (question, where its next page begins)
PAGE_IDS: Key[tuple[str, ...]] = Key("decisions.ids", ())  # the decisions of the page on screen
INSPECTED: Key[Any] = Key(
    "logs.inspected", None
)  # {(upload, system, what was said of it): what it seems to be}
ROLES: Key[Any] = Key("logs.roles", None)  # (upload and system, the roles that were given by hand)
UNFIT: Key[Any] = Key(
    "logs.unfit", None
)  # (upload, why its load was refused: too many rows for the quarantine)
REFUSED: Key[Any] = Key("logs.refused", None)  # the refusal of the load that ended last
ERASED: Key[Any] = Key("logs.erased", None)  # the certificate of the last erasure
LIKELY: Key[Any] = Key(
    "logs.likely", None
)  # (upload, the system that it belongs to, whether it holds labels)
PREVIEW: Key[Any] = Key("logs.preview", None)  # ((upload, mapping, ...), its first rows as loaded)
JOB: Key[Any] = Key("logs.job", None)  # the load at work
WINDOWS_BEFORE: Key[Any] = Key(
    "bar.before", ()
)  # the windows before those that were brushed, the last one last
SCRATCH = Key("scratch", False)  # whether this tab looks at its scratch workspace
KEEPING = Key("scratch.keeping", False)  # whether scratch is to be loaded for good at this run
SCRATCHING: Key[Any] = Key("logs.scratching", ())  # how the files are loaded that are going into scratch
GO_TO = Key("logs.go_to", "")  # the system that the bar turns to at the next run
UPLOAD_TURN = Key("logs.turn", 0)  # counts uploads: a new uploader after each load
LOCAL = "local user"  # who acts where nobody signs in
PICTURE = Key("picture", "PNG")  # how the camera above a figure saves it
MODEL_SAID: Key[tuple[bool, str] | None] = Key(
    "models.said", None
)  # what the last model file was found to be
OWN_CHANGE = Key("own_change", 0)  # the last change that was made in this tab beside what people state
ACTOR = Key("actor", "")  # the name that signs what is done in this tab

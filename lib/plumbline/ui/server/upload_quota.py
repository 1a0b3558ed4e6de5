"""How much of the server's memory one session's uploads may hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

#: files of one session at a time: those that are dropped in one go; what was loaded is on the disk already
COUNT = 24
#: sessions whose evicted files are known by name
SESSIONS = 256
_EVICTED: OrderedDict[str, list[str]] = OrderedDict()


def file_limit() -> int:
    """Bytes of one file."""
    return int(st.get_option("server.maxUploadSize")) * 1024 * 1024


def session_limit() -> int:
    """Bytes of all files of one session: those of one go, or the one that is loaded and the one after it."""
    return 2 * file_limit()


def make_room(session: str, length: str) -> None:
    """Let go of a session's oldest uploads until one more of that length fits.

    What a page reads was dropped last and goes last: it was written to the disk when the page first saw it.

    Args:
        length: the request's Content-Length, which may be missing or no number: the largest file is meant then.
    """
    from streamlit.runtime import Runtime

    files: Any = Runtime.instance().uploaded_file_mgr
    files_by_session: Mapping[str, Any] = dict(files.file_storage.get(session, {}))
    coming = min(int(length), file_limit()) if length.isascii() and length.isdigit() else file_limit()
    size = {name: len(file.data) for name, file in files_by_session.items()}
    for name in files_by_session:
        if sum(size.values()) + coming <= session_limit() and len(size) + (coming > 0) <= COUNT:
            return
        _note(session, files_by_session[name].name)
        files.remove_file(session_id=session, file_id=name)
        del size[name]


def _note(session: str, name: str) -> None:
    _EVICTED.setdefault(session, []).append(name)
    while len(_EVICTED) > SESSIONS:
        _EVICTED.popitem(last=False)


def evicted(session: str) -> tuple[str, ...]:
    """The names of the files that had to go since this session last loaded, the first first."""
    return tuple(dict.fromkeys(_EVICTED.get(session, ())))


def release(session: str, names: Iterable[str]) -> None:
    """Let go of uploads that are loaded, so that what comes next is not told that they had to go."""
    from streamlit.runtime import Runtime

    files: Any = Runtime.instance().uploaded_file_mgr
    for name in names:
        files.remove_file(session_id=session, file_id=name)
    _EVICTED.pop(session, None)

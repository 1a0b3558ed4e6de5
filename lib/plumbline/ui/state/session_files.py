"""What one browser session has of its own: a private folder for dropped files, and perhaps a scratch workspace.

Both are deleted when the session has ended for good, and with the server; a connection that is lost and comes back
finds them where they were. The folder lies in the workspace's inbox, so that
the workspace may read what is in it; its name is drawn anew for each session, so that nothing is shared between
two, answers kept by the path of a scratch workspace included.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from plumbline.domain import Load, Mapping
from plumbline.store import systems
from plumbline.store.sql import system_key
from plumbline.store.workspace import Workspace, open_workspace

_MEMORY = "600MB"


@dataclass(frozen=True, slots=True)
class SessionFile:
    """A file that was loaded into scratch, and how: all that is needed to load it for good."""

    path: Path
    title: str
    mapping: Mapping
    reference: bool
    sheet: str | None = None


@dataclass
class Desk:
    """``files``: what was loaded into the scratch workspace, in order."""

    folder: Path
    scratch: Workspace | None = None
    files: list[SessionFile] = field(default_factory=list)

    def clear(self) -> None:
        """Throw the scratch workspace away, with the files behind it."""
        if self.scratch is not None:
            self.scratch.close()
            Path(f"{self.scratch.path}.wal").unlink(missing_ok=True)
            self.scratch.path.unlink(missing_ok=True)
        for session_file in self.files:
            shutil.rmtree(session_file.path.parent, ignore_errors=True)
        self.scratch, self.files = None, []

    def close(self) -> None:
        """End of the session: nothing stays."""
        self.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


#: session -> its desk; not in a cache of Streamlit's, which anybody's message or a lost connection may empty
_DESKS: dict[str, Desk] = {}
_LEAVING: dict[str, threading.Timer] = {}
_LOCK = threading.RLock()
_MARGIN = 5.0  # seconds after which a session that Streamlit has given up is surely gone


def desk(real: Workspace) -> Desk:
    """This session's desk, laid out at the first call and when the workspace was opened anew."""
    context = get_script_run_ctx()
    session = context.session_id if context is not None else ""
    with _LOCK:
        desk = _DESKS.get(session)
        if desk is None or desk.folder.parent != real.inbox or not desk.folder.is_dir():
            if desk is not None:
                desk.close()
            folder = real.inbox / uuid.uuid4().hex
            folder.mkdir(mode=0o700)
            desk = _DESKS[session] = Desk(folder)
        return desk


def keep_session(session: str) -> None:
    """A browser is connected to a session, perhaps again: what it has on its desk stays."""
    with _LOCK:
        timer = _LEAVING.pop(session, None)
    if timer is not None:
        timer.cancel()


def schedule_clearing(session: str, after: float | None = None) -> None:
    """The last connection of a session is lost. Its desk is cleared when it can no longer come back.

    Args:
        after: seconds; default: as long as Streamlit keeps a lost session for its browser.
    """
    wait = after if after is not None else float(st.get_option("server.disconnectedSessionTTL")) + _MARGIN
    with _LOCK:
        if session not in _DESKS:
            return
        keep_session(session)
        timer = _LEAVING[session] = threading.Timer(wait, _clear_session, (session,))
        timer.daemon = True
        timer.start()


def _clear_session(session: str) -> None:
    with _LOCK:
        if _LEAVING.pop(session, None) is None:
            return  # it came back while the clock struck
        desk = _DESKS.pop(session, None)
    if desk is not None:
        desk.close()


def close_all() -> None:
    """The end of the server: nothing stays."""
    with _LOCK:
        for session in list(_LEAVING):
            keep_session(session)
        while _DESKS:
            _DESKS.popitem()[1].close()


def place(real: Workspace, name: str) -> Path:
    """Where a dropped file of that name is put: a folder of its own."""
    folder = desk(real).folder / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    return folder / name


def scratch(real: Workspace) -> Workspace:
    """This session's scratch workspace, made at the first call."""
    own_desk = desk(real)
    if own_desk.scratch is None:
        path = own_desk.folder / f"{uuid.uuid4().hex}.duckdb"
        own_desk.scratch = open_workspace(path, read_from=[own_desk.folder], memory_limit=_MEMORY)
    return own_desk.scratch


def keep(real: Workspace, *, actor: str) -> Load | None:
    """Load what is in scratch into the workspace, under a title that is free there; scratch is then cleared.

    Raises:
        PlumblineError: a file cannot be loaded; scratch stays as it is, and so do the files loaded before it.
    """
    from plumbline.answers.data.load import load_file

    own_desk, load = desk(real), None
    titles: dict[str, str] = {}
    for session_file in own_desk.files:
        key = system_key(session_file.title)
        titles.setdefault(key, _free_title(real, session_file.title))
        load = load_file(
            real,
            session_file.path,
            title=titles[key],
            mapping=session_file.mapping,
            reference=session_file.reference,
            sheet=session_file.sheet,
            actor=actor,
        )
    own_desk.clear()
    return load


def _free_title(real: Workspace, title: str) -> str:
    with real.read() as cursor:
        n, free = 1, title
        while systems.find_system(cursor, system_key(free)) is not None:
            n += 1
            free = f"{title} {n}"
    return free

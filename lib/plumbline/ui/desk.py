"""What one browser session has of its own: a private folder for dropped files, and perhaps a scratch workspace.

Both are deleted when the session ends, and with the server. The folder lies in the workspace's inbox, so that
the workspace may read what is in it; its name is drawn anew for each session, so that nothing is shared between
two, answers kept by the path of a scratch workspace included.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from plumbline.answers.loading import load_file
from plumbline.domain import Load, Mapping
from plumbline.store import systems
from plumbline.store.sql import system_key
from plumbline.store.workspace import Workspace, open_workspace

_MEMORY = "600MB"


@dataclass(frozen=True, slots=True)
class Kept:
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
    files: list[Kept] = field(default_factory=list)

    def clear(self) -> None:
        """Throw the scratch workspace away, with the files behind it."""
        if self.scratch is not None:
            self.scratch.close()
            Path(f"{self.scratch.path}.wal").unlink(missing_ok=True)
            self.scratch.path.unlink(missing_ok=True)
        for kept in self.files:
            shutil.rmtree(kept.path.parent, ignore_errors=True)
        self.scratch, self.files = None, []

    def close(self) -> None:
        """End of the session: nothing stays."""
        self.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def _release(held: Desk) -> None:
    held.close()


@st.cache_resource(scope="session", show_spinner=False, on_release=_release)
def _desk(inbox: str) -> Desk:
    folder = Path(inbox) / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    return Desk(folder)


def desk(real: Workspace) -> Desk:
    """This session's desk."""
    return _desk(str(real.inbox))


def place(real: Workspace, name: str) -> Path:
    """Where a dropped file of that name is put: a folder of its own."""
    folder = desk(real).folder / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    return folder / name


def scratch(real: Workspace) -> Workspace:
    """This session's scratch workspace, made at the first call."""
    held = desk(real)
    if held.scratch is None:
        path = held.folder / f"{uuid.uuid4().hex}.duckdb"
        held.scratch = open_workspace(path, read_from=[held.folder], memory_limit=_MEMORY)
    return held.scratch


def keep(real: Workspace, *, actor: str) -> Load | None:
    """Load what is in scratch into the workspace, under a title that is free there; scratch is then cleared.

    Raises:
        PlumblineError: a file cannot be loaded; scratch stays as it is, and so do the files loaded before it.
    """
    held, made = desk(real), None
    titles: dict[str, str] = {}
    for kept in held.files:
        key = system_key(kept.title)
        titles.setdefault(key, _free(real, kept.title))
        made = load_file(real, kept.path, title=titles[key], mapping=kept.mapping, reference=kept.reference,
                         sheet=kept.sheet, actor=actor)  # fmt: skip
    held.clear()
    return made


def _free(real: Workspace, title: str) -> str:
    with real.read() as cursor:
        n, free = 1, title
        while systems.find_system(cursor, system_key(free)) is not None:
            n += 1
            free = f"{title} {n}"
    return free

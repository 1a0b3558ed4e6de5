"""A folder whose files are loaded as they are dropped there: to ``done``, or to ``failed`` with the reason beside.

A file stays where it was dropped until its load is committed, and a file that was loaded before adds nothing. So a
process that is killed at any moment loses nothing and loads nothing twice: the next pass takes up the file again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plumbline.answers.data.load import Progress, load_file
from plumbline.answers.faults import sentence
from plumbline.domain import Load, PlumblineError
from plumbline.logs.files.byte_scan import survey
from plumbline.store.database.engine import cannot_write
from plumbline.store.workspace import Workspace, WriteStop

DONE, FAILED = "done", "failed"
#: seconds for which a file must not have changed before it is read
SETTLE = 2.0
#: endings of files that another program is still writing
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp", ".reason.txt")

#: what a file looked like: its size and time of change
Look = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxResult:
    """What became of one file: its load, or the reason why there is none."""

    file: str
    system: str
    to: str  # done | failed
    load: Load | None = None
    reason: str = ""


class GrowingFile(Exception):
    """The file changed while it was read: nothing was loaded, it is read again when it rests."""


def inbox_files(folder: Path, system: str | None) -> Iterator[tuple[Path, str]]:
    """Files to load, each with its system: all in the folder for ``system``, else those in sub-folders by its name."""
    places = (
        [(folder, system)]
        if system
        else [
            (p, p.name)
            for p in sorted(folder.iterdir())
            if p.is_dir() and p.name not in (DONE, FAILED) and not p.name.startswith(".")
        ]
    )
    for place, title in places:
        for path in sorted(place.iterdir()):
            name = path.name.lower()
            if path.is_file() and not name.startswith((".", "~")) and not name.endswith(_UNFINISHED):
                yield path, title


def file_state(path: Path) -> Look | None:
    """A file's size and time of change; None where it is gone."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns


def settled_files(
    folder: Path, system: str | None, before: dict[Path, Look], settle: float = SETTLE
) -> list[tuple[Path, str]]:
    """Files that have not changed since the last pass and for ``settle`` seconds.

    ``before``: what the last pass saw; brought up to date.
    """
    rest, seen = [], {}
    for path, title in inbox_files(folder, system):
        now = file_state(path)
        if now is None:
            continue
        seen[path] = now
        if before.get(path) == now and time.time() - now[1] / 1e9 >= settle:
            rest.append((path, title))
    before.clear()
    before.update(seen)
    return rest


def take(ws: Workspace, path: Path, title: str, *, actor: str) -> InboxResult | None:
    """Load one file and move it away; None where it changed while it was read."""
    seen = file_state(path)
    if seen is None:
        return None
    try:
        load = load_file(ws, path, title=title, actor=actor, progress=_change_guard(path, seen))
    except GrowingFile:
        return None
    except WriteStop:  # it waits where it is
        raise
    except Exception as error:  # whatever it is: the files behind it wait for their turn
        if cannot_write(error):
            raise PlumblineError("Nothing can be written: the disk is full, or read-only") from error
        if file_state(path) != seen:
            return None  # half a file is often no log at all
        return _move_to_failed(path, title, sentence(error))
    _move(path, DONE)
    return InboxResult(file=path.name, system=load.system, to=DONE, load=load)


def _change_guard(path: Path, seen: Look) -> Progress:
    """A progress report that stops the load, just before it is committed, where the file is no longer what was read."""
    digest = survey(path, text=False).sha256

    def report(_phrase: str, share: float) -> None:
        if share >= 1 and (file_state(path) != seen or survey(path, text=False).sha256 != digest):
            raise GrowingFile

    return report


def _move_to_failed(path: Path, title: str, reason: str) -> InboxResult:
    folder = path.parent / FAILED
    folder.mkdir(exist_ok=True)
    free = _free_path(folder / path.name)
    (folder / f"{free.name}.reason.txt").write_text(
        reason + "\n", "utf-8"
    )  # first: a failed file always has it
    os.replace(path, free)
    return InboxResult(file=path.name, system=title, to=FAILED, reason=reason)


def _move(path: Path, where: str) -> None:
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    os.replace(path, _free_path(folder / path.name))


def _free_path(path: Path) -> Path:
    """The path, or the first of ``name-2.csv``, ``name-3.csv`` that is not taken."""
    free, n = path, 1
    while free.exists():
        n += 1
        free = path.with_name(f"{path.stem}-{n}{path.suffix}")
    return free

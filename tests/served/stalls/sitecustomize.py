"""A disk that stalls, in the server of a test: ``stalled`` of ``tests/served/slow_disk.py`` says when and where.

Python imports this module by itself where its folder is on PYTHONPATH. A stall lasts as long as a file of its name lies
in the folder of STALLS; that somebody waits at it is said by a file beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from plumbline.store.database.engine import Engine
from plumbline.store.workspace import Cursor, Workspace

FOLDER = Path(os.environ["STALLS"])
sync, cursor_of, transaction = os.fsync, Engine.cursor, contextmanager(Workspace._transaction)


def wait(stall: str) -> None:
    """Stand still as long as the stall lasts."""
    while (FOLDER / stall).exists():
        (FOLDER / f"{stall}.reached").touch()
        time.sleep(0.02)


def slow_sync(file: int) -> None:
    """What brings the write-ahead file of pushed rows to the disk."""
    if ".push/" in os.readlink(f"/proc/self/fd/{file}"):
        wait("sync")
    sync(file)


def slow_cursor(engine: Engine) -> AbstractContextManager[Cursor]:
    """What DuckDB gives to nobody while it syncs the workspace itself."""
    wait("cursor")
    return cursor_of(engine)


def slow_transaction(ws: Workspace, by_itself: bool) -> Iterator[Cursor]:
    """A person's write that is all but there."""
    with transaction(ws, by_itself) as cursor:
        yield cursor
        if not by_itself:
            wait("commit")


patched: Any = Workspace
patched._transaction = slow_transaction
patched = Engine
patched.cursor = slow_cursor
os.fsync = slow_sync

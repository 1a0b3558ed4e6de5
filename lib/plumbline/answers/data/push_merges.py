"""When the small loads of a service that pushes all day become fewer: after each gathered load, and each hour."""

from __future__ import annotations

import logging
from datetime import datetime

from plumbline.answers.faults import sentence
from plumbline.logs.push.merge import merge_loads
from plumbline.logs.push.merge_plan import due_merges
from plumbline.profile import build
from plumbline.store.workspace import Workspace, WriteStop

LOG = logging.getLogger("plumbline")


class PushMerges:
    """Which systems have new loads, and which loads stay as they are. One thread uses it at a time."""

    def __init__(self) -> None:
        self._systems: set[str] = set()
        self._left: set[int] = set()
        self._hour: datetime | None = None
        self._faults: dict[str, str] = {}

    def note(self, system: str) -> None:
        """A gathered push of a system was loaded."""
        self._systems.add(system)

    def merge(self, ws: Workspace, now: datetime, *, actor: str) -> None:
        """Merge what is due; with a new hour every system is looked at, and what stayed is tried again."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            with ws.read() as cursor:
                rows = cursor.execute("SELECT DISTINCT system FROM load WHERE pushes > 0").fetchall()
            self._systems = {str(row[0]) for row in rows}
            self._left.clear()
            self._hour = hour
        while self._systems:
            key = self._systems.pop()  # what fails is tried again with the next load, or the next hour
            try:
                self._merge(ws, key, now, actor)
            except WriteStop:
                raise
            except Exception as error:
                words = sentence(error)
                if self._faults.get(key) != words:
                    LOG.warning("small loads of %s stay apart: %s", key, words)
                self._faults[key] = words
            else:
                self._faults.pop(key, None)

    def _merge(self, ws: Workspace, key: str, now: datetime, actor: str) -> None:
        while True:  # sixteen loads of sixteen are due in their turn
            with ws.read() as cursor:
                due = due_merges(cursor, key, now, but=self._left)
            if not due:
                return
            for group in due:
                _, left = merge_loads(ws, key, group, actor=actor, after=build.on_merge)
                self._left.update(left)

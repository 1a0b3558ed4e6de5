"""Processes that find a problem and tell it, and die on the way; see ``test_kills.py``.

``python -m tests.answers.respond.killed WORKSPACE`` imports everything once and then makes one process a point, each of
which is killed there.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from plumbline.answers.alerts import check as checks
from plumbline.answers.respond import delivery
from plumbline.respond import http
from plumbline.store.workspace import now, open_workspace
from tests.answers.respond.outbox_cases import problem

#: the moments at which it dies, in order of time
POINTS = ("finding written", "outbox written", "request sent", "reply read", "state saved")


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def run(path: Path, point: str) -> None:
    ws = open_workspace(path)
    if point == "request sent":
        http._read = die
    if point == "reply read":
        delivery._outcome = die
    if point == "state saved":
        delivery._record = die
    with ws.write() as cursor:
        checks.reconcile(cursor, "s", [problem()], ("",), now())
        if point == "finding written":
            die()
    if point == "outbox written":
        die()
    delivery.work(ws)
    ws.close()


def main(path: Path) -> None:
    for point in POINTS:
        child = os.fork()  # nothing is open, and no thread runs
        if not child:
            run(path, point)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), point


if __name__ == "__main__":
    main(Path(sys.argv[1]))

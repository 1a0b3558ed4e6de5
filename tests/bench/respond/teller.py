"""Processes of the campaign of kills: each opens the workspace, finds the problem that it is told, and sends.

Reads ``SIGNAL`` a line and prints the process that it made for it, then how it ended: imports are paid for once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from plumbline.answers.alerts.check import reconcile
from plumbline.answers.respond.delivery import work
from plumbline.store import findings as register
from plumbline.store.workspace import now, open_workspace
from tests.answers.respond.outbox_cases import problem


def tell(path: Path, signal: str) -> None:
    """Find a problem beside those that are known, acknowledge all, send."""
    ws = open_workspace(path)
    with ws.write() as cursor:
        known = [r.finding for r in register.recorded_findings(cursor, "s") if r.finding.signal != signal]
        reconcile(cursor, "s", [*known, problem(signal)], ("",), now())
        for record in register.recorded_findings(cursor, "s"):
            register.acknowledge(cursor, record.id, "bench", now())
    work(ws)
    ws.close()


def main(path: Path) -> None:
    """One process a line of standard input, one after another."""
    for line in sys.stdin:
        child = os.fork()  # nothing is open, and no thread runs
        if not child:
            tell(path, line.strip())
            os._exit(0)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""``plumbline watch`` killed while it works, each time in a fork of one warm process: ``python -m tests.logs.watched
BOX WORKSPACE``. The first kill comes when a load's rows are in and its transaction is open, the others at random.

Prints for each kill whether a load was open; the last watch is left alone until nothing waits.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from plumbline.answers.alerts import check
from plumbline.answers.data import inbox
from plumbline.answers.data import load as loading
from plumbline.cli import main as command
from plumbline.profile import build

KILLS = 5


def watch(box: str, workspace: str, said: int, hold: float) -> None:
    """The command itself, which says when a load is open and when it is committed; ``hold``: seconds it stays open."""
    count, load = build.on_load, inbox.load_file

    def counted(*given: Any) -> None:
        os.write(said, b"open ")
        time.sleep(hold)
        count(*given)

    def loaded(*given: Any, **named: Any) -> Any:
        made = load(*given, **named)
        os.write(said, b"committed ")
        return made

    loading.build.on_load, inbox.load_file = counted, loaded
    command.main(["watch", box, "--system", "s", "--settle", "0.1", "--workspace", workspace])


def main(box: str, workspace: str) -> None:
    assert check  # imported here, so that no fork has to
    rng = random.Random(11)
    for n in range(KILLS + 1):
        heard, said = os.pipe()
        child = os.fork()
        if child == 0:
            watch(box, workspace, said, hold=30 if n == 0 else 0.05)
            os._exit(0)
        os.close(said)
        words = ""
        if n == 0:
            words = _hear(heard, 60)
        elif n < KILLS:
            time.sleep(rng.random() * 0.8)
        else:
            end = time.monotonic() + 60
            while list(inbox.inbox_files(Path(box), "s")) and time.monotonic() < end:
                time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := _hear(heard, 0):
            words += more
        os.close(heard)
        if n < KILLS:
            print("open" if words.split()[-1:] == ["open"] else "between")


def _hear(heard: int, seconds: float) -> str:
    ready, _, _ = select.select([heard], [], [], seconds)
    return os.read(heard, 4096).decode() if ready else ""


if __name__ == "__main__":
    main(*sys.argv[1:3])

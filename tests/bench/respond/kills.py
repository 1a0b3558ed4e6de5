"""Two hundred kills at random moments: how long until each message arrives, and whether one comes twice.

``python -m tests.bench.respond.kills [KILLS] [FILE]`` prints one line of figures; it runs on loopback alone. With
a file it keeps each problem's figures there, a line each, and goes on where it was stopped.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from plumbline.answers.respond import channels
from plumbline.store.workspace import open_workspace
from tests.answers.respond.outbox_cases import outbox
from tests.environment import product
from tests.respond.receiver import Request, answer_with, receiver

ROOT = Path(__file__).parents[3]
#: seconds that the receiver takes to answer, so that kills fall into the conversation as well
SLOW = 0.15
#: kills in one workspace; a fresh one is as fast as the first
BATCH = 20
#: kills of one problem in a row, so that a machine that slows down meanwhile ever gets one through
MOST = 10
#: a process is killed at a moment up to so many times what an undisturbed one takes
LONGEST = 1.5


def _slow(request: Request, handler: object) -> None:
    time.sleep(SLOW)
    answer_with(200)(request, handler)  # type: ignore[arg-type]


def _begun(teller: subprocess.Popen[str], name: str) -> int:
    """Have a process begin; its number."""
    assert teller.stdin is not None
    assert teller.stdout is not None
    teller.stdin.write(f"{name}\n")
    teller.stdin.flush()
    return int(teller.stdout.readline())


def _seconds(teller: subprocess.Popen[str], name: str) -> float:
    """How long one takes that nobody disturbs."""
    assert teller.stdout is not None
    began = time.monotonic()
    _begun(teller, name)
    assert int(teller.stdout.readline()) == 0
    return time.monotonic() - began


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem: kills until its message was known to be sent, seconds that took, and what the receiver got.

    ``requests``: all; ``ids``, ``bodies``: how many different ones.
    """

    kills: int
    seconds: float
    requests: int
    ids: int
    bodies: int


def batch(chance: random.Random, kills: int) -> Iterator[Problem]:
    """Problems in a workspace of their own: each is killed again and again until its message is known to be sent."""
    with tempfile.TemporaryDirectory() as folder, receiver(_slow) as own:
        path = Path(folder) / "w.duckdb"
        ws = open_workspace(path)
        channels.add(ws, "ops", own.url, by="bench", allow_inner=True)
        ws.close()
        teller = subprocess.Popen(
            [product.python(), "-m", "tests.bench.respond.teller", str(path)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert teller.stdin is not None
        assert teller.stdout is not None
        _seconds(teller, "cutoff.warm")
        whole = [_seconds(teller, f"cutoff.undisturbed{i}") for i in range(3)]
        own.came.clear()
        done, rounds = 0, 0
        while done < kills:
            rounds += 1
            began, status, killed, before = time.monotonic(), 1, 0, len(own.came)
            while status:
                alone = time.monotonic()
                child = _begun(teller, f"cutoff.x{rounds}")
                timer = threading.Timer(
                    chance.uniform(0, LONGEST * median(whole)), os.kill, (child, signal.SIGKILL)
                )
                if killed < MOST:
                    timer.start()
                status = int(teller.stdout.readline())
                timer.cancel()
                killed += os.WIFSIGNALED(status)
                whole = whole if status else [*whole[-6:], time.monotonic() - alone]
            done += killed
            seconds, came = time.monotonic() - began, own.came[before:]
            ids = {request.headers["webhook-id"] for request in came}
            yield Problem(
                kills=killed,
                seconds=seconds,
                requests=len(came),
                ids=len(ids),
                bodies=len({r.body for r in came}),
            )
        teller.stdin.close()
        teller.wait()
        ws = open_workspace(path)
        sent = {m.id for m in outbox(ws) if m.state == "sent" and ".x" in str(m.data.get("signal"))}
        ws.close()
        assert sent == {request.headers["webhook-id"] for request in own.came}, "a message was lost"


def main(kills: int, kept: Path | None) -> None:
    """Batches until there were so many kills, and what they show together."""
    problems = (
        [Problem(**json.loads(line)) for line in kept.read_text().splitlines()]
        if kept and kept.exists()
        else []
    )
    while (done := sum(problem.kills for problem in problems)) < kills:
        made = list(batch(random.Random(15 + len(problems)), min(BATCH, kills - done)))
        problems += made
        if kept is not None:
            with kept.open("a") as out:
                out.writelines(json.dumps(asdict(problem)) + "\n" for problem in made)
    done = sum(problem.kills for problem in problems)
    repeated = sum(problem.requests - problem.ids for problem in problems)
    print(
        f"{done} kills in {len(problems)} problems: {sum(p.ids for p in problems)} messages arrived, {repeated} "
        f"requests repeated an id, {sum(p.bodies - p.ids for p in problems)} with another body; longest until sent "
        f"{max(p.seconds for p in problems):.1f} s, with the most kills {max(p.kills for p in problems)}"
    )
    assert all(problem.ids == 1 == problem.bodies for problem in problems)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, Path(sys.argv[2]) if len(sys.argv) > 2 else None)

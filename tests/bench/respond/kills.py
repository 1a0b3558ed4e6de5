"""Two hundred kills at random moments: how long until each message arrives, and whether one comes twice.

``python -m tests.bench.respond.kills [KILLS]`` prints one line of figures; it runs on loopback alone.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from plumbline.answers.respond import channels
from plumbline.store.workspace import open_workspace
from tests.answers.respond.outbox_cases import outbox
from tests.environment import product
from tests.respond.receiver import Request, answer_with, receiver

ROOT = Path(__file__).parents[3]
#: seconds that the receiver takes to answer, so that kills fall into the conversation as well
SLOW = 0.15
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


def main(kills: int) -> None:
    """A problem a round: killed again and again until its message is known to be sent; the next round's is another."""
    chance = random.Random(15)
    longest, rounds, done, arrived, twice = 0.0, 0, 0, 0, 0
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
        whole = _seconds(teller, "cutoff.undisturbed")
        while done < kills:
            rounds += 1
            began, status = time.monotonic(), 1
            while status:
                child = _begun(teller, f"cutoff.x{rounds}")
                wait = chance.uniform(0, LONGEST * whole) if done < kills else 1000.0
                timer = threading.Timer(wait, os.kill, (child, signal.SIGKILL))
                timer.start()
                status = int(teller.stdout.readline())
                timer.cancel()
                done += os.WIFSIGNALED(status)
            longest = max(longest, time.monotonic() - began)
        teller.stdin.close()
        teller.wait()
        ws = open_workspace(path)
        written = {m.id for m in outbox(ws) if m.state == "sent"}
        ws.close()
        came = [request.headers["webhook-id"] for request in own.came]
        arrived = len(written & set(came))
        twice = sum(came.count(one) - 1 for one in set(came))
        bodies = {(r.headers["webhook-id"], r.body) for r in own.came}
    print(
        f"{done} kills in {rounds} problems: {arrived} of {rounds + 1} arrived, {twice} requests repeated an id, "
        f"{len(bodies) - len(set(came))} with another body; longest until sent {longest:.1f} s"
    )
    assert arrived == rounds + 1 == len(written)
    assert len(bodies) == len(set(came))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

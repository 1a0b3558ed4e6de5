"""A process that takes pushed rows until it is killed: ``python -m tests.answers.pushing_process WORKSPACE EVERY``.

Each line of its input is a body for the shop; each line of its output is a receipt whose rows are on the disk.
"""

from __future__ import annotations

import sys
import time

from plumbline.answers.data.push import Intake
from plumbline.store.workspace import open_workspace


def main(path: str, every: str) -> None:
    """Take bodies until the input ends."""
    ws = open_workspace(path)
    intake = Intake(lambda: ws, float(every))
    while not intake.is_ready:
        time.sleep(0.01)
    print("ready", flush=True)
    for line in sys.stdin:
        request, _ = intake.request(
            "shop", "decisions", "application/x-ndjson", line.encode(), actor="token t", key=""
        )

        def done(error: OSError | None, number: str = request.receipt.id) -> None:
            print(number if error is None else error, flush=True)

        intake.take(request, done)


if __name__ == "__main__":
    main(*sys.argv[1:])

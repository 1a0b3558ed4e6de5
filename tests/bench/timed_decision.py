"""Server time of one decision's page in a long log, in a fresh process as the app runs: prints JSON.

Run as ``python -m tests.bench.timed_decision WORKSPACE SYSTEM ID [ID...] [--at-once]``. Whole script runs of the shell
and the page, without a browser: the first decision, others after it, and the first again. ``--at-once``: without what
a server makes ready when it starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.timed_pages import AGAIN, seconds


def timed(key: str, ids: list[str], *, at_once: bool) -> dict[str, Any]:
    """Seconds, and processor time of this process with the database's threads in it, the model's process left out."""
    from streamlit.testing.v1 import AppTest

    from plumbline.ui.server.application import warm_up
    from plumbline.ui.state import workspace as opened
    from tests.environment.product import SHELL

    def shown(decision: str) -> tuple[AppTest, tuple[float, float]]:
        at = AppTest.from_file(SHELL, default_timeout=900)
        at.query_params["system"] = key
        at.switch_page("../../../pages/trail.py").run()  # a session that has been elsewhere
        at.query_params["decision"] = decision
        at.switch_page("../../../pages/decisions.py")
        took = both(at.run)
        assert not [*at.exception, *at.error], decision
        return at, took

    ready = (0.0, 0.0) if at_once else both(lambda: warm_up(opened.workspace))
    at, first = shown(ids[0])
    others = [shown(decision)[1] for decision in ids[1:]]
    again = sorted(both(at.run) for _ in range(AGAIN))[AGAIN // 2]
    return {"ready": ready, "first": first, "others": others, "again": again}


def both(run: Callable[[], Any]) -> tuple[float, float]:
    cpu = time.process_time()
    took = seconds(run)
    return took, time.process_time() - cpu


if __name__ == "__main__":
    os.environ["PLUMBLINE_WORKSPACE"] = str(Path(sys.argv[1]).resolve())
    named = [word for word in sys.argv[3:] if not word.startswith("--")]
    print(json.dumps(timed(sys.argv[2], named, at_once="--at-once" in sys.argv)))

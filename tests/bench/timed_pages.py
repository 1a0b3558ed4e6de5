"""Server time of every page of one workspace, in one process as the app runs: prints JSON.

Run as ``python -m tests.bench.timed_pages WORKSPACE [PAGE]``. *first*: no answer is kept, as after a load; *warm*: the
same page again, the median of several runs. Both are whole script runs of the shell (sidebar, page, its messages),
without a browser. A page named beside the workspace is profiled instead.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AGAIN = 5


def parts() -> list[tuple[str, str, dict[str, str]]]:
    """What is opened: name, page, query string. Tabs and choices that ask more stand for themselves."""
    from tests.pages.conftest import PAGES

    tabs = ["Segments", "Calibration and estimates", "Errors and cost", "Two windows"]
    beside: list[tuple[str, str, dict[str, str]]] = [
        *((f"accuracy: {tab}", "accuracy", {"section": tab}) for tab in tabs),
        ("accuracy: by version", "accuracy", {"lines": "version"}),
        ("drift: whole rows", "drift", {"whole_row": "true"}),
    ]
    return [*((page, page, {}) for page in PAGES), *beside]


def seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def opened(name: str) -> tuple[Any, str]:
    """A session that has been elsewhere, and the page to go to."""
    from streamlit.testing.v1 import AppTest

    from tests.pages.conftest import SHELL

    _, page, query = next(one for one in parts() if one[0] == name)
    at = AppTest.from_file(SHELL, default_timeout=900)
    for key, value in query.items():
        at.query_params[key] = value
    at.switch_page("../../../pages/trail.py").run()
    return at, f"../../../pages/{page}.py"


def timed() -> dict[str, dict[str, Any]]:
    """Page -> seconds first and warm, and how many errors it shows."""
    import streamlit as st

    opened("trail")  # as in a running server, the frame's own modules are there
    took: dict[str, dict[str, Any]] = {}
    for name, _, _ in parts():
        at, path = opened(name)
        st.cache_data.clear()
        first = seconds(at.switch_page(path).run)
        warm = statistics.median(seconds(at.run) for _ in range(AGAIN))
        took[name] = {"first": first, "warm": warm, "errors": len(at.exception) + len(at.error)}
        print(
            f"{name:<36}{first:>8.2f}{warm:>8.3f}  {took[name]['errors'] or ''}", file=sys.stderr, flush=True
        )
    return took


def profiled(name: str) -> None:
    """Where the time of a first and of a warm run goes; the page runs in a thread of its own."""
    import cProfile
    import pstats
    import threading

    import streamlit as st

    at, path = opened(name)
    st.cache_data.clear()
    at.switch_page(path)
    for _ in range(2):
        profile = cProfile.Profile()
        threading.setprofile(lambda *_, own=profile: own.enable())
        at.run()
        threading.setprofile(None)
        profile.disable()
        stats = pstats.Stats(profile).sort_stats("cumulative")
        stats.print_stats("plumbline|duckdb", 45)
        stats.print_callers("_duckdb.execute")


if __name__ == "__main__":
    os.environ["PLUMBLINE_WORKSPACE"] = str(Path(sys.argv[1]).resolve())
    if len(sys.argv) > 2:
        profiled(sys.argv[2])
    else:
        found = timed()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"pages": found, "peak_mb": round(peak)}))

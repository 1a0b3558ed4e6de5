"""Server time of every page of one workspace, in one process as the app runs: prints JSON.

Run as ``python -m tests.bench.timed_pages WORKSPACE [PAGE]``; the workspace is written to. Each is a whole script run
of the shell (sidebar, page, its messages), without a browser:

- *loaded*: kept is what a load's own check keeps and nothing else, as if the whole log had just been loaded in this
  process, and before the server has measured the rest beside it;
- *warm*: the same page again, the median of several runs;
- *stated*: after a setting of the system was changed, as any act that changes no decision;
- *restarted*: in a process of its own that has got ready, as a server does beside its visitors; what was kept is
  there.

A page named beside the workspace is profiled instead.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AGAIN = 5


def parts() -> list[tuple[str, str, dict[str, str]]]:
    """What is opened: name, page, query string. Tabs and choices that ask more stand for themselves."""
    from tests.environment.product import PAGES

    tabs = ["Segments", "Calibration and estimates", "Errors and cost", "Two windows"]
    beside: list[tuple[str, str, dict[str, str]]] = [
        *((f"accuracy: {tab}", "accuracy", {"section": tab}) for tab in tabs),
        ("accuracy: by version", "accuracy", {"lines": "version"}),
        ("drift: whole rows", "drift", {"whole_row": "true"}),
    ]
    return [*((page, page, {}) for page in PAGES), *beside]


def seconds(run: Callable[[], Any]) -> float:
    return both(run)[0]


def both(run: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the clock, and of all threads' processor time."""
    started, used = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - started, time.process_time() - used


def opened(name: str) -> tuple[Any, str]:
    """A session that has been elsewhere, and the page to go to."""
    from streamlit.testing.v1 import AppTest

    from tests.environment.product import SHELL

    _, page, query = next(one for one in parts() if one[0] == name)
    at = AppTest.from_file(SHELL, default_timeout=900)
    for key, value in query.items():
        at.query_params[key] = value
    at.switch_page("../../../pages/trail.py").run()
    return at, f"../../../pages/{page}.py"


def just_loaded() -> Callable[[], None]:
    """What puts the workspace, and this process, back to where a load of the whole log leaves them."""
    import streamlit as st

    from plumbline.answers import cache
    from plumbline.answers.alerts.check import check
    from plumbline.answers.warmup import check_model_files
    from plumbline.store import systems
    from plumbline.store.cache.samples import forget_draws
    from plumbline.ui.state import workspace as workspaces

    ws = workspaces.workspace()
    with ws.write() as cursor:
        keys = [system.key for system in systems.list_systems(cursor)]
        cursor.execute("DELETE FROM kept")
    for key in keys:
        check(ws, key, actor="benchmark", all_signals=False)
        check_model_files(ws, key)
    with ws.read() as cursor:
        left = cursor.execute("SELECT * FROM kept").fetchall()

    def back() -> None:
        with ws.write() as cursor:
            cursor.execute("DELETE FROM kept")
            cursor.executemany("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", left)
            for key in keys:
                forget_draws(cursor, key)
        cache.clear_memory()
        st.cache_data.clear()

    return back


def stated(turn: int) -> None:
    """Change a setting, which changes no decision."""
    from plumbline.answers.statements import change_settings
    from plumbline.store import systems
    from plumbline.ui.state import workspace as workspaces

    ws = workspaces.workspace()
    with ws.read() as cursor:
        keys = [system.key for system in systems.list_systems(cursor)]
    for key in keys:
        change_settings(ws, key, {"retention_days": 4_000 + turn}, by="benchmark")


def timed() -> dict[str, dict[str, Any]]:
    """Page -> (wall, processor) seconds of each first visit, seconds warm, and how many errors it shows."""
    opened("trail")  # as in a running server, the frame's own modules are there
    back = just_loaded()
    took: dict[str, dict[str, Any]] = {}
    for turn, (name, _, _) in enumerate(parts()):
        at, path = opened(name)
        back()
        loaded = both(at.switch_page(path).run)
        warm = statistics.median(seconds(at.run) for _ in range(AGAIN))
        stated(turn)
        after = both(at.run)
        errors = len(at.exception) + len(at.error)
        took[name] = {"loaded": loaded, "stated": after, "warm": warm, "errors": errors}
    stated(len(took))
    for name, _, _ in parts():  # so that each has been seen once since the decisions changed
        at, path = opened(name)
        at.switch_page(path).run()
    return took


def first_of(name: str) -> tuple[float, float]:
    """The first visit of a page in this process, once the server has got ready as it does when it starts."""
    from plumbline.ui.server.application import warm_up
    from plumbline.ui.state import workspace as workspaces

    opened("trail")
    warm_up(workspaces.workspace)
    at, path = opened(name)
    return both(at.switch_page(path).run)


def restarted(workspace: str, name: str) -> tuple[float, float]:
    """The same in a process of its own."""
    run = [sys.executable, "-m", "tests.bench.timed_pages", workspace, "--first", name]
    out = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout
    wall, used = json.loads(out.splitlines()[-1])
    return wall, used


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
    if sys.argv[2:3] == ["--first"]:
        print(json.dumps(first_of(sys.argv[3])))
    elif len(sys.argv) > 2:
        profiled(sys.argv[2])
    else:
        from plumbline.ui.state import workspace as workspaces

        found = timed()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        workspaces.close()
        for name, one in found.items():
            one["restarted"] = restarted(sys.argv[1], name)
            figures = [f"{x:8.2f}" for way in ("loaded", "restarted", "stated") for x in one[way]]
            print(
                f"{name:<36}{''.join(figures)}{one['warm']:8.3f}  {one['errors'] or ''}",
                file=sys.stderr, flush=True,
            )  # fmt: skip
        print(json.dumps({"pages": found, "peak_mb": round(peak)}))

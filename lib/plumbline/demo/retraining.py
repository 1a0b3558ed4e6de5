"""What came after the shop's story, played live: its owner approves, the trigger fires, the log shows what it brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from plumbline.answers import statements
from plumbline.answers.alerts.check import check
from plumbline.answers.respond.demo_systems import is_of_demo
from plumbline.answers.respond.retraining.triggers import add_trigger, approve, read_runs, read_triggers
from plumbline.answers.respond.retraining.work import work
from plumbline.demo.load import load_log, load_outcomes
from plumbline.demo.receipts import pipeline_stub
from plumbline.demo.shop import AFTER_DAYS, SCENARIO, write_retrained_weeks
from plumbline.demo.story import DEMO_MOMENT
from plumbline.domain import PlumblineError
from plumbline.domain.respond import DEMO, RunState, TriggerRun
from plumbline.store import systems
from plumbline.store.workspace import Workspace

KEY, TRIGGER = SCENARIO.name, "retrain"
#: days after the story on which somebody looks: the new version decides, outcomes are in, the breach is over
LOOKS = (7, 14, 21, AFTER_DAYS)


def is_waiting(ws: Workspace) -> bool:
    """Whether the demo's shop is at the end of its story, and its trigger waits for approval."""
    with ws.read() as cursor:
        if systems.find_system(cursor, KEY) is None or not is_of_demo(cursor, KEY):
            return False
        return any(run.trigger == TRIGGER and run.state is RunState.DUE for run in read_runs(cursor, KEY))


def play(
    ws: Workspace, folder: Path, *, progress: Callable[[str, float], None] | None = None
) -> tuple[TriggerRun, ...]:
    """Approve and fire the shop's trigger at a stand-in, load what its new version decided, and look each week.

    Args:
        folder: where its files are written, which the workspace may read.

    Returns:
        The runs of the trigger after each step: fired, then seen, then what came of it.

    Raises:
        PlumblineError: the demo's shop is not there, or its trigger waits for nothing.
    """
    if not is_waiting(ws):
        raise PlumblineError(
            "The demo's shop has no trigger that waits",
            todo="Load it with `plumbline demo`; what came after its story is played once.",
        )
    say = progress or (lambda _words, _share: None)
    with pipeline_stub() as (url, _):
        say("Demo: the trigger fires", 0.0)
        with ws.read() as cursor:
            item = next(item for item in read_triggers(cursor, KEY) if item.name == TRIGGER)
        add_trigger(ws, replace(item, url=f"{url}/train"), by=DEMO)
        approve(ws, KEY, TRIGGER, by=DEMO)
        check(ws, KEY, actor=DEMO, all_signals=False)
        work(ws, KEY, actor=DEMO)
    runs = [_newest_run(ws)]
    say("Demo: the new version decides", 0.2)
    files = write_retrained_weeks(folder)
    load_log(ws, SCENARIO, files)
    load_outcomes(ws, SCENARIO, files)
    for place, days in enumerate(LOOKS, 1):
        at = DEMO_MOMENT + timedelta(days=days)
        say(f"Demo: the check of {at:%d %B}", 0.4 + 0.6 * place / len(LOOKS))
        statements.change_settings(ws, KEY, {"as_of": at.isoformat()}, by=DEMO)
        check(ws, KEY, actor=DEMO, all_signals=days == AFTER_DAYS)
        runs.append(_newest_run(ws))
    return tuple(runs)


def _newest_run(ws: Workspace) -> TriggerRun:
    with ws.read() as cursor:
        return next(run for run in read_runs(cursor, KEY) if run.trigger == TRIGGER and not run.test)

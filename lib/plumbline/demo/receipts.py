"""What the demo's companies have wired: real requests to a stand-in on loopback that answers while the demo is loaded.

Receipts of it are marked as the demo's (``domain.respond.DEMO``) and count for systems that the demo alone has loaded.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from plumbline.answers import statements
from plumbline.answers.operations.backup import rehearse
from plumbline.answers.respond import channels, progress
from plumbline.answers.respond.retraining.triggers import add_trigger
from plumbline.answers.respond.retraining.work import fire, send_test
from plumbline.answers.respond.rollback.act import drill
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.demo.story import DEMO_END, DEMO_MOMENT
from plumbline.domain.respond import DEMO, Mode, RetrainingCondition, RetrainingTrigger
from plumbline.store import findings, systems
from plumbline.store.backup.snapshot import snapshot
from plumbline.store.workspace import Workspace

#: the channel that they read
CHANNEL = "duty-phone"
#: when the makers of credit limits wired a dry run, and when they had the next version trained
WIRED, TRAINED = "2026-06-10T09:00:00+00:00", "2026-07-21T04:00:00+00:00"


def wire_system(ws: Workspace, key: str) -> None:
    """Wire what a story has, and do what was done there."""
    step = {
        "card-fraud": _dry_run,
        "credit-limits": _record_receipts,
        "shop-recommendations": _await_approval,
    }.get(key)
    if step is not None:
        step(ws, key)


def _dry_run(ws: Workspace, key: str) -> None:
    """The guardrail runs dry: what it would have done at the release that blocked good payments."""
    set_mode(ws, key, Mode.DRY_RUN, by=DEMO)
    _follow(ws, key)


def _record_receipts(ws: Workspace, key: str) -> None:
    """A webhook that rolls back, armed after months of dry run and drilled; a trigger whose new version decides; a
    channel that somebody reads; a copy of the workspace that was restored beside it."""
    with pipeline_stub() as (url, came):
        hand = {"url": f"{url}/traffic", "allow_inner": True}
        _set_date(ws, key, WIRED)
        set_mode(ws, key, Mode.DRY_RUN, by=DEMO, hand=hand)
        _set_date(ws, key, TRAINED)
        item = RetrainingTrigger(
            system=key, name="retrain", url=f"{url}/train", when=RetrainingCondition.AGE, allow_inner=True
        )
        add_trigger(ws, item, by=DEMO)
        fire(ws, key, "retrain", by=DEMO)
        _set_date(ws, key, DEMO_END)
        set_mode(ws, key, Mode.AUTOMATIC, by=DEMO)
        drill(ws, key, by=DEMO)
        _confirm_channel(ws, key, url, came)
    _rehearse_restore(ws)
    _follow(ws, key)


def _confirm_channel(ws: Workspace, key: str, url: str, came: list[Mapping[str, Any]]) -> None:
    """A test message goes out, and the code that came in it is typed back."""
    channels.add(ws, CHANNEL, f"{url}/duty", by=DEMO, keys=(key,), allow_inner=True)
    channels.send_test(ws, CHANNEL, by=DEMO, at=DEMO_MOMENT)
    channels.confirm(ws, CHANNEL, came[-1]["data"]["code"], by=DEMO, at=DEMO_MOMENT)


def _rehearse_restore(ws: Workspace) -> None:
    """A copy of the workspace is read whole beside it, as ``plumbline rehearse-restore`` does."""
    with tempfile.TemporaryDirectory(prefix="plumbline-demo-") as folder:
        copy = Path(folder) / "copy.duckdb"
        snapshot(ws, copy)
        rehearse(ws, copy, actor=DEMO, dated=DEMO_MOMENT)


def _await_approval(ws: Workspace, key: str) -> None:
    """A trigger that was tested and is due, and waits for its owner's approval."""
    with pipeline_stub() as (url, _):
        item = RetrainingTrigger(
            system=key, name="retrain", url=f"{url}/train", approval=True, allow_inner=True
        )
        add_trigger(ws, item, by=DEMO)
        send_test(ws, key, "retrain", by=DEMO)
    _follow(ws, key)


def _set_date(ws: Workspace, key: str, moment: str) -> None:
    statements.change_settings(ws, key, {"as_of": moment}, by=DEMO)


def _follow(ws: Workspace, key: str) -> None:
    """What a check does for acting, by the findings that the load has recorded."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        action_progress = progress.follow(
            cursor, system, [r.finding for r in findings.problems_by_themselves(cursor, key)]
        )
    with ws.write() as cursor:
        progress.keep(cursor, action_progress, actor=DEMO)


@contextmanager
def pipeline_stub() -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The address of a pipeline that takes everything and names the run that it was asked for, and what came there."""
    came: list[Mapping[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
            came.append(asked)
            body = json.dumps({"run": f"demo-{asked.get('subject', '')}".replace("/", "-")}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()

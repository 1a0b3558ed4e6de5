"""What is asked before the workspace is open: no fault of the request, and to be tried again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from plumbline.answers.data.push import Intake, UnavailableWorkspace
from plumbline.cli import commands
from plumbline.domain import PlumblineError
from plumbline.logs.push.receipts import PushReceipt, Request
from plumbline.store.workspace import Workspace
from plumbline.web.application import Interface
from plumbline.web.problems import to_problem
from tests.coroutines import run_coroutine


def _held() -> Workspace:
    raise PlumblineError("Another process has the workspace open", where="ws.duckdb", todo="Stop it.")


def _asked(app: Starlette, path: str) -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []

    async def ask() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        shown = [(b"authorization", b"Bearer plumbline_any"), (b"host", b"x")]
        await app(
            {
                "type": "http",
                "method": "GET",
                "path": path,
                "query_string": b"",
                "headers": shown,
                "root_path": "",
            },
            receive,
            send,
        )

    run_coroutine(ask())
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize("path", ["/api/v1/systems", "/api/v1/systems/shop/drift", "/metrics", "/readyz"])
def test_a_workspace_that_another_process_has_is_503(path: str) -> None:
    app = Starlette(routes=Interface(_held, commands).routes())
    status, problem = _asked(app, path)
    assert (status, problem["status"]) == (503, 503)
    assert path == "/readyz" or "Another process" in problem["detail"]
    assert _asked(app, "/healthz") == (200, {"status": "ok"})


def test_rows_that_come_before_anything_can_be_written_are_503() -> None:
    intake = Intake(_held, 3_600)
    receipt = PushReceipt(
        id="r", system="s", kind="decisions", actor="token t", key="", digest="",
        received_at=datetime.now(UTC), rows_read=1,
    )  # fmt: skip
    with pytest.raises(UnavailableWorkspace) as refused:
        intake.take(Request(receipt, (), [{}]), lambda _: None)
    intake.close()
    problem = to_problem(refused.value)
    assert (int(problem.status), problem.after) == (503, 5)

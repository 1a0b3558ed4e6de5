"""Files that wait for their command: no more than are allowed, no longer, and not taken from under a command."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.requests import Request

from plumbline.store.workspace import Workspace
from plumbline.web import uploads
from plumbline.web.problems import ProblemDocument
from plumbline.web.uploads import WAITING, Uploads
from tests.coroutines import run_coroutine


def _request(body: bytes = b"x") -> Request:
    async def receive() -> dict[str, object]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "PUT", "path": "/", "headers": []}, receive)


@pytest.fixture
def files(workspace: Workspace) -> Uploads:
    return Uploads(lambda: workspace, 1_000, 5.0)


def _folders(ws: Workspace) -> list[Path]:
    return sorted(ws.inbox.glob("order-*"))


def test_files_that_come_at_once_are_counted_at_once(workspace: Workspace, files: Uploads) -> None:
    async def send() -> list[str | BaseException]:
        takes = (files.take(_request(), "a.csv", "ana") for _ in range(3 * WAITING))
        return await asyncio.gather(*takes, return_exceptions=True)

    outcomes = run_coroutine(send())
    assert sum(isinstance(outcome, str) for outcome in outcomes) == WAITING
    assert sum(isinstance(outcome, ProblemDocument) for outcome in outcomes) == 2 * WAITING
    assert len(_folders(workspace)) == WAITING


def test_a_file_that_breaks_off_counts_no_longer(workspace: Workspace, files: Uploads) -> None:
    async def send() -> str:
        for _ in range(WAITING + 1):
            with pytest.raises(ProblemDocument, match="at most"):
                await files.take(_request(b"x" * 2_000), "a.csv", "ana")
        return await files.take(_request(), "a.csv", "ana")

    assert _folders(workspace) == []
    number = run_coroutine(send())
    assert [folder.name for folder in _folders(workspace)] == [f"order-{number}"]


def test_a_file_goes_by_the_clock_but_not_while_its_command_reads_it(
    workspace: Workspace, files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send() -> None:
        number = await files.take(_request(), "a.csv", "ana")
        with files.use("bo", [number]) as others:
            assert others == {}
        with files.use("ana", [number]) as mine, files.use("ana", [number]) as again:
            assert again == {}
            monkeypatch.setattr(uploads, "LIFE", 0.0)
            await files.take(_request(), "b.csv", "ana")
            files._expire("ana", number)
            async with asyncio.timeout(10):  # nobody asks anything more
                while len(_folders(workspace)) > 1:
                    await asyncio.sleep(0.001)
            assert mine[number].read_bytes() == b"x"
        assert _folders(workspace) == []

    run_coroutine(send())

"""Pushing decisions and labels, and the receipts of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from plumbline.answers.data.push import Intake
from plumbline.domain.acts import Access
from plumbline.logs.push.bodies import READERS, UnreadableBody
from plumbline.logs.push.receipts import PushReceipt
from plumbline.store.workspace import FullDisk, Workspace
from plumbline.web.body import read_body
from plumbline.web.bounded_wait import BoundedWait
from plumbline.web.callers import Callers
from plumbline.web.limits import RequestLimits
from plumbline.web.problems import ProblemDocument
from plumbline.web.questions import require_system

#: bytes of a body that is read at once; a larger one is read beside the loop
_SMALL = 32_768
#: characters of a request's key; seconds that a caller may wait for a receipt
_KEY, _WAIT = 200, 30.0
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One object a line, a CSV with a header, or an Arrow file or stream.",
        "content": {kind: {"schema": {"type": "string"}} for kind in READERS},
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "maxLength": _KEY},
            "description": "Names the request: sent again with the same body, it is answered with the same receipt.",
        }
    ],
}


class Pushes:
    """The routes by which rows come in."""

    def __init__(
        self,
        find: Callable[[], Workspace],
        callers: Callers,
        limits: RequestLimits,
        intake: Callable[[], Intake],
        wait: BoundedWait,
    ) -> None:
        self._find, self._callers, self._limits, self._intake = find, callers, limits, intake
        self._wait = wait

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        for kind, summary in (("decisions", "Push decisions"), ("labels", "Push what turned out to be true")):
            router.add_api_route(
                f"/systems/{{system}}/{kind}",
                self._endpoint(kind),
                methods=["POST"],
                status_code=202,
                summary=summary,
                description="Answered once the rows are on the disk; the receipt says later what became of them.",
                operation_id=f"push_{kind}",
                tags=["Pushing"],
                openapi_extra=_BODY,
            )
        router.add_api_route(
            "/receipts/{number}",
            self._receipt,
            summary="What became of a request",
            description="`?wait=true` answers once its rows are loaded, or after 30 seconds.",
            operation_id="receipt",
            tags=["Pushing"],
        )

    def _endpoint(self, kind: str) -> Callable[[Request], Any]:
        async def push(request: Request) -> Response:
            system = request.path_params["system"]
            token = await self._callers.caller(request, Access.ANALYST, system)
            media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media not in READERS:
                raise ProblemDocument(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    f"Send one of these as Content-Type: {', '.join(READERS)}.",
                )
            key = request.headers.get("idempotency-key", "")
            if len(key) > _KEY:
                raise ProblemDocument(
                    HTTPStatus.UNPROCESSABLE_ENTITY, f"Idempotency-Key has at most {_KEY} characters."
                )
            body = await read_body(request, self._limits)
            return await self._take(system, kind, media, body, actor=token.actor, key=key)

        return push

    async def _take(
        self, system: str, kind: str, media: str, body: bytes, *, actor: str, key: str
    ) -> Response:
        intake = self._intake()
        repeated = intake.find_request(system, kind, body, actor=actor, key=key)
        if repeated:
            return _answer({"receipt": repeated[0], "rows_read": repeated[1]}, HTTPStatus.ACCEPTED)
        forms = intake.fresh_forms(system)
        if forms is None:
            await self._wait.look_up(partial(require_system, self._find, system))
            forms = await self._wait.look_up(partial(intake.row_forms, system))
        read = partial(intake.request, system, kind, media, body, actor=actor, key=key, forms=forms)
        try:
            request, batch = read() if _is_small(media, body) else await to_thread.run_sync(read)
        except UnreadableBody as error:
            raise ProblemDocument(HTTPStatus.BAD_REQUEST, str(error)) from error
        loop = asyncio.get_running_loop()
        written: asyncio.Future[OSError | None] = loop.create_future()

        def done(error: OSError | None) -> None:
            loop.call_soon_threadsafe(_set, written, error)

        number = intake.take(request, done)
        if await self._wait.written(written) is not None:
            raise FullDisk(self._find().path)
        answer: dict[str, object] = {"receipt": number, "rows_read": len(request.rows)}
        if batch.unread:
            answer["unread"] = batch.unread
        return _answer(answer, HTTPStatus.ACCEPTED)

    async def _receipt(self, request: Request) -> Response:
        token = await self._callers.caller(request, Access.VIEWER)
        number = request.path_params["number"]
        intake = self._intake()
        if request.query_params.get("wait", "").lower() in ("1", "true", "yes"):
            await _wait_for_receipt(intake, number)
        receipt_and_state = await self._wait.look_up(partial(intake.receipt_of, number))
        if receipt_and_state is None:
            raise ProblemDocument(
                HTTPStatus.NOT_FOUND, "There is no such receipt; receipts are kept for seven days."
            )
        receipt, waiting = receipt_and_state
        if not token.covers(receipt.system):
            raise ProblemDocument(HTTPStatus.FORBIDDEN, f"The token {token.name} is not for this system.")
        return _answer(_receipt_json(receipt, waiting), HTTPStatus.ACCEPTED if waiting else HTTPStatus.OK)


def _set(written: asyncio.Future[OSError | None], error: OSError | None) -> None:
    if not written.done():  # the caller may be gone
        written.set_result(error)


def _is_small(media: str, body: bytes) -> bool:
    return len(body) <= _SMALL and "arrow" not in media


async def _wait_for_receipt(intake: Intake, number: str) -> None:
    loop = asyncio.get_running_loop()
    settled = asyncio.Event()

    def call() -> None:
        loop.call_soon_threadsafe(settled.set)

    intake.watch(number, call)
    try:
        async with asyncio.timeout(_WAIT):
            await settled.wait()
    except TimeoutError:
        return


def _receipt_json(receipt: PushReceipt, waiting: bool) -> dict[str, object]:
    """A receipt as it is answered: what is not known yet is null."""
    counts = {
        "rows_loaded": receipt.rows_loaded,
        "rows_duplicate": receipt.rows_duplicate,
        "rows_quarantined": receipt.rows_quarantined,
        "reasons": receipt.reasons,
    }
    state = "waiting" if waiting else "loaded" if receipt.load_id is not None else "refused"
    return {
        "receipt": receipt.id,
        "state": state,
        "system": receipt.system,
        "kind": receipt.kind,
        "received_at": receipt.received_at.isoformat(),
        "load_id": receipt.load_id,
        "rows_read": receipt.rows_read,
        **(dict.fromkeys(counts) if waiting else counts),
        "fault": receipt.fault,
    }


def _answer(value: dict[str, object], status: HTTPStatus) -> Response:
    return Response(orjson.dumps(value), int(status), {"Cache-Control": "no-store"}, "application/json")

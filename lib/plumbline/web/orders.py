"""Commands that change something, given by a program on another machine in the name of its token."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from plumbline.client.orders import refusal_reason, required_role
from plumbline.console import CommandLine, CommandOrder, OrderOutcome, SystemRefusal
from plumbline.domain.acts import Access, Token
from plumbline.store.workspace import Workspace
from plumbline.web.body import read_body
from plumbline.web.callers import Callers, require_role
from plumbline.web.limits import RequestLimits
from plumbline.web.problems import ProblemDocument
from plumbline.web.uploads import Uploads

_PLACE = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
_BODY: dict[str, Any] = {
    "parameters": _PLACE,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "arguments": {"type": "object", "description": "By the command's own names of them."},
                        "json": {"type": "boolean", "description": "Whether it prints JSON."},
                    },
                }
            }
        },
    },
}


class Orders:
    """The routes of commands, and of the files that they read."""

    def __init__(
        self, find: Callable[[], Workspace], callers: Callers, limits: RequestLimits, commands: CommandLine
    ) -> None:
        self._find, self._callers, self._limits, self._commands = find, callers, limits, commands
        self._uploads = Uploads(find, limits.file, limits.seconds)
        self._room = CapacityLimiter(limits.answers)

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(
            "/files/{name}",
            self._file,
            methods=["PUT"],
            status_code=201,
            summary="Send a file that a command reads",
            description="Answers its number, which holds for the next command of this token, for 15 minutes at most.",
            operation_id="send_file",
            tags=["Acts"],
            openapi_extra={"parameters": _PLACE},
        )
        router.add_api_route(
            "/commands/{name:path}",
            self._order,
            methods=["POST"],
            summary="Run a command of the command line",
            description="In the name of the token, with its role, for its systems: /commands/incident/open.",
            operation_id="run_command",
            tags=["Acts"],
            openapi_extra=_BODY,
        )

    async def _file(self, request: Request) -> Response:
        token = await self._callers.caller(request, Access.VIEWER)
        number = await self._uploads.take(request, request.path_params["name"], token.actor)
        return _answer({"upload": number}, HTTPStatus.CREATED)

    async def _order(self, request: Request) -> Response:
        path = tuple(request.path_params["name"].split("/"))
        token = await self._callers.caller(request, Access.VIEWER)
        try:
            asked = orjson.loads(await read_body(request, self._limits))
            arguments, as_json = dict(asked.get("arguments") or {}), bool(asked.get("json"))
        except (ValueError, TypeError, AttributeError) as error:
            raise ProblemDocument(
                HTTPStatus.BAD_REQUEST, "The body is no JSON object with arguments."
            ) from error
        numbers = [str(v["upload"]) for v in arguments.values() if isinstance(v, dict) and "upload" in v]
        run = self._run
        with self._uploads.use(token.actor, numbers) as files:  # gone as well where the command is refused
            self._refuse(path, token)
            try:
                outcome = await to_thread.run_sync(
                    lambda: run(path, arguments, as_json, token, files), limiter=self._room
                )
            except SystemRefusal as error:
                raise ProblemDocument(HTTPStatus.FORBIDDEN, str(error)) from error
        written = {name: base64.b64encode(body).decode() for name, body in outcome.files.items()}
        return _answer({"out": outcome.out, "code": outcome.code, "files": written}, HTTPStatus.OK)

    def _refuse(self, path: tuple[str, ...], token: Token) -> None:
        """Refuse what is no command, none of this token's role, or none for another machine."""
        if not self._commands.has_command(path):
            raise ProblemDocument(HTTPStatus.NOT_FOUND, "There is no such command.")
        require_role(token, required_role(path))
        if refused := refusal_reason(path):
            raise ProblemDocument(
                HTTPStatus.FORBIDDEN, f"{refused}. Run it on the server's machine, or use the app."
            )

    def _run(
        self,
        path: tuple[str, ...],
        arguments: dict[str, Any],
        as_json: bool,
        token: Token,
        uploads: Mapping[str, Path],
    ) -> OrderOutcome:
        ws = self._find()
        folder = Path(tempfile.mkdtemp(dir=ws.inbox, prefix="order-"))
        order = CommandOrder(
            path=path,
            arguments=arguments,
            actor=token.actor,
            only=token.systems,
            as_json=as_json,
            uploads=uploads,
            folder=folder,
        )
        try:
            return self._commands.order(ws.as_person(token.actor), order)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _answer(body: dict[str, object], status: HTTPStatus) -> Response:
    return Response(orjson.dumps(body), int(status), {"Cache-Control": "no-store"}, "application/json")

"""Reading: every answer of the command line, under the path of its command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from plumbline.client.questions import EXIT_CODE, QUESTIONS, CommandRoute
from plumbline.console import CommandLine, CommandOption, CommandOutput
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Token
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.web.callers import Callers
from plumbline.web.problems import ProblemDocument


class Questions:
    """The routes of the questions."""

    def __init__(
        self, find: Callable[[], Workspace], callers: Callers, commands: CommandLine, at_once: int
    ) -> None:
        self._find, self._callers, self._commands = find, callers, commands
        self._room = CapacityLimiter(at_once)

    def add_to(self, router: APIRouter) -> None:
        """Add one route a question."""
        router.add_api_route(
            "/systems",
            self._systems,
            summary="The systems with their verdicts, worst first",
            tags=["Answers"],
        )
        for question in QUESTIONS:
            router.add_api_route(
                f"/systems/{{system}}/{question.path}",
                self._endpoint(question),
                methods=[question.method],
                summary=question.summary,
                description=f"What `plumbline {question.command} --json` prints.",
                operation_id=question.path.replace("/", "_").replace("{", "").replace("}", ""),
                tags=["Answers" if question.method == "GET" else "Acts"],
                openapi_extra={"parameters": self._parameters(question)},
            )

    async def _systems(self, request: Request) -> Response:
        token = await self._callers.caller(request, Access.VIEWER)
        as_text = request.headers.get("accept", "").startswith("text/plain")
        if not token.systems:
            return _response(await self._ask(token, "systems", [], as_json=not as_text), as_text)
        systems_by_key: dict[str, list[Mapping[str, Any]]] = orjson.loads(
            (await self._ask(token, "systems", [])).text
        )
        shown = {  # what it is not for is not named to it
            name: [row for row in rows if token.covers(row.get("key") or row.get("system", ""))]
            for name, rows in systems_by_key.items()
        }
        lines = [f"{row['verdict']:<10} {row['key']}  {row['reason']}\n" for row in shown["systems"]]
        text = "".join(lines) if as_text else orjson.dumps(shown).decode()
        return _response(CommandOutput(text, 0), as_text)

    def _endpoint(self, question: CommandRoute) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            places = [request.path_params[name] for name in question.places]
            token = await self._callers.caller(request, question.access, places[0])
            await to_thread.run_sync(require_system, self._find, places[0])
            written = [*self._command_options(request, question), "--", *places]
            if question.command == "acknowledge":
                written.insert(0, f"--by={token.actor}")
            as_text = request.headers.get("accept", "").startswith("text/plain")
            try:
                printed = await self._ask(token, question.command, written, as_json=not as_text)
            except PlumblineError as error:
                if question.unknown is not HTTPStatus.NOT_FOUND or type(error) is not PlumblineError:
                    raise
                raise ProblemDocument(question.unknown, str(error)) from error
            return _response(printed, as_text)

        return answer

    async def _ask(
        self, token: Token, command: str, written: list[str], *, as_json: bool = True
    ) -> CommandOutput:
        def answer() -> CommandOutput:
            ws = self._find().as_person(token.actor)
            return self._commands.run_command(ws, command, written, actor=token.actor, as_json=as_json)

        return await to_thread.run_sync(answer, limiter=self._room)

    def _command_options(self, request: Request, question: CommandRoute) -> list[str]:
        """The query as the command line's options.

        Raises:
            Problem: one is none of this question.
        """
        known = self._commands.options(question.command)
        written = []
        for name, value in request.query_params.multi_items():
            if name not in question.options:
                allowed = ", ".join(question.options) or "none"
                raise ProblemDocument(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    f"There is no parameter {name[:40]!r} here; there are: {allowed}.",
                )
            if not known[name].flag:
                written.append(f"--{name}={value}")
            elif value.lower() in ("", "1", "true", "yes"):
                written.append(f"--{name}")
            elif value.lower() not in ("0", "false", "no"):
                raise ProblemDocument(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} is true or false.")
        return written

    def _parameters(self, question: CommandRoute) -> list[dict[str, Any]]:
        known = self._commands.options(question.command)
        places = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in question.places
        ]
        return places + [_parameter(known[name]) for name in question.options]


def _response(printed: CommandOutput, as_text: bool) -> Response:
    headers = {"Cache-Control": "no-store", EXIT_CODE: str(printed.code)}
    return Response(printed.text, headers=headers, media_type="text/plain" if as_text else "application/json")


def _parameter(option: CommandOption) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "boolean"} if option.flag else {"type": "string"}
    if option.choices:
        schema["enum"] = list(option.choices)
    if option.repeated:
        schema = {"type": "array", "items": schema}
    return {"name": option.name, "in": "query", "description": option.help, "schema": schema}


def require_system(find: Callable[[], Workspace], system: str) -> None:
    """Make sure that a system is there.

    Raises:
        Problem: 404.
    """
    with find().read() as cursor:
        if systems.find_system(cursor, system) is None:
            raise ProblemDocument(HTTPStatus.NOT_FOUND, f"There is no system {system[:80]!r}.")

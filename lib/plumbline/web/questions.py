"""Reading: every answer of the command line, under the path of its command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from plumbline.console import CommandLine, CommandOption
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Token
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.web.callers import Callers
from plumbline.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A command under a path. ``options``: those of its options that a query may give; ``unknown``: what its refusal
    means, where it takes the name of something."""

    path: str
    command: str
    summary: str
    options: tuple[str, ...] = ()
    method: str = "GET"
    access: Access = Access.VIEWER
    places: tuple[str, ...] = ("system",)
    unknown: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY


_SLICE = ("window", "version", "where")
QUESTIONS = (
    Question(path="scorecard", command="scorecard", summary="The verdict, its reasons and every control",
             options=("at", "changes")),
    Question(path="performance", command="performance", summary="The metrics over time",
             options=("by", "metric", *_SLICE, "estimated", "exact", "by-version", "calibration", "segments",
                      "against")),
    Question(path="drift", command="drift", summary="A window against the reference, feature by feature",
             options=("reference", "method", *_SLICE, "exact", "whole-row")),
    Question(path="fairness", command="fairness", summary="Protected groups compared",
             options=("by", "favourable", *_SLICE)),
    Question(path="quality", command="quality", summary="What the log itself is worth"),
    Question(path="releases", command="releases", summary="Versions, switches, guardrails", options=("split",)),
    Question(path="findings", command="findings", summary="The register of findings", options=("open",)),
    Question(path="explanations/{decision}", command="explain", summary="Why one decision came out as it did",
             options=("space",), places=("system", "decision"), unknown=HTTPStatus.NOT_FOUND),
    Question(path="check", command="check", summary="Run every signal, and record what it finds", method="POST",
             access=Access.ANALYST),
    Question(path="findings/{number}/acknowledge", command="acknowledge", summary="Say that a finding was seen",
             method="POST", access=Access.ANALYST, places=("system", "number"), unknown=HTTPStatus.NOT_FOUND),
)  # fmt: skip


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
        text = await self._ask(token, "systems", [])
        if token.systems:  # what it is not for is not named to it
            made: dict[str, list[Mapping[str, Any]]] = orjson.loads(text)
            shown = {
                name: [row for row in rows if token.covers(row.get("key") or row.get("system", ""))]
                for name, rows in made.items()
            }
            return Response(orjson.dumps(shown), media_type="application/json")
        return Response(text, media_type="application/json")

    def _endpoint(self, question: Question) -> Callable[[Request], Any]:
        async def asked(request: Request) -> Response:
            places = [request.path_params[name] for name in question.places]
            token = await self._callers.caller(request, question.access, places[0])
            await to_thread.run_sync(known, self._find, places[0])
            written = [*self._written(request, question), "--", *places]
            if question.command == "acknowledge":
                written.insert(0, f"--by={token.actor}")
            try:
                text = await self._ask(token, question.command, written)
            except PlumblineError as error:
                if question.unknown is not HTTPStatus.NOT_FOUND or type(error) is not PlumblineError:
                    raise
                raise Problem(question.unknown, str(error)) from error
            return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})

        return asked

    async def _ask(self, token: Token, command: str, written: list[str]) -> str:
        def answer() -> str:
            ws = self._find().acting(token.actor)
            return self._commands.json(ws, command, written, actor=token.actor)

        return await to_thread.run_sync(answer, limiter=self._room)

    def _written(self, request: Request, question: Question) -> list[str]:
        """The query as the command line's options.

        Raises:
            Problem: one is none of this question.
        """
        known = self._commands.options(question.command)
        written = []
        for name, value in request.query_params.multi_items():
            if name not in question.options:
                allowed = ", ".join(question.options) or "none"
                raise Problem(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    f"There is no parameter {name[:40]!r} here; there are: {allowed}.",
                )
            if not known[name].flag:
                written.append(f"--{name}={value}")
            elif value.lower() in ("", "1", "true", "yes"):
                written.append(f"--{name}")
            elif value.lower() not in ("0", "false", "no"):
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} is true or false.")
        return written

    def _parameters(self, question: Question) -> list[dict[str, Any]]:
        known = self._commands.options(question.command)
        places = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in question.places
        ]
        return places + [_parameter(known[name]) for name in question.options]


def _parameter(option: CommandOption) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "boolean"} if option.flag else {"type": "string"}
    if option.choices:
        schema["enum"] = list(option.choices)
    if option.repeated:
        schema = {"type": "array", "items": schema}
    return {"name": option.name, "in": "query", "description": option.help, "schema": schema}


def known(find: Callable[[], Workspace], system: str) -> None:
    """Make sure that a system is there.

    Raises:
        Problem: 404.
    """
    with find().read() as cursor:
        if systems.find_system(cursor, system) is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no system {system[:80]!r}.")

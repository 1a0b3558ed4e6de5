"""A command that a server on another machine answers: asked over HTTP, printed here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import click

from plumbline.client.questions import EXIT_CODE, QUESTIONS, CommandRoute
from plumbline.client.workspace import RemoteWorkspace
from plumbline.console import say
from plumbline.domain import PlumblineError

_OWN = {"workspace", "as_json", "server", "token_env", "help"}
_SYSTEMS = CommandRoute(path="", command="systems", summary="", places=())


def asked(
    command: click.Command, given: Mapping[str, Any], *, as_json: bool, server: str, variable: str
) -> int:
    """Have a server answer a command, and print what it prints; its exit code.

    Args:
        given: the command's arguments by their names.
        variable: of the environment, with the token.

    Raises:
        PlumblineError: the server cannot be reached or refuses it, or it takes no such option.
    """
    question = next((q for q in QUESTIONS if q.command == command.name), _SYSTEMS)
    if given.get("workspace"):
        raise PlumblineError("A server has a workspace of its own", todo="Leave --workspace or --server out.")
    try:
        there = RemoteWorkspace(server, os.environ.get(variable, ""))
    except PlumblineError as error:
        raise PlumblineError(error.what, where=variable) from error
    form = "application/json" if as_json else "text/plain"
    with there:
        reply = there.reply(question.method, _path(command, question, given), headers={"Accept": form})
    say(reply.body.decode("utf-8", "replace").rstrip("\n"))
    return int(reply.headers.get(EXIT_CODE.lower(), "0"))


def _path(command: click.Command, question: CommandRoute, given: Mapping[str, Any]) -> str:
    places = iter(question.places)
    named: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            if value is None:
                raise PlumblineError(f"A server is asked about one {parameter.name}", todo="Name it.")
            named[next(places)] = quote(str(value), safe="")
        elif parameter.name not in _OWN and value not in (None, False, ()) and value != parameter.default:
            name = parameter.opts[-1].lstrip("-")
            if name not in question.options:
                raise PlumblineError(f"A server takes no --{name}", todo="Run the command beside the server.")
            query += [(name, str(each)) for each in (value if isinstance(value, tuple) else (value,))]
    below = f"/{named['system']}/{question.path.format(**named)}" if question.places else ""
    return f"/systems{below}" + (f"?{urlencode(query)}" if query else "")

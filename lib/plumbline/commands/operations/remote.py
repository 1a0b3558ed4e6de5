"""A command that a server on another machine answers or runs: asked over HTTP, printed here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from plumbline.client.orders import refusal_reason
from plumbline.client.questions import EXIT_CODE, QUESTIONS, CommandRoute
from plumbline.client.workspace import RemoteWorkspace
from plumbline.commands.command import ACTOR, OUTPUT, find_command, is_signer
from plumbline.console import TERMINAL, say
from plumbline.domain import PlumblineError
from plumbline.wording.visible import visible

_OWN = {"workspace", "as_json", "server", "token_env", "help"}
_SYSTEMS = CommandRoute(path="", command="systems", summary="", places=())


def ask_server(
    path: Sequence[str], given: Mapping[str, Any], *, as_json: bool, server: str, variable: str
) -> int:
    """Have a server answer or run a command, and print what it prints; its exit code.

    Args:
        path: the command's words.
        given: its arguments by their names.
        variable: of the environment, with the token.

    Raises:
        PlumblineError: the server cannot be reached or refuses it, or it takes no such option.
    """
    if refused := refusal_reason(path):
        raise PlumblineError(refused, todo="Run it on the server's machine, or use the app.")
    if given.get("workspace"):
        raise PlumblineError("A server has a workspace of its own", todo="Leave --workspace or --server out.")
    question = next(
        (q for q in (*QUESTIONS, _SYSTEMS) if (q.command,) == tuple(path) and q.method == "GET"), None
    )
    try:
        there = RemoteWorkspace(server, os.environ.get(variable, ""))
    except PlumblineError as error:
        raise PlumblineError(error.what, where=variable) from error
    with there:
        if question is not None and _is_answerable(find_command(path), question, given):
            return _print_answer(there, find_command(path), question, given, as_json)
        return _run_order(there, path, given, as_json)


def _print_answer(
    there: RemoteWorkspace,
    command: click.Command,
    question: CommandRoute,
    given: Mapping[str, Any],
    as_json: bool,
) -> int:
    form = "application/json" if as_json else "text/plain"
    reply = there.reply(question.method, _address(command, question, given), headers={"Accept": form})
    say(reply.body.decode("utf-8", "replace").rstrip("\n"))
    return int(reply.headers.get(EXIT_CODE.lower(), "0"))


def _is_answerable(command: click.Command, question: CommandRoute, given: Mapping[str, Any]) -> bool:
    """Whether a question's own address takes what was given; what it does not is a command for all that."""
    arguments = [p.name for p in command.params if isinstance(p, click.Argument)]
    return all(given.get(name or "") is not None for name in arguments) and all(
        name in question.options for name, _ in _options(command, given)
    )


def _options(command: click.Command, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The options that were given, by their names without dashes."""
    return [
        (parameter.opts[-1].lstrip("-"), value)
        for parameter in command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in _OWN
        and _is_stated(parameter, value := given.get(parameter.name or ""))
        and value != parameter.default
    ]


def _is_stated(parameter: click.Parameter, value: Any) -> bool:
    """Whether a parameter was given: 0 is a number, and False is a word where the option has one for it."""
    if value is False:
        return isinstance(parameter, click.Option) and bool(parameter.secondary_opts)
    return value is not None and value != ()


def _address(command: click.Command, question: CommandRoute, given: Mapping[str, Any]) -> str:
    arguments = [p.name or "" for p in command.params if isinstance(p, click.Argument)]
    places = dict(zip(question.places, (quote(str(given[name]), safe="") for name in arguments), strict=True))
    query = [
        (name, str(each))
        for name, value in _options(command, given)
        for each in (value if isinstance(value, tuple) else (value,))
    ]
    below = f"/{places['system']}/{question.path.format(**places)}" if question.places else ""
    return f"/systems{below}" + (f"?{urlencode(query)}" if query else "")


def _run_order(there: RemoteWorkspace, path: Sequence[str], given: Mapping[str, Any], as_json: bool) -> int:
    out = given.get(OUTPUT)
    sources = [value for name, value in given.items() if isinstance(value, Path) and name != OUTPUT]
    if isinstance(out, Path) and out.resolve() in [source.resolve() for source in sources]:
        raise PlumblineError("The file that is read would be written over", todo="Name another --out.")
    arguments = _arguments(there, find_command(path), given)
    outcome = there.order(path, arguments, as_json=as_json)
    for name, body in outcome.files.items():
        if name != str(out):  # a server writes nothing but what was asked for
            raise PlumblineError("The server sent a file that was not asked for", where=visible(name))
        TERMINAL.get().put(Path(name), body)
    for text, err in outcome.out:
        TERMINAL.get().say(visible(text), err, False)
    return outcome.code


def _arguments(there: RemoteWorkspace, command: click.Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the server is told: files that are read are sent, those that are written come back."""
    arguments: dict[str, Any] = {}
    for parameter in command.params:
        name, value = parameter.name or "", given.get(parameter.name or "")
        if name in _OWN or not _is_stated(parameter, value):
            continue
        if is_signer(parameter):
            if value not in (ACTOR, parameter.default, ""):
                raise PlumblineError("A server acts in the name of the token", todo="Leave --by out.")
        elif isinstance(parameter, click.Argument) or value != parameter.default:
            arguments[name] = {"name": str(value)} if name == OUTPUT else _value(there, value)
    return arguments


def _value(there: RemoteWorkspace, value: Any) -> Any:
    if isinstance(value, Path):
        if value.is_dir():
            raise PlumblineError("A server takes one file at a time", where=str(value), todo="Name a file.")
        return {"name": str(value)} | ({"upload": there.send_file(value)} if value.exists() else {})
    if isinstance(value, (list, tuple)):
        return [_value(there, each) for each in value]
    return value if isinstance(value, bool) else json.loads(json.dumps(value, default=str))

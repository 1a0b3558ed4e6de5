"""The commands for the HTTP interface: questions by their options, orders with the files that they read and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.client.orders import is_refused_option
from plumbline.commands.command import ENTRIES, OUTPUT, Invocation, find_command, is_signer, run_locally
from plumbline.console import (
    TERMINAL,
    CommandOption,
    CommandOrder,
    CommandOutput,
    OrderOutcome,
    SystemRefusal,
    Terminal,
)
from plumbline.domain import PlumblineError

if TYPE_CHECKING:
    from plumbline.store.workspace import Workspace

_BESIDE = ("as_json", "server", "token_env", "workspace")


class InterfaceCommands:
    """See ``console.CommandLine``."""

    def options(self, command: str) -> Mapping[str, CommandOption]:
        """The options of a command by their names without dashes."""
        options_by_name = {}
        for option in find_command((command,)).params:
            if isinstance(option, click.Option):
                kind = option.type
                options_by_name[option.opts[-1].lstrip("-")] = CommandOption(
                    name=option.opts[-1].lstrip("-"),
                    help=option.help or "",
                    choices=tuple(kind.choices) if isinstance(kind, click.Choice) else (),
                    repeated=option.multiple,
                    flag=option.is_flag,
                )
        return options_by_name

    def run_command(
        self, ws: Workspace, command: str, written: Sequence[str], *, actor: str, as_json: bool
    ) -> CommandOutput:
        """What a command prints on this workspace, in somebody's name.

        Raises:
            PlumblineError: what it says where it fails, or an argument is none of its.
        """
        given = _parse_words(find_command((command,)), written)
        outcome = _run((command,), given, {}, ws, actor, as_json)
        return CommandOutput(outcome.text, outcome.code)

    def has_command(self, path: Sequence[str]) -> bool:
        """Whether a server runs a command of these words; parts of commands that run beside it are none."""
        return tuple(path) in ENTRIES and all(word.replace("-", "").isalpha() for word in path)

    def order(self, ws: Workspace, order: CommandOrder) -> OrderOutcome:
        """Run a command as somebody on another machine gave it.

        Raises:
            SystemRefusal: it names no system that the caller may touch.
            PlumblineError: what it says where it fails, or an argument is none of its.
        """
        command = find_command(order.path)
        typed: dict[str, str] = {}
        given = _parse_words(command, list(_command_words(command, order, typed)))
        _refuse_places(given, typed)
        if order.only:
            _refuse_others(ws, command, given, order.only)
        return _run(order.path, given, typed, ws, order.actor, order.as_json)


def _parse_words(command: click.Command, written: Sequence[str]) -> dict[str, Any]:
    try:
        given = dict(command.make_context(command.name, list(written)).params)
    except click.ClickException as error:
        raise PlumblineError(error.format_message()) from error
    return {name: value for name, value in given.items() if name not in _BESIDE}


def _run(
    path: Sequence[str],
    given: Mapping[str, Any],
    typed: Mapping[str, str],
    ws: Workspace,
    actor: str,
    as_json: bool,
) -> OrderOutcome:
    out: list[tuple[str, bool]] = []
    files: dict[str, bytes] = {}

    def collect(text: str, err: bool, _passing: bool) -> None:
        out.append((text, err))

    def put(file: Path, body: bytes) -> None:
        if str(file) not in typed:
            raise PlumblineError("This command writes a file", todo="Run it on the command line.")
        files[typed[str(file)]] = body

    terminal = Terminal(say=collect, put=put, shows_progress=lambda: False, lend=lambda _: ws, actor=actor)
    token = TERMINAL.set(terminal)
    try:
        invocation = Invocation({"workspace": None, **given}, dict(typed))
        code = run_locally(ENTRIES[tuple(path)].function, invocation, as_json)
    finally:
        TERMINAL.reset(token)
    return OrderOutcome(out=tuple(out), code=code, files=files)


def _command_words(command: click.Command, order: CommandOrder, typed: dict[str, str]) -> list[str]:
    """An order's arguments as the command line's words; ``typed`` takes what each path was called where it was given.

    Raises:
        PlumblineError: one is none of the command's, or a file that was not sent.
    """
    known = {parameter.name: parameter for parameter in command.params if parameter.name not in _BESIDE}
    unknown = [name for name in order.arguments if name not in known or is_signer(known[name])]
    if unknown:
        raise PlumblineError(f"The command {' '.join(order.path)} takes no {unknown[0][:40]!r} here")
    options: list[str] = []
    places: list[str] = []
    for name, parameter in known.items():
        if is_signer(parameter):
            options.append(f"--by={order.actor}")
        elif name in order.arguments:
            values = _texts(parameter, order.arguments[name], order, typed)
            if isinstance(parameter, click.Argument):
                places += values
            elif is_refused_option(parameter.opts[-1]) and values:
                raise PlumblineError(
                    f"A server takes no {parameter.opts[-1]} from another machine",
                    todo="Run the command on the server's machine.",
                )
            elif isinstance(parameter, click.Option) and parameter.is_flag:
                contrary = parameter.secondary_opts[-1:] if values == ["false"] else []
                options += [parameter.opts[-1]] if values == ["true"] else contrary
            else:
                options += [f"{parameter.opts[-1]}={value}" for value in values]
    return [*options, "--", *places]


def _texts(parameter: click.Parameter, value: Any, order: CommandOrder, typed: dict[str, str]) -> list[str]:
    if not isinstance(parameter.type, click.Path):
        values = value if isinstance(value, list) else [value]
        several = parameter.nargs != 1 or (isinstance(parameter, click.Option) and parameter.multiple)
        if len(values) != 1 and not several:  # the next one would take what is over
            raise PlumblineError(f"{parameter.human_readable_name} takes one value")
        return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    number, name = (
        (str(value.get(key, "")) for key in ("upload", "name")) if isinstance(value, dict) else ("", "")
    )
    base = Path(name.replace("\\", "/")).name
    path = order.uploads.get(number)
    if path is None and not number and parameter.name == OUTPUT and base.strip("."):
        path = order.folder / base
    if path is None:
        raise PlumblineError(
            "A file is named that was not sent", where=base, todo="Send it first: PUT /files/NAME."
        )
    typed[str(path)] = name or path.name
    return [str(path)]


def _refuse_places(given: Mapping[str, Any], typed: Mapping[str, str]) -> None:
    """Refuse every path of the server's own that an argument came to be, however it did."""
    for value in given.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Path) and str(each) not in typed:
                raise PlumblineError("A file is named that was not sent", where=each.name)


def _refuse_others(
    ws: Workspace, command: click.Command, given: Mapping[str, Any], only: Sequence[str]
) -> None:
    """Refuse what does not name a system that the caller may touch.

    Raises:
        SystemRefusal: as said.
    """
    from plumbline.store import loads
    from plumbline.store.sql import system_key

    name = given.get("system") or given.get("title")
    if isinstance(given.get("load_id"), int) and "system" not in given:
        with ws.read() as cursor:
            name = loads.get_load(cursor, given["load_id"]).system
    if given.get("verify"):
        raise SystemRefusal("This token is for some systems alone, and all of them are verified together")
    if not name:
        raise SystemRefusal(f"This token is for some systems alone, and {command.name} is not of one")
    if system_key(str(name)) not in only:
        raise SystemRefusal("This token is not for this system")

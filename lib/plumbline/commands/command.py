"""What every command shares: ``--workspace``, ``--json``, how a span is written, who acts, and where it runs.

Where a server on this machine holds the workspace, the server runs the command, as this process cannot have the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.console import (
    BAD_INPUT,
    TERMINAL,
    Terminal,
    error_line,
    error_sentence,
    samples,
    say,
)
from plumbline.domain import PlumblineError
from plumbline.relay import caller
from plumbline.relay.host import RunningCommand
from plumbline.sandbox.limits import refuse_small_address_space
from plumbline.store.sql import system_key
from plumbline.wording.visible import visible_json

if TYPE_CHECKING:
    from plumbline.answers.faults import SystemFault
    from plumbline.store.workspace import Workspace

ACTOR = "command line"
#: the parameter of every command that says where it writes; all other paths are read
OUTPUT = "out"


class Signature(click.Option):
    """Who acts, which has to be said; to a server it is the token that says it."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The name; nothing where a server is asked."""
        if self.value_is_missing(value) and ctx.params.get("server"):
            return None
        return super().process_value(ctx, value)


_ACTS = "Who does it; it goes on the trail."
#: in whose name an act is done: a person has to say so, or it is the command line's own
SIGNED = click.option("--by", required=True, metavar="NAME", help=_ACTS, cls=Signature)
BY = click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help=_ACTS)
#: filled as the command modules are imported
COMMANDS: list[click.Command] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command that a server can run. ``variables``: of the environment, with which it may sign in elsewhere."""

    function: Callable[..., Any]
    variables: tuple[str, ...] = ()


#: the commands that a server runs for others, by their names
ENTRIES: dict[tuple[str, ...], Entry] = {}


def command(
    name: str,
    *,
    into: click.Group | None = None,
    in_server: bool = True,
    variables: Sequence[str] = (),
    **settings: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command that has ``--workspace`` and ``--json``; its function returns (result, lines of text).

    Args:
        into: the group that it belongs to, such as ``incident``.
        in_server: whether a server that holds the workspace runs it; False for one that opens none, or asks the
            server for parts of its work (``command_answer``).
        variables: of the environment, with which it may sign in elsewhere. The server's count, not the caller's.
    """
    path = (into.name or "", name) if into else (name,)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if in_server:
            ENTRIES[path] = Entry(function=function, variables=tuple(variables))

        @wraps(function)
        def run(*, as_json: bool, server: str = "", token_env: str = "", **arguments: Any) -> int:
            if server:
                from plumbline.commands.operations.remote import ask_server

                return ask_server(path, arguments, as_json=as_json, server=server, variable=token_env)
            given = _absolute(arguments)
            if in_server:
                code = _run_in_server(path, given, as_json, _terminal_streams())
                if code is not None:
                    return code
            refuse_small_address_space()
            return run_locally(function, given, as_json)

        if in_server:
            run = click.option(
                "--token-env",
                metavar="VAR",
                default="PLUMBLINE_TOKEN",
                help="The variable with the server's token.",
            )(run)
            run = click.option(
                "--server", metavar="URL", is_eager=True, help="Ask a server on another machine."
            )(run)
        run = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(run)
        run = click.option(
            "--workspace", metavar="PATH", help="Default: PLUMBLINE_WORKSPACE, or the data folder's."
        )(run)
        make: Callable[[Callable[..., Any]], click.Command] = click.command(name, **settings)
        if into is None:
            COMMANDS.append(make(run))
        else:
            into.add_command(make(run))
        return run

    return register


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command's arguments with absolute paths, and how these were written."""

    arguments: dict[str, Any]
    typed: dict[str, str]


def _absolute(arguments: Mapping[str, Any]) -> Invocation:
    """Arguments whose paths hold in any folder."""
    values, typed = {}, {}
    for name, value in arguments.items():
        if isinstance(value, Path):
            values[name] = value.absolute()
            typed[str(values[name])] = str(value)
        else:
            values[name] = value
    return Invocation(values, typed)


def run_locally(function: Callable[..., Any], given: Invocation, as_json: bool) -> int:
    """Run a command and write what it returns."""
    from plumbline.domain.json_values import json_value

    token = TERMINAL.set(replace(TERMINAL.get(), typed=given.typed))
    try:
        result, lines, *code = _answered(function, given)
        if as_json:
            say(visible_json(json_value(result)))
        else:
            for line in lines:
                say(line)
    except PlumblineError as error:
        if error.where not in given.typed:
            raise
        raise PlumblineError(error.what, where=given.typed[error.where], todo=error.todo) from error
    finally:
        TERMINAL.reset(token)
    return int(code[0]) if code else 0


def _answered(function: Callable[..., Any], given: Invocation) -> tuple[Any, ...]:
    """What a command returns; of a system of which only a sample is here, with what is from it."""
    from plumbline.domain.json_values import json_value

    with samples() as shares:
        result, lines, *code = function(**given.arguments)
    named = given.arguments.get("system")
    share = shares.get(system_key(named)) if shares and isinstance(named, str) else None
    if share is None:
        return result, lines, *code
    values = json_value(result)
    if isinstance(values, dict):
        values["sample"] = share.to_dict()
    written = list(lines)
    told_already = any(share.sentence in line for line in written)
    return values, written if told_already else [*written, share.sentence], *code


def _terminal_streams() -> caller.Streams:
    return caller.Streams(
        lambda text: click.echo(text, nl=False), lambda text: click.echo(text, nl=False, err=True)
    )


def _run_in_server(
    path: tuple[str, ...], given: Invocation, as_json: bool, streams: caller.Streams
) -> int | None:
    """Have the server that holds the workspace run a command; its exit code, or None where there is no server."""
    from plumbline.store.locations import workspace_path

    if TERMINAL.get().lend is not None:  # this is the server
        return None
    end = caller.connect_to_server(workspace_path(given.arguments.get("workspace")))
    if end is None:
        return None
    arguments = {name: value for name, value in given.arguments.items() if name != "workspace"}
    asked = {
        "arguments": arguments,
        "typed": given.typed,
        "variables": [name for name in ENTRIES[path].variables if os.environ.get(name)],
    }
    paths = [value for value in arguments.values() if isinstance(value, Path)]
    seen = [*paths, *(path.parent for path in paths)]  # a file that is to be written is not there yet
    with end:
        return caller.run(
            end,
            path,
            asked,
            as_json=as_json,
            terminal=TERMINAL.get().shows_progress(),
            streams=streams,
            files=seen,
        )


def command_answer(name: str, workspace: str | None, **arguments: Any) -> Any:
    """What another command answers, as JSON, by this process or by the server that holds the workspace.

    Raises:
        PlumblineError: what the command says where it fails.
    """
    from plumbline.domain.json_values import json_value

    given = _absolute({"workspace": workspace, **arguments})
    out: list[str] = []
    err: list[str] = []
    code = _run_in_server((name,), given, True, caller.Streams(out.append, err.append))
    if code is None:
        return json_value(_answered(ENTRIES[(name,)].function, given)[0])
    if code == BAD_INPUT:
        raise PlumblineError("".join(err).removeprefix("plumbline: ").strip())
    return json.loads("".join(out))


def refuse_beside_server(workspace: str | Path | None, what: str) -> None:
    """Refuse what cannot be done while a server holds the workspace.

    Raises:
        PlumblineError: one does.
    """
    from plumbline.store.locations import workspace_path

    if TERMINAL.get().lend is not None:
        return
    end = caller.connect_to_server(workspace_path(workspace))
    if end is not None:
        end.close()
        raise PlumblineError(
            f"A running server holds this workspace, and {what}",
            where=str(workspace_path(workspace)),
            todo="Stop the server first, or name another workspace.",
        )


def carry_out(call: RunningCommand, find: Callable[[], Workspace]) -> int:
    """The server's side: run a caller's command on the workspace of this process; its exit code.

    Args:
        find: the workspace that this process holds.
    """
    from plumbline.store.database.cancellation import Cancellation

    order = call.order
    work = Cancellation()
    call.interrupt = work.cancel
    terminal = Terminal(
        say=lambda text, err, passing: call.say(text, err=err, passing=passing),
        put=call.write,
        shows_progress=lambda: _shows_progress(order.terminal, call),
        lend=lambda folders: find().for_command(folders, work),
    )
    token = TERMINAL.set(terminal)
    try:
        entry = ENTRIES.get(order.command)
        if entry is None:
            raise PlumblineError("The server does not run this command", where=" ".join(order.command))
        asked = order.arguments
        _refuse_other_files(order.files, asked["typed"])
        arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in asked["arguments"].items()}
        return run_locally(
            entry.function, Invocation({"workspace": None, **arguments}, asked["typed"]), order.as_json
        )
    except Exception as error:
        sentence = error_sentence(error) + _missing_variable_hint(order.arguments.get("variables", ()))
        if work.off:
            sentence = (
                "Stopped; nothing was changed."
                if not work.commits
                else "Stopped; what was done before is kept."
            )
        say(error_line(sentence), err=True)
        return BAD_INPUT
    finally:
        TERMINAL.reset(token)


def _shows_progress(terminal: bool, call: RunningCommand) -> bool:
    """Whether progress is shown; asked at each step, and so a place at which a command that was given up ends.

    Raises:
        click.Abort: it was.
    """
    if call.stop.is_set():
        raise click.Abort
    return terminal


def _refuse_other_files(files: Mapping[str, tuple[int, int] | None], typed: Mapping[str, str]) -> None:
    """Refuse a path under which the server sees another file than its caller.

    Raises:
        PlumblineError: as where a service has a /tmp of its own.
    """
    for path, mark in files.items():
        try:
            seen = Path(path).stat()
            identity: tuple[int, int] | None = (seen.st_dev, seen.st_ino)
        except OSError:
            identity = None
        if mark is not None and identity != mark:
            raise PlumblineError(
                "The server that holds the workspace does not see what you see here",
                where=typed.get(path, path),
                todo="It runs with folders or rights of its own: put the file beside the workspace.",
            )


def _missing_variable_hint(names: Sequence[str]) -> str:
    """What may be why a command failed here that would not have at its caller's."""
    missing = [name for name in names if not os.environ.get(name)]
    return f" {missing[0]} is set where you are, and not for the server, which runs this." if missing else ""


def actor_name() -> str:
    """In whose name a command acts that asks for no name."""
    return TERMINAL.get().actor or ACTOR


def is_signer(parameter: click.Parameter) -> bool:
    """Whether it says who acts, which a token does; ``--by`` of a series or of groups is something else."""
    return (
        isinstance(parameter, click.Option)
        and parameter.name in ("by", "actor")
        and parameter.metavar == "NAME"
    )


def find_command(path: Sequence[str]) -> click.Command:
    """A command, or one of a group, by its words.

    Raises:
        KeyError: there is none.
    """
    commands = {each.name or "": each for each in COMMANDS}
    for word in path[:-1]:
        group = commands[word]
        commands = dict(group.commands) if isinstance(group, click.Group) else {}
    return commands[path[-1]]


def report_faults(faults: Iterable[SystemFault]) -> None:
    """Name each system that failed, and why, on standard error."""
    for fault in faults:
        say(error_line(f"{fault.system}: {fault.sentence}"), err=True)


def parse_day(text: str, option: str) -> date:
    """A day that an option gives.

    Raises:
        PlumblineError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PlumblineError(f"{option} {text!r} is no day", todo="E.g. 2026-12-24.") from error


def span(text: str | None, option: str) -> tuple[datetime | None, datetime | None]:
    """Read ``A..B``: two ISO dates or times, either may be left out; B is not included."""
    from plumbline.wording.times import read_span

    return read_span(text, option) if text else (None, None)

"""The door of the command line: exit codes, one line a person can act on, the workspace, progress."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from plumbline.domain import PlumblineError
from plumbline.relay.files import write_atomically
from plumbline.wording.quantities import whole_percent
from plumbline.wording.visible import visible

if TYPE_CHECKING:
    from plumbline.store.cache.samples import SampleShare
    from plumbline.store.workspace import Workspace

FAILED, BAD_INPUT = 1, 2
#: a folder for temporary files that is full, a quota, a limit on the size of files
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


#: title of a group in the list of commands -> the commands in it, in the order of their use
GROUPS = {
    "Begin": ("demo", "serve", "systems", "scorecard", "check", "findings"),
    "Logs": ("inspect", "load", "watch", "pull", "attach", "sources", "roles", "quarantine", "retry", "labels", "undo",
             "erase", "remove", "system"),
    "Signals": ("performance", "drift", "releases", "gate", "fairness", "compare", "quality", "event"),
    "Single decisions and models": ("decision", "explain", "model"),
    "Acting on findings": ("acknowledge", "assign", "snooze", "comment", "channel", "deliveries", "trigger", "rollback",
                           "replay", "acting"),
    "Operations": ("schedule", "backup", "restore", "rehearse-restore", "verify", "token"),
    "Governance": ("context", "attest", "exempt", "approve", "incident", "record", "document", "report",
                   "questionnaire", "trail", "key", "verify-pack", "time-authority"),
}  # fmt: skip
_EXAMPLES = """Examples:
  plumbline load decisions.csv --system credit-limits
  plumbline load decisions.csv --system credit-limits --map outcome=label --timezone Europe/Berlin
  plumbline scorecard credit-limits"""


class CommandGroups(click.Group):
    """Turns every expected error into one line on standard error and exit code 2; lists commands by their use."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        left = set(self.commands) - {name for names in GROUPS.values() for name in names}
        for title, names in {**GROUPS, "Other": tuple(sorted(left))}.items():
            rows = [(n, self.commands[n].get_short_help_str(70)) for n in names if n in self.commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if ctx.parent is None:
            formatter.write_paragraph()
            formatter.write(_EXAMPLES + "\n")

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except BrokenPipeError:
            sys.exit(0)
        except Exception as error:
            fail(error_sentence(error))
        sys.exit(code if isinstance(code, int) else 0)


def error_sentence(error: Exception) -> str:
    """What a command that failed says on standard error."""
    if isinstance(error, PlumblineError):
        return str(error)
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, click.Abort) and not isinstance(error.__cause__, EOFError):
        return "Stopped; nothing was changed."
    # click takes every EOFError for an end of input, also that of a compiled module which was cut off while written
    cause = error.__cause__
    error = cause if isinstance(error, click.Abort) and isinstance(cause, EOFError) else error
    if isinstance(error, OSError) and error.errno in FULL:
        return "The disk is full; nothing of this was kept. Free space there and do it again."
    if os.environ.get("PLUMBLINE_DEBUG"):
        raise error
    from plumbline.answers.faults import unforeseen

    return unforeseen(error)


def error_line(text: str) -> str:
    """How a sentence is written on standard error."""
    return "plumbline: " + " ".join(visible(text).split())


def fail(text: str) -> None:
    """End with one line on standard error and exit code 2."""
    click.echo(error_line(text), err=True)
    sys.exit(BAD_INPUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What a command speaks to and works on: this process's own streams, or those of a caller of the server.

    ``typed``: absolute path -> how the caller wrote it; ``actor``: in whose name a command acts that asks nobody's.
    """

    say: Callable[[str, bool, bool], None]
    put: Callable[[Path, bytes], None]
    shows_progress: Callable[[], bool]
    lend: Callable[[Sequence[Path]], Workspace] | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOption:
    """An option of a command, as the HTTP interface offers it. ``choices``: none where any text will do."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    repeated: bool = False
    flag: bool = False


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command wrote to standard output, and its exit code."""

    text: str
    code: int


class SystemRefusal(PlumblineError):
    """A token gives a command that is not of a system that it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOrder:
    """A command as a program on another machine gives it.

    ``arguments``: value by the command's own name of it, a list where there may be several; a file is
    ``{"upload": number, "name": NAME}`` where it was sent, ``{"name": NAME}`` where it is to be written.
    ``uploads``: number -> where a file that was sent lies; ``folder``: an empty one. ``only``: the systems that the
    caller may touch; empty: all.
    """

    path: tuple[str, ...]
    arguments: Mapping[str, Any]
    actor: str
    only: tuple[str, ...]
    as_json: bool
    uploads: Mapping[str, Path]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """What a command said, each text with whether it is an error's, its exit code, and the files that it wrote."""

    out: tuple[tuple[str, bool], ...]
    code: int
    files: Mapping[str, bytes]

    @property
    def text(self) -> str:
        """What went to standard output."""
        return "".join(text for text, err in self.out if not err)


class CommandLine(Protocol):
    """The commands, for who runs them without a terminal."""

    def options(self, command: str) -> Mapping[str, CommandOption]:
        """The options of a command by their names without dashes."""

    def run_command(
        self, ws: Workspace, command: str, written: Sequence[str], *, actor: str, as_json: bool
    ) -> CommandOutput:
        """What a command prints on this workspace, in somebody's name.

        Raises:
            PlumblineError: what it says where it fails, or an argument is none of its.
        """

    def has_command(self, path: Sequence[str]) -> bool:
        """Whether a server runs a command of these words."""

    def order(self, ws: Workspace, order: CommandOrder) -> OrderOutcome:
        """Run a command as somebody on another machine gave it.

        Raises:
            SystemRefusal: it names no system that the caller may touch.
            PlumblineError: what it says where it fails, or an argument is none of its.
        """


def _echo(text: str, err: bool, _passing: bool) -> None:
    click.echo(text, err=err, nl=False)


_OWN = Terminal(say=_echo, put=write_atomically, shows_progress=lambda: sys.stderr.isatty())
TERMINAL: ContextVar[Terminal] = ContextVar("terminal", default=_OWN)
_SAMPLES: ContextVar[dict[str, SampleShare] | None] = ContextVar("samples", default=None)


def say(text: str, *, err: bool = False) -> None:
    """Write a line for whoever gave the command, without what steers a terminal.

    Commands speak through this alone, as many may run in one process.
    """
    TERMINAL.get().say(visible(text) + "\n", err, False)


def put(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, by the rights of whoever gave the command.

    Raises:
        OSError: nothing was written.
    """
    TERMINAL.get().put(path, body)


def typed_path(path: Path) -> str:
    """A path that was given to the command, as it was written."""
    return TERMINAL.get().typed.get(str(path), str(path))


@contextmanager
def samples() -> Iterator[dict[str, SampleShare]]:
    """Within it, the systems of the opened workspace of which only a sample is here, by key, once it was closed."""
    shares: dict[str, SampleShare] = {}
    token = _SAMPLES.set(shares)
    try:
        yield shares
    finally:
        _SAMPLES.reset(token)


def _note_samples(ws: Workspace) -> None:
    from plumbline.store.cache.samples import sample_shares

    shares = _SAMPLES.get()
    if shares is not None:
        with ws.read() as cursor:
            shares |= sample_shares(cursor)


@contextmanager
def workspace(path: str | None, read_from: Sequence[Path] = ()) -> Iterator[Workspace]:
    """The workspace for one command, closed when it ends; of a running server, that which it holds."""
    from plumbline.store.workspace import open_workspace

    lend = TERMINAL.get().lend
    if lend is not None:
        lent = lend(read_from)
        yield lent
        _note_samples(lent)
        return

    opened = open_workspace(path, read_from=read_from)
    try:
        yield opened
        _note_samples(opened)
    finally:
        opened.close()


def progress(step: str, share: float) -> None:
    """Show how far a long step is, on a terminal only."""
    if TERMINAL.get().shows_progress():
        end = "\n" if share >= 1 else ""
        line = f"\r\033[K{visible(step)} {whole_percent(share):>4}{end}"
        TERMINAL.get().say(line, True, share < 1)

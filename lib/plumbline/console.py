"""The door of the command line: exit codes, one line a person can act on, the workspace, progress."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.domain import PlumblineError

if TYPE_CHECKING:
    from plumbline.store.workspace import Workspace

FAILED, BAD_INPUT = 1, 2
#: a folder for temporary files that is full, a quota, a limit on the size of files
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


#: title of a group in the list of commands -> the commands in it, in the order of their use
GROUPS = {
    "Begin": ("demo", "serve", "systems", "scorecard", "check", "findings"),
    "Logs": ("inspect", "load", "watch", "pull", "sources", "roles", "quarantine", "retry", "labels", "undo", "erase",
             "remove"),
    "Signals": ("performance", "drift", "releases", "gate", "fairness", "compare", "quality"),
    "Single decisions and models": ("decision", "explain", "model"),
    "Governance": ("context", "attest", "exempt", "approve", "incident", "record", "document", "report", "trail"),
}  # fmt: skip
_EXAMPLES = """Examples:
  plumbline load decisions.csv --system credit-limits
  plumbline load decisions.csv --system credit-limits --map outcome=label --timezone Europe/Berlin
  plumbline scorecard credit-limits"""


class Commands(click.Group):
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
        except PlumblineError as error:
            fail(str(error))
        except click.ClickException as error:
            fail(error.format_message())
        except click.Abort:
            fail("Stopped; nothing was changed.")
        except BrokenPipeError:
            sys.exit(0)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                fail("The disk is full; nothing of this was kept. Free space there and do it again.")
            if os.environ.get("PLUMBLINE_DEBUG"):
                raise
            from plumbline.answers.faults import unforeseen

            fail(unforeseen(error))
        sys.exit(code if isinstance(code, int) else 0)


def fail(text: str) -> None:
    """End with one line on standard error and exit code 2."""
    click.echo("plumbline: " + " ".join(text.split()), err=True)
    sys.exit(BAD_INPUT)


@contextmanager
def workspace(path: str | None, read_from: Sequence[Path] = ()) -> Iterator[Workspace]:
    """The workspace for one command, closed when it ends."""
    from plumbline.store.workspace import open_workspace

    opened = open_workspace(path, read_from=read_from)
    try:
        yield opened
    finally:
        opened.close()


def progress(step: str, share: float) -> None:
    """Show how far a long step is, on a terminal only."""
    if sys.stderr.isatty():
        end = "\n" if share >= 1 else ""
        click.echo(f"\r\033[K{step} {share:4.0%}{end}", err=True, nl=False)

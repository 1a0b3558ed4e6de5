"""What every command shares: ``--workspace``, ``--json``, how a span is written, who acts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from plumbline.answers.faults import Fault

ACTOR = "command line"
#: filled as the command modules are imported
COMMANDS: list[click.Command] = []


def command(
    name: str, *, into: click.Group | None = None, **settings: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command that has ``--workspace`` and ``--json``; its function returns (result, lines of text).

    ``into``: the group that it belongs to, such as ``incident``.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*, as_json: bool, **arguments: Any) -> int:
            from plumbline.domain.json_values import json_value

            result, lines, *code = function(**arguments)
            if as_json:
                click.echo(json.dumps(json_value(result), ensure_ascii=False, indent=2))
            else:
                for line in lines:
                    click.echo(line)
            return int(code[0]) if code else 0

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


def told(faults: Iterable[Fault]) -> None:
    """Name each system that failed, and why, on standard error."""
    for fault in faults:
        click.echo(" ".join(f"plumbline: {fault.system}: {fault.sentence}".split()), err=True)


def span(text: str | None, option: str) -> tuple[datetime | None, datetime | None]:
    """Read ``A..B``: two ISO dates or times, either may be left out; B is not included."""
    from plumbline.wording.times import read_span

    return read_span(text, option) if text else (None, None)

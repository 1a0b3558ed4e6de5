"""The command line: all that the pages do, for cron and CI.

Results go to standard output, progress and errors to standard error. Exit codes: 0 fine, 1 the asked-for
check failed, 2 wrong use, bad input or too little memory or disk, in one clear line and never a traceback.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything is imported that such a Python cannot read
    sys.stderr.write("plumbline: Plumbline needs Python 3.11 or newer.\n")
    sys.exit(2)

import click

from plumbline import __version__
from plumbline.commands import (
    access,
    calendar_events,
    command,
    deliveries,
    erase,
    explain,
    inbox,
    incidents,
    labels,
    logs,
    pack,
    places,
    probe,
    questionnaire,
    scorecard,
    server,
    signals,
    sources,
    statements,
    triage,
)
from plumbline.commands.operations import backup, interface, schedule, tokens
from plumbline.commands.respond import freezes, rollback, triggers
from plumbline.console import CommandGroups

__all__ = [
    "access",
    "backup",
    "calendar_events",
    "carry_out",
    "deliveries",
    "erase",
    "explain",
    "freezes",
    "inbox",
    "incidents",
    "labels",
    "logs",
    "main",
    "pack",
    "places",
    "probe",
    "questionnaire",
    "rollback",
    "schedule",
    "scorecard",
    "server",
    "signals",
    "sources",
    "statements",
    "tokens",
    "triage",
    "triggers",
]


@click.group(cls=CommandGroups, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plumbline")
def main() -> None:
    """Is this model a liability, and what is the proof?"""


for made in command.COMMANDS:
    main.add_command(made)

#: how a server runs a command for somebody who calls it beside
carry_out = command.carry_out
#: how it answers a program that asks over HTTP
commands = interface.InterfaceCommands()


if __name__ == "__main__":
    main()

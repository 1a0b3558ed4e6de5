"""The reference pages that are made from the product itself, so that they cannot say anything else.

``make reference`` calls it as ``python -m tests.environment.reference``; ``tests/test_documents.py`` compares what is
stored with what it makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from plumbline.cli import main
from plumbline.client.orders import REFUSED
from plumbline.commands.command import ENTRIES
from plumbline.console import GROUPS
from tests.environment.reference_pages import (
    controls_page,
    glossary_page,
    metrics_page,
    roles_page,
    settings_table,
)
from tests.environment.reference_tables import MADE, table

#: options that every command has, told once
_COMMON = {"workspace", "as_json", "server", "token_env", "help"}


def commands(group: click.Group = main, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its name in words, those of a group after the group."""
    for name, command in sorted(group.commands.items()):
        yield " ".join((*parents, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*parents, name))


def _beside() -> str:
    """The commands that need the machine of the workspace."""
    local = {" ".join(path) for path, _ in _leaves(main)} - {" ".join(path) for path in ENTRIES}
    return ", ".join(f"`{name}`" for name in sorted(local | set(REFUSED)))


def _leaves(
    group: click.Group, parents: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*parents, name))
        else:
            yield (*parents, name), command


def _sections() -> dict[str, list[str]]:
    """Title -> names, as ``plumbline --help`` lists them."""
    left = set(main.commands) - {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "Other": tuple(sorted(left))}
    return {title: [name for name in names if name in main.commands] for title, names in groups.items()}


def _usage(name: str, command: click.Command, *, optional: bool = True) -> str:
    """How a command is called: arguments, options that it needs, and ``[OPTIONS]`` where others may follow."""
    context = click.Context(command, info_name=name)
    arguments = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    own = [q for q in command.params if isinstance(q, click.Option) and q.name not in _COMMON]
    needed = [f"{q.opts[0]} {q.make_metavar(context)}" for q in own if q.required]
    more = ["[OPTIONS]"] if optional and len(own) > len(needed) else []
    return " ".join([name, *arguments, *needed, *more])


def _paragraphs(command: click.Command) -> list[str]:
    return [" ".join(part.split()) for part in (command.help or "").split("\n\n")]


def options(command: click.Command) -> list[tuple[str, str]]:
    """The options that a command does not share with all: how each is written, and what it does."""
    context = click.Context(command)
    records = [
        q.get_help_record(context)
        for q in command.params
        if isinstance(q, click.Option) and q.name not in _COMMON and not q.hidden
    ]
    return [(f"`{record[0]}`", record[1]) for record in records if record]


def command_table() -> str:
    """One line a command, for the README: how it is called, and the first sentence of its help."""
    rows = [
        (f"`{_usage(name, main.commands[name], optional=False)}`", _paragraphs(main.commands[name])[0])
        for names in _sections().values()
        for name in names
    ]
    return table(("command", "does"), rows)


def _section(name: str, command: click.Command) -> str:
    from plumbline.answers.events import EVENTS
    from plumbline.governance.context import QUESTIONS

    depth = "#" * (3 + name.count(" "))
    parts = [
        f"{depth} {name}\n```\nplumbline {_usage(name, command)}\n```\n" + "\n\n".join(_paragraphs(command))
    ]
    own = options(command)
    if own:
        parts.append(table(("option", "does"), own).rstrip())
    if name == "record":
        parts.append(
            table(("`EVENT`", "means"), [(f"`{key}`", says) for key, says in EVENTS.items()]).rstrip()
        )
    if name == "context":
        rows = [(f"`{q.key}`", q.question, ", ".join(q.values)) for q in QUESTIONS]
        parts.append(table(("`KEY`", "question", "answers"), rows).rstrip())
    if isinstance(command, click.Group):
        parts += [_section(f"{name} {each}", command.commands[each]) for each in sorted(command.commands)]
    return "\n\n".join(parts)


def commands_page() -> str:
    """``docs/commands.md``."""
    head = f"""# Commands

Every command with all of its options, as `plumbline COMMAND --help` prints them. {MADE}

Each command takes `--workspace PATH` (the workspace file; default: `PLUMBLINE_WORKSPACE`, or the data folder's) and
`--json` (prints the result as JSON); `serve`, which does not end, takes no `--json`. With `--server URL` a command is
run by [a server](http-api.md#commands-from-another-machine) on another machine, with the token in PLUMBLINE_TOKEN, or
in the variable that `--token-env VAR` names. Only on the workspace's own machine run {_beside()}.

Results go to standard output, errors and progress to standard error. Exit codes:
0 fine; 1 the check that was asked for failed; 2 wrong use, bad input, or too little memory or disk,
in one line. [Settings](settings.md) lists the variables of the environment, [Roles](roles.md) what `--map` takes.

A span is written `A..B`: two ISO dates or times. The end is left out of it, and either may be missing.
"""
    parts = [head.rstrip()]
    for title, names in _sections().items():
        parts.append(f"## {title}")
        parts += [_section(name, main.commands[name]) for name in names]
    return "\n\n".join(parts) + "\n"


def between(text: str, name: str, content: str) -> str:
    """A document with the part between its two marks of that name made anew."""
    begin, end = f"<!-- {name}: {MADE.rstrip('.')} -->\n", f"<!-- end of {name} -->\n"
    if begin not in text or end not in text:
        raise ValueError(f"the marks of {name} are not there")
    before, _, rest = text.partition(begin)
    return before + begin + content + end + rest.partition(end)[2]


def readme(text: str) -> str:
    """The README with its table of commands made anew."""
    return between(text, "commands", command_table())


#: document -> how it is made of what is stored
PAGES: dict[str, Callable[[str], str]] = {
    "README.md": readme,
    "docs/commands.md": lambda _: commands_page(),
    "docs/controls.md": lambda _: controls_page(),
    "docs/glossary.md": lambda _: glossary_page(),
    "docs/metrics.md": lambda _: metrics_page(),
    "docs/roles.md": lambda _: roles_page(),
    "docs/settings.md": lambda text: between(text, "settings", settings_table()),
}


def made(root: Path) -> dict[Path, str]:
    """Each document, and what it has to say."""
    paths = {root / name: make for name, make in PAGES.items()}
    return {path: make(path.read_text("utf-8") if path.exists() else "") for path, make in paths.items()}


if __name__ == "__main__":
    for path, text in made(Path(__file__).parents[2]).items():
        path.write_text(re.sub(r"\n{3,}", "\n\n", text), "utf-8")

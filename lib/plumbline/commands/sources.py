"""Decisions from where they are kept: databases, buckets, lake tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import actor_name, command
from plumbline.console import progress
from plumbline.console import workspace as open_for

#: of the environment, with which sources are signed in to
CREDENTIALS = (
    "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "MYSQL_PWD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
)  # fmt: skip


class SourceArgument(click.ParamType[str]):
    """A source; of a file or folder on this machine, by its whole path, whatever folder it is read from."""

    name = "source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        kind, found, rest = text.partition(":")
        if found and kind.lower() in ("sqlite", "delta", "iceberg") and not re.match(r"/|~|\w+://", rest):
            return f"{kind}:{Path(rest).absolute()}" if rest else text
        return str(Path(text).absolute()) if Path(text).exists() else text


@command("pull", variables=CREDENTIALS)
@click.argument("source", required=False, type=SourceArgument())
@click.option("--system", "title", required=True, metavar="S", help="The system; made when it is new.")
@click.option("--table", default="", metavar="NAME", help="Of a database, e.g. public.decisions.")
@click.option("--query", default="", metavar="SQL", help="One SELECT, in the database's own words.")
@click.option(
    "--since", default="", metavar="COLUMN", help="Read only what is newer in it than at the last pull."
)
@click.option("--overlap", default="", metavar="SPAN", help="Read that much again, for rows that come late.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--reference", is_flag=True, help="These decisions count as healthy.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
@click.option("--positive", metavar="CLASS", help="The class whose probability the score is.")
@click.option("--date-order", metavar="dmy|mdy", help="What comes first in dates that can be read both ways.")
@click.option(
    "--task", metavar="TASK", help="binary, multiclass or regression, where the log leaves it open."
)
@click.option(
    "--accept-quarantine",
    "accept",
    is_flag=True,
    help="Load what fits even where more than a fifth of the rows cannot be loaded.",
)
def pull(
    workspace: str | None,
    source: str | None,
    title: str,
    table: str,
    query: str,
    since: str,
    overlap: str,
    maps: tuple[str, ...],
    **options: Any,
) -> Any:
    """Load what is new in SOURCE; without SOURCE, in every source that the system remembers.

    SOURCE is postgresql://USER@HOST/DB, mysql://USER@HOST/DB, sqlite:FILE, s3://BUCKET/FILE, https://HOST/FILE,
    delta:FOLDER or iceberg:FOLDER. Passwords and keys come from the environment and are never kept.
    """
    from plumbline.answers.data import load as loading
    from plumbline.answers.data import pull as pulling
    from plumbline.logs.pull.fetch import FetchRequest

    with open_for(workspace) as ws:
        if source is None:
            again = pulling.pull_sources(
                ws, title=title, overlap=overlap, actor=actor_name(), progress=progress
            )
            lines = [line for result in again for line in _pull_lines(result)]
            return {"pulled": [result.to_dict() for result in again]}, lines
        result = pulling.pull(
            ws,
            source,
            title=title,
            wanted=FetchRequest(table=table, query=query, since=since, mark=None, overlap=overlap),
            actor=actor_name(),
            progress=progress,
            maps=loading.read_maps(maps),
            **options,
        )
    return result.to_dict(), _pull_lines(result)


def _pull_lines(result: Any) -> list[str]:
    """What a pull did, in lines."""
    if result.attached:
        return _table_lines(result.attached)
    where = f"{result.origin.name} ({result.origin.location})"
    if not result.loads:
        return [f"{where}: nothing new since {result.mark}."]
    lines = [
        f"{where}: {result.total('rows_read')} rows read = {result.total('rows_loaded')} loaded + "
        f"{result.total('rows_duplicate')} duplicates + {result.total('rows_quarantined')} in quarantine."
    ]
    lines += [f"  {reason}: {rows}" for reason, rows in result.reasons.items()]
    lines += [f"  {note}" for load in result.loads for note in load.notes]
    return lines + ([f"  Read up to {result.origin.since} {result.mark}."] if result.mark is not None else [])


def _table_lines(result: Any) -> list[str]:
    """What a look at an attached table brought, in lines."""
    again = f"  {result.days} days were counted anew, of which labels or rows changed." if result.days else ""
    lost = (
        f"  {result.unplaced} rows have no place in the order and are never read." if result.unplaced else ""
    )
    if result.load is None:
        lines = [f"{result.item} ({result.location}): nothing new since {result.mark}."]
    else:
        lines = [
            f"{result.item} ({result.location}): {result.decisions} decisions counted where they lie, "
            f"of {result.n_read} rows read; a sample of {result.sampled} is kept here.",
            *(f"  {note}" for note in result.load.notes),
            *([f"  Its signals were not checked: {result.load.unchecked}"] if result.load.unchecked else []),
            f"  Read up to {result.mark}.",
        ]
    return [*lines, *filter(None, (again, lost))]


@command("attach", variables=("SPARK_CONNECT_AUTHENTICATE_TOKEN",))
@click.argument("source")
@click.option("--system", "title", required=True, metavar="S", help="The system; made when it is new.")
@click.option("--table", required=True, metavar="NAME", help="CATALOG.SCHEMA.TABLE, or a view.")
@click.option(
    "--since", required=True, metavar="COLUMN", help="The column that orders the rows, and only grows."
)
@click.option(
    "--sample",
    "size",
    type=int,
    default=200_000,
    show_default=True,
    help="How many rows to keep here at most.",
)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
@click.option("--positive", metavar="CLASS", help="The class whose probability the score is.")
@click.option(
    "--task", metavar="TASK", help="binary, multiclass or regression, where the table leaves it open."
)
def attach(
    workspace: str | None,
    source: str,
    title: str,
    table: str,
    since: str,
    size: int,
    maps: tuple[str, ...],
    timezone: str | None,
    positive: str | None,
    task: str | None,
) -> Any:
    """Make a system of a table in a Spark cluster, whose decisions stay there.

    SOURCE is spark:sc://HOST:PORT, a Spark Connect server. The decisions are counted in the cluster; a sample of
    them is kept here for what needs rows. `plumbline pull --system S` counts what is new, and anew what changed. The
    token comes from the environment and is never kept.
    """
    from plumbline.answers.data import attach as attaching
    from plumbline.answers.data.load import FileAnswers, read_maps

    answers = FileAnswers(maps=read_maps(maps), timezone=timezone, positive=positive, task=task)
    with open_for(workspace) as ws:
        result = attaching.attach(
            ws,
            source,
            title=title,
            item=table,
            since=since,
            size=size,
            answers=answers,
            actor=actor_name(),
            progress=progress,
        )
    return result.to_dict(), _table_lines(result)


@command("sources")
@click.argument("system", required=False)
def sources(workspace: str | None, system: str | None) -> Any:
    """List the remembered sources of SYSTEM, or of all, and how far each was read."""
    from plumbline.answers.data import pull as pulling

    with open_for(workspace) as ws:
        known = pulling.sources_of(ws, system)
    lines = [
        f"{s.system}: {s.origin.name} ({s.origin.kind}, {s.origin.location})"
        + (f", read up to {s.origin.since} {s.origin.mark}" if s.origin.mark else "")
        for s in known
    ]
    return {"sources": known}, lines or ["No source is remembered yet: plumbline pull SOURCE --system S."]

"""What goes in: the demo, looking at a file, loading it, taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import actor_name, command, refuse_beside_server
from plumbline.console import BAD_INPUT, progress, put, say, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.wording.quantities import whole_percent

if TYPE_CHECKING:
    from plumbline.answers.governance.portfolio import SystemRow
    from plumbline.domain import Load


@command("demo", in_server=False)
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option(
    "--samples",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write small exports to try the upload with there, and load nothing.",
)
@click.option(
    "--retraining",
    is_flag=True,
    help="Play what came after the shop's story: its trigger fires, the new version is seen, the breach ends.",
)
def demo(workspace: str | None, names: tuple[str, ...], samples: Path | None, retraining: bool) -> Any:
    """Write the demo logs beside the workspace and load them."""
    if retraining:
        return _play_retraining(workspace)
    if samples is not None:
        from plumbline.demo.samples import write_samples

        try:
            written = write_samples(samples)
        except OSError as error:
            raise PlumblineError(
                f"The samples cannot be written: {error.strerror}",
                where=str(samples),
                todo="Choose another folder.",
            ) from error
        files = [typed_path(samples) + str(path)[len(str(samples)) :] for path in written]
        return {"files": files}, files
    systems = load_demo_logs(workspace, names)
    return {"systems": systems}, [f"{s.key}: {s.verdict.words}" for s in systems]


def _play_retraining(workspace: str | None) -> Any:
    """The shop's runs, step by step, as the log shows them."""
    from plumbline.demo.retraining import play
    from plumbline.store.workspace import workspace_path

    refuse_beside_server(workspace, "there the Accuracy page plays it")
    folder = workspace_path(workspace).parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with open_for(workspace, [folder]) as ws:
        runs = play(ws, folder, progress=progress)
    return {"runs": runs}, list(dict.fromkeys(f"{run.state.value}: {run.note}" for run in runs))


def load_demo_logs(workspace: str | None, names: tuple[str, ...] = ()) -> tuple[SystemRow, ...]:
    """Load the demo, and try the records of its decisions where a log is new."""
    from plumbline.demo.load import load_demo
    from plumbline.report.record_trials import try_possible_records
    from plumbline.store.workspace import workspace_path

    refuse_beside_server(workspace, "the demo is loaded before it starts")
    folder = workspace_path(workspace).parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with open_for(workspace, [folder]) as ws:
        return load_demo(
            ws,
            folder,
            names or None,
            progress=progress,
            after=lambda: try_possible_records(ws, None, actor="demo", worded=True),
        )


@command("inspect", in_server=False)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sheet", metavar="NAME", help="Of an Excel workbook; without, the largest.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option(
    "--task", metavar="TASK", help="binary, multiclass or regression; without, as the columns tell."
)
def inspect(
    workspace: str | None, file: Path, sheet: str | None, maps: tuple[str, ...], task: str | None
) -> Any:
    """Guess the format and mapping of FILE, given what is said of it; loads nothing."""
    from plumbline.logs import reader

    reader.start_reader()
    from plumbline.answers.data import load as loading

    answers = loading.FileAnswers(maps=loading.read_maps(maps), task=task)
    inspection = loading.inspect_file(file, sheet=sheet, answers=answers)
    lines = [f"{file.name}: {inspection.format}, {inspection.rows_sampled} rows sampled"]
    if inspection.mapping.task:
        positive = f", positive class {inspection.mapping.positive}" if inspection.mapping.positive else ""
        lines.append(f"  task: {inspection.mapping.task}{positive}; another one: --task")
    lines += [
        f"  {c.column} -> {c.role} ({whole_percent(c.confidence)}: {c.reason})"
        for c in inspection.mapping.columns
    ]
    lines += [f"  {inspection.trial.sentence}."] if inspection.trial.unfit_rows else []
    lines += [f"  {note}" for note in inspection.notes]
    lines += [f"  ? {q.text}" + (f" Say it with {q.say}." if q.say else "") for q in inspection.asked]
    return inspection.to_dict(), lines


@command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", "title", required=True, metavar="S", help="The system; made when it is new.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--reference", is_flag=True, help="These decisions count as healthy.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
@click.option("--positive", metavar="CLASS", help="The class whose probability the score is.")
@click.option(
    "--date-order", metavar="dmy|mdy", help="What comes first in dates; or excel, or a language such as hr."
)
@click.option(
    "--task", metavar="TASK", help="binary, multiclass or regression, where the log leaves it open."
)
@click.option("--sheet", metavar="NAME", help="Of an Excel workbook; without, the largest.")
@click.option(
    "--accept-quarantine",
    "accept",
    is_flag=True,
    help="Load what fits even where more than a fifth of the rows cannot be loaded.",
)
def load(
    workspace: str | None,
    file: Path,
    title: str,
    maps: tuple[str, ...],
    reference: bool,
    timezone: str | None,
    positive: str | None,
    date_order: str | None,
    task: str | None,
    sheet: str | None,
    accept: bool,
) -> Any:
    """Load a log, or a file of late labels, into a system; of a folder or a pattern, every file as a load."""
    from plumbline.logs import reader

    reader.start_reader()  # it starts beside what follows
    from plumbline.answers.data import folders
    from plumbline.answers.data import load as loading
    from plumbline.logs.pull.location import is_remote

    if is_remote(str(file)) and not file.exists():
        raise PlumblineError("This is a source, not a file", todo="Use plumbline pull SOURCE --system S.")
    options: dict[str, Any] = {
        "title": title, "maps": loading.read_maps(maps), "reference": reference, "timezone": timezone,
        "positive": positive, "date_order": date_order, "task": task, "sheet": sheet, "accept": accept,
        "actor": actor_name(), "progress": progress,
    }  # fmt: skip
    many = folders.is_many(file)
    paths = [f.parent for f in folders.files_of(file)] if many else [file.parent] if file.exists() else []
    with open_for(workspace, sorted(set(paths))) as ws:
        if not many:
            result = loading.load_file(ws, file, **options)
            return result, _load_lines(result)
        gathered = folders.load_files(ws, file, **options)
    lines = [line for load in gathered.loads for line in (f"{load.file}:", *_load_lines(load))]
    if gathered.failed:
        many_more = f"{len(gathered.failed)} of {len(gathered.failed) + len(gathered.loads)} files"
        say(f"plumbline: {many_more} could not be loaded; the first: {gathered.failed[0][1]}", err=True)
    return gathered.to_dict(), lines, BAD_INPUT if gathered.failed else 0


def _load_lines(load: Load) -> list[str]:
    """What a load did, in lines; on standard error that it could not be checked."""
    if load.unchecked:
        say(
            f"plumbline: Load {load.load_id} is in, but its signals could not be checked: "
            f"{' '.join(load.unchecked.split())}",
            err=True,
        )
    lines = [
        f"Load {load.load_id}: {load.rows_read} rows read = {load.rows_loaded} loaded + "
        f"{load.rows_duplicate} duplicates + {load.rows_quarantined} in quarantine; "
        f"{load.labels_joined} labels joined."
    ]
    lines += [f"  {reason}: {rows}" for reason, rows in load.reasons.items()]
    return lines + [f"  {note}" for note in load.notes]


@command("undo")
@click.argument("load_id", type=int)
@click.option(
    "--pushes",
    type=int,
    metavar="N",
    help="Of how many pushes the load is; asked for where they are several, as later ones may have joined it.",
)
def undo(workspace: str | None, load_id: int, pushes: int | None) -> Any:
    """Take a load back, profiles included."""
    from plumbline.answers.data import load as loading

    with open_for(workspace) as ws:
        removed = loading.undo_load(ws, load_id, actor=actor_name(), pushes=pushes)
    return {"load_id": load_id, "rows_removed": removed}, [f"Load {load_id} undone: {removed} rows removed."]


@command("quarantine")
@click.argument("system")
@click.option("--load", "load_id", type=int, metavar="ID", help="Only the rows of this load.")
@click.option("--reason", metavar="REASON", help="Only the rows with this reason, e.g. bad_timestamp.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Write all rows to a file that is safe to open in a spreadsheet.",
)
def quarantine(
    workspace: str | None, system: str, load_id: int | None, reason: str | None, out: Path | None
) -> Any:
    """Show the rows of SYSTEM that could not be loaded."""
    from plumbline.answers.data import quarantine as answers

    with open_for(workspace) as ws:
        answer = answers.quarantine_answer(ws, system, load_id=load_id, reason=reason)
        if out:
            body = answers.quarantine_csv(ws, system, load_id=load_id, reason=reason)
            _write(out, body)
    lines = [
        f"{answer.waiting} of {answer.total} rows in quarantine"
        + (f", written to {typed_path(out)}" if out else "")
    ]
    lines += [
        f"  load {load}: {why} in {n}"
        for load, why, n in answer.counts
        if load_id in (None, load) and reason in (None, why)
    ]
    if not out:
        lines += [f"  line {row.line}: {row.reason}. {row.detail}".rstrip(". ") for row in answer.rows[:20]]
    return {
        "waiting": answer.waiting, "total": answer.total, "path": typed_path(out) if out else None,
        "counts": [{"load_id": load, "reason": why, "rows": n} for load, why, n in answer.counts],
        "rows": [{"load_id": r.load_id, "line": r.line, "reason": r.reason, "detail": r.detail, "raw": r.raw}
                 for r in answer.rows],
    }, lines  # fmt: skip


def _write(out: Path, body: str) -> None:
    try:
        put(out, body.encode("utf-8-sig"))
    except OSError as error:
        raise PlumblineError(
            f"The file cannot be written: {error.strerror}", where=str(out), todo="Name another one."
        ) from error


@command("retry")
@click.argument("load_id", type=int)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--reason", metavar="REASON", help="Only the rows with this reason.")
@click.option(
    "--lenient", is_flag=True, help="Fill up rows with too few cells; cut what is beyond the header."
)
@click.option("--date-order", metavar="dmy|mdy", help="What comes first in the dates of these rows.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
def retry(
    workspace: str | None,
    load_id: int,
    maps: tuple[str, ...],
    reason: str | None,
    lenient: bool,
    date_order: str | None,
    timezone: str | None,
) -> Any:
    """Try the rows in LOAD_ID's quarantine again; those that fit become a load of their own."""
    from plumbline.answers.data import load as loading
    from plumbline.answers.data import quarantine as answers

    with open_for(workspace) as ws:
        load = answers.retry_load(
            ws,
            load_id,
            maps=loading.read_maps(maps),
            reason=reason,
            lenient=lenient,
            date_order=date_order,
            timezone=timezone,
            actor=actor_name(),
            progress=progress,
        )
    return load, _load_lines(load)


@command("roles")
@click.argument("system")
@click.option(
    "--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Give a loaded column another role."
)
@click.option("--undo", "undone", is_flag=True, help="Take the last change back.")
def roles(workspace: str | None, system: str, maps: tuple[str, ...], undone: bool) -> Any:
    """Show what the columns of SYSTEM mean, or give loaded columns other roles in place."""
    from plumbline.answers.data import roles as answers

    with open_for(workspace) as ws:
        if undone and maps:
            raise PlumblineError(
                "Either --map or --undo", todo="Take the last change back first, then make another."
            )
        changed: dict[str, str] = {}
        if undone:
            changed = answers.undo_roles(ws, system, actor=actor_name())
        elif maps:
            changed = answers.change_roles(ws, system, maps, actor=actor_name())
        column_roles = answers.roles_of(ws, system)
    roles_by_column = changed or {column: ", ".join(names) for column, names in column_roles.items()}
    lines = [f"{column} -> {names}" for column, names in roles_by_column.items()]
    return {"changed": changed, "roles": {c: list(names) for c, names in column_roles.items()}}, lines

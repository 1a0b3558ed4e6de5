"""Several files that a person brings together: which of them the others are read like, what becomes of each, and in
which order they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Names
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plumbline.answers.data.load import (
    FileAnswers,
    apply_answers,
    inspect_file,
    load_file,
    open_questions,
)
from plumbline.answers.data.match_system import is_alike
from plumbline.domain import Load, Mapping, PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.inspect import Inspection
from plumbline.logs.load.preview import earliest_time, known_id_counts, try_file
from plumbline.logs.load.trial import LoadTrial, UnfitFile, unfit_sentence
from plumbline.store.workspace import Workspace, WriteStop

#: what is done, how far it is, and of which file
GroupProgress = Callable[[str, float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFile:
    """A file of a group as it is to be loaded.

    ``sheets``: of a workbook those that hold a table, the one that is read first, where none was chosen. ``start``:
    the first time of its decisions. ``ids``, ``joined``: of outcomes, the ids that the file gives, and how many of
    them are of decisions of the group or of the system.
    """

    path: Path
    mapping: Mapping
    labels: bool
    trial: LoadTrial
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    reference: bool = False
    accept: bool = False
    start: datetime | None = None
    ids: int = 0
    joined: int = 0


@dataclass(frozen=True, slots=True)
class FileRefusal:
    """A file that is not loaded, and why."""

    path: Path
    error: PlumblineError


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """What became of the files of a group: each has a load of its own, or the reason that it has none."""

    loads: tuple[tuple[Path, Load], ...]
    refusals: tuple[FileRefusal, ...] = ()

    @property
    def system(self) -> str:
        """The system that they went into; there is one where a file was loaded."""
        return self.loads[0][1].system


def leading_file(inspections: Names[str, Inspection]) -> str | None:
    """The file whose mapping the others are read by, by its key: a log of decisions that most others are like; of
    these the one with the most columns, as some lack the outcomes. Outcomes lead where there is no log."""
    logs = {key: item for key, item in inspections.items() if item.kind != "labels"} or inspections
    return max(
        logs,
        key=lambda key: (
            sum(is_alike(logs[key].columns, item.columns) for item in logs.values()),
            len(logs[key].columns),
        ),
        default=None,
    )


def read_like(
    ws: Workspace,
    path: Path,
    inspection: Inspection,
    lead: GroupFile,
    answers: FileAnswers,
    *,
    system: str | None = None,
    others: Sequence[GroupFile] = (),
) -> GroupFile:
    """A further file of a group under the mapping of the leading one; changes nothing.

    Args:
        inspection: what the file seems to be by itself.
        answers: what was said of the leading file; it holds for this one as far as it has the columns.
        system: key of the system that the group goes into, where it is there already.
        others: the files of decisions that outcomes may be for.

    Raises:
        PlumblineError: the file does not belong to the group, or cannot be loaded like this.
    """
    labels = inspection.kind == "labels"
    if labels and not lead.labels:
        return _late_labels(ws, path, inspection, system, others)
    lead_columns = [column.column for column in lead.mapping.columns]
    if labels != lead.labels or not is_alike(lead_columns, inspection.columns):
        raise PlumblineError(
            message("Its columns are not those of {file}", file=lead.path.name),
            todo="Load it by itself.",
        )
    known_answers = replace(answers, maps=[pair for pair in answers.maps if pair[0] in inspection.columns])
    inspection = inspect_file(path, ws=ws, known=lead.mapping, answers=known_answers)
    for question in open_questions(inspection, known_answers):
        raise PlumblineError(question.text, todo="Load it by itself.")
    mapping = apply_answers(inspection.mapping, known_answers)
    trial = try_file(ws, path, mapping, labels=labels, system=system)
    _refuse_unfit(trial)
    start = None if labels else earliest_time(ws, path, mapping)
    return GroupFile(
        path=path, mapping=mapping, labels=labels, trial=trial, sheets=inspection.sheets, start=start
    )


def _late_labels(
    ws: Workspace, path: Path, inspection: Inspection, system: str | None, others: Sequence[GroupFile]
) -> GroupFile:
    trial = try_file(ws, path, inspection.mapping, labels=True)
    _refuse_unfit(trial)
    ids, joined = known_id_counts(
        ws, path, inspection.mapping, [(file.path, file.mapping, file.sheet) for file in others], system
    )
    if not joined:
        raise PlumblineError(
            message(
                "It holds outcomes, and none of its ids ({column}) is that of a decision in these files",
                column=inspection.mapping.column_of("decision_id") or "",
            ),
            todo="Load it by itself.",
        )
    return GroupFile(
        path=path,
        mapping=inspection.mapping,
        labels=True,
        trial=trial,
        sheets=inspection.sheets,
        ids=ids,
        joined=joined,
    )


def _refuse_unfit(trial: LoadTrial) -> None:
    if trial.has_too_many_unfit:
        raise UnfitFile(
            unfit_sentence(trial.unfit_rows, trial.rows, dict(trial.reasons)), todo="Load it by itself."
        )


def load_order(files: Sequence[GroupFile]) -> list[GroupFile]:
    """Decisions as they were made, whatever order the files were chosen in, and outcomes after them."""
    dated = sorted((file for file in files if file.start), key=lambda file: (file.labels, file.start))
    return sorted([*dated, *(file for file in files if not file.start)], key=lambda file: file.labels)


def load_group_file(
    ws: Workspace,
    file: GroupFile,
    *,
    title: str,
    actor: str,
    progress: Callable[[str, float], None] | None = None,
) -> Load:
    """Load one file as it was decided to; errors as for ``load_file``."""
    return load_file(
        ws,
        file.path,
        title=title,
        mapping=file.mapping,
        reference=file.reference,
        sheet=file.sheet,
        accept=file.accept,
        actor=actor,
        progress=progress,
    )


def load_group(
    ws: Workspace,
    files: Sequence[GroupFile],
    *,
    title: str,
    actor: str,
    progress: GroupProgress | None = None,
) -> LoadBatch:
    """Load the files of a group one after the other, each in a transaction of its own.

    A file that cannot be loaded is left out, and the others are loaded; after a stop nothing more is.
    """
    say = progress or (lambda _phrase, _share, _name: None)
    loads: list[tuple[Path, Load]] = []
    refusals: list[FileRefusal] = []
    ordered = load_order(files)
    for n, file in enumerate(ordered, 1):

        def step(words: str, share: float, name: str = f"{n}/{len(ordered)} {file.path.name}") -> None:
            say(words, share, name)

        try:
            load = load_group_file(ws, file, title=title, actor=actor, progress=step)
        except WriteStop:
            stop = PlumblineError("The load was stopped; this file and those after it are not loaded")
            refusals.append(FileRefusal(file.path, stop))
            break
        except PlumblineError as error:
            refusals.append(FileRefusal(file.path, error))
        else:
            loads.append((file.path, load))
    return LoadBatch(tuple(loads), tuple(refusals))

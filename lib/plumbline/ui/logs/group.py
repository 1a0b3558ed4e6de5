"""Several files dropped in one go: which of them the mapping is shown for, and what becomes of each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from plumbline.answers.data.file_group import (
    FileRefusal,
    GroupFile,
    LoadBatch,
    leading_file,
    load_order,
    read_like,
)
from plumbline.answers.data.load import inspect_file
from plumbline.domain import Load, PlumblineError
from plumbline.logs.inspect import Inspection
from plumbline.logs.load.preview import earliest_time
from plumbline.ui.logs import preview
from plumbline.ui.logs.spool import Upload
from plumbline.ui.logs.upload import FileChoices
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.cards import Figure
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

#: what a file seems to be by itself, or why it cannot be read
Look = Inspection | PlumblineError


@dataclass(frozen=True, slots=True)
class FileGroup:
    """What becomes of the files that were dropped in one go: those that will load, in order, and those left out."""

    files: tuple[GroupFile, ...]
    refusals: tuple[FileRefusal, ...] = ()


def split(view: View, uploads: Sequence[Upload]) -> tuple[Upload | None, tuple[Upload, ...]]:
    """The file whose mapping is shown and may be changed, and the others, which are read like it."""
    if len(uploads) < 2:
        return (uploads[0] if uploads else None), ()
    readable = {
        upload.token: look
        for upload in uploads
        if isinstance(look := _look(view, upload, uploads), Inspection)
    }
    lead = leading_file(readable) or uploads[0].token
    return (
        next(upload for upload in uploads if upload.token == lead),
        tuple(upload for upload in uploads if upload.token != lead),
    )


def _look(view: View, upload: Upload, uploads: Sequence[Upload]) -> Look:
    """What a file seems to be by itself: read once, and known as long as the same files lie there."""
    tokens = tuple(u.token for u in uploads)
    known = session.GROUP.get()
    looks: dict[str, Look] = known[0] if known else {}
    if upload.token not in looks:
        try:
            with st.spinner(phrase("Reading {file}", file=one_line(upload.path.name, 60))):
                looks[upload.token] = inspect_file(upload.path, ws=view.ws)
        except PlumblineError as error:
            looks[upload.token] = error
    session.GROUP.set(
        ({t: look for t, look in looks.items() if t in tokens}, *(known[1:] if known else (None, None)))
    )
    return looks[upload.token]


def members(
    view: View, lead: Upload, others: Sequence[Upload], title: str, settled: FileChoices
) -> FileGroup:
    """What becomes of each file under the mapping as it now stands."""
    labels = settled.found.kind == "labels"
    leader = GroupFile(
        path=lead.path, mapping=settled.used, labels=labels, trial=settled.trial, sheet=lead.sheet
    )
    if not others:
        return FileGroup((leader,))
    looks, question, answer = session.GROUP.get()
    asked = (lead, tuple(others), title, settled.used, settled.said, view.ws.path)
    if question != asked:
        with st.spinner(phrase("Trying the rows")):
            answer = _try_members(view, leader, others, title, settled, looks)
        session.GROUP.set((looks, asked, answer))
    group: FileGroup = answer
    return group


def _try_members(
    view: View,
    leader: GroupFile,
    others: Sequence[Upload],
    title: str,
    settled: FileChoices,
    looks: dict[str, Look],
) -> FileGroup:
    system = title if title in {system.key for system in view.systems} else None
    if not leader.labels:
        leader = replace(leader, start=earliest_time(view.ws, leader.path, leader.mapping, leader.sheet))
    files, refusals = [leader], []
    # outcomes are looked at last: they are for the decisions of the others
    for upload in sorted(others, key=lambda u: getattr(looks[u.token], "kind", "") == "labels"):
        look = looks[upload.token]
        try:
            if isinstance(look, PlumblineError):
                raise look
            logs = [file for file in files if not file.labels]
            files.append(
                read_like(view.ws, upload.path, look, leader, settled.said, system=system, others=logs)
            )
        except PlumblineError as error:
            refusals.append(FileRefusal(upload.path, error))
    return FileGroup(tuple(load_order(files)), tuple(refusals))


def verdict(group: FileGroup, lead: Upload) -> None:
    """How many of the files will load, and what becomes of each, in the order of the load."""
    n, every = len(group.files), len(group.files) + len(group.refusals)
    head = (
        phrase("All {n} files will load, one after the other.", n=n)
        if n == every
        else phrase("{n} of {all} files will load; the others are left out.", n=n, all=every)
    )
    trials = [(file, preview.verdict(file.trial, labels=file.labels)) for file in group.files]
    order = ("pass", "unknown", "watch", "fail")
    worst = max((status for _, (status, _, _) in trials), key=order.index)
    worst = "watch" if group.refusals and worst != "fail" else worst
    st.markdown(f"## {cards.word(worst, head)}", anchors=False)
    lines = []
    like = phrase("Its columns are read like those of {file}.", file=one_line(lead.path.name, 60))
    for file, (status, sentence, rest) in trials:
        words = [sentence, rest]
        if file.labels:
            words = [_outcomes(file), rest]
        elif file.path != lead.path:
            words = [sentence, like, rest]
        lines.append(_line(status, file.path.name, " ".join(word for word in (*words, _sheet(file)) if word)))
    lines += [
        _line(
            "fail",
            refusal.path.name,
            phrase("Left out. {why}", why=empty_states.error_sentence(refusal.error)),
        )
        for refusal in group.refusals
    ]
    st.markdown("\n".join(lines))


def _sheet(file: GroupFile) -> str:
    """Which sheet of a workbook is read, where it holds several tables."""
    name = file.sheet or (file.sheets[0] if len(file.sheets) > 1 else "")
    return phrase("Of its sheets {name} is read.", name=one_line(name, 60)) if name else ""


def _outcomes(file: GroupFile) -> str:
    """That a file holds outcomes, and of how many decisions here."""
    if not file.ids:
        return phrase("Outcomes of decisions that are loaded already.")
    column = one_line(file.mapping.column_of("decision_id") or "", 60)
    if file.joined == file.ids:
        return phrase(
            "Outcomes, found by {column}: all {n} are of decisions here. Loaded after the decisions.",
            column=column,
            n=numbers.count(file.ids),
        )
    return phrase(
        "Outcomes, found by {column}: {joined} of {n} are of decisions here; the others wait in quarantine. Loaded "
        "after the decisions.",
        column=column,
        joined=numbers.count(file.joined),
        n=numbers.count(file.ids),
    )


def _line(status: str, name: str, words: str) -> str:
    return f"- {cards.word(status, one_line(name, 60))}: {escape(words, 600)}"


def result(batch: LoadBatch) -> None:
    """What became of each file: rows read are loaded, duplicates or quarantined, always."""
    loads = [load for _, load in batch.loads]
    cards.section(
        phrase("{n} files are loaded into {system}", n=len(loads), system=loads[0].system)
        if len(loads) > 1
        else phrase("{file} is loaded into {system}", file=loads[0].file, system=loads[0].system)
    )
    joined = sum(load.labels_joined for load in loads)
    items = [
        Figure(
            name=phrase("Rows read"),
            value=numbers.count(sum(load.rows_read for load in loads)),
            note=phrase("the sum of the three beside it"),
        ),
        Figure(name=phrase("Loaded"), value=numbers.count(sum(load.rows_loaded for load in loads))),
        Figure(name=phrase("Duplicates"), value=numbers.count(sum(load.rows_duplicate for load in loads))),
        Figure(name=phrase("Quarantined"), value=numbers.count(sum(load.rows_quarantined for load in loads))),
    ]
    if joined:
        items.append(Figure(name=phrase("Labels joined"), value=numbers.count(joined)))
    cards.figures(items, inside=True)
    tables.grid(
        [
            {
                "File": one_line(load.file, 60),
                "Holds": localise(load.kind, "load"),
                "Read": load.rows_read,
                "Loaded": load.rows_loaded,
                "Duplicates": load.rows_duplicate,
                "Quarantined": load.rows_quarantined,
                "Labels joined": load.labels_joined,
            }
            for load in loads
        ],
        alt=phrase("Files: what each holds, rows read, loaded, duplicates, quarantined, labels joined"),
    )
    for load in loads:
        for words in load.notes:
            cards.note(f"{one_line(load.file, 60)}: {localise(words)}")
        unchecked(load)
    refusals(batch)


def unchecked(load: Load) -> None:
    """That a load is in and its signals are unknown, where they could not be checked."""
    if load.unchecked:
        empty_states.show_error(
            PlumblineError(
                phrase("The load is in, but its signals could not be checked"), todo=load.unchecked
            )
        )


def refusals(batch: LoadBatch) -> None:
    """The files that were not loaded, and why."""
    for refusal in batch.refusals:
        error = refusal.error
        empty_states.show_error(PlumblineError(error.what, where=refusal.path.name, todo=error.todo))

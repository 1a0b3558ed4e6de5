"""A dropped file before it is loaded: show what it seems to be, let a person correct it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from plumbline.answers.data.load import FileAnswers, amend, apply_answers, inspect_file
from plumbline.answers.data.match_system import match_system
from plumbline.domain import Mapping, PlumblineError
from plumbline.logs.files.formats import TITLES
from plumbline.logs.inspect import COSTS, Inspection
from plumbline.logs.load.trial import LoadTrial
from plumbline.store.sql import system_key
from plumbline.ui.logs import mapping, preview, questions
from plumbline.ui.logs.spool import Upload
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.quantities import count

NEW = screen_text("New system")


def target(view: View, upload: Upload) -> str:
    """The system to load into: the one that the file seems to belong to, another one, or a new one by name; empty
    where none is named."""
    keys = [system.key for system in view.systems]
    likely, labels = _likely_system(view, upload)
    if labels and not keys:
        cards.note(phrase("These are labels for decisions: load the log of the decisions first."))
        return ""
    if labels and not likely:
        cards.note(phrase("No system holds decisions with these ids, as far as the first rows tell."))
    left, right = st.columns(2, gap="medium")
    choice = NEW
    if keys:
        offered = keys if labels else [NEW, *keys]
        choice = str(
            left.selectbox(
                phrase("Load into"),
                offered,
                index=offered.index(likely) if likely in offered else None if labels else 0,
                placeholder=phrase("Choose the system of these decisions"),
                format_func=lambda key: localise(key) if key == NEW else key,
                key=f"logs.into.{upload.token}",
                help=phrase("Found by the columns, or by the ids in a file of labels.") if likely else None,
            )
            or ""
        )
    if choice != NEW:
        return choice
    named = (right if keys else left).text_input(
        phrase("Name of the new system"),
        value=upload.path.stem.replace("_", " ")[:60],
        max_chars=60,
        key=f"logs.name.{upload.token}",
    )
    title = str(named or "").strip()
    there = system_of_title(title, keys)
    if there:
        cards.note(phrase("The system {there} is there already: the file goes into it.", there=there))
    return there or title


def system_of_title(title: str, keys: Sequence[str]) -> str | None:
    """The system that goes by a title already, however that is spelt; None where it is free, or names no system."""
    try:
        key = system_key(title)
    except PlumblineError:
        return None  # said when it is loaded
    return key if key in keys else None


def _likely_system(view: View, upload: Upload) -> tuple[str | None, bool]:
    """The system that the file seems to belong to, and whether it holds labels only, which need one."""
    guess = session.LIKELY.get()
    if guess and guess[0] == upload.token:
        return guess[1], guess[2]
    try:
        inspection = inspect_file(upload.path, ws=view.ws, sheet=upload.sheet)
    except PlumblineError:
        return None, False  # said where the file is looked at
    likely = match_system(view.ws, inspection)
    session.LIKELY.set((upload.token, likely, inspection.kind == "labels"))
    session.INSPECTED.set({(upload.token, None, (), None, None): inspection})
    return likely, inspection.kind == "labels"


def inspect(view: View, upload: Upload, title: str, answers: FileAnswers | None = None) -> Inspection:
    """What the file seems to be, given what was said of it.

    Raises:
        PlumblineError: it cannot be read, or what was said cannot be.
    """
    known = title if title in {system.key for system in view.systems} else None
    about = answers or FileAnswers()
    key = (upload.token, known, tuple(about.maps), about.task, about.date_order)
    inspections: dict[object, Inspection] = session.INSPECTED.get() or {}
    if key not in inspections:
        inspection = inspect_file(upload.path, ws=view.ws, system=known, sheet=upload.sheet, answers=about)
        inspections = {**{k: v for k, v in inspections.items() if k[0] == upload.token}, key: inspection}  # type: ignore[index]
        session.INSPECTED.set(inspections)
    return inspections[key]


def first_look(view: View, upload: Upload, title: str) -> Inspection | None:
    """What the file seems to be by itself; where it cannot be read, the reason is on the page."""
    try:
        return inspect(view, upload, title)
    except PlumblineError as error:
        empty_states.show_error(error)
        return None


def describe(inspection: Inspection) -> None:
    """Format, kind and open questions."""
    what = (
        phrase("a labels file: outcomes for decisions loaded earlier")
        if inspection.kind == "labels"
        else phrase("a log of decisions")
    )
    parts = [localise(TITLES[inspection.format])]
    if inspection.format == "csv":
        separators = {
            "\t": phrase("tab"),
            ";": phrase("semicolon"),
            ",": phrase("comma"),
            "|": phrase("pipe"),
        }
        parts += [
            inspection.encoding,
            phrase(
                "{mark} between columns",
                mark=separators.get(inspection.delimiter, repr(inspection.delimiter)),
            ),
        ]
        parts.append(phrase("decimal comma") if inspection.decimal == "," else phrase("decimal point"))
    cards.section(
        phrase("This is {what}", what=what),
        phrase(
            "{parts}; judged by its first {rows} rows.",
            parts=", ".join(parts),
            rows=count(inspection.rows_sampled),
        ),
    )
    if inspection.remembered:
        cards.note(
            phrase("The mapping is remembered from earlier logs of this system. ") + _differences(inspection)
        )
    for words in inspection.notes:
        if words not in COSTS.values():  # those are said beside the mapping, as it stands
            cards.note(localise(words))


def _differences(inspection: Inspection) -> str:
    parts = []
    if inspection.fresh:
        parts.append(
            phrase(
                "New columns, marked ◆: {names}.",
                names=", ".join(one_line(c, 40) for c in inspection.fresh[:12]),
            )
        )
    if inspection.gone:
        parts.append(
            phrase(
                "Columns that it lacks: {names}.",
                names=", ".join(one_line(c, 40) for c in inspection.gone[:12]),
            )
        )
    return " ".join(parts) or phrase("The columns are the same.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoices:
    """A file as a person settled it: the answers, how it is read, and how its rows fare under that.

    ``place``: the box above the mapping in which the verdict and the buttons stand.
    """

    said: FileAnswers
    used: Mapping
    found: Inspection
    trial: LoadTrial
    place: DeltaGenerator


def correct(view: View, inspection: Inspection, upload: Upload, title: str) -> FileChoices | None:
    """Questions, the mapping to change by hand, and a preview under it; None where it cannot be loaded so.

    A role that is changed is what the rest is guessed by: the page is drawn anew from that.
    """
    token = f"{upload.token}.{title}"
    role_changes = session.ROLES.get()
    maps: tuple[tuple[str, str], ...] = role_changes[1] if role_changes and role_changes[0] == token else ()
    known = next((system for system in view.systems if system.key == title), None)
    frozen = known.task if known is not None and inspection.remembered else None
    base, fault = inspection, None
    try:
        base = inspect(view, upload, title, FileAnswers(maps=maps)) if maps else inspection
    except PlumblineError as error:
        fault = error
    answers = replace(questions.ask(base, token, frozen), maps=maps)
    final = base
    if fault is None and (answers.task or answers.date_order):
        try:
            final = inspect(view, upload, title, answers)
        except PlumblineError as error:
            fault = error
    place = st.container(border=True)
    first = mapping.doubtful_columns(inspection.mapping.columns, inspection.fresh)
    cards.section(phrase("What each column means"), _guess_note(first))
    samples = {column: [v for v in values if v] for column, values in inspection.samples().items()}
    shown = final.mapping if fault is None else amend(inspection.mapping, maps)
    turn = f"{token}.{hash((maps, answers.task))}"
    changed = mapping.editor(
        shown, samples, f"logs.mapping.{turn}", inspection.fresh, first=first, bars=inspection.bars()
    )
    with st.expander(phrase("Change one column without the table")):
        changed = mapping.column_form(shown, f"logs.column.{turn}", first) or changed
    if changed:
        session.ROLES.set((token, merge_roles(maps, changed)))
        st.rerun()
    if fault is not None:
        with place:
            empty_states.show_error(fault)
        return None
    try:
        used = apply_answers(final.mapping, answers)
    except PlumblineError as error:
        with place:
            empty_states.show_error(error)
        return None
    labels = inspection.kind == "labels"
    try:
        trial = preview.rows(
            view,
            upload.token,
            upload.path,
            used,
            labels=labels,
            system=known.key if known else "",
            sheet=upload.sheet,
        )
    except PlumblineError as error:
        with place:
            empty_states.show_error(error)
        return None
    if not labels:
        preview.gains_section(used)
    return FileChoices(said=answers, used=used, found=final, trial=trial, place=place)


def _guess_note(first: Sequence[str]) -> str:
    """How far the guess is to be looked at."""
    if not first:
        return phrase("Guessed from names and contents, without doubt. Change what is wrong.")
    if len(first) == 1:
        return phrase(
            "Guessed from names and contents. The column to check comes first. Change what is wrong."
        )
    return phrase(
        "Guessed from names and contents. The {n} columns to check come first. Change what is wrong.",
        n=len(first),
    )


def merge_roles(
    before: Sequence[tuple[str, str]], changed: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """The roles that were given before with those of the columns that were changed now in place of their own."""
    anew = {column for column, _ in changed}
    return (*(pair for pair in before if pair[0] not in anew), *changed)

"""From a dropped file to a load: spool it, show what it seems to be, let a person correct it, load it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from plumbline.answers.data.load import Said, amend, inspect_file, load_file, settled
from plumbline.answers.data.match_system import system_of
from plumbline.domain import Mapping, PlumblineError
from plumbline.logs.files.formats import SPOKEN, SUFFIXES, TITLES
from plumbline.logs.inspect import COSTS, Inspection
from plumbline.logs.load.trial import Trial
from plumbline.store.sql import system_key
from plumbline.ui.frame import jobs, permissions
from plumbline.ui.logs import mapping, preview, questions
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import one_line, prose
from plumbline.ui.state import session, session_files
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.view import View
from plumbline.wording.quantities import count

LIMIT = 200  # MB
NEW = "New system"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the workspace's inbox, which upload of the browser it is, and which sheet of a workbook."""

    token: str
    path: Path
    sheet: str | None = None


def actor() -> str:
    """The name that goes on the trail."""
    return session.ACTOR.get().strip() or session.LOCAL


def drop(view: View) -> Upload | None:
    """The uploader; the dropped file, spooled once and kept until it is loaded or another one is dropped.

    Who may not load has none, and the server takes no upload of theirs either (``ui/server/gate.py``).
    """
    if not permissions.allowed(permissions.ANALYST):
        return None
    given = st.file_uploader(
        f"{SPOKEN}, at most {LIMIT} MB",
        help="Larger logs: `plumbline load FILE --system NAME` in a terminal.",
        type=SUFFIXES,
        max_upload_size=LIMIT,
        key=f"logs.file.{session.UPLOAD_TURN.get()}",
    )
    held: Upload | None = session.UPLOAD.get()
    if jobs.running():
        return held
    if given is None:
        forget()
        return None
    if held is not None and held.token == given.file_id and held.path.exists():
        return held
    forget()
    path = session_files.place(opened.workspace(), safe_name(given.name))
    with path.open("wb") as out:
        out.write(given.getbuffer())
    made = Upload(given.file_id, path)
    session.UPLOAD.set(made)
    return made


def safe_name(name: str) -> str:
    """The file's own name without anything that a path or a pattern would read."""
    words = re.sub(r"[^\w.\- ]", "_", one_line(Path(name).name)).strip(". ")
    return words[-120:] or "upload"


def forget() -> None:
    """Delete the spooled file, unless scratch holds on to it."""
    held: Upload | None = session.UPLOAD.get()
    if held is not None and held.path not in {
        kept.path for kept in session_files.desk(opened.workspace()).files
    }:
        shutil.rmtree(held.path.parent, ignore_errors=True)
    for key in (
        session.UPLOAD,
        session.INSPECTED,
        session.PREVIEW,
        session.LIKELY,
        session.ROLES,
        session.UNFIT,
    ):
        key.clear()


def target(view: View, upload: Upload) -> str:
    """The system to load into: the one that the file seems to belong to, another one, or a new one by name; empty
    where none is named."""
    keys = [system.key for system in view.systems]
    likely, labels = _likely(view, upload)
    if labels and not keys:
        cards.note("These are labels for decisions: load the log of the decisions first.")
        return ""
    if labels and not likely:
        cards.note("No system holds decisions with these ids, as far as the first rows tell.")
    left, right = st.columns(2, gap="medium")
    choice = NEW
    if keys:
        offered = keys if labels else [NEW, *keys]
        choice = str(
            left.selectbox(
                "Load into",
                offered,
                index=offered.index(likely) if likely in offered else None if labels else 0,
                placeholder="Choose the system of these decisions",
                key=f"logs.into.{upload.token}",
                help="Found by the columns, or by the ids in a file of labels." if likely else None,
            )
            or ""
        )
    if choice != NEW:
        return choice
    named = (right if keys else left).text_input(
        "Name of the new system",
        value=upload.path.stem.replace("_", " ")[:60],
        max_chars=60,
        key=f"logs.name.{upload.token}",
    )
    title = str(named or "").strip()
    there = held_as(title, keys)
    if there:
        cards.note(f"The system {there} is there already: the file goes into it.")
    return there or title


def held_as(title: str, keys: Sequence[str]) -> str | None:
    """The system that goes by a title already, however that is spelt; None where it is free, or names no system."""
    try:
        key = system_key(title)
    except PlumblineError:
        return None  # said when it is loaded
    return key if key in keys else None


def _likely(view: View, upload: Upload) -> tuple[str | None, bool]:
    """The system that the file seems to belong to, and whether it holds labels only, which need one."""
    held = session.LIKELY.get()
    if held and held[0] == upload.token:
        return held[1], held[2]
    try:
        found = inspect_file(upload.path, ws=view.ws, sheet=upload.sheet)
    except PlumblineError:
        return None, False  # said where the file is looked at
    likely = system_of(view.ws, found)
    session.LIKELY.set((upload.token, likely, found.kind == "labels"))
    session.INSPECTED.set({(upload.token, None, (), None, None): found})
    return likely, found.kind == "labels"


def inspect(view: View, upload: Upload, title: str, answers: Said | None = None) -> Inspection:
    """What the file seems to be, given what was said of it.

    Raises:
        PlumblineError: it cannot be read, or what was said cannot be.
    """
    known = title if title in {system.key for system in view.systems} else None
    about = answers or Said()
    key = (upload.token, known, tuple(about.maps), about.task, about.date_order)
    held: dict[object, Inspection] = session.INSPECTED.get() or {}
    if key not in held:
        found = inspect_file(upload.path, ws=view.ws, system=known, sheet=upload.sheet, answers=about)
        held = {**{k: v for k, v in held.items() if k[0] == upload.token}, key: found}  # type: ignore[index]
        session.INSPECTED.set(held)
    return held[key]


def first_look(view: View, upload: Upload, title: str) -> Inspection | None:
    """What the file seems to be by itself; where it cannot be read, the reason is on the page."""
    try:
        return inspect(view, upload, title)
    except PlumblineError as error:
        empty_states.failed(error)
        return None


def describe(inspection: Inspection) -> None:
    """Format, kind and open questions."""
    what = (
        "a labels file: outcomes for decisions loaded earlier"
        if inspection.kind == "labels"
        else "a log of decisions"
    )
    parts = [TITLES[inspection.format]]
    if inspection.format == "csv":
        separators = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "pipe"}
        parts += [
            inspection.encoding,
            f"{separators.get(inspection.delimiter, repr(inspection.delimiter))} between columns",
        ]
        parts.append(f"decimal {'comma' if inspection.decimal == ',' else 'point'}")
    cards.section(
        f"This is {what}", f"{', '.join(parts)}; judged by its first {count(inspection.rows_sampled)} rows."
    )
    if inspection.remembered:
        cards.note("The mapping is remembered from earlier logs of this system. " + _differences(inspection))
    for words in inspection.notes:
        if words not in COSTS.values():  # those are said beside the mapping, as it stands
            cards.note(words)


def _differences(inspection: Inspection) -> str:
    parts = []
    if inspection.fresh:
        parts.append(f"New columns, marked ◆: {', '.join(one_line(c, 40) for c in inspection.fresh[:12])}.")
    if inspection.gone:
        parts.append(f"Columns that it lacks: {', '.join(one_line(c, 40) for c in inspection.gone[:12])}.")
    return " ".join(parts) or "The columns are the same."


@dataclass(frozen=True, slots=True)
class Settled:
    """A file as a person settled it: the answers, how it is read, and its first rows under that."""

    said: Said
    used: Mapping
    found: Inspection


def correct(view: View, inspection: Inspection, upload: Upload, title: str) -> Settled | None:
    """Questions, the mapping to change by hand, and a preview under it; None where it cannot be loaded so.

    A role that is changed is what the rest is guessed by: the page is drawn anew from that.
    """
    token = f"{upload.token}.{title}"
    held = session.ROLES.get()
    maps: tuple[tuple[str, str], ...] = held[1] if held and held[0] == token else ()
    known = next((system for system in view.systems if system.key == title), None)
    frozen = known.task if known is not None and inspection.remembered else None
    base, fault = inspection, None
    try:
        base = inspect(view, upload, title, Said(maps=maps)) if maps else inspection
    except PlumblineError as error:
        fault = error
    said = replace(questions.ask(base, token, frozen), maps=maps)
    final = base
    if fault is None and (said.task or said.date_order):
        try:
            final = inspect(view, upload, title, said)
        except PlumblineError as error:
            fault = error
    cards.section("What each column means", "Guessed from names and contents; change what is wrong.")
    samples = {column: [v for v in values if v] for column, values in inspection.samples().items()}
    shown = final.mapping if fault is None else amend(inspection.mapping, maps)
    changed = mapping.editor(
        shown, samples, f"logs.mapping.{token}.{hash((maps, said.task))}", inspection.fresh
    )
    if changed:
        session.ROLES.set((token, joined(maps, changed)))
        st.rerun()
    if fault is not None:
        empty_states.failed(fault)
        return None
    try:
        used = settled(final.mapping, said)
    except PlumblineError as error:
        empty_states.failed(error)
        return None
    labels = inspection.kind == "labels"
    if not labels:
        preview.worth(used)
    if not preview.rows(
        view,
        upload.token,
        upload.path,
        used,
        labels=labels,
        system=known.key if known else "",
        sheet=upload.sheet,
    ):
        return None
    return Settled(said, used, final)


def joined(
    before: Sequence[tuple[str, str]], changed: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """The roles that were given before with those of the columns that were changed now in place of their own."""
    anew = {column for column, _ in changed}
    return (*(pair for pair in before if pair[0] not in anew), *changed)


def load(view: View, upload: Upload, title: str, inspection: Inspection, settled: Settled) -> None:
    """The buttons that load, for good or for a look, and the load at work."""
    used = settled.used
    reference = inspection.kind != "labels" and st.checkbox(
        "These decisions were healthy: use them as the reference",
        key=f"logs.reference.{upload.token}",
        help="Otherwise the reference is found in the log itself, and said.",
    )
    missing = questions.unanswered(settled.found, settled.said)
    if missing:
        cards.note(f"Answer first: {missing[0].text}")
    accept = _accepted(settled.found.trial, upload)
    idle = not title or bool(missing) or jobs.running() or accept is False
    with st.container(horizontal=True, vertical_alignment="center"):
        for_good = permissions.button(
            "Load", permissions.ANALYST, type=cards.leading(), icon=":material/upload:", disabled=idle
        )
        look = (
            not view.scratch
            and inspection.kind != "labels"
            and st.button(
                "Just look at this file",
                icon=":material/visibility:",
                disabled=idle,
                help="Loads it for this browser tab alone. Nothing is kept, unless you say so later.",
            )
        )
    if for_good or look:
        ws = session_files.scratch(opened.workspace()) if look else view.ws
        who = actor()
        jobs.start(
            ws,
            upload.path.name,
            lambda say: load_file(
                ws,
                upload.path,
                title=title,
                mapping=used,
                reference=bool(reference),
                sheet=upload.sheet,
                actor=who,
                accept=bool(accept),
                progress=say,
            ),
        )
        if look or view.scratch:
            session.SCRATCHING.set(
                session_files.Kept(upload.path, title, used, bool(reference), upload.sheet)
            )


def _accepted(trial: Trial, upload: Upload) -> bool | None:
    """Whether rows that cannot be loaded may wait in quarantine; None where they are too few to ask."""
    refused = session.UNFIT.get()
    if refused and upload.token.startswith(refused[0]):
        empty_states.failed(refused[1])
    elif not trial.too_many:
        return None
    else:
        mark = cards.word("fail", "needs an answer")
        st.markdown(
            f"{mark}  {prose(trial.sentence)}. Correct what the columns mean, or say that this is meant so."
        )
    return st.checkbox(
        "Load the rows that fit; the others wait in quarantine", key=f"logs.accept.{upload.token}"
    )


def finish(view: View) -> None:
    """Watch the load at work; when it is made, keep the result, and go to the system that it went into."""
    made = jobs.watch()
    kept: session_files.Kept | None = session.SCRATCHING.get()
    if made is None:
        if not jobs.running():
            session.SCRATCHING.clear()
            held: Upload | None = session.UPLOAD.get()
            refusal = session.REFUSED.get()
            session.REFUSED.clear()
            if refusal is not None and held is not None:
                session.UNFIT.set((held.token, refusal))
                st.rerun()
        return
    if kept is not None:
        session_files.desk(opened.workspace()).files.append(kept)
        session.SCRATCHING.clear()
        session.SCRATCH.set(True)
    forget()
    session.RESULT.set(made)
    session.UPLOAD_TURN.set(session.UPLOAD_TURN.get() + 1)
    session.GO_TO.set(made.system)
    st.rerun()

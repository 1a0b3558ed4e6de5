"""From a dropped file to a load: spool it, show what it seems to be, let a person correct it, load it."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from plumbline.answers.loading import amend, inspect_file, load_file
from plumbline.domain import Load, PlumblineError
from plumbline.logs.formats import SUFFIXES, TITLES
from plumbline.logs.inspect import Inspection
from plumbline.store.workspace import Workspace
from plumbline.ui import cards, mapping, session, states, tables
from plumbline.ui.plain import one_line, plain, prose
from plumbline.ui.roles import gains
from plumbline.ui.view import View

NEW = "New system"
LOCAL = "local user"  # who acts where nobody signs in


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the workspace's inbox, and which upload of the browser it is."""

    token: str
    path: Path


def actor() -> str:
    """The name that goes on the trail."""
    return session.ACTOR.get().strip() or LOCAL


def drop(ws: Workspace) -> Upload | None:
    """The uploader; the dropped file, spooled once and kept until it is loaded or another one is dropped."""
    given = st.file_uploader(
        "CSV, Parquet, Excel, JSON or Arrow, at most 200 MB. "
        "Larger logs: `plumbline load FILE --system NAME` in a terminal.",
        type=SUFFIXES, key=f"logs.file.{session.UPLOAD_TURN.get()}",
    )  # fmt: skip
    held: Upload | None = session.UPLOAD.get()
    if given is None:
        forget()
        return None
    if held is not None and held.token == given.file_id and held.path.exists():
        return held
    forget()
    folder = Path(tempfile.mkdtemp(dir=ws.inbox))
    path = folder / safe_name(given.name)
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
    """Delete the spooled file."""
    held: Upload | None = session.UPLOAD.get()
    if held is not None:
        shutil.rmtree(held.path.parent, ignore_errors=True)
    session.UPLOAD.clear()
    session.INSPECTED.clear()


def target(view: View, upload: Upload) -> str:
    """The system to load into: one there is, or a new one by name."""
    keys = [system.key for system in view.systems]
    left, right = st.columns(2, gap="medium")
    choice = NEW
    if keys:
        chosen = view.system.key if view.system else None
        choice = str(
            left.selectbox("Load into", [NEW, *keys], index=0, key=f"logs.into.{upload.token}", help=(
                f"{chosen} is the system in the sidebar." if chosen else None
            ))
        )  # fmt: skip
    if choice != NEW:
        return choice
    named = (right if keys else left).text_input(
        "Name of the new system", value=upload.path.stem.replace("_", " ")[:60], max_chars=60,
        key=f"logs.name.{upload.token}",
    )  # fmt: skip
    return str(named or "").strip()


def inspect(view: View, upload: Upload, title: str) -> Inspection | None:
    """What the file seems to be; where it cannot be read, the reason is on the page."""
    known = title if title in {system.key for system in view.systems} else None
    held = session.INSPECTED.get()
    if held and held[0] == (upload.token, known):
        seen: Inspection = held[1]
        return seen
    try:
        found = inspect_file(upload.path, ws=view.ws, system=known)
    except PlumblineError as error:
        states.failed(error)
        return None
    session.INSPECTED.set(((upload.token, known), found))
    return found


def describe(found: Inspection) -> None:
    """Format, kind and open questions."""
    what = (
        "a labels file: outcomes for decisions loaded earlier"
        if found.kind == "labels"
        else "a log of decisions"
    )
    parts = [TITLES[found.format]]
    if found.format == "csv":
        separators = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "pipe"}
        parts += [found.encoding, f"{separators.get(found.delimiter, repr(found.delimiter))} between columns"]
        parts.append(f"decimal {'comma' if found.decimal == ',' else 'point'}")
    cards.section(f"This is {what}", f"{', '.join(parts)}; judged by its first {found.rows_sampled:,} rows.")
    for question in found.questions:
        st.markdown(f"{cards.word('watch', 'to check')}  {prose(question)}")


def correct(found: Inspection, upload: Upload, title: str) -> tuple[tuple[str, str], ...]:
    """The mapping to change by hand, beside what it makes possible; returns what was changed."""
    samples = {column: [v for v in values if v] for column, values in found.samples().items()}
    said = mapping.editor(found.mapping, samples, f"logs.mapping.{upload.token}.{title}")
    try:
        roles = {column.role.role for column in amend(found.mapping, said).columns}
    except PlumblineError as error:
        states.failed(error)
        return said
    if found.kind != "labels":
        told = gains(roles)
        there = [f"{cards.word('pass', role)} {plain(words)}" for role, words, has in told if has]
        lacking = [
            f"{cards.word('unknown', 'no ' + role)} {plain(words)}" for role, words, has in told if not has
        ]
        with st.expander(f"What this makes possible ({len(there)}) and what it lacks ({len(lacking)})"):
            left, right = st.columns(2, gap="large")
            left.markdown("  \n".join(there) or "Nothing yet.")
            right.markdown("  \n".join(lacking) or "Nothing.")
    with st.expander("First rows"):
        rows = [
            {str(c): one_line(v or "", 80) for c, v in zip(found.columns, row, strict=True)}
            for row in found.preview
        ]
        tables.grid(rows, alt="The first rows of the file as text")
    return said


def load(
    view: View, upload: Upload, title: str, found: Inspection, said: tuple[tuple[str, str], ...]
) -> None:
    """The button that loads, with progress; the whole load is one transaction, so stopping it leaves nothing."""
    options: dict[str, Any] = {}
    if found.kind != "labels":
        options["reference"] = st.checkbox(
            "These decisions were healthy: use them as the reference", key=f"logs.reference.{upload.token}",
            help="Otherwise the reference is found in the log itself, and said.",
        )  # fmt: skip
    if not st.button("Load", type="primary", icon=":material/upload:", disabled=not title):
        return
    bar = st.progress(0.0, text="Starting")
    try:
        made = load_file(
            view.ws, upload.path, title=title, mapping=found.mapping, maps=said, actor=actor(),
            progress=lambda phrase, share: _show(bar, phrase, share), **options,
        )  # fmt: skip
    except PlumblineError as error:
        bar.empty()
        states.failed(error)
        return
    finish(made)


def _show(bar: Any, phrase: str, share: float) -> None:
    bar.progress(min(max(share, 0.0), 1.0), text=plain(phrase))


def finish(made: Load) -> None:
    """Keep the result for the next run, forget the file, and go to the system that it went into."""
    forget()
    session.RESULT.set(made)
    session.UPLOAD_TURN.set(session.UPLOAD_TURN.get() + 1)
    session.GO_TO.set(made.system)
    st.rerun()

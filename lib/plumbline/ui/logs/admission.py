"""Whether a file's rows will load, the buttons that load them, and the load at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from plumbline.answers.data.file_group import GroupFile, LoadBatch, load_group, load_group_file
from plumbline.domain import Load
from plumbline.logs.load.trial import LoadTrial
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import jobs, permissions, sign_in
from plumbline.ui.logs import group, preview, questions, spool
from plumbline.ui.logs.spool import Upload
from plumbline.ui.logs.upload import FileChoices
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session, session_files
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase, screen_text

_LOAD = screen_text("Load", "act")
_LOADS = screen_text("Kept in the workspace, for everybody who works here. A load can be undone at any time.")
_LOADS_TO_SCRATCH = screen_text(
    "Goes to the file that this browser tab looks at. Nothing is kept unless you keep it."
)
_LOOKS = screen_text(
    "For this browser tab alone: every page shows it, and it is deleted when you close "
    'the tab. "Keep as a system", on the left of every page, keeps it after all.'
)


def load(view: View, upload: Upload, others: Sequence[Upload], title: str, settled: FileChoices) -> None:
    """The verdict on the rows, of each file where there are several, and the buttons that load them, for good or for
    a look."""
    with settled.place:
        files = group.members(view, upload, others, title, settled)
        labels = settled.found.kind == "labels"
        if others:
            group.verdict(files, upload)
        else:
            status, sentence, rest = preview.verdict(settled.trial, labels=labels)
            st.markdown(f"## {cards.word(status, sentence)}", anchors=False)
            if rest:
                st.markdown(escape(rest, 600))
        _buttons(view, upload, title, settled, files.files)


def _buttons(
    view: View, upload: Upload, title: str, settled: FileChoices, files: Sequence[GroupFile]
) -> None:
    labels = settled.found.kind == "labels"
    reference = None if labels else _healthy(upload, files)
    missing = questions.required_questions(settled.found, settled.said)
    if missing:
        cards.note(phrase("Answer first: {text}", text=missing[0].text))
    accept = _quarantine_choice(settled.trial, upload)
    idle = not title or bool(missing) or jobs.is_load_running() or accept is False
    left, right = st.columns(2, gap="large")
    with left:
        for_good = permissions.button(
            localise(_LOAD, "act"),
            permissions.ANALYST,
            type=cards.leading_type(),
            icon=":material/upload:",
            disabled=idle,
        )
        cards.note(localise(_LOADS_TO_SCRATCH if view.scratch else _LOADS))
    look = False
    if not (view.scratch or labels):
        with right:
            look = st.button(phrase("Just look at this file"), icon=":material/visibility:", disabled=idle)
            cards.note(localise(_LOOKS))
    if for_good or look:
        ws = session_files.scratch(opened.workspace()) if look else view.ws
        _start(ws, upload, title, [_said(file, upload, reference, bool(accept)) for file in files])
        if look or view.scratch:
            session.SCRATCHING.set(
                tuple(
                    session_files.SessionFile(file.path, title, file.mapping, file.reference, file.sheet)
                    for file in files
                )
            )


def _healthy(upload: Upload, files: Sequence[GroupFile]) -> Path | None:
    """The file whose decisions count as healthy: one of several is chosen by name."""
    hint = phrase("Otherwise the reference is found in the log itself, and said.")
    logs = [file.path for file in files if not file.labels]
    key = f"logs.reference.{upload.token}"
    if len(files) == 1:
        words = phrase("These decisions were healthy: use them as the reference")
        return logs[0] if logs and st.checkbox(words, key=key, help=hint) else None
    chosen = st.selectbox(
        phrase("The file whose decisions were healthy, as the reference"),
        [None, *logs],
        format_func=lambda path: one_line(path.name, 60) if path else phrase("none: found in the log itself"),
        key=key,
        width=489,
    )
    return chosen if isinstance(chosen, Path) else None


def _said(file: GroupFile, lead: Upload, reference: Path | None, accept: bool) -> GroupFile:
    """A file with what was chosen: the reference is one file, and what may wait in quarantine is the leading one's."""
    return replace(file, reference=file.path == reference, accept=accept and file.path == lead.path)


def _start(ws: Workspace, lead: Upload, title: str, files: Sequence[GroupFile]) -> None:
    who = sign_in.actor()
    if len(files) > 1:
        jobs.start(
            ws,
            phrase("File"),
            lambda say: load_group(ws, files, title=title, actor=who, progress=say),
        )
        return
    (file,) = files
    jobs.start(
        ws,
        lead.path.name,
        lambda say: load_group_file(ws, file, title=title, actor=who, progress=say),
    )


def _quarantine_choice(trial: LoadTrial, upload: Upload) -> bool | None:
    """Whether rows that cannot be loaded may wait in quarantine; None where they are too few to ask."""
    refused = session.UNFIT.get()
    if refused and upload.token.startswith(refused[0]):
        empty_states.show_error(refused[1])
    elif not trial.has_too_many_unfit:
        return None
    else:
        cards.note(phrase("Correct what the columns mean; or, if the file is meant so, accept it:"))
    return st.checkbox(
        phrase("Load the rows that fit; the others wait in quarantine"), key=f"logs.accept.{upload.token}"
    )


def finish(view: View) -> None:
    """Watch the load at work; when it is made, keep the result, and go to the system that it went into."""
    result = jobs.watch()
    session_files_now: tuple[session_files.SessionFile, ...] = session.SCRATCHING.get()
    if result is None:
        if not jobs.is_load_running():
            session.SCRATCHING.clear()
            refusal = session.REFUSED.get()
            session.REFUSED.clear()
            if refusal is not None and session.UPLOADS.get():
                session.UNFIT.set((session.UPLOADS.get()[0].token, refusal))
                st.rerun()
        return
    if not isinstance(result, Load | LoadBatch):
        st.toast(phrase("The roles are changed, and everything is counted anew."))
        st.rerun()
    batch = result if isinstance(result, LoadBatch) else None
    if batch is not None and not batch.loads:
        session.SCRATCHING.clear()
        group.refusals(batch)
        return
    if session_files_now:
        loaded = None if batch is None else {path for path, _ in batch.loads}
        desk = session_files.desk(opened.workspace())
        desk.files.extend(file for file in session_files_now if loaded is None or file.path in loaded)
        session.SCRATCHING.clear()
        session.SCRATCH.set(True)
    spool.release()
    spool.forget()
    session.RESULT.set(result)
    session.UPLOAD_TURN.set(session.UPLOAD_TURN.get() + 1)
    session.GO_TO.set(result.system)
    st.rerun()

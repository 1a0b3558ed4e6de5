"""Whether a file's rows will load, the buttons that load them, and the load at work."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.data.load import load_file
from plumbline.domain import Load
from plumbline.logs.inspect import Inspection
from plumbline.logs.load.trial import LoadTrial
from plumbline.ui.frame import jobs, permissions, sign_in
from plumbline.ui.logs import preview, questions
from plumbline.ui.logs import upload as uploads
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
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


def load(
    view: View, upload: uploads.Upload, title: str, inspection: Inspection, settled: uploads.FileChoices
) -> None:
    """The verdict on the rows, and the buttons that load them, for good or for a look."""
    with settled.place:
        _buttons(view, upload, title, inspection, settled)


def _buttons(
    view: View, upload: uploads.Upload, title: str, inspection: Inspection, settled: uploads.FileChoices
) -> None:
    labels = inspection.kind == "labels"
    status, sentence, rest = preview.verdict(settled.trial, labels=labels)
    st.markdown(f"## {cards.word(status, sentence)}", anchors=False)
    if rest:
        st.markdown(escape(rest, 600))
    used = settled.used
    reference = not labels and st.checkbox(
        phrase("These decisions were healthy: use them as the reference"),
        key=f"logs.reference.{upload.token}",
        help=phrase("Otherwise the reference is found in the log itself, and said."),
    )
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
        who = sign_in.actor()
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
                session_files.SessionFile(upload.path, title, used, bool(reference), upload.sheet)
            )


def _quarantine_choice(trial: LoadTrial, upload: uploads.Upload) -> bool | None:
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
    session_file: session_files.SessionFile | None = session.SCRATCHING.get()
    if result is None:
        if not jobs.is_load_running():
            session.SCRATCHING.clear()
            upload: uploads.Upload | None = session.UPLOAD.get()
            refusal = session.REFUSED.get()
            session.REFUSED.clear()
            if refusal is not None and upload is not None:
                session.UNFIT.set((upload.token, refusal))
                st.rerun()
        return
    if not isinstance(result, Load):
        st.toast(phrase("The roles are changed, and everything is counted anew."))
        st.rerun()
    if session_file is not None:
        session_files.desk(opened.workspace()).files.append(session_file)
        session.SCRATCHING.clear()
        session.SCRATCH.set(True)
    uploads.forget()
    session.RESULT.set(result)
    session.UPLOAD_TURN.set(session.UPLOAD_TURN.get() + 1)
    session.GO_TO.set(result.system)
    st.rerun()

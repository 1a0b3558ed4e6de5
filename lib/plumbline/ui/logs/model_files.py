"""Model files: drop one for a version, see whether it reproduces the log, explain every decision with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from plumbline.answers.decisions import model_files
from plumbline.answers.decisions.attribute_all import attribute_all
from plumbline.domain import PlumblineError
from plumbline.explain.readers.formats import ENDINGS, RESAVE
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.logs.spool import safe_name
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase
from plumbline.wording.quantities import count, percent


def section(view: View) -> None:
    """The registered files of the chosen system, and a place for another one."""
    if view.system is None:
        return
    key = view.system.key
    files, versions = model_files.list_model_files(view.ws, key), model_files.versions(view.ws, key)
    cards.section(
        phrase("Model files"),
        phrase(
            "A version's own file explains its decisions exactly, if it reproduces their logged "
            "scores. It is opened in a process of its own, with limits; pickles are refused."
        ),
    )
    outcome = session.MODEL_SAID.get()
    if outcome:
        st.markdown(f"{cards.chip('pass' if outcome[0] else 'fail')} {escape(outcome[1])}")
    if files:
        tables.grid(
            [
                {
                    "Version": one_line(m.version),
                    "File": one_line(m.name, 60),
                    "Format": m.format,
                    "Reproduces": phrase(
                        "{share} of {checked}", share=percent(m.share), checked=count(m.checked)
                    ),
                    "Check": cards.glyph("pass" if m.passed else "fail"),
                    "SHA-256": m.sha256,
                    "Registered": f"{numbers.moment(m.at)}",
                    "By": one_line(m.actor, 40),
                }
                for m in files
            ],
            alt=phrase("Registered model files: version, file, format, check, SHA-256"),
        )
    if not versions:
        cards.note(phrase("The log names no version, so that no file can be tied to its decisions."))
        return
    _register(view, key, versions)
    if any(m.passed for m in files):
        _explain_all(view, key)


def _register(view: View, key: str, versions: tuple[str, ...]) -> None:
    with st.form("models.register", border=False, clear_on_submit=True):
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            version = st.selectbox(
                phrase("Version"),
                versions,
                format_func=lambda v: one_line(v, 60),
                key="models.version",
                width=220,
            )
            uploaded_file = st.file_uploader(
                phrase("Model file"),
                type=list(ENDINGS),
                key="models.file",
                max_upload_size=model_files.MOST_BYTES // 2**20,
                disabled=not sign_in.may(permissions.ANALYST),
                help=phrase(
                    "LightGBM text, XGBoost JSON or UBJSON, scikit-learn as skops, ONNX tree ensembles. "
                    "{resave}",
                    resave=localise(RESAVE),
                ),
            )
        pairs = st.text_input(
            phrase("Where names differ: model=column, with commas between"),
            key="models.names",
            placeholder=phrase("age=Alter, f3=Income"),
            help=phrase(
                "Left empty, names are looked for by content; only those under which the scores come "
                "out are taken."
            ),
        )
        asked = permissions.submit(
            phrase("Register the file"), permissions.ANALYST, icon=":material/upload_file:"
        )
    if not asked or version is None:
        return
    if uploaded_file is None:
        cards.note(phrase("Choose a file first."))
        return
    try:
        with tempfile.TemporaryDirectory() as folder, st.spinner(phrase("Holding the file against the log.")):
            path = Path(folder) / safe_name(uploaded_file.name)
            path.write_bytes(uploaded_file.getbuffer())
            registration = model_files.register(
                view.ws,
                key,
                version,
                path,
                names=model_files.read_names(str(pairs or "").split(",")),
                actor=actor(),
            )
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    session.MODEL_SAID.set((registration.passed, registration.sentence))
    st.rerun()


def _explain_all(view: View, key: str) -> None:
    if not permissions.button(
        phrase("Explain every decision"),
        permissions.ANALYST,
        icon=":material/functions:",
        key="models.all",
        help=phrase(
            "Keeps the attributions of all decisions whose file passed. It can be broken off: "
            "what is done stays."
        ),
    ):
        return
    bar = st.progress(0.0, text=phrase("Starting"))

    def say(words: str, share: float) -> None:
        bar.progress(min(share, 1.0), text=escape(words))

    try:
        run = attribute_all(view.ws, key, actor=actor(), say=say)
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    session.MODEL_SAID.set((True, run.sentence))
    st.rerun()

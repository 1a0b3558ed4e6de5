"""Dropped files before they are loaded: the uploader, and where each file lies meanwhile."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from plumbline.domain.messages import Message
from plumbline.logs.files.formats import SPOKEN, SUFFIXES
from plumbline.ui.frame import jobs, permissions
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.server import upload_quota
from plumbline.ui.state import session, session_files
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase, screen_text

LIMIT = 200  # MB
_EITHER = screen_text(
    "Or a file of outcomes for decisions that were loaded earlier: which of the two it is, is recognised."
)
_STEPS = screen_text(
    "1. The format and what each column means are recognised; you correct what is wrong.\n"
    "2. The rows are tried, and the page says how many will load, before anything is "
    "loaded.\n3. Load it for everybody who works here, or just look: then nothing is kept."
)
#: what becomes of a file that no browser should carry
LARGER = screen_text(
    "Larger than {limit} MB? The server can take it from an inbox folder, or pull it from a database, a bucket or a "
    "web address: whoever runs it sets that up on the command line."
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the workspace's inbox, which upload of the browser it is, and which sheet of a workbook."""

    token: str
    path: Path
    sheet: str | None = None


def drop(view: View) -> tuple[Upload, ...]:
    """The uploader; the dropped files, each spooled once and kept until it is loaded or taken out of the uploader.

    Who may not load has none, and the server takes no upload of theirs either (``ui/server/gate.py``).
    """
    if not permissions.is_allowed(permissions.ANALYST):
        return ()
    spooled: tuple[Upload, ...] = session.UPLOADS.get()
    key = f"logs.file.{session.UPLOAD_TURN.get()}"
    waits = not spooled and not st.session_state.get(key)
    with st.container(border=waits):
        above = st.container()
        uploaded_files = st.file_uploader(
            phrase(
                "{spoken}, at most {limit} MB each; several files of one system in one go, at most {together} MB",
                spoken=localise(SPOKEN),
                limit=LIMIT,
                together=2 * LIMIT,
            ),
            type=SUFFIXES,
            accept_multiple_files=True,
            max_upload_size=LIMIT,
            key=key,
        )
        if waits:
            with above:
                cards.section(phrase("Drop a log of predictions here"), localise(_EITHER))
            st.markdown(localise(_STEPS))
        # a file that is too large is refused in the browser, beside others too, and the server never hears of it
        cards.note(localise(Message(LARGER, {"limit": str(LIMIT)})))
        absent = left_out(upload_quota.evicted(_session()), [file.name for file in uploaded_files or ()])
        if absent:
            st.warning(absent, icon=":material/warning:")
    if jobs.is_load_running():
        return spooled
    there = {upload.token: upload for upload in spooled if upload.path.exists()}
    uploads = tuple(there.get(file.file_id) or _spool(file) for file in uploaded_files)
    if uploads != spooled:
        forget(uploads)
        session.UPLOADS.set(uploads)
    return uploads


def left_out(evicted: Sequence[str], there: Sequence[str]) -> str:
    """Which dropped files the server could not hold beside the others, in words; empty without any."""
    names = [escape(name, 60) for name in evicted if name not in there]
    if not names:
        return ""
    return phrase(
        "Not taken: {names}. The files of one go hold at most {together} MB. Load the others, then drop the rest.",
        names=", ".join(names),
        together=2 * LIMIT,
    )


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def release() -> None:
    """Let the server forget what was loaded."""
    upload_quota.release(_session(), [upload.token for upload in session.UPLOADS.get()])


def _spool(file: UploadedFile) -> Upload:
    path = session_files.place(opened.workspace(), safe_name(file.name))
    with path.open("wb") as out:
        out.write(file.getbuffer())
    return Upload(file.file_id, path)


def safe_name(name: str) -> str:
    """The file's own name without anything that a path or a pattern would read."""
    words = re.sub(r"[^\w.\- ]", "_", one_line(Path(name).name)).strip(". ")
    return words[-120:] or "upload"


def forget(but: Sequence[Upload] = ()) -> None:
    """Delete the spooled files but those that stay, unless scratch holds on to them."""
    stay = {file.path for file in session_files.desk(opened.workspace()).files} | {u.path for u in but}
    for upload in session.UPLOADS.get():
        if upload.path not in stay:
            shutil.rmtree(upload.path.parent, ignore_errors=True)
    for key in (
        session.UPLOADS,
        session.INSPECTED,
        session.PREVIEW,
        session.LIKELY,
        session.ROLES,
        session.UNFIT,
        session.GROUP,
    ):
        key.clear()

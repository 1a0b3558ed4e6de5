"""A load, or a change of roles, at work beside the page: its progress, and stopping it with nothing changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import streamlit as st

from plumbline.answers.data.file_group import LoadBatch
from plumbline.domain import Load, PlumblineError
from plumbline.logs.load.trial import UnfitFile
from plumbline.store.workspace import Workspace, WriteStop
from plumbline.ui.parts import empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import session
from plumbline.wording.language import localise, phrase


class Say(Protocol):
    """What is done, how far it is, and of which file where there are several."""

    def __call__(self, phrase: str, share: float, name: str = "", /) -> None: ...


#: a load, several of them, or column -> its roles now
Made = Load | LoadBatch | dict[str, str]
_LOOK = 0.1  # seconds between two looks at the work


class Job:
    """One piece of work in a thread of its own, so that the page can show how far it is and stop it.

    The work says 1 when all that is left is to commit; from then on it cannot be stopped, until it says less: the
    next of several files is begun.
    """

    def __init__(self, ws: Workspace, name: str, work: Callable[[Say], Made], what: str = "load") -> None:
        self.what, self.ws = what, ws
        self.name, self.phrase, self.share = name, "Starting", 0.0
        self.made: Made | None = None
        self.error: Exception | None = None
        self._work = work
        self._lock, self._stop, self._past = threading.Lock(), False, False
        self._thread = threading.Thread(target=self._run, daemon=True, name="plumbline-load")
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_stopping(self) -> bool:
        return self._stop and not self._past

    def stop(self) -> None:
        """Stop the work, unless it is past the point where that leaves nothing behind."""
        with self._lock:
            self._stop = True
            if not self._past:
                self.ws.interrupt()

    def wait(self) -> None:
        """A moment; asks again where a stop fell between two statements."""
        self._thread.join(_LOOK)
        if self.is_stopping and self.is_running:
            self.stop()

    def _say(self, phrase: str, share: float, name: str = "", /) -> None:
        with self._lock:
            if self._stop and (not self._past or share < 1):
                raise WriteStop
            self._past = share >= 1
        self.name, self.phrase, self.share = name or self.name, phrase, share

    def _run(self) -> None:
        try:
            self.made = self._work(self._say)
        except Exception as error:  # shown by the page, which has the person's eye
            self.error = error


def start(ws: Workspace, name: str, work: Callable[[Say], Made], what: str = "load") -> None:
    """Begin a piece of work for this tab; ``what`` it is, for the button that stops it."""
    session.JOB.set(Job(ws, name, work, what))


def is_load_running() -> bool:
    """Whether a load of this tab is at work."""
    job: Job | None = session.JOB.get()
    return job is not None and job.is_running


def watch() -> Made | None:
    """Show the work until it ends; what it made, or None where there is none or it failed.

    A click on another control runs the page anew while the load goes on; it is then watched again.
    """
    job: Job | None = session.JOB.get()
    if job is None:
        return None
    with st.container(border=True):
        bar = st.progress(min(job.share, 1.0), text=escape(f"{job.name}: {localise(job.phrase)}"))
        st.button(
            phrase("Stop the {what}", what=localise(job.what, "work")),
            key="logs.stop",
            on_click=job.stop,
            disabled=job.is_stopping,
            type="tertiary",
            help=phrase("Nothing is changed then; of several files those that are loaded already stay."),
        )
        while job.is_running:
            job.wait()
            words = phrase("Stopping") if job.is_stopping else localise(job.phrase)
            bar.progress(min(max(job.share, 0.0), 1.0), text=escape(f"{job.name}: {words}"))
    session.JOB.clear()
    if job.made is not None:
        session.OWN_CHANGE.set(job.ws.change())
    if job.error is not None:
        if not isinstance(job.error, PlumblineError):
            raise job.error
        if isinstance(job.error, UnfitFile):
            session.REFUSED.set(job.error)  # a question rather than an error: asked where the file is
        else:
            empty_states.show_error(job.error)
    return job.made

"""A load at work in a thread: it can be stopped until it commits, and then nothing has changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from plumbline.domain import Load
from plumbline.store.workspace import Workspace, WriteStop
from plumbline.ui.frame.jobs import Job, Say

SLOW = "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b"
MADE = Load(
    load_id=1,
    system="s",
    file="f",
    sha256="",
    kind="decisions",
    at=datetime(2026, 1, 1, tzinfo=UTC),
    actor="t",
    rows_read=0,
    rows_loaded=0,
    rows_duplicate=0,
    rows_quarantined=0,
    labels_joined=0,
    reference=False,
)


def _settings(ws: Workspace) -> int:
    with ws.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM setting WHERE name = 'x'").fetchone()
    return int(row[0]) if row else 0


def _ends(job: Job) -> None:
    for _ in range(200):
        if not job.is_running:
            return
        job.wait()
    pytest.fail("the job did not end")


def test_a_stop_interrupts_the_statement_and_changes_nothing(workspace: Workspace) -> None:
    began = threading.Event()

    def work(say: Say) -> Load:
        with workspace.write() as cursor:
            cursor.execute("INSERT INTO setting VALUES ('x', 'y')")
            say("Reading", 0.1)
            began.set()
            cursor.execute(SLOW).fetchall()
        return MADE

    job = Job(workspace, "f", work)
    assert began.wait(10)
    job.stop()
    _ends(job)
    assert isinstance(job.error, WriteStop)
    assert job.made is None
    assert _settings(workspace) == 0
    with workspace.write() as cursor:  # and the workspace goes on
        cursor.execute("INSERT INTO setting VALUES ('x', 'y')")
    assert _settings(workspace) == 1


def test_a_stop_between_two_statements_is_heard_at_the_next_word(workspace: Workspace) -> None:
    stopped = threading.Event()

    def work(say: Say) -> Load:
        with workspace.write() as cursor:
            cursor.execute("INSERT INTO setting VALUES ('x', 'y')")
            assert stopped.wait(10)
            say("Writing", 0.5)
        return MADE

    job = Job(workspace, "f", work)
    job.stop()
    stopped.set()
    _ends(job)
    assert isinstance(job.error, WriteStop)
    assert _settings(workspace) == 0


def test_what_is_about_to_be_committed_cannot_be_stopped(workspace: Workspace) -> None:
    last, stopped = threading.Event(), threading.Event()

    def work(say: Say) -> Load:
        with workspace.write() as cursor:
            cursor.execute("INSERT INTO setting VALUES ('x', 'y')")
            say("Done", 1.0)
            last.set()
            assert stopped.wait(10)
        say("Checking", 1.0)
        return MADE

    job = Job(workspace, "f", work)
    assert last.wait(10)
    job.stop()
    stopped.set()
    _ends(job)
    assert (job.error, job.made) == (None, MADE)
    assert _settings(workspace) == 1

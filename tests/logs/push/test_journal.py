"""The write-ahead file: what was answered is there, what was cut short is not, and a full disk spoils nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError
from plumbline.logs.push import journal
from plumbline.logs.push.journal import Journal


def _append(made: Journal, *bodies: bytes) -> list[OSError | None]:
    """Write frames, and wait until each was answered for."""
    answers: list[OSError | None] = []
    ended = threading.Event()

    def done(error: OSError | None) -> None:
        answers.append(error)
        if len(answers) == len(bodies):
            ended.set()

    for body in bodies:
        made.append(body, done)
    assert ended.wait(20)
    return answers


def _frames(made: Journal) -> list[bytes]:
    return [frame for path in made.rotate() for frame in made.frames(path)]


def test_frames_come_back_in_order_by_this_process_and_by_the_next(tmp_path: Path) -> None:
    bodies = [b"one", b"", b"x" * 100_000, b"\0\xff"]
    first = Journal(tmp_path / "push")
    assert _append(first, *bodies) == [None] * 4
    assert (tmp_path / "push").stat().st_mode & 0o777 == 0o700
    assert next((tmp_path / "push").iterdir()).stat().st_mode & 0o777 == 0o600
    second = Journal(tmp_path / "push")  # the first was killed
    assert _append(second, b"later") == [None]
    assert _frames(second) == [*bodies, b"later"]
    for path in second.closed_files():
        path.unlink()
    assert _frames(second) == []
    second.close()


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 30])
def test_a_frame_that_was_cut_short_is_none_and_those_before_it_are_whole(tmp_path: Path, cut: int) -> None:
    made = Journal(tmp_path / "push")
    _append(made, b"whole", b"y" * 24)
    made.close()
    path = made.closed_files()[0]
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(made.frames(path)) == [b"whole"]


def test_a_bit_that_turned_ends_a_file(tmp_path: Path) -> None:
    made = Journal(tmp_path / "push")
    _append(made, b"whole", b"turned", b"behind")
    made.close()
    path = made.closed_files()[0]
    path.write_bytes(path.read_bytes().replace(b"turned", b"turnee"))
    assert list(made.frames(path)) == [b"whole"]


def test_many_that_come_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Journal(tmp_path / "push")
    _append(made, b"first")
    syncs: list[int] = []
    held = threading.Event()
    real = os.fsync

    def slow(file: int) -> None:
        syncs.append(file)
        held.wait(5)
        real(file)

    monkeypatch.setattr(journal.os, "fsync", slow)
    threading.Timer(0.2, held.set).start()
    _append(made, *(f"{i}".encode() for i in range(100)))
    assert len(syncs) <= 3
    made.close()
    assert len(_frames(made)) == 101


def test_a_full_disk_is_told_and_what_was_written_before_and_after_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Journal(tmp_path / "push")
    assert _append(made, b"before") == [None]
    real: Callable[[int, memoryview], int] = os.write

    def full(file: int, body: memoryview) -> int:
        if len(body) > 20:
            return real(file, body[:20])  # some of it still fits
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "write", full)
        (error,) = _append(made, b"z" * 30)
    assert error is not None
    assert error.errno == errno.ENOSPC
    assert made.obstacle(3_600) == "The disk refused pushed rows: No space left on device."
    monkeypatch.setattr(journal, "_LATELY", 0.0)  # nobody need send anything before it is asked again
    assert made.obstacle(3_600) == ""
    monkeypatch.undo()
    assert _append(made, b"after") == [None]
    assert made.obstacle(3_600) == ""
    made.close()
    assert _frames(made) == [b"before", b"after"]


def test_under_a_key_nothing_of_it_is_readable_and_another_key_is_told(tmp_path: Path) -> None:
    made = Journal(tmp_path / "push", "a key")
    _append(made, b"needle " * 100)
    made.close()
    assert b"needle" not in made.closed_files()[0].read_bytes()
    assert _frames(Journal(tmp_path / "push", "a key")) == [b"needle " * 100]
    with pytest.raises(PlumblineError, match="another key"):
        _frames(Journal(tmp_path / "push", "no key"))


def test_a_disk_that_stalls_holds_up_no_end_and_what_it_takes_later_is_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Journal(tmp_path / "push")
    _append(made, b"first")
    stalled, held, real = threading.Event(), threading.Event(), os.fsync

    def slow(file: int) -> None:
        stalled.set()
        held.wait(60)
        real(file)

    monkeypatch.setattr(journal.os, "fsync", slow)
    answered = threading.Event()
    made.append(b"second", lambda _: answered.set())
    assert stalled.wait(20)
    assert made.obstacle(3_600) == ""
    assert made.obstacle(0) == "The disk has not taken pushed rows for 0 seconds."
    made.close(0.1)
    assert not answered.is_set()
    held.set()
    assert answered.wait(20)
    assert made.obstacle(0) == ""
    assert _frames(Journal(tmp_path / "push")) == [b"first", b"second"]

"""Whatever a child does, its end is one sentence, and the next question is answered."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError
from plumbline.sandbox import process
from plumbline.sandbox.limits import Limits, amount, environment
from plumbline.sandbox.pool import IDLE, Pool

LIMITS = Limits(megabytes=600, cpu_seconds=20, wall_seconds=60.0, file_bytes=2**20)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    found = environment()
    found["PYTHONPATH"] += os.pathsep + str(Path(__file__).parents[2])
    monkeypatch.setattr(process, "environment", lambda: found)
    made = Pool("tests.sandbox.hostile_process")
    yield made
    made.end()


def _ask(pool: Pool, do: str, limits: Limits = LIMITS, **more: str) -> object:
    return pool.ask({"do": do} | more, limits, where="a.csv")


ENDS = {
    "grow": "takes more memory than is allowed",
    "recurse": "nests too deep",
    "crash": r"ended its process \(code -?\d+\)",
    "write": r"cannot be read \(OSError\)",
    "panic": r"cannot be read \(BaseException\)",
    "garbage": "ended its process",
}


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory hold on Linux")
@pytest.mark.parametrize("do", ENDS)
def test_the_end_of_a_child_is_one_sentence(pool: Pool, do: str, tmp_path: Path) -> None:
    with pytest.raises(PlumblineError, match=ENDS[do]) as refused:
        _ask(pool, do, path=str(tmp_path / "big"))
    assert "a.csv" in str(refused.value)
    assert refused.value.todo
    assert _ask(pool, "say", text="next") is not None


@pytest.mark.skipif(sys.platform != "linux", reason="limits on processor time hold on Linux and macOS")
def test_a_child_that_never_comes_back_is_given_up(pool: Pool) -> None:
    with pytest.raises(PlumblineError, match="more than 1 s of processor time"):
        _ask(pool, "spin", replace(LIMITS, cpu_seconds=1))
    with pytest.raises(PlumblineError, match=r"more than 0\.3 s"):
        _ask(pool, "sleep", replace(LIMITS, wall_seconds=0.3))


def test_the_parent_has_a_clock_where_the_child_has_none(pool: Pool) -> None:
    held = process.Process("tests.sandbox.hostile_process")
    with pytest.raises(process.ProcessExit) as gone:
        held.ask(
            {"do": "sleep", "limits": {"megabytes": 600, "cpu_seconds": 20, "wall_seconds": 0.0}}, wall=1.0
        )
    assert gone.value.late
    held.end()
    assert not held.alive()


def test_a_refusal_comes_through_as_it_was_said(pool: Pool) -> None:
    with pytest.raises(PlumblineError) as refused:
        _ask(pool, "refuse")
    assert (refused.value.what, refused.value.where, refused.value.todo) == (
        "No log",
        "a.csv",
        "Load another.",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each question starts a process")
def test_questions_are_answered_by_processes_of_their_own_and_few_wait(pool: Pool) -> None:
    found: list[list[object]] = []

    def one(i: int) -> None:
        found.append(_ask(pool, "say", text=str(i)))  # type: ignore[arg-type]

    threads = [threading.Thread(target=one, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(text) for _, text in found) == [str(i) for i in range(6)]
    assert len({pid for pid, _ in found}) == 6
    assert 1 <= len(pool._idle) <= IDLE


def test_the_child_sees_no_secrets(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "secret")
    seen = _ask(pool, "environment")
    assert isinstance(seen, list)
    assert not {name for name in seen if name.startswith(("PLUMBLINE", "AWS", "PG"))}


@pytest.mark.parametrize("text", ["", "abc", "-5", "12", "1.5.0GB", "0MB", "10XB", "1" * 40 + "GB", "80%"])
def test_an_amount_that_is_none_is_one_sentence(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_MEMORY", text)
    with pytest.raises(PlumblineError, match=r"PLUMBLINE_MEMORY is .* no amount of memory"):
        amount("PLUMBLINE_MEMORY", "1500MB")


def test_amounts_are_read_as_duckdb_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, size in (("1500MB", 1_500_000_000), ("1.5 gb", 1_500_000_000), ("2GiB", 2**31)):
        monkeypatch.setenv("PLUMBLINE_MEMORY", text)
        assert amount("PLUMBLINE_MEMORY", "1MB") == size

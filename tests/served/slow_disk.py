"""A server whose disk stalls where and for as long as a test says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.served.serving import Server, serve

HOOK = Path(__file__).parent / "stalls"


@contextmanager
def serve_on_slow_disk(workspace: Path, **environment: str) -> Iterator[Server]:
    """A server that can be stalled."""
    folder = workspace.parent / "stalls"
    folder.mkdir()
    try:
        with serve(workspace, PYTHONPATH=str(HOOK), STALLS=str(folder), **environment) as server:
            yield server
    finally:
        for stall in folder.iterdir():
            stall.unlink(missing_ok=True)


@contextmanager
def stalled(server: Server, where: str) -> Iterator[None]:
    """The disk takes nothing meanwhile.

    Args:
        where: ``sync``: of pushed rows; ``commit``: of a write; ``cursor``: what a read begins with.
    """
    stall = server.workspace.parent / "stalls" / where
    stall.touch()
    try:
        yield
    finally:
        stall.unlink()
        stall.with_name(f"{where}.reached").unlink(missing_ok=True)


def wait_until_reached(server: Server, where: str) -> None:
    """Until somebody stands at a stall."""
    reached = server.workspace.parent / "stalls" / f"{where}.reached"
    for _ in range(1200):
        if reached.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody came to the {where}")

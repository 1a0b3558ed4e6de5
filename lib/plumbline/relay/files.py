"""Writing a file whole or not at all."""

from __future__ import annotations

from pathlib import Path


def write_atomically(path: Path, body: bytes) -> None:
    """Write a file beside its place and put it there in one step.

    Raises:
        OSError: nothing was written.
    """
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_bytes(body)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise

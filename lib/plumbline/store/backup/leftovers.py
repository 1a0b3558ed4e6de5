"""Sweeping away half-made files of processes that were killed: ``NAME.PROCESS.ENDING`` beside a file."""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from pathlib import Path


def temporary_path(beside: Path, ending: str) -> Path:
    """Where this process makes what is to become a file; what killed processes left there is deleted first."""
    for path in beside.parent.glob(f"{glob.escape(beside.name)}.*.{ending}*"):
        number = path.name[len(beside.name) + 1 :].partition(".")[0]
        if number.isascii() and number.isdigit() and not _is_alive(int(number)):
            with suppress(OSError):
                path.unlink()
    return beside.with_name(f"{beside.name}.{os.getpid()}.{ending}")


def drop(part: Path) -> None:
    """Delete what was not finished, with its log of writes."""
    for path in (part, Path(f"{part}.wal")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

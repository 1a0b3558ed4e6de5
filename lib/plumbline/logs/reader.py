"""The process that opens files from people: sniffing, unpacking, workbooks, JSON and the guess of a mapping run there.

The bulk of a clean CSV or Parquet file is read by DuckDB in the workspace's own process, where it is fast.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.sandbox.limits import MEMORY, Limits, amount
from plumbline.sandbox.pool import Pool

#: processor seconds of one look at a file, and bytes that each further second is worth
SECONDS, BYTES_A_SECOND = 60, 4 * 2**20
#: how large a file may become when it is unpacked
UNPACKED = "16GB"
#: the settings of the environment that hold for the reader, too
SETTINGS = ("PLUMBLINE_MEMORY", "PLUMBLINE_UNPACKED")

_POOL = Pool("plumbline.logs.reader_process")


def start_reader() -> None:
    """Start the process, so that the first file does not wait for it."""
    _POOL.start_process()


def ask(task: str, path: Path, folder: Path, **more: Any) -> Any:
    """Have the reader do something with a file.

    Args:
        task: see ``reader_process``.
        folder: where it may write.
        more: what the task needs, as JSON.

    Raises:
        PlumblineError: the file is refused; or reading it takes more memory or time than is allowed.
    """
    request = {
        "task": task, "path": str(path), "folder": str(folder), "cwd": os.getcwd(),
        "settings": {name: os.environ.get(name) for name in SETTINGS},
    }  # fmt: skip
    return _POOL.ask(request | more, limits(path), where=path.name)


def limits(path: Path) -> Limits:
    """What the reader may use for a file: more time for a larger one, memory beside what DuckDB takes.

    Raises:
        PlumblineError: a setting is no amount.
    """
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    duckdb = amount("PLUMBLINE_MEMORY", MEMORY)
    memory = amount("PLUMBLINE_FILE_MEMORY", f"{(2**30 + 2 * duckdb) // 10**6}MB")
    seconds = _seconds() + size // BYTES_A_SECOND
    return Limits(memory // 2**20, seconds, 5.0 * seconds, 2 * amount("PLUMBLINE_UNPACKED", UNPACKED))


def _seconds() -> int:
    text = os.environ.get("PLUMBLINE_FILE_SECONDS", str(SECONDS)).strip()
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) == int(text)):
        raise PlumblineError(
            message("PLUMBLINE_FILE_SECONDS is {text} and no number of seconds", text=repr(text[:40])),
            todo=message("Set one such as {seconds}.", seconds=str(SECONDS)),
        )
    return int(text)

"""The copies of a workspace from before its schema changed: where they lie, and how many are kept.

``backups/NAME.schema-18.20261129T184500Z.duckdb`` beside the workspace ``NAME.duckdb`` is what it was under schema 18.
"""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

FOLDER = "backups"
KEPT = 3
_NAMED = re.compile(r"\.schema-(\d+)\.(\d{8}T\d{6}Z)\.duckdb$")


def copy_path(target: Path, number: int, at: datetime) -> Path:
    """Where the copy of a workspace of one schema, made at a time (UTC), is put."""
    target = target.resolve()  # beside the file itself, where the path is a link to it
    return target.parent / FOLDER / f"{target.stem}.schema-{number:02d}.{at:%Y%m%dT%H%M%SZ}.duckdb"


def copies_of(target: Path) -> list[Path]:
    """The workspace's copies, the oldest schema first, and of one schema the oldest copy."""
    target = target.resolve()
    found = [
        (int(named[1]), named[2], path)
        for path in (target.parent / FOLDER).glob(f"{glob.escape(target.stem)}.schema-*.duckdb")
        if (named := _NAMED.search(path.name))
    ]
    return [path for *_, path in sorted(found)]


def drop_old(target: Path) -> None:
    """Delete all copies but the newest few."""
    for path in copies_of(target)[:-KEPT]:
        with suppress(OSError):  # it stays one migration longer
            path.unlink()


def drop_all(target: Path) -> int:
    """Delete every copy, as an erasure has to; how many there were.

    Raises:
        OSError: one cannot be deleted.
    """
    found = copies_of(target)
    for path in found:
        path.unlink()
    return len(found)

"""The copies of a workspace that Plumbline keeps beside it in ``backups``: what they are called, and how many stay.

``NAME.schema-18.20261129T184500Z.duckdb`` is what the workspace ``NAME.duckdb`` was under schema 18,
``NAME.nightly.TIME.duckdb`` a copy of the schedule's, ``NAME.replaced.TIME.duckdb`` what made way for a restored copy.
"""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

FOLDER = "backups"
KEPT = 3
_NAMED = re.compile(r"\.schema-(\d+)\.(\d{8}T\d{6}Z)\.duckdb$")
_KINDS = ("schema-*", "nightly", "replaced")
_STAMP = "%Y%m%dT%H%M%SZ"


def copy_path(target: Path, number: int, at: datetime) -> Path:
    """Where the copy of a workspace of one schema, made at a time (UTC), is put."""
    return _copy_path(target, f"schema-{number:02d}", at)


def nightly_path(target: Path, at: datetime) -> Path:
    """Where the schedule's copy of a workspace is put."""
    return _copy_path(target, "nightly", at)


def replacement_path(target: Path, at: datetime) -> Path:
    """Where a workspace that makes way for a restored copy is put."""
    return _copy_path(target, "replaced", at)


def _copy_path(target: Path, kind: str, at: datetime) -> Path:
    target = target.resolve()  # beside the file itself, where the path is a link to it
    return target.parent / FOLDER / f"{target.stem}.{kind}.{at.strftime(_STAMP)}.duckdb"


def list_migration_copies(target: Path) -> list[Path]:
    """The workspace's copies from before migrations, the oldest schema first, and of one schema the oldest copy."""
    numbered = [
        (int(named[1]), named[2], path)
        for path in _copies_of_kind(target, "schema-*")
        if (named := _NAMED.search(path.name))
    ]
    return [path for *_, path in sorted(numbered)]


def _copies_of_kind(target: Path, kind: str) -> list[Path]:
    target = target.resolve()
    return sorted((target.parent / FOLDER).glob(f"{glob.escape(target.stem)}.{kind}.*Z.duckdb"))


def nightly_copies(target: Path) -> list[Path]:
    """The schedule's copies, the oldest first."""
    return _copies_of_kind(target, "nightly")


def newest_copy(target: Path) -> Path | None:
    """The copy that was made last, of any kind; None where there is none."""
    found = [path for kind in _KINDS for path in _copies_of_kind(target, kind)]
    return max(found, key=_stamp, default=None)


def _stamp(path: Path) -> str:
    """When a copy was made, as its name says; it sorts by time."""
    return path.name.rpartition(".duckdb")[0].rpartition(".")[2]


def drop_old(target: Path) -> None:
    """Delete all copies from before migrations but the newest few."""
    for path in list_migration_copies(target)[:-KEPT]:
        with suppress(OSError):  # it stays one migration longer
            path.unlink()


def drop_nightly(target: Path, at: datetime, days: int) -> int:
    """Delete the schedule's copies that are older than so many days; how many there were.

    Never the newest, and none where all but the newest would go at once: that is a machine that was off, or whose
    clock has run ahead. They go with the next copy.
    """
    oldest = (at - timedelta(days=days)).strftime(_STAMP)
    *earlier, _newest = nightly_copies(target) or [target]
    old = [path for path in earlier if _stamp(path) < oldest]
    if len(old) == len(earlier) > 1:
        return 0
    deleted = 0
    for path in old:
        with suppress(OSError):
            path.unlink()
            deleted += 1
    return deleted


def drop_all(target: Path) -> int:
    """Delete every copy, as an erasure has to; how many there were.

    Raises:
        OSError: one cannot be deleted.
    """
    paths = [path for kind in _KINDS for path in _copies_of_kind(target, kind)]
    half = (target.resolve().parent / FOLDER).glob(f"{glob.escape(target.stem)}.*Z.duckdb.*.part*")
    for path in half:  # of processes that were killed
        path.unlink()
    for path in paths:
        path.unlink()
        Path(f"{path}.wal").unlink(missing_ok=True)
    return len(paths)

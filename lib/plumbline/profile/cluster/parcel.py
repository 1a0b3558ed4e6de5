"""The counter as a zip that a cluster's Python can import."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import plumbline
from plumbline.profile.partial.plan import CountPlan

#: what the counter imports, and no more: modules and whole packages
MODULES = (
    "__init__.py", "domain", "profile/__init__.py", "profile/count/__init__.py", "profile/constants.py",
    "profile/count/stream.py", "profile/count/numeric.py", "profile/count/scores.py", "profile/partial/__init__.py",
    "profile/partial/counter.py", "profile/partial/outcomes.py", "profile/partial/plan.py", "profile/partial/rows.py",
    "profile/partial/texts.py", "store/__init__.py", "store/sql.py",
)  # fmt: skip
_OLDEST = (1980, 1, 1, 0, 0, 0)


@cache
def _sources() -> tuple[tuple[str, bytes], ...]:
    root = Path(plumbline.__file__).parent
    paths = [
        path
        for name in MODULES
        for path in (sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / name])
    ]
    return tuple((f"plumbline/{path.relative_to(root).as_posix()}", path.read_bytes()) for path in paths)


def write_parcel(folder: Path) -> Path:
    """Write the zip, under a name that says what is in it: a session takes no other content under the same name."""
    digest = hashlib.sha256(repr(_sources()).encode()).hexdigest()[:16]
    path = folder / f"plumbline_counter_{digest}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in _sources():
            zipped.writestr(zipfile.ZipInfo(name, _OLDEST), text)
    return path


def count_function(plan: CountPlan) -> Any:
    """The function for ``mapInArrow``. It is sent as its code and names the modules of the zip alone."""

    def count(batches: Iterable[Any]) -> Iterator[Any]:
        from plumbline.profile.partial.counter import partial_counts

        for table in partial_counts(batches, plan):
            yield from table.to_batches()

    count.__module__ = "__main__"
    return count

"""A folder or a pattern of files: each is a load of its own, so that each can be told, taken back and loaded again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.answers.data.load import Progress, inspect_file, load_file
from plumbline.answers.faults import sentence
from plumbline.domain import Load, PlumblineError, json_object
from plumbline.domain.messages import message
from plumbline.logs.files.formats import SUFFIXES
from plumbline.store.workspace import Workspace

#: the figures of loads that are summed where there are several
SUMS = ("rows_read", "rows_loaded", "rows_duplicate", "rows_quarantined", "labels_joined")


@dataclass(frozen=True, slots=True)
class FolderLoad:
    """The loads made, in order, and (file, reason) of those that could not be."""

    loads: tuple[Load, ...]
    failed: tuple[tuple[str, str], ...]

    def total(self, field: str) -> int:
        """The sum of a figure over the loads."""
        return sum(int(getattr(load, field)) for load in self.loads)

    def to_dict(self) -> dict[str, Any]:
        """``loads``: one a file; the figures are their sums; ``failed``: file -> reason."""
        return json_object(
            {"loads": self.loads, **{field: self.total(field) for field in SUMS}, "failed": dict(self.failed)}
        )


def is_many(path: Path) -> bool:
    """A folder, or a name with ``*``, ``?`` or ``[`` of which there is no file."""
    return path.is_dir() or (not path.exists() and re.search(r"[*?\[]", str(path)) is not None)


def files_of(path: Path) -> list[Path]:
    """The logs in a folder and the folders in it, or those that a pattern names, in the order of their names.

    Hidden files, and in a folder those that no log is called like, are left out.

    Raises:
        PlumblineError: there is none, or the folder is a lake table.
    """
    if path.is_dir():
        for mark, kind in (("_delta_log", "delta"), ("metadata", "iceberg")):
            if (path / mark).is_dir():
                raise PlumblineError(
                    message(
                        "The folder is a {kind} table, of which some files may be outdated",
                        kind=kind.capitalize(),
                    ),
                    where=path.name,
                    todo=message("Use plumbline pull {kind}:{name} --system S.", kind=kind, name=path.name),
                )
        paths = [p for p in path.rglob("*") if p.suffix.lower().lstrip(".") in SUFFIXES]
    else:
        place = next((i for i, part in enumerate(path.parts) if re.search(r"[*?\[]", part)), 0)
        root = Path(*path.parts[:place]) if place else Path()
        paths = list(root.glob(str(Path(*path.parts[place:]))))
    paths = [
        p
        for p in paths
        if p.is_file() and not any(part.startswith((".", "_")) for part in p.relative_to(_root(path)).parts)
    ]
    if not paths:
        raise PlumblineError(
            "No log is there",
            where=str(path),
            todo=message("Looked for: {names}.", names=", ".join(SUFFIXES)),
        )
    return sorted(paths, key=_natural_order)


def load_files(
    ws: Workspace, path: Path, *, title: str, actor: str, progress: Progress | None = None, **options: Any
) -> FolderLoad:
    """Load every file of a folder or pattern; one that cannot be loaded does not stop the others.

    Decisions come before labels, whatever they are called. Loading the same folder again adds only what is new.

    Args:
        options: as for ``load_file``.

    Raises:
        PlumblineError: there is no file, or none at all could be loaded.
    """
    failed: list[tuple[str, str]] = []
    sized: list[tuple[int, Path]] = []
    for file in files_of(path):
        try:
            sized.append((inspect_file(file, ws=ws).kind == "labels", file))
        except Exception as error:  # one file's fault is in no other's way
            failed.append((file.name, sentence(error)))
    loads: list[Load] = []
    for number, (_, file) in enumerate(sorted(sized, key=lambda item: item[0])):
        try:
            loads.append(
                load_file(
                    ws,
                    file,
                    title=title,
                    actor=actor,
                    progress=_part(progress, number, len(sized)),
                    **options,
                )
            )
        except Exception as error:
            failed.append((file.name, sentence(error)))
    if not loads:
        raise PlumblineError(
            message("None of the {failed} files could be loaded", failed=str(len(failed))),
            todo=message("The first: {failed}", failed=failed[0][1]),
        )
    return FolderLoad(tuple(loads), tuple(failed))


def _root(path: Path) -> Path:
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    """``day-9`` before ``day-10``."""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", str(path)) if p]


def _part(progress: Progress | None, number: int, files: int) -> Callable[[str, float], None] | None:
    if progress is None:
        return None
    return lambda phrase, share: progress(f"File {number + 1} of {files}: {phrase}", (number + share) / files)

"""The reader: ``python -m plumbline.logs.reader_process``; see ``reader`` for who asks it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plumbline.domain import Mapping
from plumbline.logs.files import excel
from plumbline.logs.files.conversion import open_readable
from plumbline.logs.inspect import inspect_in_process
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.sandbox.records import from_json, to_json
from plumbline.sandbox.server import serve


def _open(path: Path, folder: Path, *, whole: bool, sheet: str | None) -> Any:
    return open_readable(path, folder, whole=whole, sheet=sheet)


def _inspect(path: Path, folder: Path, *, known: Any, sheet: str | None, stated: Any) -> Any:
    return inspect_in_process(
        path, folder, from_json(Mapping, known) if known else None, sheet, from_json(StatedRoles, stated)
    )


def _sheets(path: Path, folder: Path) -> Any:
    return excel.tables(path)


TASKS: dict[str, Callable[..., Any]] = {"open": _open, "inspect": _inspect, "sheets": _sheets}


def answer(request: dict[str, Any]) -> Any:
    """Do one task with one file; see ``TASKS``."""
    os.chdir(request.pop("cwd"))
    for name, value in request.pop("settings").items():
        os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
    task, path, folder = (request.pop(name) for name in ("task", "path", "folder"))
    return to_json(TASKS[task](Path(path), Path(folder), **request))


if __name__ == "__main__":
    sys.exit(serve(answer))

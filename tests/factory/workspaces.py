"""Workspaces that hold a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plumbline.answers.data.load import load_file
from plumbline.domain import Load
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.shop import shop_log


def load_log(
    ws: Workspace,
    folder: Path,
    log: bytes | None = None,
    *,
    title: str = "Shop",
    rows: int | None = None,
    name: str = "shop.csv",
    **options: Any,
) -> Load:
    """Write a log into a folder that the workspace may read, and load it.

    Args:
        log: CSV; without, the shop's.
        rows: only so many of the shop's first decisions.
        options: what ``load_file`` takes beside.
    """
    (folder / name).write_bytes(shop_log(rows=rows) if log is None else log)
    return load_file(ws, folder / name, **({"title": title, "actor": "test"} | options))


def loaded_workspace(folder: Path, log: bytes | None = None, **said: Any) -> Workspace:
    """A new ``workspace.duckdb`` in a folder, open, that holds a log as one system; see ``load_log``."""
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_log(ws, folder, log, **said)
    return ws

"""The one workspace of this process."""

from __future__ import annotations

import threading
from pathlib import Path

from plumbline.store.workspace import Workspace, open_workspace, workspace_path
from plumbline.ui.state import session_files

_OPEN: dict[Path, Workspace] = {}
_LOCK = threading.Lock()


def workspace() -> Workspace:
    """The workspace, opened at the first call.

    Raises:
        PlumblineError: it is open elsewhere, or is no workspace; the next call tries again.
    """
    path = workspace_path().resolve()
    with _LOCK:
        if path not in _OPEN:
            _OPEN[path] = open_workspace(path)
        return _OPEN[path]


def close() -> None:
    """Close what this process has opened, scratch workspaces before the one whose folder they stand in."""
    session_files.close_all()
    with _LOCK:
        while _OPEN:
            _, ws = _OPEN.popitem()
            ws.close()

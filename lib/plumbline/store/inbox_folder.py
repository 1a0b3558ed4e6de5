"""The folder of a process's own where files stand while they are loaded; what a killed process left is swept away.

A folder is locked (flock) for as long as its process lives, however that ends. One that nobody holds is nobody's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

_PREFIX = "plumbline-own-"
#: seconds after which a folder must be locked by its process
_YOUNG = 60.0
_held: dict[Path, int] = {}


def make_inbox() -> Path:
    """A new private folder, after those that killed processes left are deleted."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    held = _lock(folder)
    if held is not None:
        _held[folder] = held
    return folder


def drop_inbox(folder: Path) -> None:
    """Delete the folder with what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    held = _held.pop(folder, None)
    if held is not None:
        os.close(held)


def sweep(parent: Path, *, young: float = _YOUNG) -> None:
    """Delete this user's folders that no living process holds."""
    if sys.platform == "win32":
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            seen = folder.lstat()
            if seen.st_uid != os.getuid() or time.time() - seen.st_ctime < young:
                continue
            held = _lock(folder)
        except OSError:
            continue  # another process sweeps it, or holds it
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _lock(folder: Path) -> int | None:
    """Hold a folder; None on systems without such locks.

    Raises:
        OSError: it is gone, is a link, or another process holds it.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle

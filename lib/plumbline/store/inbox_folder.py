"""The folder of a process's own where files stand while they are loaded; what a killed process left is swept away.

A folder is locked (flock) for as long as its process lives, however that ends. One that nobody holds is nobody's: it
gets its name only once it is locked, so that the very next process deletes what a killed one left there in plain text.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

_PREFIX, _UNLOCKED = "plumbline-own-", "plumbline-new-"
#: seconds after which a folder must be locked by its process and called so
_YOUNG = 60.0
_held: dict[Path, int] = {}


def make_inbox() -> Path:
    """A new private folder, after those that killed processes left are deleted."""
    sweep(Path(tempfile.gettempdir()))
    bare = Path(tempfile.mkdtemp(prefix=_UNLOCKED)).resolve()
    lock = _lock(bare)
    folder = bare.rename(bare.with_name(f"{_PREFIX}{bare.name.removeprefix(_UNLOCKED)}"))
    if lock is not None:
        _held[folder] = lock
    return folder


def drop_inbox(folder: Path) -> None:
    """Delete the folder with what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    held = _held.pop(folder, None)
    if held is not None:
        os.close(held)


def sweep(parent: Path) -> None:
    """Delete this user's folders that no living process holds, and those, empty, that one died over making."""
    if sys.platform == "win32":
        return
    for folder in (*parent.glob(f"{_PREFIX}*"), *parent.glob(f"{_UNLOCKED}*")):
        try:
            seen = folder.lstat()
            if seen.st_uid != os.getuid():
                continue
            if folder.name.startswith(_UNLOCKED) and time.time() - seen.st_ctime < _YOUNG:
                continue
            lock = _lock(folder)
        except OSError:
            continue  # another process sweeps it, or holds it
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


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

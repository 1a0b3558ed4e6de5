"""Where a workspace's socket lies, and who is at its other end.

The socket stands beside the workspace's file, is open to its user alone (mode 0600), and each end asks the system
whose process the other one is. So a stranger who can write to the folder can neither give orders nor receive any.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import plumbline
from plumbline.domain.source_digest import source_digest

#: longest address of a Unix socket, one byte for its end left out; and longest name in the folder
_ADDRESS, _NAME = 107, 60
_PEER = struct.Struct("3i")
#: whether this system tells a socket's end whose process the other one is
SUPPORTED = hasattr(socket, "AF_UNIX") and hasattr(socket, "SO_PEERCRED")


def socket_path(workspace: Path) -> Path:
    """The socket of a workspace: ``NAME.sock`` beside the file itself, where the path is a link to it."""
    file = workspace.resolve()
    name = file.name
    if len(os.fsencode(name)) > _NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return file.with_name(f"{name}.sock")


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """The path as an address: a folder with a long name is reached through a handle of it."""
    if len(os.fsencode(path)) <= _ADDRESS:
        yield str(path)
        return
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)


def listen(path: Path) -> socket.socket:
    """A socket that only this user may open. What a killed server left in its place is removed.

    Raises:
        OSError: it cannot be made there, or others may write to the folder.
    """
    folder = path.parent.stat()
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        raise PermissionError("everybody may write to the workspace's folder")
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(door.fileno(), 0o600)  # the mode that it is made with
        with short_address(path) as address:
            door.bind(address)
        if stat.S_IMODE(path.lstat().st_mode) != 0o600:
            path.chmod(0o600)  # nobody could connect before it listens
        door.listen(16)
    except BaseException:
        door.close()
        raise
    return door


def is_mine(end: socket.socket) -> bool:
    """Whether the process at the other end of a connection runs as this user."""
    return peer(end)[1] == os.geteuid()


def peer(end: socket.socket) -> tuple[int, int]:
    """The number of the process at the other end when it connected, and of its user, as the system knows them."""
    held = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    process, user, _group = _PEER.unpack(held)
    return int(process), int(user)


@cache
def code() -> str:
    """SHA-256 of the package's code as it lies on the disk when it is first asked for."""
    home = Path(plumbline.__file__).parent
    return source_digest(sorted(home.rglob("*.py")), home)

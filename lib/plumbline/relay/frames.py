"""What passes over the socket: JSON objects, each behind its length; paths and times keep their kind."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path
from typing import Any

_LENGTH = struct.Struct(">I")
#: bytes of one frame; larger output goes in several
LARGEST = 64 * 2**20

Frame = dict[str, Any]


def send(end: socket.socket, frame: Frame) -> None:
    """Send one frame whole."""
    body = json.dumps(frame, default=_json_default).encode()
    end.sendall(_LENGTH.pack(len(body)) + body)


def receive(end: socket.socket) -> Frame | None:
    """The next frame; None where the other end is gone, or sends what is none."""
    try:
        head = _receive_exactly(end, _LENGTH.size)
        size = _LENGTH.unpack(head)[0]
        if size > LARGEST:
            return None
        frame = json.loads(_receive_exactly(end, size), object_hook=_read)
    except (EOFError, OSError, ValueError):
        return None
    return frame if isinstance(frame, dict) else None


def _receive_exactly(end: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = end.recv(min(size, 2**20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _json_default(value: object) -> dict[str, str]:
    if isinstance(value, Path):
        return {"path": str(value)}
    raise TypeError(f"{type(value).__name__} cannot be handed to the server")


def _read(value: dict[str, Any]) -> Any:
    return Path(value["path"]) if value.keys() == {"path"} else value

"""The SHA-256 of modules' source: what tells that an answer comes from other code than the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def source_digest(paths: Iterable[Path], home: Path, version: str = "") -> str:
    """SHA-256 over the files in the order given: each one's place below ``home`` and its bytes.

    Args:
        version: what else the answer depends on, such as a library's version.
    """
    digest = hashlib.sha256(version.encode())
    for path in paths:
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()

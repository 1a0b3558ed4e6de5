"""One pass over a file's bytes before it is loaded: its SHA-256, and what no parser would complain about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from plumbline.domain import PlumblineError

MAX_LINE = 16 * 1024 * 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file's bytes say. ``nul``: offset of the first NUL byte, None where there is none."""

    sha256: str
    size: int
    nul: int | None


def line_too_long(path: Path) -> PlumblineError:
    """The refusal of a file that is not made of lines."""
    return PlumblineError(
        f"The file has a line longer than {MAX_LINE // 2**20} MB, so it is not a table of text",
        where=path.name,
        todo="Export one decision a line, as CSV or Parquet.",
    )


def survey(path: Path, *, text: bool) -> Survey:
    """Read the file once.

    Args:
        text: check line lengths as well; stops at the first line that is too long.

    Raises:
        PlumblineError: a line is longer than ``MAX_LINE``, or the file cannot be read.
    """
    sha, size, carried, nul = hashlib.sha256(), 0, 0, None
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                sha.update(block)
                if text:
                    carried = _carry(path, block, carried)
                    if nul is None and b"\x00" in block:
                        nul = size + block.index(b"\x00")
                size += len(block)
    except OSError as error:
        raise PlumblineError(f"The file cannot be read: {error.strerror}", where=path.name) from error
    return Survey(sha.hexdigest(), size, nul)


def _carry(path: Path, block: bytes, carried: int) -> int:
    """The length of the line that the block leaves open; line ends are \\n or \\r."""
    end = b"\n" if b"\n" in block else b"\r"
    first = block.find(end)
    if carried + (first if first >= 0 else len(block)) > MAX_LINE:
        raise line_too_long(path)
    return carried + len(block) if first < 0 else len(block) - block.rfind(end) - 1

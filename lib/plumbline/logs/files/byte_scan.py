"""One pass over a file's bytes before it is loaded: its SHA-256, and what no parser would complain about."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

MAX_LINE = 16 * 1024 * 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a file's bytes say.

    ``nul``: offset of the first NUL byte, None where there is none. ``foreign``: the first block of a megabyte
    that is not UTF-8, empty where all are. ``mixed_ends``: some lines end in \\r\\n or \\r, others do not.
    """

    sha256: str
    size: int
    nul: int | None = None
    foreign: bytes = b""
    mixed_ends: bool = False


def long_line_error(path: Path) -> PlumblineError:
    """The refusal of a file that is not made of lines."""
    return PlumblineError(
        message(
            "The file has a line longer than {max_line} MB, so it is not a table of text",
            max_line=str(MAX_LINE // 2**20),
        ),
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
    sha, size = hashlib.sha256(), 0
    lines = _Lines(path)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                sha.update(block)
                if text:
                    lines.take(block, size)
                size += len(block)
    except OSError as error:
        raise PlumblineError(
            message("The file cannot be read: {strerror}", strerror=str(error.strerror)), where=path.name
        ) from error
    return Survey(
        sha256=sha.hexdigest(), size=size, nul=lines.nul, foreign=lines.foreign, mixed_ends=lines.mixed
    )


class _Lines:
    """What the blocks seen so far say about a file's lines."""

    def __init__(self, path: Path) -> None:
        self.path, self.carried, self.feeds, self.pairs, self.returns = path, 0, 0, 0, 0
        self.nul: int | None = None
        self.foreign, self.held, self._decoder = b"", b"", codecs.getincrementaldecoder("utf-8")()
        self._whole = True  # no character is cut where the last block ended

    @property
    def mixed(self) -> bool:
        return self.returns > 0 and not self.returns == self.pairs == self.feeds

    def take(self, block: bytes, at: int) -> None:
        self.carried = _carry(self.path, block, self.carried)
        if self.nul is None and b"\x00" in block:
            self.nul = at + block.index(b"\x00")
        if self.returns or b"\r" in block:
            self.pairs += (self.held + block).count(b"\r\n")
            self.returns += block.count(b"\r")
            self.feeds += block.count(b"\n")
        else:  # no line has ended in \r: that another did is all that has to be known
            self.feeds = self.feeds or int(b"\n" in block)
        self.held = block[-1:]
        if not self.foreign and not (block.isascii() and self._whole):
            try:
                self._decoder.decode(block)
            except UnicodeDecodeError:
                self.foreign = block
            self._whole = not self._decoder.getstate()[0]


def _carry(path: Path, block: bytes, carried: int) -> int:
    """The length of the line that the block leaves open; line ends are \\n or \\r."""
    end = b"\n" if b"\n" in block else b"\r"
    first = block.find(end)
    if carried + (first if first >= 0 else len(block)) > MAX_LINE:
        raise long_line_error(path)
    return carried + len(block) if first < 0 else len(block) - block.rfind(end) - 1

"""Taking a file out of its gzip or Zstandard wrapping, into the workspace's inbox."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.reader import UNPACKED
from plumbline.sandbox.limits import amount

#: a text of more than this many times its packed size is taken for an attack once it is this long
RATIO, SMALL = 300, 256 * 1024 * 1024
#: left free on the disk
SPARE = 256 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024


def unpack(path: Path, form: str, folder: Path, *, beginning: int | None = None) -> Path:
    """Write what is inside to a file in ``folder`` that is called as the given one without ``.gz`` or ``.zst``.

    Args:
        form: ``gzip`` or ``zstd``; several members or frames are read one after another.
        beginning: stop after about this many bytes.

    Raises:
        PlumblineError: it is cut short or damaged, unpacks to too much, or the disk is full.
    """
    target = folder / _archive_stem(path)
    size, written = path.stat().st_size, 0
    largest = min(amount("PLUMBLINE_UNPACKED", UNPACKED), shutil.disk_usage(folder).free // 2)
    try:
        with _reader(path, form) as reader, target.open("wb") as writer:
            while block := reader.read(_BLOCK):
                written += len(block)
                if written > SMALL and written > RATIO * size:
                    raise PlumblineError(
                        message(
                            "The archive unpacks to more than {ratio} times its size, so it is no log",
                            ratio=str(RATIO),
                        ),
                        where=path.name,
                        todo="Unpack it yourself, look at it, and load the file inside.",
                    )
                if written > largest:
                    raise PlumblineError(
                        message(
                            "The archive unpacks to more than {largest} MB", largest=str(largest // 10**6)
                        ),
                        where=path.name,
                        todo="Load it in parts, or set PLUMBLINE_UNPACKED to more; half of the free disk is the most.",
                    )
                writer.write(block)
                if beginning is not None and written >= beginning:
                    break
                if shutil.disk_usage(folder).free < SPARE:
                    raise PlumblineError(
                        "The disk is too full to unpack the file",
                        where=path.name,
                        todo="Free space, or set TMPDIR to a larger disk.",
                    )
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise PlumblineError(
            message("The {form} archive is cut short or damaged", form=form),
            where=path.name,
            todo="Copy or export it again and load that.",
        ) from error
    return target


def _archive_stem(path: Path) -> str:
    stem = path.stem if path.suffix.lower() in (".gz", ".gzip", ".zst", ".zstd") else path.name
    return stem or "log"


def _reader(path: Path, form: str) -> IO[bytes]:
    opened: Callable[[Path], IO[bytes]] = gzip.open if form == "gzip" else _zstd  # type: ignore[assignment]
    return opened(path)


def _zstd(path: Path) -> IO[bytes]:
    import pyarrow

    return pyarrow.input_stream(str(path), compression="zstd")  # type: ignore[no-any-return]

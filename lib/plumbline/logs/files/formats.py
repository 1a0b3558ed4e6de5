"""The file formats that can be loaded, and the first bytes by which each file is told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message, word

_CSV_TODO = "Export it as CSV or Parquet and load that."
_PARQUET_TODO = "Save it as Parquet and load that."


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``suffixes``: what such files are usually called; the content decides all the same.

    ``packed``: a wrapping around a file of another format.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    packed: bool = False


FORMATS = (
    Format("csv", "CSV", ("csv", "tsv", "txt")),
    Format("parquet", "Parquet", ("parquet", "pq")),
    Format("json", "JSON", ("json", "jsonl", "ndjson")),
    Format("excel", "Excel", ("xlsx", "xlsm", "xls", "xlsb", "ods")),
    Format("arrow", "Arrow", ("arrow", "feather", "arrows")),
    Format("gzip", "gzip", ("gz",), packed=True),
    Format("zstd", "Zstandard", ("zst",), packed=True),
)
PACKED = tuple(f.name for f in FORMATS if f.packed)
TITLES = {f.name: f.title for f in FORMATS}
_OPEN = [f.title for f in FORMATS if not f.packed]
#: the formats as sentences name them: ``CSV, Parquet, JSON, Excel or Arrow``
SPOKEN = message("{most} or {last}", most=", ".join(_OPEN[:-1]), last=_OPEN[-1])
#: what a file of a log may end with, without the dot
SUFFIXES = tuple(suffix for f in FORMATS for suffix in f.suffixes)

#: first bytes -> the format
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),  # a stream of record batches
    (b"PK\x03\x04", "excel"),  # .xlsx, .xlsb, .ods
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
#: first bytes -> what the file is, and what to do
_REFUSED = (
    (b"PK\x05\x06", word("an empty zip archive"), _CSV_TODO),
    (b"BZh", word("a bzip2 archive"), "Unpack it and load the file inside."),
    (b"\xfd7zXZ", word("an xz archive"), "Unpack it and load the file inside."),
    (b"7z\xbc\xaf", word("a 7-Zip archive"), "Unpack it and load the file inside."),
    (b"%PDF", word("a PDF document"), _CSV_TODO),
    (b"SQLite format 3", word("an SQLite database"), "Pull a table: plumbline pull sqlite:FILE --table T --system S."),
    (b"\x89PNG", word("a PNG picture"), _CSV_TODO),
    (b"\xff\xd8\xff", word("a JPEG picture"), _CSV_TODO),
    (b"\x7fELF", word("a program"), _CSV_TODO),
    (b"FEA1", word("a Feather file of the first version"), "Save it as Parquet, or as Feather version 2."),
    (b"Obj\x01", word("an Avro file"), _PARQUET_TODO),
    (b"ORC", word("an ORC file"), _PARQUET_TODO),
    (b"\x89HDF", word("an HDF5 file"), _PARQUET_TODO),
)  # fmt: skip
_COMPOUND = b"\xd0\xcf\x11\xe0"
_PICKLE_TODO = "A pickle can run code when it is opened, so Plumbline never does. Export CSV or Parquet."


def detect_format_by_magic(head: bytes, name: str) -> str:
    """The name of the format by a file's first bytes; ``csv`` stands for any text that is not JSON.

    Args:
        name: of the file, for the sentence of a refusal.

    Raises:
        PlumblineError: it is of a kind that holds no log, or that cannot be opened here.
    """
    for magic, format_name in _MAGIC:
        if head.startswith(magic):
            return format_name
    for magic, what, todo in _REFUSED:
        if head.startswith(magic):
            raise PlumblineError(message("The file is {what}", what=what), where=name, todo=todo)
    if head.startswith(_COMPOUND) and "EncryptedPackage".encode("utf-16-le") in head:
        raise PlumblineError(
            "The workbook is protected by a password",
            where=name,
            todo="Save a copy without one, or the sheet as CSV.",
        )
    if head.startswith(_COMPOUND):
        return "excel"  # .xls
    if re.match(rb"\x80[\x02-\x05]", head):
        raise PlumblineError("The file is a Python pickle", where=name, todo=_PICKLE_TODO)
    text = head[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    if text == b"<":
        raise PlumblineError("The file is HTML or XML", where=name, todo=_CSV_TODO)
    return "json" if text in (b"{", b"[") and not _has_bracketed_header(head) else "csv"


def _has_bracketed_header(head: bytes) -> bool:
    """A header such as ``[id],[score]``, which only looks like JSON."""
    return re.match(rb"\s*\[[A-Za-z_][^\]\"{]*\]\s*[,;\t|]", head) is not None

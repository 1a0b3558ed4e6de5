"""Small workbooks of the kinds that no library of the tests writes: .xlsb and .ods, cell by cell."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[object]]


def _record(kind: int, body: bytes = b"") -> bytes:
    """One record of BIFF12 ([MS-XLSB] 2.1.4): its number and length in groups of seven bits."""
    number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(body), b""
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 127 else 0)])
        size >>= 7
        if not size:
            return number + length + body


def _wide(text: str) -> bytes:
    held = text.encode("utf-16-le")
    return struct.pack("<I", len(held) // 2) + held


def _cell(column: int, value: object) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(value, bool):
        return _record(4, place + bytes([value]))
    if isinstance(value, (int, float)):
        return _record(5, place + struct.pack("<d", value))
    return _record(6, place + _wide(str(value)))


def xlsb(sheets: dict[str, Rows]) -> bytes:
    """A binary workbook; empty cells (None) are left out."""
    book = _record(0x83) + _record(0x8F)
    relations = ""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for n, (name, rows) in enumerate(sheets.items(), 1):
            book += _record(0x9C, struct.pack("<II", 0, n) + _wide(f"rId{n}") + _wide(name))
            relations += f'<Relationship Id="rId{n}" Type="worksheet" Target="worksheets/sheet{n}.bin"/>'
            width = max(map(len, rows), default=1)
            made = (
                _record(0x81)
                + _record(0x94, struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, width - 1))
                + _record(0x91)
            )
            for i, row in enumerate(rows):
                made += _record(0, struct.pack("<I", i) + bytes(13))
                made += b"".join(_cell(j, value) for j, value in enumerate(row) if value is not None)
            archive.writestr(f"xl/worksheets/sheet{n}.bin", made + _record(0x92) + _record(0x82))
        archive.writestr("xl/workbook.bin", book + _record(0x90) + _record(0x84))
        archive.writestr(
            "xl/_rels/workbook.bin.rels", f'<?xml version="1.0"?><Relationships>{relations}</Relationships>'
        )
    return body.getvalue()


def ods(sheets: dict[str, Rows]) -> bytes:
    """An OpenDocument spreadsheet; a row may be repeated by its place in the list."""
    tables = ""
    for name, rows in sheets.items():
        lines = "".join(f"<table:table-row>{''.join(map(_odf_cell, row))}</table:table-row>" for row in rows)
        tables += f'<table:table table:name="{escape(name)}">{lines}</table:table>'
    spaces = " ".join(
        f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{key}:1.0"'
        for key in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return body.getvalue()


def _odf_cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
    if isinstance(value, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'

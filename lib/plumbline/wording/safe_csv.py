"""Tables as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | bool | int | float | None
#: how a spreadsheet knows a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """CSV by RFC 4180: numbers stay numbers, nothing is an empty cell, and no text can be read as a formula."""
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow([escape_formula(name) for name in header])
    for row in rows:
        write.writerow([escape_formula(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def escape_formula(text: str) -> str:
    """A cell as a spreadsheet shows it: an apostrophe before what would begin a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text

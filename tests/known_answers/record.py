"""The text files of known answers: reading, comparing, writing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.known_answers.plain import lines

#: (what was asked, the answer), one by one
Table = Callable[[], Iterable[tuple[str, Any]]]
#: relative difference within which numbers are the same; what is smaller than the second is nought
RELATIVE, NOUGHT = 1e-9, 1e-12
_QUOTED_OR_WORD = re.compile(r'"[^"]*"|[^\s()=]+|[()=]')
_HEAD = "# Known answers, written by `python -m tests.environment.known_answers`: never by hand.\n"


def answers(table: Table) -> dict[str, list[str]]:
    """The lines of each answer by what was asked, in the table's order."""
    found: dict[str, list[str]] = {}
    for asked, answer in table():
        assert asked not in found, f"asked twice: {asked}"
        unfit = not asked.strip() or asked[0] in "[# " or "\n" in asked
        assert not unfit, f"no name for what was asked: {asked!r}"
        found[asked] = lines(answer)
    return found


def record_path(module: str | Path) -> Path:
    """Where the answers of a test module lie."""
    return Path(module).with_suffix(".txt")


def differences(module: str | Path, name: str, table: Table, relative: float = RELATIVE) -> list[str]:
    """Where the answers of one table are not those on record, one line each; empty: nowhere."""
    known, now = read(record_path(module)).get(name, {}), answers(table)
    found = [f"{asked}: on record, and not asked any more" for asked in known if asked not in now]
    for asked, said in now.items():
        if asked not in known:
            found.append(f"{asked}: not on record")
            continue
        before = known[asked]
        if len(before) != len(said):
            found.append(f"{asked}: {len(before)} lines on record, now {len(said)}")
        found += [
            f"{asked}: {old}  ->  {new}"
            for old, new in zip(before, said, strict=False)
            if not is_same(old, new, relative)
        ]
    return found


def is_same(old: str, new: str, relative: float = RELATIVE) -> bool:
    """Whether two lines say the same, numbers but for a relative difference."""
    if old == new:
        return True
    before, after = _QUOTED_OR_WORD.findall(old), _QUOTED_OR_WORD.findall(new)
    return len(before) == len(after) and all(
        a == b or _is_same_number(a, b, relative) for a, b in zip(before, after, strict=True)
    )


def _is_same_number(old: str, new: str, relative: float) -> bool:
    """Whole numbers without a point are counts, and hold exactly."""
    if not any(mark in old + new for mark in ".e"):
        return False
    try:
        a, b = float(old), float(new)
    except ValueError:
        return False
    return math.isclose(a, b, rel_tol=relative, abs_tol=NOUGHT)


def read(path: Path) -> dict[str, dict[str, list[str]]]:
    """table -> what was asked -> lines."""
    tables: dict[str, dict[str, list[str]]] = {}
    name = asked = ""
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        if line.startswith("["):
            name = line[1:-1]
            tables[name] = {}
        elif line.startswith("  "):
            tables[name][asked].append(line[2:])
        elif line and not line.startswith("#"):
            asked = line
            tables[name][asked] = []
    return tables


def write(module: str | Path, tables: Mapping[str, Table]) -> Path:
    """Put the answers of today on record."""
    parts = [_HEAD]
    for name, table in tables.items():
        parts.append(f"\n[{name}]\n")
        for asked, said in answers(table).items():
            parts += [f"{asked}\n", *(f"  {line}\n" for line in said)]
    path = record_path(module)
    path.write_text("".join(parts), "utf-8")
    return path

"""What keeps our sentences whole: nobody reads them back, and a value is written in one room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.source_trees import PACKAGE, module_nodes

#: fields that hold sentences of ours
SENTENCES = {
    "note",
    "notes",
    "sentence",
    "check",
    "method",
    "baseline",
    "caution",
    "cautions",
    "contradiction",
    "refused",
}
#: what takes a text apart
TAKES_APART = {
    "partition", "rpartition", "split", "rsplit", "replace", "startswith", "endswith", "removeprefix", "removesuffix",
    "find", "index", "translate", "strip", "lstrip", "rstrip", "lower", "upper", "casefold",
}  # fmt: skip
#: what is done with any text, whatever it says: put on one line, set within another
APART = {
    ("respond/events.py", "event.sentence.split"),
}


def _of_ours(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def _looks_into_text(path: Path) -> Iterator[str]:
    """Where a module asks a sentence of ours what it says: a part of it, a pattern, a piece that is cut off.

    What a sentence is about has a type, a key or a template (``messages.has_template``).
    """
    for node in module_nodes(path):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            text = node.comparators[0]
            if _of_ours(text) and text.attr != "notes" and isinstance(node.left, (ast.Constant, ast.Name)):  # type: ignore[attr-defined]
                yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in TAKES_APART and _of_ours(node.func.value):
                yield ast.unparse(node.func)
            regular = ast.unparse(node.func.value) == "re" or node.func.value.__class__ is ast.Name
            if (
                regular
                and node.func.attr in ("match", "search", "fullmatch", "sub")
                and any(map(_of_ours, node.args))
            ):
                yield ast.unparse(node.func)


def test_nobody_reads_our_own_sentences_back(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "a = 'no zone' in p.note\nb = x.sentence.partition(':')\nc = _PATTERN.match(e.check)\n"
        "d = note in load.notes\ne = path.name.split('.')\nf = item.check or 'off'\n"
    )
    assert set(_looks_into_text(planted)) == {"'no zone' in p.note", "x.sentence.partition", "_PATTERN.match"}
    found = {
        (path.relative_to(PACKAGE).as_posix(), text)
        for path in PACKAGE.rglob("*.py")
        for text in _looks_into_text(path)
    }
    assert found == APART


#: where a day, a share or a number with its thousands is still written outside ``wording/``: room -> places, which may
#: only become fewer; the other rooms have none but what ``WRITES`` names
UNWRITTEN = {"answers": 24, "ui": 13, "respond": 4, "demo": 3}
#: modules of the other rooms that write a value themselves, and why
WRITES = {"store/copies.py": (2, "names of files")}


def _written(path: Path) -> Iterator[str]:
    """The formats by which a module writes days, shares in per cent and numbers with their thousands set apart."""
    for node in module_nodes(path):
        spec = ""
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(p.value if isinstance(p, ast.Constant) else "" for p in node.format_spec.values)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "strftime"
        ):
            spec = "%"
        if "," in spec or "%" in spec:
            yield spec


def test_a_value_is_written_in_one_room(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "a = f'{n:,}'; b = f'{at:%Y-%m-%d}'; c = f'{s:.1%}'; d = at.strftime('%H'); e = f'{x:.3g}'\n"
    )
    assert sorted(_written(planted)) == ["%", "%Y-%m-%d", ",", ".1%"]
    rooms: dict[str, int] = {}
    others: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        room, n = name.split("/")[0], len(list(_written(path)))
        if n and room != "wording":
            into, key = (rooms, room) if room in UNWRITTEN else (others, name)
            into[key] = into.get(key, 0) + n
    assert {room: n for room, n in rooms.items() if n > UNWRITTEN[room]} == {}
    assert others == {name: n for name, (n, _) in WRITES.items()}

"""Every regular expression of the package against hostile text: which of them take more than linear time.

Run as a process of its own (``python -m tests.logs.pattern_growth``), for a pattern may never come back. Prints one
line for each pattern whose processor time grows faster than the text, and the number of patterns it tried last.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import plumbline

PACKAGE = Path(plumbline.__file__).parent
METHODS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
LENGTHS = (1_500, 6_000)
#: four times the text is to take four times as long; sixteen times is what a quadratic pattern takes
MOST_GROWTH, NOTICED = 8.0, 0.03


@dataclass(frozen=True)
class Use:
    """One pattern in one place, and the method that it is used with."""

    where: str
    pattern: re.Pattern[str]
    method: str


def uses() -> Iterator[Use]:
    """Every use of a pattern that stands in the package; a pattern made of a function's own values is left out."""
    named: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(("plumbline", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        trees[name] = ast.parse(path.read_text("utf-8"))
        if "re" in {a.name for n in ast.walk(trees[name]) if isinstance(n, ast.Import) for a in n.names}:
            module = importlib.import_module(name)
            for key, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    named.setdefault(key, []).append((name, value))
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            where = f"{name}:{node.lineno}"
            method, owner = node.func.attr, ast.unparse(node.func.value)
            if owner == "re" and method in (*METHODS, "compile"):
                for made in _spelt(node.args[0], name):
                    for way in ("match", "fullmatch") if method == "compile" else (method,):
                        yield Use(where, re.compile(made, _flags(node)), way)
            elif method in METHODS:
                for _, pattern in named.get(owner.rsplit(".", 1)[-1], []):
                    yield Use(where, pattern, method)
    for name, pattern in _in_tables():
        yield Use(name, pattern, "fullmatch")


def _spelt(node: ast.expr, module: str) -> list[str]:
    """The pattern as text, where it can be told from the module alone."""
    try:
        made = eval(
            compile(ast.Expression(node), module, "eval"), dict(vars(importlib.import_module(module)))
        )
    except Exception:
        return []
    return [made] if isinstance(made, str) else []


def _flags(node: ast.Call) -> int:
    text = ast.unparse(node)
    named = {"re.I": re.I, "re.IGNORECASE": re.I, "re.DOTALL": re.S, "re.MULTILINE": re.M}
    return sum({flag for word, flag in named.items() if re.search(rf"{word}\b", text)})


def _in_tables() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Patterns that stand in tables and are named by no constant of their own."""
    from plumbline.logs.mapping import role_names
    from plumbline.logs.values import month_names
    from plumbline.monitor.quality import personal_data

    for row in role_names.PATTERNS:
        for text in filter(None, (row.exact, row.word)):
            yield f"roles.{row.role}", re.compile(text)
    for step, _ in month_names._STEPS:
        yield "spoken._STEPS", re.compile(step)
    for number in personal_data.NATIONAL:
        yield f"personal.{number.name}", re.compile(number.form)


def texts(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str, str]]:
    """(how it is made, head, pump, tail): what the pattern reads, over and over, behind what it begins with, then what
    it refuses."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    heads = dict.fromkeys(["", *_heads(tree)])
    letters = list(dict.fromkeys([*_letters(tree), "a", "1", " "]))[:12]
    pumps = dict.fromkeys([*letters, *map("".join, itertools.permutations(letters[:4], 2)), *_parts(tree)])
    for head in list(heads)[:8]:
        for pump in list(pumps)[:30]:
            for tail in ("", "\n!") if pump else ():
                yield f"{head!r} + {pump!r} * n + {tail!r}", head, pump, tail


def _heads(tree: Any) -> Iterator[str]:
    """The shortest texts that lead to each repeat of the pattern."""
    before = ""
    for op, given in tree:
        if str(op).endswith("REPEAT"):
            yield before
            yield from (before + inner for inner in _heads(given[2]))
        elif op is _constants.SUBPATTERN:
            yield from (before + inner for inner in _heads(given[3]))
        elif op is _constants.BRANCH:
            for way in given[1][:6]:
                yield from (before + inner for inner in _heads(way))
        before += _shortest([(op, given)])


def _parts(tree: Any) -> Iterator[str]:
    """The shortest text of each repeated part."""
    for op, given in tree:
        if str(op).endswith("REPEAT"):
            yield _shortest(given[2])
            yield from _parts(given[2])
        elif op is _constants.SUBPATTERN:
            yield from _parts(given[3])
        elif op is _constants.BRANCH:
            for way in given[1]:
                yield from _parts(way)


def _shortest(tree: Any) -> str:
    made = ""
    for op, given in tree:
        if op is _constants.LITERAL:
            made += chr(given)
        elif op in (_constants.IN, _constants.NOT_LITERAL, _constants.ANY):
            made += next(_letters([(op, given)]), "a")
        elif str(op).endswith("REPEAT"):
            made += _shortest(given[2]) * int(given[0])
        elif op is _constants.SUBPATTERN:
            made += _shortest(given[3])
        elif op is _constants.ATOMIC_GROUP:
            made += _shortest(given)
        elif op is _constants.BRANCH:
            made += _shortest(given[1][0])
    return made


def _letters(tree: Any) -> Iterator[str]:  # noqa: C901
    """Characters that parts of the pattern read."""
    classes = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a", "CATEGORY_NOT_DIGIT": "a",
               "CATEGORY_NOT_SPACE": "a", "CATEGORY_NOT_WORD": "."}  # fmt: skip
    for op, given in tree:
        if op is _constants.LITERAL:
            yield chr(given)
        elif op is _constants.IN:
            negated = any(kind is _constants.NEGATE for kind, _ in given)
            for kind, held in given:
                if negated:
                    yield "a"
                elif kind is _constants.LITERAL:
                    yield chr(held)
                elif kind is _constants.RANGE:
                    yield chr(held[0])
                elif kind is _constants.CATEGORY:
                    yield classes[str(held)]
        elif op in (_constants.ANY, _constants.NOT_LITERAL):
            yield "a"
        elif str(op).endswith("REPEAT"):
            yield from _letters(given[2])
        elif op is _constants.SUBPATTERN:
            yield from _letters(given[3])
        elif op is _constants.ATOMIC_GROUP:
            yield from _letters(given)
        elif op is _constants.BRANCH:
            for way in given[1]:
                yield from _letters(way)


def seconds(pattern: re.Pattern[str], method: str, text: str, times: int = 1) -> float:
    """Processor time of one match, the least of so many tries."""
    best = float("inf")
    for _ in range(times):
        begun = time.thread_time()
        if method == "sub":
            pattern.sub("", text)
        elif method == "finditer":
            for _match in pattern.finditer(text):
                pass
        else:
            getattr(pattern, method)(text)
        best = min(best, time.thread_time() - begun)
    return best


def slow(pattern: re.Pattern[str], method: str) -> str:
    """How a text is made that takes more than linear time; empty where none does."""
    short, long = LENGTHS
    for how, head, pump, tail in texts(pattern):
        little, much = (head + pump * (n // max(len(pump), 1)) + tail for n in (short, long))
        if seconds(pattern, method, little) < NOTICED / 32:
            continue
        once = seconds(pattern, method, much)
        if once > NOTICED and min(once, seconds(pattern, method, much, 3)) > MOST_GROWTH * seconds(
            pattern, method, little, 5
        ):
            return how
    return ""


def main() -> int:
    """Try them all."""
    found = {(use.pattern.pattern, use.pattern.flags, use.method): use for use in uses()}
    for use in found.values():
        print(f"trying {use.where} {use.method} {use.pattern.pattern[:80]!r}", file=sys.stderr, flush=True)
        how = slow(use.pattern, use.method)
        if how:
            print(f"{use.where}: {use.method} of {use.pattern.pattern[:120]!r} with {how}", flush=True)
    print(f"tried {len(found)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Every small fault that could be put into a module, by the place in its text.

The operators are the usual ones (DeMillo, Lipton and Sayward 1978; Offutt et al. 1996): a comparison turned round
or moved by its edge, one arithmetic sign for another, a number one more, one less or doubled, a condition negated,
``and`` for ``or``, an argument returned in place of the call, a statement left out, the least for the greatest.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TURNED = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
EDGE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
SIGN = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
EXTREMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "argmin": "argmax",
    "argmax": "argmin",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: ``module`` is the path below the package, ``line`` counts from 1, ``before`` and ``after`` are
    its text.

    ``start`` and ``end`` are places in the module's text (UTF-8), between which ``text`` takes over. ``function``
    is the outermost function (``Class.method`` for a method) that it is in; None where it is in none.
    """

    module: str
    line: int
    operator: str
    before: str
    after: str
    start: int
    end: int
    text: str
    function: str | None = None

    @property
    def name(self) -> str:
        """What it is called on disk: the same as long as its line and the fault in it are the same."""
        place = f"{self.module}|{self.operator}|{self.before}|{self.after}|{self.text}"
        return f"{self.module.replace('/', '.').removesuffix('.py')}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"

    def applied(self, source: bytes) -> bytes:
        """The module's text with the fault in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module's text, in order of place."""
    data, tree = source.encode(), ast.parse(source)
    lines = [0]
    for line in data.split(b"\n"):
        lines.append(lines[-1] + len(line) + 1)
    found, functions = [], _functions(tree)
    for node, operator, text in _changes(tree):
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        line, stop = lines[node.lineno - 1], data.find(b"\n", end)
        rest = data[end : stop if stop >= 0 else len(data)]
        before = data[line : lines[node.lineno] - 1].decode().strip()
        after = (data[line:start] + text.encode() + rest).decode().strip()
        if data[start:end] != text.encode():
            function = next((name for name, first, last in functions if first <= node.lineno <= last), None)
            found.append(Mutant(module, node.lineno, operator, before, after, start, end, text, function))
    return sorted(found, key=lambda m: (m.start, m.end, m.operator, m.text))


def mutants_in(package: Path, rooms: tuple[str, ...]) -> list[Mutant]:
    """Every mutant of some rooms of the package."""
    found = []
    for room in rooms:
        for path in sorted((package / room).rglob("*.py")):
            found += mutants_of(path.relative_to(package).as_posix(), path.read_text("utf-8"))
    return found


def _functions(tree: ast.AST, prefix: str = "") -> list[tuple[str, int, int]]:
    """Name, first and last line of the outermost functions."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append((prefix + node.name, node.lineno, node.end_lineno or node.lineno))
        elif isinstance(node, ast.ClassDef):
            found += _functions(node, f"{prefix}{node.name}.")
    return found


Place = ast.expr | ast.stmt


def _changes(tree: ast.AST) -> Iterator[tuple[Place, str, str]]:
    """Node, operator, and what stands in its place."""
    for node in _walked(tree):
        if isinstance(node, ast.expr):
            for operator, text in _of_expression(node):
                yield node, operator, text
        if isinstance(node, (ast.If, ast.IfExp, ast.While)):
            yield node.test, "negation", f"(not ({ast.unparse(node.test)}))"
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
            first = next(iter(node.value.args), None)
            if first is not None and not isinstance(first, (ast.Starred, ast.Constant, ast.GeneratorExp)):
                yield node.value, "argument", _put(first)
        elif isinstance(node, ast.stmt) and _may_go(node):
            yield node, "left out", "pass"


def _of_expression(node: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for table, name in ((TURNED, "comparison"), (EDGE, "edge")):
            other = table.get(type(node.ops[0]))
            if other:
                yield name, _put(ast.Compare(node.left, [other()], node.comparators))
    elif isinstance(node, ast.BinOp) and type(node.op) in SIGN and not _is_text(node):
        yield "arithmetic", _put(ast.BinOp(node.left, SIGN[type(node.op)](), node.right))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in dict.fromkeys((node.value + 1, node.value - 1, node.value * 2)):
            if value != node.value:
                yield "constant", repr(value) if value >= 0 else f"({value!r})"
    elif isinstance(node, ast.BoolOp):
        yield "and/or", _put(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield "negation", _put(node.operand)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ("min", "max"):
        yield "extreme", EXTREMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in EXTREMES and isinstance(node.ctx, ast.Load):
        yield "extreme", f"{ast.unparse(node.value)}.{EXTREMES[node.attr]}"


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but annotations, decorators, what is said of a type, and what is in a text (whose places vary)."""
    if isinstance(node, ast.JoinedStr):
        return
    yield node
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST) and not _is_a_type(child):
                yield from _walked(child)


def _is_a_type(node: ast.AST) -> bool:
    """``Name = Callable[[X], Y]`` and the like: a name for a type, and imports for types alone."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
        return isinstance(node.value.value, ast.Name) and node.value.value.id[:1].isupper()
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_text(node: ast.BinOp) -> bool:
    """Signs between texts, whose other sign is an error at once."""
    return any(isinstance(side, ast.JoinedStr) or _string(side) for side in (node.left, node.right))


def _string(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _may_go(node: ast.stmt) -> bool:
    """A statement without which the rest is still valid: a call, a sum that goes on, an entry that is set."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, (ast.Subscript, ast.Attribute)) for target in node.targets)
    return isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    )


def _put(node: ast.expr) -> str:
    return f"({ast.unparse(ast.fix_missing_locations(node))})"

"""The sources of the package, each parsed once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lib" / "plumbline"


@cache
def parse_module(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def module_nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module: a dozen tests look at each."""
    return tuple(ast.walk(parse_module(path)))

"""The templates of messages in the code: what every catalogue of a language must have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import plumbline
from plumbline.governance.catalogue import catalogue

HOME = Path(plumbline.__file__).parent
MAKES = {"message", "word", "plural", "Quantity"}
OWN = (HOME / "domain" / "messages.py", HOME / "wording" / "quantities.py")
#: modules whose functions make messages
MAKERS = ("plumbline.domain.messages", "plumbline.wording.quantities")


@dataclass(frozen=True, slots=True, order=True)
class Template:
    """One template: where it is made, its context, and the plural of a noun."""

    text: str
    context: str
    plural: str
    file: str


@cache
def templates() -> tuple[Template, ...]:
    """Every template of the package, in the order of its files.

    Raises:
        AssertionError: a template that is not written out where the message is made.
    """
    found = [template for path in sorted(HOME.rglob("*.py")) for template in _of(path)]
    return (*found, *_of_the_catalogue())


def _of_the_catalogue() -> Iterator[Template]:
    """What the catalogue of controls asks and what it says to do, which documents print in their language."""
    for control in catalogue().controls:
        yield Template(control.question, "question", "", "governance/catalogue.toml")
        yield Template(control.next_action, "action", "", "governance/catalogue.toml")


def _of(path: Path) -> Iterator[Template]:
    file = path.relative_to(HOME).as_posix()
    tree = ast.parse(path.read_text("utf-8"))
    makers = (
        MAKES
        if path in OWN
        else {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in MAKERS
            for alias in node.names
        }
    )
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id if node.func.id in makers else ""
        words = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        if name in ("message", "word") and words:
            assert isinstance(words[0], str), f"{file}:{node.lineno}: a template has to be written out"
            context = words[1] if len(words) > 1 and name == "word" else ""
            yield Template(words[0], str(context), "", file)
        if name in ("plural", "Quantity") and len(words) > 1 and isinstance(words[1], str):
            many = words[2] if len(words) > 2 and isinstance(words[2], str) else f"{words[1]}s"
            yield Template(f"{{n}} {words[1]}", "", f"{{n}} {many}", file)

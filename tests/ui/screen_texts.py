"""The texts of the screens in the code: what the catalogue of each language must have."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import plumbline
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.wording import numbers

HOME = Path(plumbline.__file__).parent
PAGES = HOME.parent.parent / "pages"
#: rooms that draw screens; others ask for texts as well, and are read for those alone
SCREENS = (HOME / "ui", HOME / "charts", PAGES)
LANGUAGE = ("plumbline.wording.language", "plumbline.ui.language")
#: what makes a text of the screens, and what asks for one by a template or mark of its own
ASKED = ("phrase", "screen_text")
#: what two words of English look like, and one that stands alone
_WORDS = re.compile(r"[A-Za-z]{2,}[.,:;)]? +[(A-Za-z{]")
_WORD = re.compile(r"[A-Z][a-z]+")
#: words in lower case: names in the code, but where a field shows them
_LOWER_CASE = re.compile(r"[a-z][a-z -]*")
#: no words for people: names in code, addresses, formats, markup
_CODE = re.compile(r"[a-z0-9_./:\-+#%{}=&?,;|]+|[%-dbYHM:\s.,/\\]+|<.*|.*\$")


@dataclass(frozen=True, slots=True, order=True)
class ScreenText:
    """One text: the English, its context, and the file that asks for it."""

    text: str
    context: str
    file: str


@cache
def screen_texts() -> tuple[ScreenText, ...]:
    """Every text of the screens, in the order of the files.

    Raises:
        AssertionError: one that is not written out where it is asked for.
    """
    paths = [*sorted(HOME.rglob("*.py")), *sorted(PAGES.glob("*.py"))]
    found = [text for path in paths for text in _asked(path)]
    found += [ScreenText(name, "", file) for file, name in headings()]
    metrics = (ScreenText(numbers.name(name), numbers.METRIC, "wording/numbers.py") for name in METRICS)
    return (*dict.fromkeys(found), *dict.fromkeys(metrics))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def file_of(path: Path) -> str:
    return path.relative_to(HOME if path.is_relative_to(HOME) else HOME.parent.parent).as_posix()


def _asked(path: Path) -> Iterator[ScreenText]:
    tree = tree_of(path)
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in LANGUAGE
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKED):
            continue
        if node.func.id not in names:
            continue
        words = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        assert words
        assert isinstance(words[0], str), f"{file_of(path)}:{node.lineno}: write the text out"
        yield ScreenText(words[0], str(words[1]) if len(words) > 1 else "", file_of(path))


@cache
def sources() -> frozenset[str]:
    """Every text that stands in the package, code and tables: where words of other rooms come from."""
    code = (node.value for path in HOME.rglob("*.py") for node in ast.walk(tree_of(path)) if _is_text(node))
    tables = (tomllib.loads(path.read_text("utf-8")) for path in HOME.rglob("*.toml"))
    return frozenset((*code, *(text for table in tables for text in _leaves(table))))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _leaves(item)


@cache
def headings() -> tuple[tuple[str, str], ...]:
    """The headings of tables: (file, heading)."""
    return tuple(dict.fromkeys((file, key) for file, keys in rows() for key in keys))


@cache
def rows() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rows of tables: (file, headings), the keys that begin large."""
    found = []
    for path in sorted((HOME / "ui").rglob("*.py")):
        if path.is_relative_to(HOME / "ui" / "server"):
            continue  # headers of the protocol, not of tables
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Dict):
                keys = [
                    k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)
                ]
                found.append((file_of(path), tuple(key for key in keys if _is_heading(key))))
    return tuple(found)


def _is_heading(key: str) -> bool:
    return (key[:1].isupper() and not key.isupper()) or key.startswith("95 %")


def flattened_numbers(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers that an f-string turns into English text before the language could write them: (line, code)."""
    tree = tree_of(path)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "plumbline.wording.quantities"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Name) and called.id in names:
                yield node.lineno, ast.unparse(node.value)


def bare(path: Path) -> Iterator[tuple[int, str]]:
    """Words for people in a file that do not pass through the language: (line, text)."""
    tree = tree_of(path)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if isinstance(parents[node], (ast.Expr, ast.JoinedStr)):
                continue
            text = node.value
        else:
            continue
        is_placeholder = isinstance(parents[node], ast.keyword) and parents[node].arg == "placeholder"  # type: ignore[attr-defined]
        if (_for_people(text) or (is_placeholder and _LOWER_CASE.fullmatch(text))) and not _passes(
            node, parents
        ):
            yield node.lineno, text


def _for_people(text: str) -> bool:
    rest = text.strip()
    if not re.search(r"[A-Za-z]{2}", rest) or _CODE.fullmatch(rest):
        return False
    return bool(_WORDS.search(rest) or _WORD.match(rest))


def _passes(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a text is asked for in a language, or is none that anybody reads."""
    child = node
    while child in parents:
        parent = parents[child]
        if isinstance(parent, (ast.Compare, ast.Raise, ast.match_case, ast.Subscript)):
            return True
        if isinstance(parent, ast.Dict) and child in parent.keys:
            return True  # a heading, or a key
        if isinstance(parent, ast.AnnAssign) and child is parent.annotation:
            return True
        if isinstance(parent, (ast.arg, ast.FunctionDef)) and not isinstance(child, ast.stmt):
            return True
        if isinstance(parent, ast.keyword) and parent.arg in ("key", "bind", "format", "mime", "file_name"):
            return True
        if isinstance(parent, ast.Call) and child is not parent.func:
            name = (
                parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
            )
            if name in (*ASKED, "message", "localise", "help_for", "Key", "compile", "query_selector"):
                return True
        child = parent
    return False


#: rooms whose errors no page shows: the command line, other machines, a notebook, a table in a cluster, a copy
NO_PAGE = (
    "answers/data/attach.py", "answers/data/load.py", "answers/data/push", "answers/operations/backup.py",
    "answers/proof.py", "answers/releases/gate.py", "answers/releases/history.py", "answers/respond/replay/", "api.py",
    "charts/answers.py", "cli.py", "client/", "commands/", "console.py", "demo/", "logs/cluster/", "logs/push/",
    "profile/cluster/", "relay/", "store/backup/", "web/",
    # faults of the program itself
    "explain/shap/", "governance/canonical_json.py", "monitor/releases/guardrail.py",
    "monitor/statistics/", "report/record_trials.py",
)  # fmt: skip
#: what a page leaves out, as it is typed in a terminal
_OPTION = re.compile(r" --[a-z]|^--[a-z]|plumbline [a-z]|\{")


def error_texts() -> Iterator[tuple[str, int, str | None]]:
    """What errors say that a page can show: (file, line, text); no text where it is put together unseen."""
    for path in sorted(HOME.rglob("*.py")):
        if file_of(path).startswith(NO_PAGE):
            continue
        for node in ast.walk(tree_of(path)):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PlumblineError"):
                continue
            for part in (*node.args[:1], *(k.value for k in node.keywords if k.arg == "todo")):
                if isinstance(part, ast.JoinedStr):
                    yield file_of(path), part.lineno, None
                elif isinstance(part, ast.Constant) and not _OPTION.search(str(part.value)):
                    yield file_of(path), part.lineno, str(part.value)

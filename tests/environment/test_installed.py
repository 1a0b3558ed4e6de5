"""What is installed is what the lock says, and it is all that the product imports."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.environment import product
from tests.environment.locks import Pinned, beyond, canonical, pinned

ROOT = product.ROOT
SOURCES = sorted([*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])
#: what installs, and is imported by nothing
INSTALLER = {"pip"}
#: names of modules that are only text in the code
NAMED = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")

_LISTED = """
import json
from importlib.metadata import distributions
print(json.dumps([[d.metadata["Name"], d.version, sorted(
    {f.parts[0].removesuffix(".py").split(".")[0] for f in d.files or () if f.suffix in (".py", ".so", ".pyd")}
)] for d in distributions()]))
"""
_IMPORTED = """
import importlib, json, pkgutil, sys
import plumbline
failed = {}
for found in pkgutil.walk_packages(plumbline.__path__, "plumbline."):
    try:
        importlib.import_module(found.name)
    except BaseException as error:
        failed[found.name] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""

ownly = pytest.mark.skipif(product.CHOSEN in os.environ, reason="another interpreter than .venv's was chosen")


def _said(code: str) -> object:
    done = subprocess.run(
        [product.python(), "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=product.paths(),
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@cache
def _installed() -> dict[str, tuple[str, frozenset[str]]]:
    """Distribution -> version, and the modules at its top, in the product's environment."""
    found = _said(_LISTED)
    assert isinstance(found, list)
    return {canonical(name): (version, frozenset(modules)) for name, version, modules in found}


def _locked() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in pinned((ROOT / "requirements.lock").read_text("utf-8")):
        found.setdefault(one.name, set()).add(one.version)
    return found


@ownly
def test_the_environment_holds_what_the_lock_lists_and_nothing_else() -> None:
    held, locked = _installed(), _locked()
    strange = set(held) - set(locked) - INSTALLER - {"plumbline"}
    assert not strange, f"{strange} are in .venv and not in requirements.lock: `make clean install`"
    other = {name: held[name][0] for name in set(held) & set(locked) if held[name][0] not in locked[name]}
    assert not other, f"{other} have other versions than in requirements.lock: `make install`"
    assert {"plumbline", "streamlit", "duckdb", "hatchling"} <= set(held)


def test_each_lock_pins_and_names_no_index() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert pinned(text)
        assert not re.search(r"https?://|file:|--(extra-)?index|--find-links", text), name


def test_the_tests_lock_repeats_nothing_of_the_application_s() -> None:
    app, test = (
        {(one.name, one.version, one.marker) for one in pinned((ROOT / name).read_text("utf-8"))}
        for name in ("requirements.lock", "requirements-test.lock")
    )
    assert not app & test
    assert {"pytest", "mypy", "playwright"} <= {name for name, _, _ in test}


def _entry(text: str) -> str:
    return f"{text} \\\n    --hash=sha256:{'0' * 64}\n"


def test_what_is_beyond_keeps_other_platforms_and_refuses_other_versions() -> None:
    app = _entry("a==1.0") + _entry("b==2.0 ; sys_platform == 'win32'")
    both = _entry("a==1.0") + _entry("b==2.0") + _entry("c==3.0")
    left = pinned(beyond(app, both))
    assert left == [Pinned("b", "2.0", "", _entry("b==2.0")), Pinned("c", "3.0", "", _entry("c==3.0"))]
    with pytest.raises(ValueError, match="a: the tests would have"):
        beyond(app, _entry("a==1.1"))
    for broken in ("a>=1.0\n", "a==1.0\n"):
        with pytest.raises(ValueError, match="not one version"):
            pinned(broken)


def _imports(path: Path) -> Iterator[str]:
    """Top names that a file imports, by statement or as the text of an import by name."""
    tree = ast.parse(path.read_text("utf-8"))
    by_name = any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"import_module", "__import__"}
        for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
            known = NAMED.fullmatch(node.value)
            if known and _is_a_module_somewhere(node.value.partition(".")[0]):
                yield node.value


@cache
def _is_a_module_somewhere(top: str) -> bool:
    """Whether this interpreter, which sees all that tests have, could import the name."""
    from importlib.util import find_spec

    return find_spec(top) is not None


def test_everything_that_the_product_imports_is_in_its_lock() -> None:
    own = {"plumbline", *sys.stdlib_module_names}
    provided = {
        module for name, (_, modules) in _installed().items() if name in _locked() for module in modules
    }
    own |= {"pyspark", "grpc"}  # of the extra `spark`, which has a lock of its own
    lacking: dict[str, list[str]] = {}
    for path in SOURCES:
        for name in _imports(path):
            top = name.partition(".")[0]
            if top not in own and top not in provided:
                lacking.setdefault(top, []).append(str(path.relative_to(ROOT)))
    assert not lacking, f"imported, and not provided by requirements.lock: {lacking}"


def test_imports_by_name_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "warm.py"
    file.write_text("from importlib import import_module\nX = ('pytest', 'no.such')\nimport_module(X[0])\n")
    assert set(_imports(file)) == {"importlib", "pytest"}


def test_every_module_of_the_product_can_be_imported() -> None:
    assert _said(_IMPORTED) == {}


@ownly
def test_the_product_sees_no_test_package() -> None:
    test = pinned((ROOT / "requirements-test.lock").read_text("utf-8"))
    assert not {one.name for one in test} & set(_installed()) - set(_locked())
    done = subprocess.run(
        [product.python(), "-c", "import pytest"], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError" in done.stderr


def test_another_interpreter_has_to_be_named_and_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(product.CHOSEN, sys.executable)
    assert product.python() == sys.executable
    monkeypatch.setenv(product.CHOSEN, str(tmp_path / "python"))
    with pytest.raises(RuntimeError, match="make install"):
        product.python()


def test_the_declared_dependencies_are_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(d for name, extra in project["optional-dependencies"].items() if name != "spark" for d in extra),
    ]
    names = {canonical(found[0]) for d in asked if (found := re.match(r"[A-Za-z0-9._-]+", d))} - {"plumbline"}
    assert names <= set(_locked())
    spark = {one.name for one in pinned((ROOT / "requirements-spark.lock").read_text("utf-8"))}
    assert "pyspark" in spark

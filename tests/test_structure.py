"""What keeps the house in order: the guard on pages, the size of modules, late imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from plumbline.domain.systems import NAMED_ROLES
from tests.environment import product
from tests.source_trees import PACKAGE, ROOT, module_nodes, parse_module

PAGES = sorted((ROOT / "pages").glob("*.py"))
HEAVY = (
    "shap",
    "sklearn",
    "scipy.stats",
    "lightgbm",
    "matplotlib",
    "ruptures",
    "numba",
    "plotly.express",
    "mlflow",
)


def _imports(path: Path) -> set[str]:
    names = set()
    for node in module_nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_begins_with_the_guard(page: Path) -> None:
    body = [n for n in parse_module(page).body if not isinstance(n, (ast.Import, ast.ImportFrom))]
    first = next(n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)))
    assert ast.unparse(first) == "view = shell.view()"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_lays_out_and_nothing_else(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(text.splitlines()) < 120
    assert not {n for n in _imports(page) if n.split(".")[0] in {"duckdb", "numpy", "scipy", "plotly"}}
    rooms = {n.split(".")[1] for n in _imports(page) if n.startswith("plumbline.")}
    assert rooms <= {"ui", "charts", "answers", "report", "domain"}


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_is_one_room(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= 400
    assert not any(word in module.stem for word in ("utils", "helper", "manager", "common"))


def test_the_linter_reads_every_module() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--show-files", "."],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert {str(path) for path in PACKAGE.rglob("*.py")} <= set(shown.stdout.splitlines())


def test_nothing_is_unpickled_or_evaluated() -> None:
    for path in [*PACKAGE.rglob("*.py"), *PAGES, ROOT / "app.py"]:
        for node in module_nodes(path):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "pickle.load", "pickle.loads", "joblib.load"}, path
                assert not any(k.arg == "unsafe_allow_html" for k in node.keywords), path


@pytest.mark.parametrize(
    "module", ["plumbline.cli", "plumbline.ui.shell", "plumbline.answers.governance.scorecard"]
)
def test_heavy_libraries_are_imported_where_they_are_used(module: str) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [product.python(), "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not {name for name in loaded.stdout.split() if name in HEAVY}


def test_help_imports_no_data_library() -> None:
    code = "import sys, plumbline.cli; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [product.python(), "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not set(loaded.stdout.split()) & {"pandas", "streamlit", "plotly", "pyarrow"}


def _imported_modules(path: Path, modules: dict[str, Path]) -> set[str]:
    """The package's modules that a module imports where it is read, types included; not those inside functions."""
    found, todo = set(), list(parse_module(path).body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.If, ast.Try)):
            todo += [*node.body, *node.orelse]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in modules else node.module for name in names}
    return found & set(modules)


@cache
def _import_graph() -> dict[str, set[str]]:
    """Each module of the package, by its dotted name, and those that it imports."""
    paths = [p for p in PACKAGE.rglob("*.py") if p.stem != "__init__"]
    modules = {".".join(("plumbline", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in paths}
    return {name: _imported_modules(path, modules) for name, path in modules.items()}


def _in_circles(graph: dict[str, set[str]]) -> list[str]:
    """What is left of a graph once all that needs nothing of the rest is taken away, again and again."""
    left = dict(graph)
    while free := {name for name, needs in left.items() if not needs & set(left)}:
        left = {name: needs for name, needs in left.items() if name not in free}
    return sorted(left)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not _in_circles(_import_graph())


#: stems in *ing* or *ed* that are nouns of the field all the same
NOUNS = {
    "encoding", "mapping", "monitoring", "multiple_testing", "pricing", "retraining", "staging", "training",
}  # fmt: skip


def test_modules_are_called_by_nouns() -> None:
    stems = {path.stem for path in PACKAGE.rglob("*.py")}
    assert {stem for stem in stems if stem.endswith(("ing", "ed"))} == NOUNS


#: how many modules a folder may hold
LARGEST = 20


def test_a_folder_fits_one_glance_and_says_what_it_holds() -> None:
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        modules = [path for path in folder.glob("*.py") if path.stem != "__init__"]
        assert len(modules) <= LARGEST, folder
        assert ast.get_docstring(parse_module(folder / "__init__.py")), folder


def test_no_folders_of_a_room_import_each_other_in_a_circle() -> None:
    """A module that lies in no folder of its room counts as one of its own."""
    graph = _import_graph()
    unit = {name: name if name.count(".") <= 2 else ".".join(name.split(".")[:3]) for name in graph}
    folders: dict[str, set[str]] = {each: set() for each in unit.values()}
    for name, needs in graph.items():
        folders[unit[name]] |= {unit[other] for other in needs} - {unit[name]}
    assert not _in_circles(folders)


def test_tests_lie_where_the_module_lies_that_they_test() -> None:
    """In a room's folder each is called after a module or folder beside it; a theme of a room lies at its top."""
    tests = Path(__file__).parent
    for path in tests.rglob("test_*.py"):
        where = path.parent.relative_to(tests)
        folder, name = PACKAGE / where, path.stem.removeprefix("test_")
        if not where.parts or not (PACKAGE / where.parts[0]).is_dir():
            continue
        beside = {each.stem for each in folder.glob("*") if each.suffix in ("", ".py")}
        if len(where.parts) > 1:
            assert any(name == each or name.startswith(f"{each}_") for each in beside), path
        elif name not in beside:
            assert not list(folder.rglob(f"{name}.py")), path


#: dataclasses that are made from the rows of a table, or stand in a table of their own, position by position
BY_POSITION = {
    "Aftermath", "ArmSums", "AssociationChange", "Attestation", "BatchSplit", "Exemption", "FairnessAnswer",
    "GroupChange", "GroupOutcomes", "Mark", "Metric", "Origin", "OversightCounts", "PairSums", "QuarantinedRow",
    "RoleWords", "SessionFile", "ShiftAttribution", "Slice", "StoredScorecard", "SystemRow", "WholeRow",
}  # fmt: skip


def test_a_dataclass_of_five_fields_and_more_is_made_by_the_names_of_its_fields() -> None:
    by_position = set()
    for path in PACKAGE.rglob("*.py"):
        for node in module_nodes(path):
            if isinstance(node, ast.ClassDef):
                made = [ast.unparse(d) for d in node.decorator_list if ast.unparse(d).startswith("dataclass")]
                own = [
                    s
                    for s in node.body
                    if isinstance(s, ast.AnnAssign) and "ClassVar" not in ast.unparse(s.annotation)
                ]
                if made and len(own) >= 5 and "kw_only=True" not in made[0]:
                    by_position.add(node.name)
    assert by_position <= BY_POSITION, by_position - BY_POSITION


def test_a_column_s_role_is_cut_off_in_one_place() -> None:
    """``feature:age`` is read by ``domain.decisions`` and ``RoleName``; nobody else takes it apart."""
    roles = "|".join(NAMED_ROLES)
    cut = re.compile(
        rf"""startswith\(\(?"(?:{roles}|text):|\[len\("(?:{roles}):|lambda c: c\.partition\(":"\)"""
    )
    for path in PACKAGE.rglob("*.py"):
        assert path.parts[-2:-1] == ("domain",) or not cut.search(path.read_text("utf-8")), path


#: names that say nothing of what a parameter is
VAGUE = {"found", "held", "made", "said", "told", "one", "own", "kept"}
#: how many parameters, packed statements and public functions that return a dict may still be there; these only fall
MOST_VAGUE, MOST_PACKED, MOST_DICTS = 40, 236, 29


def test_parameters_say_what_they_are() -> None:
    vague = []
    for path in PACKAGE.rglob("*.py"):
        for node in module_nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                a = node.args
                names = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]
                vague += [f"{path.stem}: {name.arg}" for name in names if name and name.arg in VAGUE]
    assert len(vague) <= MOST_VAGUE, vague


def test_locals_say_what_they_are() -> None:
    """None of the same words names a value in a function of six lines and more."""
    vague = set()
    for path in PACKAGE.rglob("*.py"):
        for node in module_nodes(path):
            function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if function and (node.end_lineno or 0) - node.body[0].lineno >= 5:
                names = [name for name in ast.walk(node) if isinstance(name, ast.Name) and name.id in VAGUE]
                places = [
                    (path.stem, node.name, node.lineno, name.id)
                    for name in names
                    if isinstance(name.ctx, ast.Store)
                ]
                vague.update(places)
    assert not vague


#: last words of class names that end like a participle and are nouns of the field
CLASS_NOUNS = {
    "Coding",
    "Drawing",
    "Finding",
    "Mapping",
    "Reading",
    "Setting",
    "Threshold",
    "Warning",
    "Wording",
}


#: last words of class names that were adjectives, adverbs or prepositions
NO_NOUNS = {
    "Away", "Busy", "Changeable", "Due", "Full", "Gone", "Linear", "Of", "Unavailable", "Unreadable",
}  # fmt: skip


def test_classes_are_called_by_nouns() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in module_nodes(path):
            if isinstance(node, ast.ClassDef):
                last = re.findall(r"[A-Z][a-z0-9]*", node.name)[-1]
                assert last not in NO_NOUNS, (path.name, node.name)
                assert last in CLASS_NOUNS or not re.search(r"(ed|ing|own|eld|old|ade|aid|ept|een)$", last), (
                    path.name,
                    node.name,
                )


def test_the_formatter_lays_out_all_but_tables() -> None:
    packed = sum(path.read_text("utf-8").count("# fmt: skip") for path in PACKAGE.rglob("*.py"))
    assert packed <= MOST_PACKED


def test_what_crosses_a_module_s_border_has_a_type() -> None:
    """A result's JSON form (``to_dict``, its ``rows``) is a dict by its nature."""
    dicts = []
    for path in PACKAGE.rglob("*.py"):
        for node in module_nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
                form = node.name in ("to_dict", "rows", "json_object")
                if not form and node.returns is not None and "dict[str, Any]" in ast.unparse(node.returns):
                    dicts.append(f"{path.stem}.{node.name}")
    assert len(dicts) <= MOST_DICTS, dicts


#: what a maker of a log of one test module alone is called, what stands in it, and how many of them there may still be;
#: the number only falls
MAKER = re.compile(r"_?(log|logs|rows|row|records|decisions|csv|csv_bytes)$")
OF_A_LOG = re.compile(r"DataFrame|to_csv|writerow|\brow\(|2025-|2026-|'(prediction|label|score|pred|said)'")
MOST_MAKERS = 18


def test_logs_for_tests_are_made_in_one_place() -> None:
    """``tests/factory`` makes them; only what is truly special is made beside the test."""
    tests = ROOT / "tests"
    makers = [
        f"{path.relative_to(tests)}: {node.name}"
        for path in sorted(tests.rglob("*.py"))
        if path.relative_to(tests).parts[0] not in ("factory", "bench", "environment")
        for node in module_nodes(path)
        if isinstance(node, ast.FunctionDef) and MAKER.match(node.name) and OF_A_LOG.search(ast.unparse(node))
    ]
    assert len(makers) <= MOST_MAKERS, makers


def test_no_test_runs_a_coroutine_in_the_thread_of_the_browser() -> None:
    """Where a browser test went before in the same process, ``asyncio.run`` fails: its loop is still there."""
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "bench" not in path.parts
        for node in module_nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.run", "run_until_complete")
    ]
    assert calls == [], "call tests.coroutines.run_coroutine"

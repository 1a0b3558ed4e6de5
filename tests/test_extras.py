"""What a plain install leaves out: each road that needs it says so in one sentence, and everything else works."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.domain.extras import OPTIONAL, need_extra
from plumbline.explain.sandbox.child import reply
from plumbline.store.workspace import open_workspace

from .conftest import Ran

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SAMPLE = ROOT / "data" / "samples" / "shop_recommendations.csv"

#: what runs where none of the optional modules can be imported
CORE_ONLY = """
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({hidden!r}))
import plumbline
for found in pkgutil.walk_packages(plumbline.__path__, "plumbline."):
    if not found.name.endswith(".__main__"):
        importlib.import_module(found.name)
from plumbline.cli import main
for arguments in (["load", {sample!r}, "--system", "shop"], ["scorecard", "shop"]):
    try:
        main.main(arguments)
    except SystemExit as ended:
        assert not ended.code, ended.code
"""


#: extras whose packages only `make test-spark` installs
APART = {"spark"}


def test_a_cluster_says_which_extra_reads_it(
    plumbline: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    options = ("--table", "a.b.c", "--since", "at", "--system", "shop")
    ran = plumbline("attach", "spark:sc://127.0.0.1:1", *options)
    assert ran.code == 2
    assert (
        "Counting in a Spark cluster needs an extra that is not installed. Install it: pip install 'plumbline[spark]'"
        in ran.err
    )


def _package(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def test_the_table_names_each_package_of_each_extra_and_nothing_else() -> None:
    listed = {
        (extra, _package(requirement))
        for extra, packages in PROJECT["optional-dependencies"].items()
        for requirement in packages
        if extra not in ("all", *APART)
    }
    providers = importlib.metadata.packages_distributions()
    told = set()
    for module in (module for module in OPTIONAL if module.extra not in APART):
        packages = {_package(p) for p in providers[module.name]} & {package for _, package in listed}
        assert len(packages) == 1, module
        told.add((module.extra, packages.pop()))
    assert told == listed


def test_one_extra_brings_all_others() -> None:
    extras = PROJECT["optional-dependencies"]
    assert extras["all"] == [f"plumbline[{','.join(name for name in extras if name not in ('all', *APART))}]"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds the sample, to copy."""
    path = tmp_path_factory.mktemp("extras") / "workspace.duckdb"
    ws = open_workspace(path, read_from=[SAMPLE.parent])
    assert load_file(ws, SAMPLE, title="shop", actor="test").rows_loaded == 1500
    ws.close()
    return path


@pytest.mark.parametrize(
    ("hidden", "arguments", "said"),
    [
        ("duckdb_extension_postgres_scanner", ["pull", "postgresql://u@127.0.0.1:1/db", "--table", "t"],
         "Reading PostgreSQL needs an extra that is not installed. Install it: pip install 'plumbline[databases]'"),
        ("duckdb_extension_mysql_scanner", ["pull", "mysql://u@127.0.0.1:1/db", "--table", "t"],
         "Reading MySQL needs an extra that is not installed. Install it: pip install 'plumbline[databases]'"),
        ("duckdb_extension_sqlite_scanner", ["pull", "sqlite:{folder}/log.db", "--table", "t"],
         "Reading SQLite needs an extra that is not installed. Install it: pip install 'plumbline[databases]'"),
        ("duckdb_extension_delta", ["pull", "delta:{folder}"],
         "Reading Delta tables needs an extra that is not installed. Install it: pip install 'plumbline[lake]'"),
        ("duckdb_extension_iceberg", ["pull", "iceberg:{folder}"],
         "Reading Iceberg tables needs an extra that is not installed. Install it: pip install 'plumbline[lake]'"),
        ("duckdb_extension_avro", ["pull", "iceberg:{folder}"],
         "Reading Iceberg tables needs an extra that is not installed. Install it: pip install 'plumbline[lake]'"),
        *((module.name, ["probe", "--mlflow", "http://127.0.0.1:9"],
           "Reading a model registry needs an extra that is not installed. Install it: pip install 'plumbline[mlflow]'")
          for module in OPTIONAL if module.extra == "mlflow"),
    ],
)  # fmt: skip
def test_what_needs_a_missing_extra_says_which(
    plumbline: Callable[..., Ran],
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hidden: str,
    arguments: list[str],
    said: str,
) -> None:
    (tmp_path / "log.db").write_bytes(b"SQLite format 3\x00")
    shutil.copy(shop, tmp_path)
    monkeypatch.setitem(sys.modules, hidden, None)
    command, *rest = (a.format(folder=tmp_path) for a in arguments)
    place = ["shop"] if command == "probe" else ["--system", "shop"]
    ran = plumbline(command, *place, *rest)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_an_onnx_file_says_which_extra_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    answer, _ = reply({"task": "describe"}, b"\x08\x08\x12\x00", None, None)
    assert answer == {
        "ok": False,
        "what": "Reading ONNX models needs an extra that is not installed. Install it: pip install 'plumbline[onnx]'",
    }


def test_an_extra_that_is_there_is_not_asked_for() -> None:
    for extra in {module.extra for module in OPTIONAL} - APART:
        need_extra(extra)


def test_without_any_extra_every_module_imports_and_a_log_is_judged(tmp_path: Path) -> None:
    code = CORE_ONLY.format(hidden=[module.name for module in OPTIONAL], sample=str(SAMPLE))
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False,
        env={"PLUMBLINE_WORKSPACE": str(tmp_path / "workspace.duckdb"), "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "1500 loaded" in ran.stdout
    assert "NOT YET JUDGED" in ran.stdout

"""The zip of the counter holds what counting needs, imports by itself, and is named by what is in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from plumbline.profile.cluster import parcel
from plumbline.profile.cluster.parcel import MODULES, count_function, write_parcel
from plumbline.profile.partial import rows
from plumbline.profile.partial.plan import CountPlan


def test_it_is_the_same_file_wherever_it_is_written(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = write_parcel(tmp_path / "a"), write_parcel(tmp_path / "b")
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()
    assert one.name.startswith("plumbline_counter_")
    assert len(one.stem) == len("plumbline_counter_") + 16


def test_other_sources_have_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write_parcel(tmp_path)
    monkeypatch.setattr(parcel, "_sources", lambda: (("plumbline/__init__.py", b""),))
    assert write_parcel(tmp_path).name != one.name


def test_it_holds_each_module_and_every_file_of_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_parcel(tmp_path)) as zipped:
        names = set(zipped.namelist())
        assert {info.date_time[0] for info in zipped.infolist()} == {1980}
    root = Path(parcel.__file__).parents[2]
    for module in MODULES:
        files = [root / module] if module.endswith(".py") else [*(root / module).rglob("*.py")]
        assert files
        assert {f"plumbline/{path.relative_to(root).as_posix()}" for path in files} <= names
    assert all(name.startswith("plumbline/") and name.endswith(".py") for name in names)


def test_it_counts_with_nothing_of_the_package_beside_it(tmp_path: Path) -> None:
    path = write_parcel(tmp_path)
    code = "import plumbline.profile.partial.counter as c; print(c.__file__)"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert path.name in done.stdout


def test_the_function_gives_batches_of_the_counters_rows() -> None:
    plan = CountPlan(columns=(), decided=False)
    table = pa.table(
        {"timestamp": pa.array([0, 1, 86_400_000_000]), "version": ["1", "1", None], "arm": ["", None, ""]}
    )
    counted = [*count_function(plan)(iter(table.to_batches()))]
    assert all(batch.schema == rows.schema() for batch in counted)
    made = pa.Table.from_batches(counted).to_pylist()
    assert [(row["part"], row["day"], row["version"], row["arm"], row["n"]) for row in made] == [
        (rows.ROWS, 0, "1", "", 2), (rows.ROWS, 1, "", "", 1),
    ]  # fmt: skip
    assert count_function(SimpleNamespace()).__module__ == "__main__"

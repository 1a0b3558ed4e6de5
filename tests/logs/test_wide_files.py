"""Small files of very many columns: loaded within bounded memory or refused in a sentence, each in a process of its
own, as the peak of memory is a process's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.environment import product

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no peak of a process's memory is told there")

#: a load without the check behind it (see ``unchecked`` in tests/conftest.py), then the peak in MB of the larger of
#: this process and its reader
LOAD = """
import resource, sys
from pathlib import Path
from plumbline.answers.data import load
from plumbline.domain import PlumblineError
from plumbline.store.workspace import open_workspace

load.check_load = lambda ws, made, *, actor: made
path = Path(sys.argv[1])
ws = open_workspace(path.with_name("w.duckdb"), read_from=[path.parent])
try:
    print(load.load_file(ws, path, title="wide", timezone="UTC", actor="test").rows_loaded)
except PlumblineError as refusal:
    print(refusal)
ws.close()
# on Linux a process's own maximum by `getrusage` begins with what the process that started it held
status = Path("/proc/self/status")
own = int(status.read_text().split("VmHWM:")[1].split()[0]) if status.exists() else None
peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(max(own or peaks[0], peaks[1]) // (2**20 if sys.platform == "darwin" else 2**10))
"""
#: MB: DuckDB's limit, and what a process may take with it
MEMORY, PEAK = 1500, 1000
HEADER = ("decision_id", "timestamp", "score", "prediction", "label")


def _load(path: Path) -> tuple[str, int]:
    """What was said of a load, and the peak of memory in MB."""
    ran = subprocess.run(
        [product.python(), "-c", LOAD, str(path)],
        capture_output=True, text=True, check=True, env=product.paths() | {"PLUMBLINE_MEMORY": f"{MEMORY}MB"},
    )  # fmt: skip
    *said, peak = ran.stdout.splitlines()
    return "\n".join(said), int(peak)


def _table(features: int, rows: int) -> dict[str, list[str]]:
    cells = (
        [f"d{i}" for i in range(rows)], [f"2026-01-{1 + i:02d}T00:00:00Z" for i in range(rows)],
        ["0.5"] * rows, ["yes"] * rows, ["no"] * rows,
    )  # fmt: skip
    return dict(zip(HEADER, cells, strict=True)) | {f"f{i}": ["1"] * rows for i in range(features)}


def _write_csv(path: Path, features: int, rows: int) -> Path:
    table = _table(features, rows)
    lines = [",".join(table), *(",".join(row) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_three_thousand_columns_of_twenty_rows_are_loaded_within_the_memory_limit(tmp_path: Path) -> None:
    said, peak = _load(_write_csv(tmp_path / "wide.csv", 3_000, 20))
    assert said == "20"
    assert peak < PEAK


@pytest.mark.parametrize(("form", "features"), [("csv", 100_000), ("parquet", 20_000)])
def test_far_too_many_columns_are_refused_in_a_sentence(form: str, features: int, tmp_path: Path) -> None:
    path = tmp_path / f"wide.{form}"
    if form == "csv":
        _write_csv(path, features, 3)
    else:
        parquet.write_table(pa.table(_table(features, 3)), path)
    said, peak = _load(path)
    assert said.startswith(f"The file has {features + 5} columns, more than 10000 (wide.{form}). Export ")
    assert "\n" not in said
    assert peak < PEAK

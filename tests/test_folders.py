"""A folder or a pattern: a load a file, each once, and one bad file does not stop the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tests.factory.decisions import HEADER, row, write

DAILY = (("day-9.csv", 0), ("day-10.csv", 10))


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    (folder / "old").mkdir(parents=True)
    for name, first in DAILY:
        write(folder / name, [row(i, label="") for i in range(first, first + 10)])
    rows = [dict(zip(HEADER, row(i, label=""), strict=True)) for i in range(20, 30)]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "old" / "day-11.parquet")
    labels = [[f"d{i:04d}", "yes" if i % 2 else "no"] for i in range(30)]
    write(folder / "a-labels.csv", labels, ("decision_id", "label"))
    for name in ("notes.md", ".hidden.csv", "_SUCCESS"):
        (folder / name).write_text("nothing")
    return folder


def test_a_folder_is_a_load_a_file_in_order_decisions_first(plumbline: Any, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    told = plumbline("load", folder, "--system", "s", "--json").json
    assert [made["file"] for made in told["loads"]] == [
        "day-9.csv",
        "day-10.csv",
        "day-11.parquet",
        "a-labels.csv",
    ]
    assert len({made["sha256"] for made in told["loads"]}) == 4
    assert (told["rows_read"], told["rows_loaded"], told["labels_joined"]) == (60, 60, 30)
    again = plumbline("load", folder, "--system", "s", "--json").json
    assert (again["rows_loaded"], again["rows_duplicate"], again["labels_joined"]) == (0, 60, 0)


def test_a_pattern_takes_what_it_names_and_one_bad_file_does_not_stop_it(
    plumbline: Any, tmp_path: Path
) -> None:
    folder = _folder(tmp_path)
    (folder / "day-12.csv").write_bytes(b"%PDF-1.7")
    ran = plumbline("load", folder / "day-*.csv", "--system", "s")
    assert ran.code == 2
    assert ran.err.startswith(
        "plumbline: 1 of 3 files could not be loaded; the first: The file is a PDF document"
    )
    assert len(ran.err.splitlines()) == 1
    assert "day-10.csv" in ran.out


def test_what_holds_no_log_is_one_sentence(plumbline: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    for path, words in ((tmp_path / "empty", "No log is there"), (tmp_path / "none-*.csv", "No log is there"),
                        (tmp_path / "lake", "Delta table")):  # fmt: skip
        ran = plumbline("load", path, "--system", "s")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert words in ran.err

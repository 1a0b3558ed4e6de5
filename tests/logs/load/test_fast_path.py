"""The short road of a clean file: numbers are made by the reader where it makes the same of them as a cast of text."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.logs.files.source import open_source, relation
from plumbline.logs.load import fast_path
from plumbline.logs.load.staging import drop_stage
from plumbline.store.workspace import Workspace
from tests.examples import examples
from tests.factory.decisions import decisions, load, row, rows_of, write

SPELLINGS = ("1", " 2.5", "3e2", "+4", "-0", "1_0", "0x1F", "1,5", "NA", "-nan", "nan(1)", "inf", "-Infinity", "1e999",
             "1e-999", ".5", "5.", "--1", "12345678901234567890123", "0.1d", "true", "  ", '""')  # fmt: skip


@pytest.fixture
def inserts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements with which files are tried; each file is long enough for the look at its beginning."""
    monkeypatch.setattr(fast_path, "LOOK_BYTES", 0)
    monkeypatch.setattr(fast_path, "LOOK_ROWS", 8)
    tried: list[str] = []
    read = fast_path.execute_on_file

    def noted(cursor: duckdb.DuckDBPyConnection, source: fast_path.Source, sql: str) -> None:
        if sql.startswith("INSERT"):
            tried.append(sql)
        read(cursor, source, sql)

    monkeypatch.setattr(fast_path, "execute_on_file", noted)
    return tried


def test_a_clean_file_is_read_once_and_its_numbers_by_the_reader(
    workspace: Workspace, tmp_path: Path, inserts: list[str]
) -> None:
    made = load(workspace, write(tmp_path / "a.csv", decisions(40)))
    assert made.rows_loaded == 40
    (sql,) = inserts
    assert sql.count("'DOUBLE'") == 2  # score and age
    assert [n for (n,) in rows_of(workspace, "_line")] == list(range(1, 41))


def test_a_word_behind_the_look_makes_text_of_its_column_alone(
    workspace: Workspace, tmp_path: Path, inserts: list[str]
) -> None:
    cells = [row(i, age="NA" if i == 30 else 20 + i) for i in range(40)]
    made = load(workspace, write(tmp_path / "a.csv", cells))
    assert (made.rows_loaded, made.rows_quarantined, made.notes) == (40, 0, ())
    assert [sql.count("'DOUBLE'") for sql in inserts] == [2, 1]
    assert [n for (n,) in rows_of(workspace, "_line")] == list(range(1, 41))
    assert rows_of(workspace, '"feature:age"')[29:32] == [(49.0,), (None,), (51.0,)]


def test_a_word_within_the_look_costs_no_second_reading(
    workspace: Workspace, tmp_path: Path, inserts: list[str]
) -> None:
    cells = [row(i, age="NA" if i == 3 else 20 + i) for i in range(40)]
    assert load(workspace, write(tmp_path / "a.csv", cells)).rows_loaded == 40
    assert [sql.count("'DOUBLE'") for sql in inserts] == [1]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_roads_end_at_the_same_decisions(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    cells = [
        row(i, age=spelling if i == 30 else 20 + i, score=spelling if i == 37 else 0.5) for i in range(40)
    ]
    path = write(tmp_path / "a.csv", cells, sep=";")
    held = []
    for title, enough in (("text", fast_path.LOOK_BYTES), ("numbers", 0)):
        monkeypatch.setattr(fast_path, "LOOK_BYTES", enough)
        monkeypatch.setattr(fast_path, "LOOK_ROWS", 8)
        made = load(workspace, path, title=title)
        rows = repr(rows_of(workspace, "* EXCLUDE (_load_id)", title))  # a text, for -0.0 is no 0.0
        held.append((made.rows_loaded, made.reasons, made.notes, rows))
    assert held[0] == held[1]


@settings(
    max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(st.text(" 0123456789.+-eEinfaxN_',\"", max_size=9), min_size=10, max_size=60))
def test_the_reader_makes_no_other_number_of_a_cell_than_a_cast(
    workspace: Workspace, tmp_path: Path, cells: list[str]
) -> None:
    path = tmp_path / "cells.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["place", "cell"])
        writer.writerows([[f"p{i}", cell] for i, cell in enumerate(cells)])
    source = open_source(workspace, path, whole=True)
    with workspace.read() as cursor:
        numbers = relation(source.with_number_columns(["cell"]), rejects=True)
        found = cursor.execute(f"SELECT c0, c1 FROM {numbers} WHERE isfinite(c1)").fetchall()
        texts = relation(source, rejects=False)
        cast = cursor.execute(
            f"SELECT c0, TRY_CAST(c1 AS DOUBLE) AS v FROM {texts} WHERE isfinite(v)"
        ).fetchall()
        drop_stage(cursor)
    assert repr(sorted(found)) == repr(sorted(cast))


@pytest.mark.parametrize(("columns", "rows"), [(28, 20_000), (200, 20_000), (2_000, 2_000), (50_000, 1_000)])
def test_the_first_look_holds_no_more_values_the_more_columns_there_are(columns: int, rows: int) -> None:
    assert fast_path.look_rows(columns) == rows

"""Loading decisions: every row is loaded, a duplicate or in quarantine, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.domain import Load, PlumblineError, Task
from plumbline.logs.inspect import inspect
from plumbline.logs.load.decisions import load_decisions
from plumbline.logs.load.labels import load_labels
from plumbline.logs.load.settle import Progress
from plumbline.store import trail
from plumbline.store.loads import list_loads, quarantined_rows
from plumbline.store.systems import get_system, list_systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import HEADER, ROLES, decisions, load, mapping, row, rows_of, state, write

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


def test_rows_come_in_with_their_types_and_their_line(workspace: Workspace, tmp_path: Path) -> None:
    made = load(workspace, write(tmp_path / "a.csv", decisions(30)))
    assert (made.rows_read, made.rows_loaded, made.rows_duplicate, made.rows_quarantined) == (30, 30, 0, 0)
    first = rows_of(workspace, '_line, "timestamp", "decision_id", score, prediction, label, "feature:age"')[
        1
    ]
    assert first == (2, datetime(2026, 1, 1, 1), "d0001", 0.37, "no", "no", 21.0)
    with workspace.read() as cursor:
        system = get_system(cursor, "s")
        assert trail.verify(cursor).intact
    assert system.classes == ("no", "yes")
    assert system.positive == "yes"


def test_the_same_file_twice_adds_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [*decisions(30), row(3), row(4, when="never")])
    load(workspace, path)
    before = state(workspace)
    again = load(workspace, path)
    assert (again.rows_read, again.rows_loaded, again.rows_duplicate, again.rows_quarantined) == (
        32,
        0,
        32,
        0,
    )
    assert state(workspace) == before


@pytest.mark.parametrize("kind", ["decisions", "labels"])
def test_nothing_of_a_file_that_grows_while_it_is_read_is_loaded(
    workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    """Its last row may be cut within the last cell, and would be another row than the whole one."""
    load(workspace, write(tmp_path / "first.csv", decisions(10, label="")))
    before = state(workspace)
    names = ("id", "label") if kind == "labels" else HEADER
    rows = [row(i) if kind == "decisions" else [f"d{i:04d}", "yes"] for i in range(10)]
    path = write(tmp_path / "a.csv", rows, names)

    def once(progress: Progress | None = None) -> Load:
        if kind == "decisions":
            return load(workspace, path, progress=progress)
        read = mapping({"id": "decision_id", "label": "label"})
        return load_labels(workspace, path, system="s", mapping=read, actor="t", progress=progress)

    def grow(phrase: str, _share: float) -> None:
        if phrase == "Reading the rows":
            with path.open("a") as file:
                file.write("d0099,2026-01-09T00:00:00Z,0.5,yes,no,30,nor")

    with pytest.raises(PlumblineError, match="changed while it was read"):
        once(grow)
    assert state(workspace) == before
    write(path, rows, names)
    assert once().rows_read == 10


def test_overlapping_exports_add_only_what_is_new(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(30)))
    made = load(workspace, write(tmp_path / "b.csv", decisions(30, start=20)))
    assert (made.rows_loaded, made.rows_duplicate) == (20, 10)
    assert len(rows_of(workspace)) == 50


def test_a_repeat_with_a_label_fills_it_in(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(30, label="")))
    again = [*decisions(10), row(100, label=""), row(100, label="yes")]
    made = load(workspace, write(tmp_path / "b.csv", again))
    assert (made.rows_loaded, made.rows_duplicate, made.labels_joined) == (1, 11, 11)
    assert sum(r[0] is not None for r in rows_of(workspace, "label")) == 11
    assert [r[0] for r in rows_of(workspace, "label", where="\"decision_id\" = 'd0100'")] == ["yes"]


def test_each_bad_row_is_kept_with_its_physical_line_reason_and_text(
    workspace: Workspace, tmp_path: Path
) -> None:
    good = ",".join(row(0, region='"two\nlines"'))
    bad = [
        ("bad_timestamp", row(1, when="2026-13-45")),
        ("no_prediction", row(2, score="", pred="")),
        ("too_few_fields", ["d9", "x"]),
        ("too_many_fields", [*row(3), "more"]),
        ("bad_score", row(4, score="high")),
        ("bad_timestamp", row(5, when="")),
    ]
    lines = [",".join(HEADER), good, *(",".join(cells) for _, cells in bad), good.replace("d0000", "d0007")]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    made = load(workspace, path)
    assert made.rows_read == 8
    assert made.reasons == {
        "bad_timestamp": 2,
        "no_prediction": 1,
        "too_few_fields": 1,
        "too_many_fields": 1,
        "bad_score": 1,
    }
    with workspace.read() as cursor:
        kept = quarantined_rows(cursor, system="s")
    # the header is line 1, the first record takes lines 2 and 3
    assert [(q.line, q.reason, q.raw) for q in kept] == [
        (4 + i, reason, ",".join(cells)) for i, (reason, cells) in enumerate(bad)
    ]
    assert [r[0] for r in rows_of(workspace, "_line")] == [1, 8]


def test_broken_bytes_cost_their_row_only(workspace: Workspace, tmp_path: Path) -> None:
    rows = decisions(30, region="südlich")
    body = "\n".join([",".join(HEADER), *(",".join(r) for r in rows)]).encode()
    path = tmp_path / "a.csv"
    path.write_bytes(body.replace(b"d0007", b"d\xff07"))
    made = load(workspace, path)
    assert made.reasons == {"bad_encoding": 1}
    assert made.rows_loaded == 29


def test_words_for_nothing_in_a_feature_leave_the_row(workspace: Workspace, tmp_path: Path) -> None:
    words = ["NaN", "inf", "n/a", "NA", "null", "-", "", "n.a."]
    made = load(workspace, write(tmp_path / "a.csv", [row(i, age=w, region=w) for i, w in enumerate(words)]))
    assert (made.rows_loaded, made.notes) == (len(words), ())
    assert rows_of(workspace, '"feature:age", "feature:region"') == [(None, None)] * len(words)


def test_a_column_that_changes_its_type_is_a_note(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(10)))
    path = write(tmp_path / "b.csv", [row(i, age="old" if i % 2 else "30") for i in range(10, 20)])
    made = load(workspace, path, mapping=mapping(numeric=("score",)))
    assert made.rows_loaded == 10
    assert any("5 values of age are not a number" in note for note in made.notes)
    assert any("was numeric and is now categorical" in note for note in made.notes)
    assert [r[0] for r in rows_of(workspace, '"feature:age"', where="_load_id = 2")] == [30.0, None] * 5


def test_new_and_missing_columns_are_noted(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(10)))
    header = [*HEADER[:-1], "income"]
    roles = {k: v for k, v in ROLES.items() if k != "region"} | {"income": "feature:income"}
    made = load(workspace, write(tmp_path / "b.csv", decisions(10, start=10), header), mapping=mapping(roles))
    assert any("income" in n for n in made.notes)
    assert any("region" in n for n in made.notes)


@pytest.mark.parametrize(
    ("cell", "form", "zone", "utc"),
    [
        ("1996-11-10T12:00:00+10:00", "iso", "UTC", datetime(1996, 11, 10, 2)),
        ("1996-11-10 12:00:00-05", "iso", "UTC", datetime(1996, 11, 10, 17)),
        ("2026-07-01 12:00", "iso", "Europe/Berlin", datetime(2026, 7, 1, 10)),
        ("2026-07-01T12:00:00Z", "iso", "Europe/Berlin", datetime(2026, 7, 1, 12)),
        ("01.03.2025 08:12", "%d.%m.%Y %H:%M", "UTC", datetime(2025, 3, 1, 8, 12)),
        ("1.3.2025", "%d.%m.%Y", "Europe/Berlin", datetime(2025, 2, 28, 23)),
        ("3/1/2025 1:05:09 PM", "%m/%d/%Y %I:%M:%S %p", "UTC", datetime(2025, 3, 1, 13, 5, 9)),
        ("1767225600", "epoch_s", "UTC", datetime(2026, 1, 1)),
        ("1767225600.5", "epoch_s", "UTC", datetime(2026, 1, 1, 0, 0, 0, 500000)),
        ("1767225600123", "epoch_ms", "UTC", datetime(2026, 1, 1, 0, 0, 0, 123000)),
        ("1767225600123456", "epoch_us", "UTC", datetime(2026, 1, 1, 0, 0, 0, 123456)),
        ("1767225600123456789", "epoch_ns", "UTC", datetime(2026, 1, 1, 0, 0, 0, 123456)),
        ("20260131T101500Z", "%Y%m%dT%H%M%SZ", "UTC", datetime(2026, 1, 31, 10, 15)),
    ],
)
def test_times_are_stored_as_utc(
    workspace: Workspace, tmp_path: Path, cell: str, form: str, zone: str, utc: datetime
) -> None:
    path = write(tmp_path / "a.csv", [row(0, when=cell)])
    load(workspace, path, mapping=mapping(zone=zone, formats={"when": form}))
    assert rows_of(workspace, '"timestamp"') == [(utc,)]


def test_numbers_are_read_in_the_format_that_was_decided(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        row(0, score="0,25", age="1.234,5"),
        row(1, score="75,5 %", age="12"),
        row(2, score="0,5", age="12.5"),
    ]
    plan = mapping(formats={"score": "decimal_comma", "age": "decimal_comma"})
    made = load(workspace, write(tmp_path / "a.csv", rows, sep=";"), mapping=plan)
    assert made.reasons == {"bad_score": 1}
    assert rows_of(workspace, 'score, "feature:age"') == [(0.25, 1234.5), (0.5, None)]
    other = mapping(formats={"score": "percent decimal_comma"})
    load(workspace, write(tmp_path / "b.csv", [rows[1]], sep=";"), mapping=other, title="t")
    assert rows_of(workspace, "score", key="t") == [(0.755,)]


def test_persons_are_kept_as_a_keyed_hash(workspace: Workspace, tmp_path: Path) -> None:
    roles = ROLES | {"region": "subject"}
    load(workspace, write(tmp_path / "a.csv", decisions(3, region="Ada")), mapping=mapping(roles))
    kept = {r[0] for r in rows_of(workspace, "subject")}
    assert len(kept) == 1
    (value,) = kept
    assert "Ada" not in value
    assert len(value) == 64


def test_classes_are_spelt_alike_whatever_the_file_wrote(workspace: Workspace, tmp_path: Path) -> None:
    rows = [row(0, pred="1.0", label="1"), row(1, pred="0", label="0.0")]
    load(workspace, write(tmp_path / "a.csv", rows), mapping=mapping(positive="1"))
    assert rows_of(workspace, "prediction, label") == [("1", "1"), ("0", "0")]


@pytest.mark.parametrize(
    ("pred", "task", "positive"),
    [
        (lambda i: "yes" if (i * 37) % 100 >= 50 else "no", Task.BINARY, "yes"),
        (lambda i: "abc"[i % 3], Task.MULTICLASS, None),
        (lambda i: i * 1.5, Task.REGRESSION, None),
        (lambda i: i % 5, Task.MULTICLASS, None),
    ],
)
def test_the_task_is_told_by_the_predictions_where_nobody_said(
    workspace: Workspace, tmp_path: Path, pred: Callable[[int], object], task: Task, positive: str | None
) -> None:
    plan = replace(mapping(), task=None, positive=None)
    load(
        workspace,
        write(tmp_path / "a.csv", [row(i, pred=pred(i), label="") for i in range(60)]),
        mapping=plan,
    )
    with workspace.read() as cursor:
        system = get_system(cursor, "s")
    assert (system.task, system.positive) == (task, positive)


def test_too_many_classes_are_refused_and_leave_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(i, pred=f"p{i}") for i in range(300)])
    with pytest.raises(PlumblineError, match="200 classes"):
        load(workspace, path, mapping=mapping(task=Task.MULTICLASS))
    with workspace.read() as cursor:
        assert list_systems(cursor) == []


def test_a_file_of_which_nothing_fits_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", decisions(5, when="soon"))
    with pytest.raises(PlumblineError, match="None of the 5 rows"):
        load(workspace, path)
    with workspace.read() as cursor:
        assert list_loads(cursor) == []


def test_the_reference_is_the_first_third_in_whole_days(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", [row(i) for i in range(24 * 12)]))
    with workspace.read() as cursor:
        system = get_system(cursor, "s")
    assert system.reference == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    assert system.reference_source == "provisional"


def test_a_log_loaded_as_reference_sets_the_reference(workspace: Workspace, tmp_path: Path) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(30)))
    load(workspace, write(tmp_path / "b.csv", decisions(24, start=48)), reference=True)
    with workspace.read() as cursor:
        system = get_system(cursor, "s")
    assert system.reference_source == "loaded"
    assert system.reference is not None
    assert system.reference[0] == datetime(2026, 1, 3, tzinfo=UTC)


@pytest.mark.reallogs
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real logs are not beside this checkout")
def test_the_dirty_export_is_counted_exactly(tmp_path: Path) -> None:
    folder = SHARED / "dirty-loans"
    expected = json.loads((folder / "truth.json").read_text("utf-8"))
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[folder])
    try:
        found = inspect(folder / "dirty_loans.csv", ws=ws)
        made = load_decisions(ws, folder / "dirty_loans.csv", title="s", mapping=found.mapping, actor="test")
    finally:
        ws.close()
    assert made.rows_read == expected["records_after_header"]
    assert made.rows_loaded == expected["good"]
    assert made.rows_duplicate == expected["duplicates_of_an_earlier_row"]
    assert made.reasons == expected["quarantined"]

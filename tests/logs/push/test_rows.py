"""Pushed rows as cells: by column or role, written as the log was, and nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from plumbline.domain import ColumnMap, Kind, Mapping, PlumblineError, RoleName, Task
from plumbline.logs.push.rows import UnfitRequest, decisions_form, labels_form, mapping_for, read_rows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def _mapping(**formats: str) -> Mapping:
    roles = {
        "Zeit": "timestamp", "Nr": "decision_id", "Urteil": "prediction", "Punkte": "score", "Alter": "feature:Alter",
        "Ort": "feature:Ort", "Interna": "ignore", "Ergebnis": "label",
    }  # fmt: skip
    columns = tuple(
        ColumnMap(column=c, role=RoleName.parse(r, c), format=formats.get(c, ""), kind=Kind.NUMERIC)
        for c, r in roles.items()
    )
    return Mapping(columns, Task.BINARY, "ja", "Europe/Berlin")


def _rows(*rows: dict[str, Any], **formats: str) -> Any:
    return read_rows(decisions_form("s", _mapping(**formats)), iter(enumerate(rows, 1)), NOW)


def test_a_column_goes_by_its_name_or_its_role_and_what_means_nothing_is_named() -> None:
    made = _rows(
        {"Zeit": "2026-05-01T00:00:00Z", "Punkte": 0.5, "Interna": "x", "Neues": 1},
        {
            "timestamp": "2026-05-01T00:00:00Z",
            "score": 1,
            "feature:Alter": 40,
            "version": "2.0",
            "feature:new": True,
        },
    )
    assert made.rows == [
        {"Zeit": "2026-05-01T00:00:00Z", "Punkte": "0.5"},
        {
            "Zeit": "2026-05-01T00:00:00Z",
            "Punkte": "1",
            "Alter": "40",
            "version": "2.0",
            "feature:new": "true",
        },
    ]
    assert made.unread == ("Neues",)
    names = list(dict.fromkeys(name for row in made.rows for name in row))
    found = mapping_for(decisions_form("s", _mapping()), names, made.iso)
    assert {c.column: str(c.role) for c in found.columns} == {
        "Zeit": "timestamp", "Punkte": "score", "Alter": "feature:Alter", "version": "version",
        "feature:new": "feature:new",
    }  # fmt: skip
    assert (found.task, found.positive, found.timezone) == (Task.BINARY, "ja", "Europe/Berlin")


def test_numbers_are_written_as_the_log_writes_them_and_text_is_left_alone() -> None:
    made = _rows(
        {"Zeit": "2026-05-01", "Punkte": 0.5, "Alter": "1.000,5"},
        {"Zeit": "2026-05-01", "Punkte": "12 %", "Alter": 1000.5},
        Punkte="percent", Alter="decimal_comma",
    )  # fmt: skip
    assert [(row["Punkte"], row["Alter"]) for row in made.rows] == [("50.0", "1.000,5"), ("12 %", "1000,5")]


def test_nested_values_go_by_the_way_to_them() -> None:
    made = _rows({"Zeit": "2026-05-01", "Punkte": 1, "feature:in": {"a": {"b": 2}}, "feature:out": [3, None]})
    assert made.rows[0] | {"Zeit": "", "Punkte": ""} == {
        "Zeit": "", "Punkte": "", "feature:in.a.b": "2", "feature:out.0": "3",
    }  # fmt: skip


def test_iso_times_are_read_as_such_where_the_log_writes_others() -> None:
    given = {"Zeit": "%d.%m.%Y %H:%M"}
    rows = [{"Zeit": "2026-05-01T10:00:00+02:00", "Punkte": 1}]
    made = _rows(*rows, **given)
    assert made.iso == ("Zeit",)
    form = decisions_form("s", _mapping(**given))
    assert mapping_for(form, ["Zeit"], made.iso).columns[0].format == "iso"
    as_logged = _rows({"Zeit": "01.05.2026 10:00", "Punkte": 1}, **given)
    assert as_logged.iso == ()
    assert mapping_for(form, ["Zeit"], ()).columns[0].format == "%d.%m.%Y %H:%M"
    with pytest.raises(PlumblineError, match="two ways"):
        _rows(*rows, {"Zeit": "01.05.2026 10:00", "Punkte": 1}, **given)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Punkte": 1}, "'Zeit' is missing"),
        ({"Zeit": None, "Punkte": 1}, "'Zeit' is missing"),
        ({"Zeit": "2026-05-01"}, "neither a prediction nor a score"),
        ({"Zeit": "2026-05-01", "Alter": 1, "Neues": 1}, "neither a prediction nor a score"),
        ({"Zeit": "2026-05-01", "Punkte": 1, "score": 1}, "twice"),
        ({"Zeit": "2026-06-03T00:00:00Z", "Punkte": 1}, "a day ahead"),
        ({"Zeit": "2026-05-01", "Punkte": b"\x00"}, "bytes"),
        ({"Zeit": "2026-05-01", "Punkte": "x" * 1_000_001}, "characters"),
        ({f"feature:f{i}": i for i in range(1_001)}, "more than 1000"),
    ],
)
def test_a_row_that_cannot_be_a_decision_refuses_the_request(row: dict[str, Any], said: str) -> None:
    good = {"Zeit": "2026-05-01", "Punkte": 1}
    with pytest.raises(UnfitRequest, match=said) as refused:
        _rows(good, row)
    assert refused.value.line == 2


def test_a_time_far_ahead_is_seen_in_seconds_too() -> None:
    with pytest.raises(UnfitRequest, match="a day ahead"):
        _rows({"Zeit": 4_000_000_000, "Punkte": 1}, Zeit="epoch_s")
    assert _rows({"Zeit": 1_779_000_000, "Punkte": 1}, Zeit="epoch_s").rows[0]["Zeit"] == "1779000000"


def test_probabilities_of_classes_are_a_prediction() -> None:
    assert _rows({"Zeit": "2026-05-01", "proba:ja": 0.2}).rows


def test_labels_go_by_roles_or_as_the_log_calls_them() -> None:
    form = labels_form("s", _mapping(), None)
    made = read_rows(
        form, iter([(1, {"Nr": "a", "Ergebnis": "ja"}), (2, {"decision_id": "b", "label": 1})]), NOW
    )
    assert made.rows == [{"decision_id": "a", "label": "ja"}, {"decision_id": "b", "label": "1"}]
    assert [str(c.role) for c in mapping_for(form, ["decision_id", "label"], ()).columns] == [
        "decision_id",
        "label",
    ]
    with pytest.raises(UnfitRequest, match="'label' is missing"):
        read_rows(form, iter([(1, {"Nr": "a"})]), NOW)

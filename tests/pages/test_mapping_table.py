"""The mapping on the Logs page: what is corrected changes the rest, and nothing is loaded that nobody meant."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.data.roles import roles_of
from plumbline.domain import PlumblineError
from plumbline.ui.logs import preview
from plumbline.ui.logs.upload import merge_roles
from plumbline.ui.parts.empty_states import strip_commands
from plumbline.ui.state import workspace as opened
from tests.factory.decisions import csv_bytes, decisions, row

from .conftest import open_page, words
from .test_logs import _button
from .test_writing import drop, press

pytestmark = pytest.mark.usefixtures("empty")


def _say(at: AppTest, **roles: str) -> AppTest:
    """Give columns another role in the table."""
    editor = at.data_editor[0]
    columns = list(editor.value["Column"])
    edits = {columns.index(column): {"Role": role} for column, role in roles.items()}
    at.session_state[editor.key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    return at.run()


def _means(at: AppTest) -> dict[str, str]:
    table = at.data_editor[0].value
    return dict(zip(table["Column"], table["Role"], strict=True))


def _task(at: AppTest) -> str:
    return str(next(r for r in at.radio if r.label == "The log predicts").value)


def _bank(i: int) -> dict[str, object]:
    """A price beside a class of A and B, of which nothing tells that it is the prediction."""
    return {"score": 1000 + 37 * i % 901 + 0.5, "pred": "AB"[i // 2 % 2], "label": "AB"[i // 3 % 2]}


def _estimates(rows: int = 240) -> bytes:
    header = ["id", "when", "estimated_price", "kind", "came", "age", "region"]
    made = [row(i, **_bank(i)) for i in range(rows)]
    return "\n".join(",".join(line) for line in [header, *made]).encode()


def test_a_corrected_column_changes_the_guess_of_the_others_and_the_task() -> None:
    at = drop(open_page("logs"), _estimates(), "s.csv")
    assert (_means(at)["estimated_price"], _task(at)) == ("prediction", "regression")
    _say(at, kind="prediction", came="label")
    assert not at.exception
    assert (_means(at)["estimated_price"], _means(at)["kind"], _task(at)) == (
        "feature",
        "prediction",
        "binary",
    )
    assert "● 100 %" in list(at.data_editor[0].value["Confidence"])
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_the_task_is_always_shown_and_can_be_changed() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    assert _task(at) == "binary"
    next(r for r in at.radio if r.label == "The log predicts").set_value("multiclass").run()
    assert not at.exception
    assert _task(at) == "multiclass"


def test_two_columns_of_one_role_are_told_of() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    _say(at, region="label", label="label", pred="label")
    assert not at.exception
    assert any("both have the role label" in e.value for e in at.error)
    assert not any(b.label == "Load" for b in at.button)
    _say(at, region="feature", pred="prediction")
    assert not at.error
    assert not _button(at, "Load")


def test_too_many_rows_for_the_quarantine_need_a_click() -> None:
    at = drop(
        open_page("logs"),
        csv_bytes(decisions(120, when=lambda i: "soon" if i % 3 == 0 else row(i)[1])),
        "s.csv",
    )
    assert "80 of the 120 rows will load" in words(at)
    assert "the time of the decision cannot be read \\(40\\)" in words(at)
    assert _button(at, "Load")
    next(c for c in at.checkbox if "wait in quarantine" in c.label).check().run()
    assert not _button(at, "Load")
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_a_file_that_is_not_too_long_is_tried_whole() -> None:
    late = csv_bytes(decisions(6000, id=lambda i: f"d{i}", when=lambda i: "soon" if i > 5899 else row(i)[1]))
    at = drop(open_page("logs"), late, "s.csv")
    assert "5\\,900 of the 6\\,000 rows will load" in words(at)
    assert not _button(at, "Load")


def test_what_only_the_rest_of_a_long_file_shows_is_asked_after_the_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preview, "try_file", partial(preview.try_file, first=4000))
    late = csv_bytes(decisions(6000, id=lambda i: f"d{i}", when=lambda i: "soon" if i > 4100 else row(i)[1]))
    at = drop(open_page("logs"), late, "s.csv")
    assert "All of the first 4\\,000 rows will load" in words(at)
    press(at, "Load")
    assert any("cannot be loaded under this mapping" in e.value for e in at.error)
    assert not any("--" in e.value for e in at.error)
    assert _button(at, "Load")
    next(c for c in at.checkbox if "wait in quarantine" in c.label).check().run()
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_a_role_that_cannot_be_is_said_of_the_file_and_without_options_of_the_terminal() -> None:
    big = csv_bytes(
        decisions(
            14_000,
            id=lambda i: f"decision-number-{i:09d}-of-a-log-that-is-longer-than-one-megabyte",
            label="",
        )
    )
    at = drop(open_page("logs"), big, "my export.csv")
    assert "my export\\.csv is open and not loaded yet" in words(at)
    _say(at, score="feature", pred="feature")
    (error,) = at.error
    assert "my export" in error.value
    assert "\\-\\-map" not in error.value
    assert "--map" not in error.value


def test_examples_are_shown_as_they_stand() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120, age=lambda i: -1 - i % 50)), "s.csv")
    table = at.data_editor[0].value
    examples = dict(zip(table["Column"], table["Examples"], strict=True))
    assert examples["age"] == "-1, -2, -3"


def test_while_a_file_is_open_the_page_is_about_it() -> None:
    at = press(drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv"), "Load")
    assert any(tab.label == "Loads" for tab in at.tabs)
    at = drop(at, csv_bytes(decisions(120, age=5)), "more.csv")
    assert "more\\.csv is open" in words(at)
    assert not at.tabs


def test_columns_to_check_come_first_and_stay_there_when_corrected() -> None:
    at = drop(open_page("logs"), _estimates(), "s.csv")
    first = list(at.data_editor[0].value["Column"])
    doubts = [c for c, sure in zip(first, at.data_editor[0].value["Confidence"], strict=True) if "▲" in sure]
    assert first[: len(doubts)] == doubts != []
    _say(at, **{doubts[0]: "ignore"})
    assert next(iter(at.data_editor[0].value["Column"])) == doubts[0]


def test_a_column_is_corrected_without_the_table() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    box = next(b for b in at.selectbox if str(b.key).endswith(".column") and "logs.column" in str(b.key))
    box.set_value("region").run()
    next(b for b in at.selectbox if ".role.region" in str(b.key)).set_value("segment").run()
    assert not at.exception
    assert _means(at)["region"] == "segment"


def test_each_column_shows_how_its_cells_are_spread() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    table = at.data_editor[0].value
    bars = dict(zip(table["Column"], table["Values"], strict=True))
    assert sorted(bars["region"], reverse=True) == [80, 40] == list(bars["region"])
    assert sum(bars["age"]) == 120


def test_a_later_change_of_a_column_takes_the_place_of_the_one_before() -> None:
    before = (("a", "feature:a"), ("a", "protected:a"), ("b", "label"))
    assert merge_roles(before, (("a", "ignore"),)) == (("b", "label"), ("a", "ignore"))


def test_options_of_the_terminal_are_left_out_of_what_a_page_says() -> None:
    error = PlumblineError(
        "x", todo="Give one the role score; in a terminal: --map COLUMN=score. Then load it."
    )
    assert strip_commands(error.todo) == "Give one the role score. Then load it."
    assert strip_commands("Say it with --task multiclass.") == ""
    assert strip_commands("Export it again and load that.") == "Export it again and load that."


def test_a_loaded_column_is_given_another_role_and_back() -> None:
    at = press(drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv"), "Load")
    at.selectbox(key="logs.roles.column").set_value("region").run()
    at.selectbox(key="logs.roles.role").set_value("segment").run()
    press(at, "Change it")
    assert not at.exception
    assert roles_of(opened.workspace(), "s")["region"] == ("segment:region",)
    press(at, "Undo the last change")
    assert roles_of(opened.workspace(), "s")["region"] == ("feature:region",)

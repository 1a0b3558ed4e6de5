"""The mapping on the Logs page: what is corrected changes the rest, and nothing is loaded that nobody meant."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.data.roles import roles_of
from plumbline.domain import PlumblineError
from plumbline.ui.logs.upload import joined
from plumbline.ui.parts.empty_states import without_terminal
from plumbline.ui.state import workspace as opened
from tests.logs.logfiles import row

from .conftest import open_page, words
from .test_logs import _button, _csv
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
    assert "● 100%" in list(at.data_editor[0].value["Confidence"])
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_the_task_is_always_shown_and_can_be_changed() -> None:
    at = drop(open_page("logs"), _csv(), "s.csv")
    assert _task(at) == "binary"
    next(r for r in at.radio if r.label == "The log predicts").set_value("multiclass").run()
    assert not at.exception
    assert _task(at) == "multiclass"


def test_two_columns_of_one_role_are_told_of() -> None:
    at = drop(open_page("logs"), _csv(), "s.csv")
    _say(at, region="label", label="label", pred="label")
    assert not at.exception
    assert any("both have the role label" in e.value for e in at.error)
    assert not any(b.label == "Load" for b in at.button)
    _say(at, region="feature", pred="prediction")
    assert not at.error
    assert not _button(at, "Load")


def test_too_many_rows_for_the_quarantine_need_a_click() -> None:
    at = drop(open_page("logs"), _csv(when=lambda i: "soon" if i % 3 == 0 else row(i)[1]), "s.csv")
    assert "40 of 120 rows" in words(at)
    assert _button(at, "Load")
    next(c for c in at.checkbox if "wait in quarantine" in c.label).check().run()
    assert not _button(at, "Load")
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_what_only_the_whole_file_shows_is_asked_after_the_refusal() -> None:
    late = _csv(6000, id=lambda i: f"d{i}", when=lambda i: "soon" if i > 4100 else row(i)[1])
    at = press(drop(open_page("logs"), late, "s.csv"), "Load")
    assert any("cannot be loaded under this mapping" in e.value for e in at.error)
    assert not any("--" in e.value for e in at.error)
    assert _button(at, "Load")
    next(c for c in at.checkbox if "wait in quarantine" in c.label).check().run()
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_a_role_that_cannot_be_is_said_of_the_file_and_without_options_of_the_terminal() -> None:
    big = _csv(
        14_000, id=lambda i: f"decision-number-{i:09d}-of-a-log-that-is-longer-than-one-megabyte", label=""
    )
    at = drop(open_page("logs"), big, "my export.csv")
    assert "my export\\.csv is open and not loaded yet" in words(at)
    _say(at, score="feature", pred="feature")
    (error,) = at.error
    assert "my export" in error.value
    assert "\\-\\-map" not in error.value
    assert "--map" not in error.value


def test_examples_are_shown_as_they_stand() -> None:
    at = drop(open_page("logs"), _csv(age=lambda i: -1 - i % 50), "s.csv")
    table = at.data_editor[0].value
    examples = dict(zip(table["Column"], table["Examples"], strict=True))
    assert examples["age"] == "-1, -2, -3"


def test_while_a_file_is_open_the_page_is_about_it() -> None:
    at = press(drop(open_page("logs"), _csv(), "s.csv"), "Load")
    assert "Loads so far" in words(at)
    at = drop(at, _csv(age=5), "more.csv")
    assert "more\\.csv is open" in words(at)
    assert "Loads so far" not in words(at)


def test_a_later_change_of_a_column_takes_the_place_of_the_one_before() -> None:
    before = (("a", "feature:a"), ("a", "protected:a"), ("b", "label"))
    assert joined(before, (("a", "ignore"),)) == (("b", "label"), ("a", "ignore"))


def test_options_of_the_terminal_are_left_out_of_what_a_page_says() -> None:
    error = PlumblineError(
        "x", todo="Give one the role score; in a terminal: --map COLUMN=score. Then load it."
    )
    assert without_terminal(error.todo) == "Give one the role score. Then load it."
    assert without_terminal("Say it with --task multiclass.") == ""
    assert without_terminal("Export it again and load that.") == "Export it again and load that."


def test_a_loaded_column_is_given_another_role_and_back() -> None:
    at = press(drop(open_page("logs"), _csv(), "s.csv"), "Load")
    at.selectbox(key="logs.roles.column").set_value("region").run()
    at.selectbox(key="logs.roles.role").set_value("segment").run()
    press(at, "Change it")
    assert not at.exception
    assert roles_of(opened.workspace(), "s")["region"] == ("segment:region",)
    press(at, "Undo the last change")
    assert roles_of(opened.workspace(), "s")["region"] == ("feature:region",)

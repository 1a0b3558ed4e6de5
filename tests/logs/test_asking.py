"""What only a person can say is asked before a load, answered once, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.factory.decisions import row, write

Run = Callable[..., Ran]


def _mixed(i: int) -> str:
    day, month = 1 + i % 28, 1 + i % 3
    return f"{month:02d}/{day:02d}/2026" if i % 9 == 0 else f"{day:02d}/{month:02d}/2026"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Most dates have the day first, some the month."""
    return write(tmp_path / "mixed.csv", [row(i, when=_mixed(i)) for i in range(180)])


def test_two_orders_in_one_column_stop_a_load_until_one_is_said(plumbline: Run, mixed: Path) -> None:
    refused = plumbline("load", mixed, "--system", "s")
    assert refused.code == 2
    assert "some the month" in refused.err
    assert "--date-order dmy, or mdy" in refused.err
    made = plumbline("load", mixed, "--system", "s", "--date-order", "dmy", "--json").json
    contrary = sum(i % 9 == 0 and 1 + i % 28 > 12 for i in range(180))
    assert made["reasons"] == {"bad_timestamp": contrary}
    again = plumbline("retry", made["load_id"], "--date-order", "mdy", "--json").json
    assert again["rows_loaded"] == contrary


def test_the_order_is_asked_once(plumbline: Run, mixed: Path, tmp_path: Path) -> None:
    plumbline("load", mixed, "--system", "s", "--date-order", "dmy")
    more = write(tmp_path / "more.csv", [row(i, id=f"m{i}", when=_mixed(i)) for i in range(180)])
    assert plumbline("load", more, "--system", "s", "--json").json["rows_loaded"] > 0


def test_an_answer_that_is_none_is_refused_in_words(plumbline: Run, mixed: Path) -> None:
    for option, words in (
        ("--date-order", "dmy (day first)"),
        ("--timezone", "no time zone"),
        ("--task", "no task"),
    ):
        refused = plumbline("load", mixed, "--system", "s", "--date-order", "dmy", option, "never")
        assert refused.code == 2
        assert words in refused.err


def test_what_was_taken_without_being_sure_is_said(plumbline: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", [
        row(i, pred="zyx" if i % 3 else "abc", score="", label="") for i in range(120)
    ])  # fmt: skip
    made = plumbline("load", path, "--system", "s", "--json").json
    assert any("Which class is the positive one" in note for note in made["notes"])
    said = write(tmp_path / "more.csv", [row(i, id=f"m{i}", pred="zyx" if i % 3 else "abc", score="", label="")
                                         for i in range(120)])  # fmt: skip
    assert not plumbline("load", said, "--system", "s", "--json").json["notes"]


def test_a_question_answered_with_a_map_lets_the_load_go_on(plumbline: Run, tmp_path: Path) -> None:
    rows = [
        [f"2026-01-{1 + i // 24:02d}T{i % 24:02d}:00:00Z", str(100 + i * 7 % 90), str(101 + i * 7 % 90)]
        for i in range(200)
    ]
    path = write(tmp_path / "prices.csv", rows, ("col_1", "col_2", "col_3"))
    refused = plumbline("load", path, "--system", "s")
    assert refused.code == 2
    assert "which came true" in refused.err
    made = plumbline(
        "load", path, "--system", "s", "--map", "col_2=label", "--map", "col_3=prediction", "--json"
    ).json
    assert made["rows_loaded"] == 200

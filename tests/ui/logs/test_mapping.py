"""What a person changes in the mapping table, and nothing else, is said to the loader."""

from __future__ import annotations

import pytest

from plumbline.domain import ColumnMap, RoleName
from plumbline.logs.load.trial import LoadTrial
from plumbline.ui.logs.mapping import NONE, changes, doubtful_columns, lines
from plumbline.ui.logs.preview import verdict
from plumbline.ui.logs.role_words import WORDS, gains, say_reason, say_role

MAPS = (
    ColumnMap(column="when", role=RoleName("timestamp")),
    ColumnMap(column="sex", role=RoleName("feature", "sex")),
    ColumnMap(column="sex", role=RoleName("protected", "sex")),
    ColumnMap(column="y" * 200, role=RoleName("feature", "y" * 200)),
)
ROLES, ALSO = ["timestamp", "feature", "feature"], [NONE, "protected", NONE]
NAMES = ["", "sex", "y" * 79 + "…"]


def test_a_second_role_shares_its_columns_row() -> None:
    assert [(row.column, row.first_role, row.second_role) for row in lines(MAPS)][:2] == [
        ("when", "timestamp", NONE), ("sex", "feature", "protected"),
    ]  # fmt: skip
    other = (*MAPS, ColumnMap(column="sex", role=RoleName("segment", "by_sex")))
    assert len(lines(other)) == 4


def test_an_untouched_table_changes_nothing() -> None:
    assert changes(lines(MAPS), ROLES, ALSO, NAMES) == ()
    assert changes(lines(MAPS), ROLES, [None, "protected", None], NAMES) == ()


def test_a_changed_role_is_said_with_its_name() -> None:
    assert changes(lines(MAPS), ["ignore", *ROLES[1:]], ALSO, NAMES) == (("when", "ignore"),)
    assert changes(lines(MAPS), ["segment", *ROLES[1:]], ALSO, NAMES) == (("when", "segment:when"),)


def test_a_second_role_is_taken_away_changed_and_added() -> None:
    assert changes(lines(MAPS), ROLES, [NONE, NONE, NONE], NAMES) == (("sex", "feature:sex"),)
    assert changes(lines(MAPS), ROLES, [NONE, "segment", NONE], NAMES) == (
        ("sex", "feature:sex"),
        ("sex", "segment:sex"),
    )
    assert changes(lines(MAPS), ROLES, [NONE, "protected", "segment"], NAMES) == (
        ("y" * 200, "feature:" + "y" * 200), ("y" * 200, "segment:" + "y" * 200),
    )  # fmt: skip


def test_a_new_name_is_a_change_and_an_emptied_one_falls_back_to_the_column() -> None:
    assert changes(lines(MAPS), ROLES, ALSO, ["", "gender", NAMES[2]])[0] == ("sex", "feature:gender")
    assert changes(lines(MAPS), ROLES, ALSO, ["", None, NAMES[2]]) == ()


def test_every_role_has_words_and_what_is_missing_is_said() -> None:
    from plumbline.ui.logs.mapping import OPTIONS

    assert set(OPTIONS) == set(WORDS)
    told = {role: (words, there) for role, words, there in gains(["timestamp", "score"])}
    assert told["score"][1]
    assert told["label"] == ("no accuracy: load a labels file later", False)
    assert "arm" not in told


def test_columns_to_check_are_the_unsure_and_the_new_ones() -> None:
    maps = (*MAPS, ColumnMap(column="odd", role=RoleName("feature", "odd"), confidence=0.5))
    assert doubtful_columns(maps, ["sex"]) == ("odd", "sex")


def test_a_role_is_said_in_words_with_its_code() -> None:
    assert say_role("label") == "True outcome (label)"
    assert say_role("prediction") == "Prediction"
    assert say_role("–") == "–"
    assert say_reason("bad_timestamp") == "the time of the decision cannot be read"
    assert say_reason("too_few_fields") == "the line has too few cells"


@pytest.mark.parametrize(
    ("trial", "status", "head", "rest"),
    [
        (LoadTrial(7000, whole=True), "pass", "All 7,000 rows will load.", ""),
        (
            LoadTrial(4000),
            "pass",
            "All of the first 4,000 rows will load.",
            "The rest is checked as it loads.",
        ),
        (
            LoadTrial(100, (("bad_label", 5),), 1, whole=True),
            "watch",
            "94 of the 100 rows will load.",
            "1 repeats another and is left out. 5 will wait in quarantine: the true outcome cannot be read (5).",
        ),
        (LoadTrial(100, (("bad_score", 21),), whole=True), "fail", "79 of the 100 rows will load.", None),
        (
            LoadTrial(100, (), 3, whole=True),
            "pass",
            "97 of the 100 rows will load.",
            "3 repeat others and are left out.",
        ),
        (LoadTrial(), "unknown", "The rows are checked as they load.", ""),
    ],
)
def test_the_verdict_on_the_rows(trial: LoadTrial, status: str, head: str, rest: str | None) -> None:
    said = verdict(trial, labels=False)
    assert said[:2] == (status, head)
    assert rest is None or said[2] == rest

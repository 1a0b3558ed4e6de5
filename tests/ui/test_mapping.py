"""What a person changes in the mapping table, and nothing else, is said to the loader."""

from __future__ import annotations

from plumbline.domain import ColumnMap, RoleName
from plumbline.ui.logs.mapping import NONE, changes, lines
from plumbline.ui.logs.role_words import WORDS, gains

MAPS = (
    ColumnMap(column="when", role=RoleName("timestamp")),
    ColumnMap(column="sex", role=RoleName("feature", "sex")),
    ColumnMap(column="sex", role=RoleName("protected", "sex")),
    ColumnMap(column="y" * 200, role=RoleName("feature", "y" * 200)),
)
ROLES, ALSO = ["timestamp", "feature", "feature"], [NONE, "protected", NONE]
NAMES = ["", "sex", "y" * 79 + "…"]


def test_a_second_role_shares_its_columns_row() -> None:
    assert [(row.column, row.means, row.also) for row in lines(MAPS)][:2] == [
        ("when", "timestamp", NONE), ("sex", "feature", "protected"),
    ]  # fmt: skip
    other = (*MAPS, ColumnMap(column="sex", role=RoleName("segment", "by_sex")))
    assert len(lines(other)) == 4


def test_an_untouched_table_changes_nothing() -> None:
    assert changes(MAPS, ROLES, ALSO, NAMES) == ()
    assert changes(MAPS, ROLES, [None, "protected", None], NAMES) == ()


def test_a_changed_role_is_said_with_its_name() -> None:
    assert changes(MAPS, ["ignore", *ROLES[1:]], ALSO, NAMES) == (("when", "ignore"),)
    assert changes(MAPS, ["segment", *ROLES[1:]], ALSO, NAMES) == (("when", "segment:when"),)


def test_a_second_role_is_taken_away_changed_and_added() -> None:
    assert changes(MAPS, ROLES, [NONE, NONE, NONE], NAMES) == (("sex", "feature:sex"),)
    assert changes(MAPS, ROLES, [NONE, "segment", NONE], NAMES) == (
        ("sex", "feature:sex"),
        ("sex", "segment:sex"),
    )
    assert changes(MAPS, ROLES, [NONE, "protected", "segment"], NAMES) == (
        ("y" * 200, "feature:" + "y" * 200), ("y" * 200, "segment:" + "y" * 200),
    )  # fmt: skip


def test_a_new_name_is_a_change_and_an_emptied_one_falls_back_to_the_column() -> None:
    assert changes(MAPS, ROLES, ALSO, ["", "gender", NAMES[2]])[0] == ("sex", "feature:gender")
    assert changes(MAPS, ROLES, ALSO, ["", None, NAMES[2]]) == ()


def test_every_role_has_words_and_what_is_missing_is_said() -> None:
    from plumbline.ui.logs.mapping import OPTIONS

    assert set(OPTIONS) == set(WORDS)
    told = {role: (words, there) for role, words, there in gains(["timestamp", "score"])}
    assert told["score"][1]
    assert told["label"] == ("no accuracy: load a labels file later", False)
    assert "arm" not in told

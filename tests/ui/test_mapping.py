"""What a person changes in the mapping table, and nothing else, is said to the loader."""

from __future__ import annotations

from plumbline.domain import ColumnMap, RoleName
from plumbline.ui.mapping import changes
from plumbline.ui.roles import WORDS, gains

MAPS = (
    ColumnMap("when", RoleName("timestamp")),
    ColumnMap("sex", RoleName("feature", "sex")),
    ColumnMap("sex", RoleName("protected", "sex")),
    ColumnMap("y" * 200, RoleName("feature", "y" * 200)),
)
ROLES = [m.role.role for m in MAPS]
NAMES = ["", "sex", "sex", "y" * 79 + "…"]


def test_an_untouched_table_changes_nothing() -> None:
    assert changes(MAPS, ROLES, NAMES) == ()


def test_a_changed_role_is_said_with_its_name() -> None:
    assert changes(MAPS, ["ignore", *ROLES[1:]], NAMES) == (("when", "ignore"),)
    assert changes(MAPS, ["segment", *ROLES[1:]], NAMES) == (("when", "segment:when"),)


def test_a_column_with_two_roles_keeps_the_other_one() -> None:
    said = changes(MAPS, ["timestamp", "ignore", "protected", "feature"], NAMES)
    assert said == (("sex", "ignore"), ("sex", "protected:sex"))


def test_a_new_name_is_a_change_and_an_emptied_one_falls_back_to_the_column() -> None:
    assert changes(MAPS, ROLES, ["", "gender", "sex", NAMES[3]])[0] == ("sex", "feature:gender")
    assert changes(MAPS, ROLES, ["", None, "sex", NAMES[3]]) == ()


def test_every_role_has_words_and_what_is_missing_is_said() -> None:
    from plumbline.ui.mapping import OPTIONS

    assert set(OPTIONS) == set(WORDS)
    told = {role: (words, there) for role, words, there in gains(["timestamp", "score"])}
    assert told["score"][1]
    assert told["label"] == ("no accuracy: load a labels file later", False)
    assert "arm" not in told

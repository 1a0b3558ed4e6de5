"""Objects made at once are those that the constructor makes one by one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from itertools import repeat

import pytest

from plumbline.domain import from_columns


@dataclass(frozen=True, slots=True)
class Pair:
    one: int
    other: str = "b"


def test_objects_of_columns_are_those_of_the_constructor() -> None:
    made = from_columns(Pair, {"one": [1, 2], "other": repeat("a")})
    assert made == (Pair(1, "a"), Pair(2, "a"))
    assert hash(made[0]) == hash(Pair(1, "a"))
    with pytest.raises(FrozenInstanceError):
        made[0].one = 3  # type: ignore[misc]


@pytest.mark.parametrize("columns", [{"one": [1]}, {"one": [1], "other": ["a"], "third": [2]}])
def test_every_field_has_its_column(columns: dict[str, list[object]]) -> None:
    with pytest.raises(TypeError, match="its fields"):
        from_columns(Pair, columns)

"""What a process sends is held to the types that are due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plumbline.domain import ColumnMap, Kind, Mapping, RoleName, Task
from plumbline.domain.messages import Message, message
from plumbline.sandbox.records import from_json, to_json
from plumbline.wording.quantities import count


@dataclass(frozen=True, slots=True)
class Held:
    path: Path
    raw: bytes
    pairs: tuple[tuple[int, str], ...]
    kinds: dict[str, float]
    mapping: Mapping | None = None


HELD = Held(
    Path("/a/\udcff.csv"), b"\x00\xff", ((1, "a\ud800"),), {"x": 1.0},
    Mapping((ColumnMap(column="Größe", role=RoleName("feature", "g"), kind=Kind.NUMERIC),), Task.BINARY, None, "UTC"),
)  # fmt: skip


def test_a_record_comes_back_as_it_was() -> None:
    assert from_json(Held, json.loads(json.dumps(to_json(HELD)))) == HELD


@pytest.mark.parametrize(
    "change",
    [
        {"path": 3},
        {"raw": "!"},
        {"pairs": [[1]]},
        {"pairs": [["1", "a"]]},
        {"kinds": {"x": "1"}},
        {"mapping": {}},
        {"pairs": 5},
    ],
)
def test_what_is_of_another_type_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_json(Held, to_json(HELD) | change)


def test_what_has_no_place_in_a_message_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no place"):
        to_json({"a": object()})


def test_a_message_comes_back_with_its_template() -> None:
    said = message("{n} of {columns}", n=count(1234), columns="<b>{x}")
    held = ColumnMap(column="a", role=RoleName("score"), reason=said)
    back = from_json(ColumnMap, json.loads(json.dumps(to_json(held)))).reason
    assert back == said
    assert isinstance(back, Message)
    assert (back.template, back.values) == (said.template, said.values)


@pytest.mark.parametrize(
    "value",
    [{}, {"template": "{a}", "values": {}}, {"template": "a", "values": []}, {"number": "1"}, {"day": 3}],
)
def test_what_is_no_message_is_refused(value: dict[str, Any]) -> None:
    plain = to_json(ColumnMap(column="a", role=RoleName("score"), reason="its name"))
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_json(ColumnMap, plain | {"reason": value})

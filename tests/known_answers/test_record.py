"""A figure that changed is seen, rounding is not, and what is written is what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Kind
from plumbline.domain.messages import message
from tests.environment.known_answers import ROOT, modules
from tests.known_answers import differences, write
from tests.known_answers.plain import lines
from tests.known_answers.record import is_same, read, record_path


@dataclass(frozen=True)
class Answer:
    value: float
    n: int
    name: str = "a"
    parts: tuple[float, ...] = ()


def test_an_answer_is_plain_lines() -> None:
    assert lines(Answer(0.1 + 0.2, 3, 'say "it"\n', (1.0, float("nan")))) == [
        """answer = value=0.3 n=3 name="say 'it'\\n\"""",
        "parts = (1.0 nan)",
    ]
    said = {
        "kind": Kind.NUMERIC,
        "at": datetime(2026, 1, 5, tzinfo=UTC),
        "none": None,
        "many": [np.eye(2), True],
    }
    assert lines(said) == [
        "kind = numeric", "at = 2026-01-05T00:00:00+00:00", "none = None", "many.0[2x2] = 1.0 0.0 0.0 1.0",
        "many.1 = True",
    ]  # fmt: skip
    assert lines({}) == ["answer = {}"]
    assert lines(()) == ["answer = ()"]
    assert lines(message("{n} rows", n="3")) == ['answer = "3 rows"']


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("a = 1.0", "a = 1.0000000001", True),
        ("a = 1.0", "a = 1.00000001", False),
        ("a = 0.0", "a = 1e-13", True),
        ("a = 0.0", "a = 1e-11", False),
        ("a = 3", "a = 4", False),
        ("a = 3000000000000", "a = 3000000000001", False),
        ("a = v=1.5 n=2", "a = v=1.5000000000001 n=2", True),
        ("a = v=1.5 n=2", "a = v=1.5 n=3", False),
        ("a = (1.0 2.0)", "a = (1.0 2.0 3.0)", False),
        ('a = "1.00000000001 rows"', 'a = "1.00000000002 rows"', False),
        ("a = nan", "a = nan", True),
        ("a = nan", "a = 0.0", False),
        ("a = inf", "a = 1e300", False),
        ("a = True", "a = False", False),
        ("a[2] = 1.0 2.0", "a[3] = 1.0 2.0", False),
    ],
)
def test_numbers_are_the_same_but_for_rounding_and_all_else_to_the_letter(
    old: str, new: str, same: bool
) -> None:
    assert is_same(old, new) is same
    assert is_same(new, old) is same


def test_each_way_in_which_answers_part_from_the_record_is_told(tmp_path: Path) -> None:
    module = tmp_path / "test_x_answers.py"

    def table(answers: dict[str, Any]) -> Any:
        def asked() -> Iterator[tuple[str, Any]]:
            yield from answers.items()

        return asked

    first = {"one": Answer(1.0, 2), "two": np.arange(3.0)}
    write(module, {"t": table(first)})
    assert read(record_path(module)) == {
        "t": {"one": ['answer = value=1.0 n=2 name="a"', "parts = ()"], "two": ["[3] = 0.0 1.0 2.0"]}
    }
    assert differences(module, "t", table(first)) == []
    assert len(differences(module, "t", table(first | {"one": Answer(1.1, 2)}))) == 1
    assert len(differences(module, "t", table(first | {"three": 1}))) == 1
    assert len(differences(module, "t", table({"one": first["one"]}))) == 1
    assert differences(module, "other", table(first))
    assert any("lines on record" in one for one in differences(module, "t", table(first | {"one": 1})))
    with pytest.raises(AssertionError, match="asked twice"):
        differences(module, "t", lambda: [("one", 1), ("one", 2)])
    for name in ("", "[t]", "# one", " one", "one\ntwo"):
        with pytest.raises(AssertionError, match="no name"):
            write(module, {"t": lambda name=name: [(name, 1)]})


def test_every_module_of_answers_has_its_record_and_each_record_its_module() -> None:
    records = sorted((ROOT / "tests").rglob("test_*_answers.txt"))
    assert records == [record_path(module) for module in modules()]
    assert all("TABLES" in module.read_text("utf-8") for module in modules())

"""Names that steer a terminal, break XML or turn writing round: no command prints them, every document can be made."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.report import charts
from tests.conftest import Ran
from tests.factory.shop import shop_log

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
COLUMN = "re\x1bgi\u202eon $x^"


@pytest.fixture
def hostile(tmp_path: Path, plumbline: Callable[..., Ran]) -> Callable[..., Ran]:
    header, *rows = shop_log().decode().splitlines()[:601]
    names = [COLUMN if name == "region" else name for name in header.split(",")]
    body = [
        row.replace(",1.0,", ",1\x1b]0;owned\x07.0,").replace(",north,", ",no\x1b[31mrth,") for row in rows
    ]
    (tmp_path / "evil.csv").write_text("\n".join([",".join(names), *body]) + "\n")
    assert plumbline("load", tmp_path / "evil.csv", "--system", "s").code == 0
    return plumbline


def test_no_command_prints_what_steers_a_terminal(hostile: Callable[..., Ran], tmp_path: Path) -> None:
    for words in (
        ("inspect", tmp_path / "evil.csv"), ("drift", "s"), ("quality", "s"), ("roles", "s"), ("check", "s"),
        ("releases", "s"), ("explain", "s", "o-000-001"), ("roles", "s", "--map", f"{COLUMN}=nonsense"),
    ):  # fmt: skip
        ran = hostile(*words)
        assert not STEERING.search(ran.out + ran.err), (words, STEERING.findall(ran.out + ran.err))
        assert ran.out + ran.err


def test_json_says_them_as_they_are(hostile: Callable[..., Ran]) -> None:
    ran = hostile("roles", "s", "--json")
    assert not STEERING.search(ran.out)
    assert COLUMN in json.loads(ran.out)["roles"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_document_can_be_made(hostile: Callable[..., Ran], tmp_path: Path, language: str) -> None:
    ran = hostile("report", "s", "--out", tmp_path / "r.zip", "--language", language)
    assert (ran.code, ran.err) == (0, "")


def test_a_name_in_letters_that_no_font_has_is_drawn_without_a_warning() -> None:
    figure, axes = charts._canvas(3.0)
    axes.set_yticks([0.0, 1.0], ["金额 \u0e01 age\n𠀋", "Größe"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        charts._svg(figure)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["□□ □ age\n□", "Größe"]


def test_a_drawing_holds_no_character_that_xml_forbids() -> None:
    figure, axes = charts._canvas(3.0)
    axes.set_yticks([0.0], ["a\x1bb\u202ec $x^ \x00\ufffe"])
    axes.set_title("\x07 $\\frac{")
    svg = charts._svg(figure)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\u202e]", svg)

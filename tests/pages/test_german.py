"""The pages in German: they draw, and say no English sentence but what other rooms still say in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from plumbline.ui.state import workspace as opened
from tests.report.test_german_documents import ENGLISH

from .conftest import PAGES, open_page, words

SYSTEM = "shop-offers"
#: what nobody reads as a sentence: names and codes of widgets, addresses, pictures' data, what is typed as it stands
NO_TEXT = (
    "id",
    "formId",
    "key",
    "queryParamKey",
    "data",
    "arrowData",
    "spec",
    "config",
    "url",
    "page",
    "icon",
)
#: page -> what it says in English still; it may only shrink
REST = {
    "decisions": ("not labelled", "near the cut-off", "between 0.4..0.6"),  # filters as they are typed
    "glossary": ("",),  # English words with their German ones beside
    "governance": ("Regulation (EU)",),  # the sources of the law
    "trail": ("plumbline-paper",),  # its entries are English in every language
}


@pytest.fixture(autouse=True)
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(made))
    yield
    opened.close()


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield re.sub(r"`[^`]*`|\\|<style>.*</style>", "", value, flags=re.S)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in NO_TEXT:
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def shown(at: AppTest) -> Iterator[str]:
    """Every text that the page hands to the browser: words, labels, tooltips, options, tables' headings and cells."""
    nodes = [at._tree]
    while nodes:
        node: Any = nodes.pop()
        nodes += list(getattr(node, "children", {}).values())
        if (proto := getattr(node, "proto", None)) is not None:
            yield from texts(MessageToDict(proto))
    for table in (*at.get("table"), *at.get("arrow_data_frame")):
        frame = table.value  # type: ignore[attr-defined]
        yield from texts([str(column) for column in frame.columns])
        yield from texts([cell for row in frame.to_numpy().tolist() for cell in row if isinstance(cell, str)])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_german_throughout(page: str) -> None:
    at = open_page(page, system=SYSTEM, language="Deutsch", decision="o-010-002")
    assert not at.exception
    assert not at.error
    rest = REST.get(page, ())
    english = {text for text in shown(at) if ENGLISH.search(text)}
    assert {text for text in english if not any(part in text for part in rest)} == set()


def test_the_switch_turns_a_page_to_the_other_language() -> None:
    at = open_page("trail", system=SYSTEM)
    assert "## Everything done here" in words(at)
    at.segmented_control(key="language").set_value("Deutsch").run()
    assert "## Alles\\, was hier getan wurde" in words(at)
    at.segmented_control(key="language").set_value("English").run()
    assert "## Everything done here" in words(at)


def test_a_link_in_english_opens_its_tab_in_german() -> None:
    at = open_page("alerts", system=SYSTEM, section="Deliveries", language="Deutsch")
    assert at.session_state["section"] == "Zustellungen"

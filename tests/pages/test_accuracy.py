"""The Accuracy page's sections, its filters by range and pair, and what its links and files carry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from plumbline.ui.parts.charts import csv_text
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words

SYSTEM = "shop-offers"


@pytest.fixture(autouse=True)
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(made))
    yield
    opened.close()


@pytest.mark.parametrize(
    ("section", "heading", "column"),
    [
        ("Segments", "Who is hurt most", "Corrected p"),
        ("Calibration and estimates", "Does the score mean what it says", "Calibration error"),
        ("Errors and cost", "Decided against true", "true: yes"),
        ("Two windows", "Two windows, side by side", "Difference"),
    ],
)
def test_each_section_states_its_finding_and_shows_its_numbers(
    section: str, heading: str, column: str
) -> None:
    at = open_page("accuracy", system=SYSTEM, section=section)
    assert not at.exception
    assert not at.error
    said = words(at)
    assert heading in said.replace("\\", "")
    assert any(column in frame.value.columns for frame in at.dataframe)
    assert "Other metrics" not in said  # what is on the first tab is not computed


def test_estimates_are_compared_with_outcomes() -> None:
    at = open_page("accuracy", system=SYSTEM, estimated="true", section="Calibration and estimates")
    table = next(f.value for f in at.dataframe if "In the band" in f.value.columns)
    assert table["Refused"].str.contains("concept drift").any()


def test_each_level_of_a_column_has_a_line() -> None:
    at = open_page("accuracy", system=SYSTEM)
    at.selectbox(key="lines").set_value("feature:region").run()
    assert {"north", "south"} <= set(at.dataframe[0].value["Line"])
    at.selectbox(key="lines").set_value("feature:basket").run()
    assert any("to below" in line for line in at.dataframe[0].value["Line"])


def test_a_segments_link_narrows_the_page_by_a_range_and_a_second_filter() -> None:
    whole = open_page("accuracy", system=SYSTEM).dataframe[0].value["n"].sum()
    query = {"where": "feature:basket", "is": "40..60", "and": "feature:region", "and_is": "south"}
    at = open_page("accuracy", system=SYSTEM, **query)
    assert not at.warning
    said = words(at)
    assert "basket \\= 40 to below 60" in said
    assert "region \\= south" in said
    assert 0.02 * whole < at.dataframe[0].value["n"].sum() < 0.15 * whole
    at = open_page("decisions", system=SYSTEM, **query)
    assert at.dataframe[0].value["feature:basket"].between(40, 60).all()
    assert set(at.dataframe[0].value["feature:region"]) == {"south"}


def test_a_link_sets_what_it_asks_for_and_nothing_else() -> None:
    asked = {"system": SYSTEM, "where": "feature:region", "is": "south", "by": "month", "signer": "mallory"}
    at = open_page("accuracy", go=urlencode(asked))
    assert not at.exception
    assert at.selectbox(key="is").value == "south"
    assert at.selectbox(key="by").value == "month"
    assert "signer" not in at.session_state
    at = open_page("accuracy", go=urlencode({"system": "nobody-knows", "by": "hour", "from": "x"}))
    assert not at.exception
    assert "not here" in at.warning[0].value


def test_a_file_holds_no_formula() -> None:
    text = csv_text([{"line": "=1+1", "value": -0.5}, {"line": "@x", "value": None}])
    assert "=1+1" not in text.split("\n")[1].split(",")[0][:1]
    assert text.split("\n")[1].startswith("'=")
    assert ",-0.5" in text


def test_the_owner_may_make_another_metric_the_headline() -> None:
    at = open_page("accuracy", system=SYSTEM, section="Errors and cost")
    assert not any("Judge this system by" in button.label for button in at.button)
    at = open_page("accuracy", system=SYSTEM, section="Errors and cost", metric="Recall")
    assert any(button.label == "Judge this system by Recall first" for button in at.button)

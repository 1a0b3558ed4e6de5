"""The pages on a loaded system: what they say, what they draw, and that hostile names stay text."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.statements import attest
from plumbline.domain import Attestation, Status
from plumbline.store.workspace import open_workspace
from plumbline.ui.state import workspace as opened
from tests.factory.shop import HOSTILE_COLUMN, HOSTILE_LEVEL

from .conftest import PAGES, open_page, words

SYSTEM = "shop-offers"


@pytest.fixture(autouse=True)
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(made))
    yield
    opened.close()


def figures(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws(page: str) -> None:
    at = open_page(page, system=SYSTEM)
    assert not at.exception
    assert not at.error
    assert at.selectbox(key="system").value == SYSTEM
    assert re.match(r"#{1,2} ", next(m.value for m in at.markdown if m.value.startswith("#")))


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_name_is_never_markup(page: str) -> None:
    at = open_page(page, system=SYSTEM, decision="o-010-002")
    said = words(at) + " ".join(str(t.value) for t in at.table)
    assert HOSTILE_COLUMN not in said
    assert HOSTILE_LEVEL not in said


def test_the_scorecard_says_verdict_reasons_actions_and_evidence() -> None:
    at = open_page("scorecard", system=SYSTEM)
    said = words(at)
    assert "○ NOT YET JUDGED" in said  # nobody has said what it is for: the questions are asked right here
    assert said.index("## Why") < said.index("## What is it for")
    assert "the verdict waits for 8 context questions" in said.replace("\\", "")
    assert "MON\\-4 fail" in said
    for part in ("Why", "At stake", "Next steps", "Four conditions", "Six triggers"):
        assert f"## {part}" in said
    assert len(at.table[0].value) == 6
    assert len(figures(at)) == 1  # the headline metric, with its break
    at = open_page("scorecard", system=SYSTEM, section="Controls")
    assert "■\u00a0Performance holds, or the breach is handled" in words(at).replace("\\", "")
    controls = at.table[0].value
    assert list(controls.columns) == ["Control", "Status", "Evidence"]
    assert controls["Evidence"].str.endswith(f"[Accuracy](accuracy?system={SYSTEM})").any()
    assert controls["Status"].str.contains("mandatory").any()
    at.get_by_key("scorecard.controls").set_value("All").run()
    assert len(at.table[0].value) > len(controls)
    at = open_page("scorecard", system=SYSTEM, section="Laws and standards")
    assert len(at.table[0].value) == 7
    at.get_by_key("scorecard.framework").set_value("GDPR").run()
    assert {"Article", "Controls", "Evidence"} <= set(at.table[1].value.columns)


def test_an_action_is_given_to_somebody_with_a_date(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(made, tmp_path / "workspace.duckdb")
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "workspace.duckdb"))
    at = open_page("scorecard", system=SYSTEM)
    assert "**Ana" not in words(at)
    first = next(item for item in at.text_input if item.key.endswith(".owner"))
    key = first.key.removesuffix(".owner")
    at.get_by_key(f"{key}.owner").set_value("Ana *Lopez*")
    at.get_by_key(f"{key}.due").set_value(date(2026, 1, 31))
    at.get_by_key(f"{key}.by").set_value("Bo")
    next(button for button in at.button if button.form_id == key).click().run()
    assert not at.exception
    assert "**Ana \\*Lopez\\***" in words(at)
    assert "due by 31 Jan 2026" in words(at)
    assert "What changed since" not in words(at)


def test_two_days_are_compared_control_by_control(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "workspace.duckdb"
    shutil.copy(made, copy)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(copy))
    ws = open_workspace(copy)
    day = date(2026, 3, 1)
    scorecard(ws, SYSTEM, at=datetime(2026, 3, 2, tzinfo=UTC))
    attest(ws, Attestation(SYSTEM, "CMP-7", Status.PASS, "Ours", "Ida", day, date(2027, 3, 1)))
    scorecard(ws, SYSTEM, at=datetime(2026, 3, 9, tzinfo=UTC))
    ws.close()
    at = open_page("scorecard", system=SYSTEM, section="History")
    at.get_by_key("scorecard.compare.from").set_value("2026-03-02")
    at.get_by_key("scorecard.compare.to").set_value("2026-03-09").run()
    assert not at.exception
    table = next(t.value for t in at.table if "Evidence then" in t.value.columns)
    assert table["Control"].tolist() == ["**CMP\\-7** Somebody owns it"]
    assert "Ida attested CMP\\-7" in words(at)


def test_accuracy_draws_value_threshold_reference_and_release() -> None:
    at = open_page("accuracy", system=SYSTEM)
    large = figures(at)[0]
    names = {trace["name"] for trace in large["data"]}
    assert {"threshold", "breach", "interval"} <= names
    labels = {annotation["text"] for annotation in large["layout"]["annotations"]}
    assert {"1.0", "2.0", "reference"} <= labels
    assert "since" in next(m.value for m in at.markdown if m.value.startswith("# "))


def test_the_bar_narrows_what_a_page_says() -> None:
    at = open_page("accuracy", system=SYSTEM, version="1.0")
    assert "version 1\\.0" in words(at)
    table = at.dataframe[0].value
    assert len(table) < 40
    at = open_page("accuracy", system=SYSTEM, window="Last 30 days")
    assert at.radio(key="window").value == "Last 30 days"
    assert len(at.dataframe[0].value) <= 31


def test_a_filter_offers_the_levels_of_its_column() -> None:
    at = open_page("accuracy", system=SYSTEM, where="feature:region", **{"is": "south"})
    assert at.selectbox(key="is").value == "south"
    assert HOSTILE_LEVEL in at.selectbox(key="is").options
    assert "region \\= south" in words(at)


def test_drift_names_the_shifted_feature_first() -> None:
    at = open_page("drift", system=SYSTEM)
    assert "season\\_index" in words(at)
    ranking = at.dataframe[0].value
    assert ranking["Feature"].iloc[0] == "season_index"
    assert len(figures(at)) == 3  # the map, the strip under it, one feature
    at.selectbox(key="feature").set_value("region").run()
    assert {trace["name"] for trace in figures(at)[2]["data"]} == {"reference", "window"}


def test_any_two_windows_can_be_compared_by_any_measure() -> None:
    at = open_page(
        "drift",
        system=SYSTEM,
        method="ks",
        against="other dates",
        then_from="2026-01-05",
        then_to="2026-01-25",
    )
    assert not at.exception
    said = words(at).replace("\\", "")
    assert "against 5 January 2026 to 25 January 2026" in said
    assert "25 Jan 2026" not in said  # the title says it, and nothing below it again
    assert at.dataframe[0].value["Feature"].iloc[0] == "season_index"
    marks = [m for trace in figures(at)[0]["data"][1:] for m in trace.get("customdata", [])]
    assert list(dict.fromkeys(m[0] for m in marks))[:1] == ["season_index"]


def test_whole_rows_are_compared_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plumbline.answers.drift.multivariate.MOST_CHUNKS", 1)
    at = open_page("drift", system=SYSTEM, whole_row="true")
    assert not at.exception
    assert "Whole rows shifted" in words(at)
    assert "whole rows" in json.dumps(figures(at)[0]["layout"]["yaxis"]["ticktext"])


def test_a_range_in_the_link_narrows_every_page() -> None:
    at = open_page("accuracy", system=SYSTEM, where="feature:basket", **{"is": "..40"})
    assert not at.exception
    assert at.text_input(key="is").value == "..40"
    assert "The whole log\\, basket" in words(at)


def test_log_quality_says_what_is_on_record_and_how_old_it_is() -> None:
    at = open_page("quality", system=SYSTEM)
    said = words(at)
    for part in ("On record", "Personal data", "Same input, same answer", "Age"):
        assert f"## {part}" in said.replace("\\", "")
    assert "first seen" in said


def test_a_decision_is_explained_with_its_source() -> None:
    at = open_page("decisions", system=SYSTEM, decision="o-010-003")
    said = words(at)
    assert "Decision o\\-010\\-003" in said
    assert "approximate" in said
    assert figures(at)[0]["data"][0]["type"] == "waterfall"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("What would have changed it", "An approximation is never asked"),
        ("Similar decisions", "most similar decisions"),
        ("Record", "gives no reasons"),
    ],
)
def test_each_part_of_a_decision_is_shown(part: str, said: str) -> None:
    at = open_page("decisions", system=SYSTEM, decision="o-010-003", part=part)
    assert not at.exception
    assert said in words(at).replace("\\", "")


def test_a_decision_that_is_not_there_is_a_sentence() -> None:
    at = open_page("decisions", system=SYSTEM, decision="nobody")
    assert not at.exception
    assert "no decision" in at.error[0].value


def test_a_click_picks_the_decisions_that_people_look_at_first() -> None:
    at = open_page("decisions", system=SYSTEM)
    press = {button.label: button for button in at.button}
    press["Wrong"].click().run()
    assert not at.exception
    assert at.multiselect(key="find").value == ["wrong"]
    next(b for b in at.button if b.label == "Not labelled yet").click().run()
    assert at.multiselect(key="find").value == ["not labelled"]
    next(b for b in at.button if b.label == "Not labelled yet").click().run()  # once more takes it away
    assert at.multiselect(key="find").value == []
    next(b for b in at.button if b.label == "One at random").click().run()
    assert not at.exception
    assert at.text_input(key="decision").value.startswith("o-")


def test_the_table_of_drift_draws_each_feature_then_and_now() -> None:
    at = open_page("drift", system=SYSTEM)
    table = next(d.value for d in at.dataframe if "Then" in d.value)
    assert all(max(*then, *now) == 1 for then, now in zip(table["Then"], table["Now"], strict=True))


def test_decisions_are_filtered_and_paged() -> None:
    at = open_page("decisions", system=SYSTEM, find="wrong")
    at.selectbox(key="decisions.column").set_value("feature:region").run()
    at.text_input(key="decisions.value").set_value("south").run()
    at.button(key="decisions.add").click().run()
    assert at.query_params["find"] == ["wrong", "region = south"]
    first = at.dataframe[0].value
    assert set(first["feature:region"]) == {"south"}
    assert not (first["label"] == first["prediction"]).any()
    next(b for b in at.button if b.label == "Next page").click().run()
    second = at.dataframe[0].value
    assert not set(first["decision_id"]) & set(second["decision_id"])


def test_filters_that_nothing_passes_say_what_to_do() -> None:
    at = open_page("decisions", system=SYSTEM, find="score > 2")
    assert "No decision passes" in words(at)
    at = open_page("decisions", system=SYSTEM, find="!!")
    assert "Not understood" in words(at)


def test_a_link_to_an_unknown_system_says_so() -> None:
    at = open_page("portfolio", system="nobody-knows")
    assert "not here" in at.warning[0].value


def test_dark_figures_use_dark_colours() -> None:
    at = AppTest.from_file(Path(__file__).parents[2] / "lib/plumbline/ui/shell.py", default_timeout=30)
    at.context["theme"] = "dark"
    at.query_params["system"] = SYSTEM
    at.run()
    at.switch_page("../../../pages/accuracy.py").run()
    assert figures(at)[0]["layout"]["template"]["layout"]["font"]["color"] == "#E8E6E1"

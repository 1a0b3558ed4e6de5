"""Releases and Fairness on a loaded system: the finding first, the picture, and what can be taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from plumbline.answers.data.load import load_file
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.store.workspace import open_workspace
from plumbline.ui.state import workspace as opened

from ..answers.conftest import SYSTEM, rows
from .conftest import open_page, words


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a test, a shadow, protected attributes and overrides, and one without any of them."""
    folder = tmp_path_factory.mktemp("loans")
    frame = rows()
    frame.to_csv(folder / "loans.csv", index=False)
    bare = frame[frame["arm"] == "champion"][["at", "id", "x", "p", "said", "true"]].head(600)
    bare.to_csv(folder / "bare.csv", index=False)
    opened.close()
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    said = {
        "at": "timestamp", "id": "decision_id", "x": "feature:x", "sex": "protected:sex",
        "origin": "protected:origin", "version": "version", "arm": "arm", "p": "score",
        "said": "prediction", "true": "label", "human": "override",
    }  # fmt: skip
    load_file(ws, folder / "loans.csv", title="Loans", actor="t", maps=tuple(said.items()), positive="grant")
    few = {k: v for k, v in said.items() if k in bare.columns}
    load_file(ws, folder / "bare.csv", title="Bare", actor="t", maps=tuple(few.items()), positive="grant")
    ws.close()
    return folder / "workspace.duckdb"


@pytest.fixture(autouse=True)
def workspace(loans: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(loans))
    yield
    opened.close()


def test_releases_say_roll_back_first_and_draw_who_decided_when() -> None:
    at = open_page("releases", system=SYSTEM)
    assert not at.exception
    said = words(at)
    first = next(m.value for m in at.markdown if m.value.startswith("# "))
    assert "should have been taken back" in first
    assert "Roll back to 1" in first
    assert "the release did it" in said
    for part in ("Versions in use", "Guardrails", "Side by side", "Versions"):
        assert f"## {part}" in said
    timeline, switch, beside = (json.loads(chart.proto.spec) for chart in at.get("plotly_chart"))
    assert {trace["name"] for trace in timeline["data"]} >= {"in charge", "shadow", "beside", "fail"}
    assert len(switch["layout"]["yaxis"]["ticktext"]) == 6
    assert len(beside["layout"]["yaxis"]["ticktext"]) == 4
    assert {b.proto.label for b in at.get("download_button")} == {"Data as CSV"}


def test_a_switch_leads_to_the_decisions_and_to_both_windows_by_every_metric() -> None:
    at = open_page("releases", system=SYSTEM)
    links = {link.proto.label: dict(parse_qsl(link.proto.query_string)) for link in at.get("page_link")}
    asked = dict(parse_qsl(links["See the decisions after"]["go"]))
    assert asked["version"] == "2"
    rows = open_page("decisions", system=SYSTEM, where="protected:sex", window="Last 30 days", **{"is": "f"})
    rows.query_params["go"] = links["See the decisions before"]["go"]
    rows.run()
    assert not rows.exception
    assert rows.selectbox(key="where").value == "No filter"
    assert (rows.radio(key="window").value, rows.selectbox(key="version").value) == ("Choose dates", "1")
    go = links["Compare both windows by every metric"]["go"]
    asked = dict(parse_qsl(go))
    assert asked["first_to"] < asked["second_from"]
    shown = open_page("accuracy", system=SYSTEM, go=go)
    assert not shown.exception
    assert [f"{box.value}" for box in shown.date_input if "_" in str(box.key)] == [
        asked[name] for name in ("first_from", "first_to", "second_from", "second_to")
    ]


def test_the_intended_share_of_a_newcomer_is_part_of_the_link() -> None:
    at = open_page("releases", system=SYSTEM, split="20")
    assert "The split of decisions is not what was meant" in words(at)


def test_fairness_names_the_group_below_the_line_and_the_small_ones() -> None:
    at = open_page("fairness", system=SYSTEM)
    assert not at.exception
    said = words(at)
    first = next(m.value for m in at.markdown if m.value.startswith("# "))
    assert "below the four\\-fifths line" in first
    assert "Too few decisions to judge" in said
    assert "origin \\= c" in said
    assert "Decisions of sex \\= f" in said or any(
        "Decisions of sex" in link.proto.label for link in at.get("page_link")
    )
    lines = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]["annotations"]
    assert "four-fifths line" in {line["text"] for line in lines}
    table = at.dataframe[0].value
    assert {"Group", "Ratio to the best", "95 % interval", "Status", "Precision"} <= set(table.columns)


@pytest.mark.parametrize(
    ("tab", "words_"),
    [("Over time", "How often each group gets"), ("Two windows", "most favoured group of the first window"),
     ("Human override", "People overruled"), ("Intersections", "Pairs of attributes")],
)  # fmt: skip
def test_each_tab_of_fairness_shows_its_own(tab: str, words_: str) -> None:
    at = open_page("fairness", system=SYSTEM, section=tab)
    assert not at.exception
    assert words_ in words(at)


def test_the_other_class_may_be_what_people_want() -> None:
    at = open_page("fairness", system=SYSTEM, favourable="refuse")
    assert "refuse is what people want here" in words(at)
    table = at.dataframe[0].value.set_index("Group")
    assert table.loc["sex = f", "Ratio to the best"] == "best"
    for wanted in ("grant", "nobody's *class*"):
        at.query_params["go"] = urlencode({"favourable": wanted})
        assert not at.run().exception
        assert "refuse is what people want here" not in words(at)


@pytest.mark.parametrize(
    ("page", "words_", "step"),
    [("releases", "names no version", "Map a version column"),
     ("fairness", "no protected attribute", "Map a protected attribute")],
)  # fmt: skip
def test_a_log_without_the_column_says_what_to_map(page: str, words_: str, step: str) -> None:
    at = open_page(page, system="bare")
    assert not at.exception
    assert words_ in words(at)
    assert step in {link.proto.label for link in at.get("page_link")}


@pytest.fixture
def halved(loans: Path) -> Iterator[None]:
    """The system as if its decisions lay in a cluster, and every second row were here."""
    ws = open_workspace(loans)
    with ws.write() as cursor:
        place = Attachment(
            system=SYSTEM, location="spark:sc://h:1", item="a.b", since="at", share=1.0, size=1000
        )
        attachments.keep(cursor, place)
    ws.close()
    yield
    opened.close()
    ws = open_workspace(loans)
    with ws.write() as cursor:
        cursor.execute("DELETE FROM attachment")
    ws.close()


FILTER = {"where": "protected:sex", "is": "f"}


@pytest.mark.parametrize(
    ("page", "query", "notes"),
    [
        ("fairness", {}, 1), ("releases", {}, 2), ("drift", {}, 0), ("drift", FILTER, 1), ("accuracy", {}, 1),
        ("accuracy", FILTER, 1),
    ],
)  # fmt: skip
def test_a_figure_from_the_sample_says_so_where_it_stands(
    halved: None, page: str, query: dict[str, str], notes: int
) -> None:
    at = open_page(page, system=SYSTEM, **query)
    assert not at.exception
    assert words(at).count("This is from a sample of") == notes

"""The bar above every page: what is chosen is said in words, kept from page to page, and cleared by one click."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from plumbline.answers.data.load import load_file
from plumbline.answers.notes import calendar_events
from plumbline.report.decision_record import issue_record
from plumbline.store.workspace import open_workspace
from plumbline.ui.shell import NARROWED_BY
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.windows import Window
from tests.factory.shop import shop_log

from .conftest import PAGES, open_page

SYSTEM = "shop-offers"
ASKED = {"window": "Last 30 days", "version": "2.0", "where": "feature:region", "is": "south", "by": "week"}


@pytest.fixture(autouse=True)
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(made))
    yield
    opened.close()


def _popovers(block: Any) -> Iterator[str]:
    """The words on the buttons of panels, in order."""
    proto = getattr(block, "proto", None)
    if hasattr(proto, "popover") and proto.WhichOneof("type") == "popover":
        yield proto.popover.label.replace("\\", "")
    for child in getattr(block, "children", {}).values():
        yield from _popovers(child)


def words(at: AppTest) -> list[str]:
    return list(_popovers(at.main))


def test_what_is_chosen_stands_in_words_and_one_click_clears_it() -> None:
    at = open_page("accuracy", system=SYSTEM, **ASKED)
    assert not at.exception
    assert words(at)[:3] == ["**Last 30 days, by week**", "**version 2.0**", "**region = south**"]
    at.button(key="bar.clear").click().run()
    assert words(at)[:3] == ["Whole log", "All versions", "No filter"]
    assert not [b for b in at.button if b.key in ("bar.clear", "bar.back")]
    assert not set(ASKED) & set(at.query_params)


def test_a_choice_goes_from_page_to_page_and_a_page_that_cannot_use_it_does_not_show_it() -> None:
    at = open_page("accuracy", system=SYSTEM, **ASKED)
    at.switch_page("../../../pages/releases.py").run()
    assert not [w for w in words(at) if w.startswith("**")]
    assert not set(ASKED) & set(at.query_params)
    at.switch_page("../../../pages/quality.py").run()
    assert words(at)[0] == "**Last 30 days**"
    assert "Clear" in [b.label for b in at.button]
    assert set(ASKED) & set(at.query_params) == {"window"}
    at.switch_page("../../../pages/decisions.py").run()
    assert words(at)[:3] == ["**Last 30 days**", "**version 2.0**", "**region = south**"]
    assert {name: at.query_params[name] for name in ("version", "is")} == {
        "version": "2.0",
        "is": "south",
    }


def test_every_page_that_can_be_narrowed_is_a_page() -> None:
    assert set(NARROWED_BY) <= set(PAGES)


def test_dates_are_said_as_a_span_and_half_a_span_is_open() -> None:
    at = open_page(
        "fairness", system=SYSTEM, window="Choose dates", **{"from": "2026-01-12", "to": "2026-02-08"}
    )
    assert words(at)[0] == "**12 Jan – 8 Feb 2026**"
    at = open_page("fairness", system=SYSTEM, window="Choose dates", **{"from": "2026-01-12", "to": "soon"})
    assert words(at)[0] == "**since 12 Jan 2026**"


def test_a_link_with_an_open_end_keeps_no_earlier_day() -> None:
    days = {"from": "2026-01-12", "to": "2026-02-08"}
    at = open_page("accuracy", system=SYSTEM, window="Choose dates", **days)
    at.query_params["go"] = urlencode({"window": "Choose dates", "from": "2026-01-19"})
    at.run()
    assert words(at)[0] == "**since 19 Jan 2026**"
    assert at.date_input(key="to").value is None
    at.query_params["go"] = urlencode({"window": "Choose dates", "to": "2026-02-01"})
    at.run()
    assert [at.date_input(key=name).value for name in ("from", "to")] == [None, date(2026, 2, 1)]


def test_another_columns_value_is_forgotten_with_its_column() -> None:
    at = open_page("accuracy", system=SYSTEM, where="feature:region", **{"is": "south"})
    at.selectbox(key="where").set_value("feature:basket").run()
    assert at.text_input(key="is").value == ""
    assert words(at)[2] == "No filter"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("page", "own"),
    [
        ("drift", {"against": "other dates", "then_from": date(2026, 1, 12), "then_to": date(2026, 1, 25)}),
        ("accuracy", {"first_from": date(2026, 1, 6), "first_to": date(2026, 1, 12)}),
        ("accuracy", {"estimated": True}),
        ("decisions", {"find": ["wrong", "region = south"]}),
    ],
)
def test_a_view_keeps_what_makes_its_picture(page: str, own: dict[str, Any]) -> None:
    at = open_page(page, system=SYSTEM, **({"section": "Two windows"} if "first_from" in own else {}))
    for name, value in own.items():
        widget = next(
            w for w in (*at.selectbox, *at.date_input, *at.toggle, *at.multiselect) if w.key == name
        )
        widget.set_value(value).run()
    at.text_input(key="views.name").set_value("Mine")
    at.text_input(key="views.save.by").set_value("Ana")
    next(b for b in at.button if b.label == "Keep it").click().run()
    assert not at.exception
    go = dict(
        parse_qsl(next(o.proto for o in at.sidebar.get("page_link") if o.proto.label == "Mine").query_string)
    )
    other = open_page(page, system=SYSTEM)
    other.query_params["go"] = go["go"]
    other.run()
    assert not other.exception
    assert {name: other.session_state[name] for name in own} == own
    for name in own:  # a view keeps what was left open as well
        blank = "" if name != "estimated" else "false"
        other.query_params["go"] = urlencode({name: blank})
        if name != "against":
            assert not other.run().session_state[name]


BOTH = {"where": "feature:region", "is": "south", "and": "feature:basket", "and_is": "..40"}


def test_a_link_to_a_value_that_is_not_here_narrows_to_no_other() -> None:
    at = open_page("accuracy", system=SYSTEM, **BOTH)
    at.query_params["go"] = urlencode(BOTH | {"is": "no*where"})
    at.run()
    assert not at.exception
    assert words(at)[2] == "No filter"
    assert [w.value for w in at.warning] == ["The link asked for value no\\*where, which is not here."]
    assert at.selectbox(key="where").value == "No filter"
    assert not set(BOTH) & set(at.query_params)
    at = open_page("accuracy", system=SYSTEM, where="feature:region")
    assert words(at)[2] == "No filter"


def test_a_second_filter_goes_with_the_first() -> None:
    at = open_page("accuracy", system=SYSTEM, **BOTH)
    assert words(at)[2] == "**region = south, basket = below 40**"
    at.selectbox(key="where").set_value("No filter").run()
    at.selectbox(key="where").set_value("feature:region").run()
    assert words(at)[2] == f"**region = {at.selectbox(key='is').value}**".replace("\\", "")
    assert not {"and", "and_is"} & set(at.query_params)


@pytest.mark.usefixtures("held")
def test_a_filter_that_the_next_system_cannot_keep_is_no_filter(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_bytes(shop_log(rows=300).replace(b"south", b"west"))
    ws = open_workspace(tmp_path / "workspace.duckdb", read_from=[tmp_path])
    load_file(ws, tmp_path / "other.csv", title="Other shop", actor="test")
    ws.close()
    at = open_page("decisions", system=SYSTEM, **BOTH)
    at.selectbox(key="system").set_value("other-shop").run()
    assert not at.exception
    assert words(at)[2] == "No filter"
    assert at.selectbox(key="where").value == "No filter"
    at.selectbox(key="where").set_value("feature:basket").run()
    at.text_input(key="is").set_value("cheap").run()
    assert words(at)[2] == "No filter"


def test_one_click_leads_back_from_a_window_that_was_dragged() -> None:
    at = open_page(
        "accuracy", system=SYSTEM, window="Choose dates", **{"from": "2026-01-12", "to": "2026-01-18"}
    )
    at.session_state["bar.before"] = (
        Window("Last 30 days"),
    )  # as the strip leaves it: ``AppTest`` cannot drag
    at.switch_page("../../../pages/drift.py").run()
    assert words(at)[0] == "**12–18 Jan 2026**"
    at.button(key="bar.back").click().run()
    assert words(at)[0] == "**Last 30 days**"
    assert not [b for b in at.button if b.key == "bar.back"]


@pytest.mark.usefixtures("held")
def test_an_event_is_noted_shown_and_removed_on_the_page_of_a_picture() -> None:
    at = open_page("drift", system=SYSTEM)
    at.selectbox(key="events.kind").set_value("outage")
    at.text_input(key="events.text").set_value("<img src=x> *feed* down")
    at.date_input(key="events.first").set_value(date(2026, 2, 3))
    at.text_input(key="events.add.by").set_value("Ana")
    next(b for b in at.button if b.label == "Note it").click().run()
    assert not at.exception
    assert "Events (1)" in words(at)
    said = [m.value for m in at.markdown if "feed" in m.value]
    assert said == ["◆ outage\\: \\<img src\\=x\\> \\*feed\\* down\\, 3 Feb 2026"]
    at.switch_page("../../../pages/accuracy.py").run()
    assert any("feed" in str(c.proto.spec) for c in at.get("plotly_chart"))
    next(b for b in at.button if b.label == "Remove").click().run()
    assert "Events" in words(at)
    at.switch_page("../../../pages/trail.py").run()
    assert {"event added", "event removed"} <= set(at.dataframe[0].value.astype(str).to_numpy().ravel())


@pytest.mark.usefixtures("held")
def test_every_event_is_listed_and_can_be_removed() -> None:
    for i in range(14):
        day = date(2026, 1, 10 + i)
        calendar_events.add(opened.workspace(), SYSTEM, kind="outage", text=f"Feed {i}", first=day, by="Ana")
    at = open_page("drift", system=SYSTEM)
    assert [e.label for e in at.expander if "earlier" in e.label] == ["2 earlier events"]
    listed = [m.value for m in at.markdown if m.value.startswith("◆")]
    assert len(listed) == 14
    [b for b in at.button if b.label == "Remove"][-1].click().run()
    assert not at.exception
    assert not [m for m in at.markdown if "Feed 0" in m.value]


@pytest.mark.usefixtures("held")
def test_a_comment_is_written_beneath_a_decision_and_printed_in_its_record() -> None:
    at = open_page("decisions", system=SYSTEM, decision="o-010-003", part="Record")
    at.text_area(key="decisions.comment.text").set_value("Called back.\n<b>*Agreed*</b>")
    at.text_input(key="decisions.comment.by").set_value("Ana")
    next(b for b in at.button if b.label == "Comment").click().run()
    assert not at.exception
    said = [m.value for m in at.markdown]
    assert "Called back\\.  \n\\<b\\>\\*Agreed\\*\\<\\/b\\>" in said  # one element, however many lines
    made = issue_record(
        opened.workspace(),
        SYSTEM,
        "o-010-003",
        ".json",
        on=date(2026, 4, 1),
        actor="test",
        language_code="de",
    )
    told = json.loads(made.content)["document"]["comments"]
    assert told["title"] == "Kommentare"
    assert told["rows"][0][1] == "Called back.\n<b>*Agreed*</b>"
    pdf = issue_record(opened.workspace(), SYSTEM, "o-010-003", ".pdf", on=date(2026, 4, 1), actor="test")
    printed = "".join(p.extract_text() for p in PdfReader(BytesIO(pdf.content)).pages).replace("\u200b", "")
    assert "<b>*Agreed*</b>" in printed


@pytest.mark.usefixtures("held")
def test_a_view_is_kept_under_a_name_and_its_link_sets_all_of_it_again() -> None:
    at = open_page(
        "accuracy", system=SYSTEM, window="Last 30 days", where="feature:region", **{"is": "south"}
    )
    at.selectbox(key="metric").set_value("recall").run()
    at.text_input(key="views.name").set_value("South *now*")
    at.text_input(key="views.save.by").set_value("Ana")
    next(b for b in at.button if b.label == "Keep it").click().run()
    assert not at.exception
    link = next(one.proto for one in at.sidebar.get("page_link") if "South" in one.proto.label)
    assert link.label == "South \\*now\\*"
    go = dict(parse_qsl(link.query_string))["go"]
    other = open_page("accuracy", system=SYSTEM, version="1.0", **{"and": "feature:basket", "and_is": "..40"})
    other.query_params["go"] = go
    other.run()
    assert words(other)[:3] == ["**Last 30 days**", "All versions", "**region = south**"]
    assert other.selectbox(key="metric").value == "recall"
    remove = next(b for b in other.button if b.key == "views.remove.South *now*")
    assert remove.label == "Remove South \\*now\\*"
    remove.click().run()
    assert not [one for one in other.sidebar.get("page_link") if "South" in one.proto.label]

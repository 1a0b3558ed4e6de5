"""The journeys of the people who use it, in a real browser on a real server."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.factory.shop import A_DAY, shop_log

from . import axe
from .conftest import in_frame, serve, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    workspace = Path(shutil.copy(loaded, tmp_path_factory.mktemp("shop")))
    with serve(workspace) as address:
        yield address


def test_a_log_dropped_in_the_browser_becomes_a_verdict(
    fresh_server: Callable[[Path], str], page: Page, tmp_path: Path
) -> None:
    address = fresh_server(tmp_path / "workspace.duckdb")
    page.goto(f"{address}/accuracy")
    settled(page)
    in_frame(page)
    page.goto(address)
    settled(page)
    page.get_by_role("link", name="Load a log").click()
    settled(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "shop offers.csv", "mimeType": "text/csv", "buffer": shop_log()}
    )
    expect(page.get_by_text("This is a log of decisions")).to_be_visible(timeout=20_000)
    settled(page)
    expect(page.get_by_test_id("stDataFrame").first.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("heading", name="What each column means")).to_be_visible()
    assert axe.findings(page) == []
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("is loaded into shop-offers")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("2,520").first).to_be_visible()
    page.get_by_role("link", name="See the verdict").click()
    expect(page.get_by_role("heading", name=re.compile("NOT YET JUDGED"))).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name="Next steps")).to_be_visible()


def test_a_leader_sees_all_that_a_minute_needs_without_scrolling(page: Page, shop: str) -> None:
    """Verdict, since when, three reasons, money, three actions to give to somebody: within 1440 x 900."""
    page.goto(f"{shop}/?system=shop-offers")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("button", name="Assign")).to_have_count(3)  # the root led on to the scorecard
    settled(page)
    seen = [
        page.get_by_role("heading", name="LIABILITY", exact=False).first,
        page.get_by_role("heading", name=re.compile("has been a liability since|is a liability")),
        *main.locator("ol li").all()[:3],
        page.get_by_role("heading", name="At stake"),
        main.get_by_text("not known").first,
        page.get_by_role("heading", name="Next steps"),
        *main.get_by_role("button", name="Assign").all(),
    ]
    assert len(seen) == 11
    for item in seen:
        expect(item).to_be_visible()
        box = item.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < box["y"] + box["height"] <= 900
        assert 0 <= box["x"] < box["x"] + box["width"] <= 1440


def test_a_link_reproduces_what_a_colleague_saw(page: Page, shop: str) -> None:
    page.goto(f"{shop}/accuracy?system=shop-offers&version=2.0&metric=Recall&by=week")
    settled(page)
    expect(page.get_by_role("combobox", name="Metric")).to_have_value("Recall")
    for words in ("Whole log, by week", "version 2.0"):
        expect(page.get_by_test_id("stPopoverButton").get_by_text(words)).to_be_visible()
    page.get_by_role("link", name="Drift").click()
    expect(page).to_have_url(re.compile(r"/drift\?.*by=week.*version=2\.0"))
    page.get_by_role("button", name="Clear").click()
    expect(page).not_to_have_url(re.compile("version"))
    expect(page.get_by_test_id("stPopoverButton").get_by_text("All versions")).to_be_visible()


def test_a_drag_over_the_strip_sets_the_window_of_every_page_and_one_click_leads_back(
    page: Page, shop: str
) -> None:
    page.goto(f"{shop}/accuracy?system=shop-offers")
    settled(page)
    strip = page.get_by_role("figure", name=re.compile("^Decisions by day"))
    field = strip.locator(".nsewdrag")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.8, y, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=2026-02-0\d&to=2026-02-2\d"), timeout=20_000)
    settled(page)
    page.get_by_role("link", name="Drift").click()
    expect(page).to_have_url(re.compile(r"/drift\?.*from=2026-02-0\d&to=2026-02-2\d"), timeout=20_000)
    settled(page)
    page.go_back()  # perhaps to the address as it was before the bar completed it: nothing is lost
    settled(page)
    expect(page.get_by_test_id("stPopoverButton").get_by_text("Feb 2026")).to_be_visible()
    if "/drift" in page.url:  # where the browser kept that address as a step of its own
        page.go_back()
    expect(page).to_have_url(re.compile(r"/accuracy\?.*from=2026-02-0\d&to=2026-02-2\d"), timeout=20_000)
    settled(page)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_test_id("stPopoverButton").get_by_text("Whole log")).to_be_visible()
    expect(page).not_to_have_url(re.compile("from="))


def test_a_link_to_what_is_not_here_says_so(page: Page, shop: str) -> None:
    page.goto(f"{shop}/accuracy?system=no-such-system")
    settled(page)
    expect(page.get_by_text("which is not here")).to_be_visible()


def test_a_decision_named_by_its_link_is_explained(page: Page, shop: str) -> None:
    page.goto(f"{shop}/decisions?system=shop-offers&decision=o-010-003")
    expect(page.get_by_role("heading", name=re.compile("Decision o-010-003"))).to_be_visible(timeout=40_000)


def test_from_the_log_to_a_record_in_hand(page: Page, shop: str) -> None:
    """Find a wrong decision, read why, see what would have changed it, take its record away and read it."""
    page.goto(f"{shop}/decisions?system=shop-offers")
    settled(page)
    main = page.get_by_test_id("stMain")
    looked = main.get_by_role("combobox", name="Only decisions where all of this holds")
    for text in ("wrong", "region = south"):
        looked.fill(text)
        looked.press("Enter")
        expect(page).to_have_url(re.compile(f"find=[^&]*{text.split()[0]}"), timeout=20_000)
    looked.press("Escape")
    settled(page)
    found = main.get_by_text(re.compile(r"Decisions 1 to \d+ of \d+"))
    expect(found).to_be_visible(timeout=20_000)
    table = main.get_by_test_id("stDataFrame").last.locator(".dvn-scroller")
    table.scroll_into_view_if_needed()
    table.click(position={"x": 16, "y": 54})  # the box of the first row: the canvas lies beneath the scroller
    # the sample's regions are north, south and a hostile one in turn
    south = "|".join(f"{i:03d}" for i in range(1, A_DAY, 3))
    title = main.get_by_role("heading", name=re.compile(rf"Decision o-\d+-({south})")).first
    expect(title).to_be_visible(timeout=40_000)
    settled(page)
    name = re.findall(r"o-\d+-\d+", title.inner_text())[0]
    expect(main.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=20_000)
    expect(main.get_by_role("heading", name="Reasons against, in words")).to_be_visible()
    main.get_by_role("radio", name="What would have changed it").click()
    expect(main.get_by_text(re.compile("No model file that reproduces the log"))).to_be_visible(
        timeout=20_000
    )
    expect(main.get_by_text(re.compile("A comparable case"))).to_be_visible()
    main.get_by_role("radio", name="Record", exact=True).click()
    expect(main.get_by_role("heading", name="Record of this decision")).to_be_visible(timeout=20_000)
    settled(page)
    with page.expect_download() as download:
        main.get_by_role("button", name="Record (PDF)").click()
    paper = " ".join(part.extract_text() for part in PdfReader(download.value.path()).pages)
    assert f"Record of decision {name}" in " ".join(paper.split())
    with page.expect_download() as download:
        main.get_by_role("button", name="Record (JSON)").click()
    record = json.loads(Path(download.value.path()).read_text("utf-8"))["record"]
    assert record["decision_id"] == name
    assert record["label"] != record["outcome"]  # it was a wrong one


def test_the_portfolio_leads_to_a_scorecard(page: Page, shop: str) -> None:
    page.goto(f"{shop}/portfolio")
    settled(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Shop offers").click()
    expect(page.get_by_role("heading", name=re.compile("LIABILITY|EXPOSED|MANAGED"))).to_be_visible(
        timeout=20_000
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_at_800_pixels(scheme: str, page: Page, shop: str) -> None:
    page.set_viewport_size({"width": 800, "height": 1000})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{shop}/?system=shop-offers")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("heading", name="Next steps")).to_be_visible()


def test_the_name_of_a_page_is_whole_in_a_narrow_card(page: Page, shop: str) -> None:
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto(f"{shop}/?system=shop-offers")
    settled(page)
    label = page.get_by_test_id("stMain").get_by_test_id("stPageLink-NavLink").locator("p").first
    expect(label).to_be_visible()
    label.evaluate("e => { e.textContent = 'Gleichbehandlung der Gruppen'; }")  # longer than any page's name
    cut = "e => [e, e.parentElement, e.parentElement.parentElement].some(x => x.scrollWidth > x.clientWidth)"
    assert not label.evaluate(cut)


def test_a_finding_is_seen_and_given_to_somebody_on_its_row(page: Page, shop: str) -> None:
    page.goto(f"{shop}/alerts?system=shop-offers")
    settled(page)
    page.get_by_label("Your name, for what you do below").fill("Ada")
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("button", name="Acknowledge").first.click()
    expect(page.get_by_text(re.compile("Acknowledged by Ada")).first).to_be_visible(timeout=20_000)
    page.reload()  # it is kept, and not in the tab
    expect(page.get_by_text(re.compile("Acknowledged by Ada")).first).to_be_visible(timeout=20_000)


def test_paper_has_every_row_of_a_scrolling_table(page: Page, shop: str) -> None:
    """A canvas prints what is in view; the screen and a reader of it know the table once."""
    page.goto(f"{shop}/accuracy?system=shop-offers&by=day")
    settled(page)
    main = page.get_by_test_id("stMain")
    table = main.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    paper = main.locator(".plumbline-paper").first
    expect(paper).to_be_hidden()
    page.emulate_media(media="print")
    expect(table).to_be_hidden()
    expect(paper.locator("tbody tr").last).to_be_visible()
    expect(paper.locator("tbody tr")).to_have_count(63)
    assert paper.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert axe.findings(page) == []
    page.emulate_media(media="screen")

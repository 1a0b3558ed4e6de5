"""Every page against axe-core's rules, light and dark: what a screen reader or a weak eye would stumble over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import open_workspace
from plumbline.ui.shell import SECTIONS

from ..pages.sample import log
from .conftest import settled

pytestmark = pytest.mark.browser
AXE = Path(__file__).with_name("axe") / "axe.min.js"
#: what Streamlit's own elements do, which no page can change: rule -> where
OF_STREAMLIT = {
    # the navigation groups its links in headings inside one list
    "list": "[data-testid=stSidebarNavItems]",
    "listitem": "[data-testid=stSidebarNavItems]",
}
#: the findings of ours: rule, impact, what it is about, and how often
RUN = """async ([only, accepted]) => {
    const rules = only ? {runOnly: {type: 'rule', values: only}} : {};
    const found = await axe.run(document, {resultTypes: ['violations'], ...rules});
    return found.violations
        .filter(one => ['critical', 'serious', 'moderate'].includes(one.impact))
        .map(one => ({...one, nodes: one.nodes.filter(node => {
            const place = document.querySelector(node.target[0]);
            return !(accepted[one.id] && place && place.closest(accepted[one.id]));
        })}))
        .filter(one => one.nodes.length)
        .map(one => `${one.impact} ${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 200)}`);
}"""

GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


def _findings(page: Page, *rules: str) -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = page.evaluate(RUN, [list(rules) or None, OF_STREAMLIT])
    return found


def _turn_to(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    expect(page).to_have_title(f"{title} · Plumbline")
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


@pytest.fixture
def server(tmp_path: Path, fresh_server: Callable[[Path], str]) -> str:
    """A server on a workspace with one system."""
    (tmp_path / "shop.csv").write_bytes(log())
    ws = open_workspace(tmp_path / "workspace.duckdb", read_from=[tmp_path])
    load_file(ws, tmp_path / "shop.csv", title="Shop offers", actor="test")
    ws.close()
    return fresh_server(tmp_path / "workspace.duckdb")


def test_no_page_has_a_serious_or_moderate_finding_of_axe(server: str, page: Page) -> None:
    titles = [title for pages in SECTIONS.values() for _, title, _ in pages]
    found: dict[str, Any] = {}
    page.goto(f"{server}/portfolio")
    settled(page)
    for title in titles:
        _turn_to(page, title)
        found[title] = _findings(page)
    _turn_to(page, "Logs")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "open.csv", "mimeType": "text/csv", "buffer": log()}
    )
    expect(page.get_by_role("heading", name="What each column means")).to_be_visible()
    settled(page)
    found["a file that is open"] = _findings(page)
    light = page.evaluate(GROUND)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).not_to_have_css("background-color", light)
    for title in titles:
        _turn_to(page, title)
        found[f"{title}, dark"] = _findings(page, "color-contrast")
    assert {title: said for title, said in found.items() if said} == {}


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content(
        "<html lang=en><title>x</title><main><h1>a</h1><h4>b</h4><button></button>"
        "<p style=color:#ccc>pale words</p></main>"
    )
    assert [said.split(" (")[0] for said in _findings(page)] == [
        "critical button-name",
        "serious color-contrast",
        "moderate heading-order",
    ]

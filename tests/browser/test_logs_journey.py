"""The analyst's journey over a log that is not clean, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import in_frame, settled

pytestmark = pytest.mark.browser


def two_orders() -> bytes:
    """A log whose dates have the day first, but for every ninth, which an American wrote."""
    lines = ["id,when,score,pred,label,age,region"]
    for i in range(180):
        day, month, score = 1 + i % 28, 1 + i % 3, i * 37 % 100 / 100
        american = i % 9 == 0 and day > 12
        when = f"{month:02d}/{day:02d}/2026" if american else f"{day:02d}/{month:02d}/2026"
        lines.append(
            f"d{i},{when},{score},{'yes' if score >= 0.5 else 'no'},{'yes' if i % 5 else 'no'},{20 + i % 50},"
            f"{'north' if i % 3 else 'south'}"
        )
    return "\n".join(lines).encode()


def test_a_dirty_log_is_asked_about_mended_loaded_and_tried_again(
    fresh_server: Callable[[Path], str], page: Page, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(f"{fresh_server(tmp_path / 'workspace.duckdb')}/logs")
    settled(page)
    in_frame(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "two orders.csv", "mimeType": "text/csv", "buffer": two_orders()}
    )
    expect(page.get_by_text("needs an answer")).to_be_visible(timeout=30_000)
    settled(page)
    load = page.get_by_role(
        "button", name="Load", exact=True
    ).first  # while a page is redrawn the old one is there still
    expect(load).to_be_disabled()
    page.get_by_text("Day first: 31/12/2026").click()
    expect(load).to_be_enabled(timeout=20_000)
    expect(page.get_by_text("answered")).to_be_visible(timeout=20_000)
    settled(page)

    # a second role for the region: the last row of the table, the column "Second role"
    place = page.locator(".stDataFrameGlideDataEditor").first
    place.hover(position={"x": 437, "y": 33 * 7 + 16})
    place.click(position={"x": 437, "y": 33 * 7 + 16})
    page.keyboard.press("Enter")
    expect(page.locator("#portal input").first).to_be_visible(timeout=20_000)
    page.keyboard.type("segment")
    page.keyboard.press("Enter")
    expect(page.get_by_text("performance for whom")).to_be_visible(timeout=20_000)
    settled(page)

    page.set_viewport_size({"width": 800, "height": 600})
    load.click()
    expect(page.get_by_text("is loaded into two-orders")).to_be_in_viewport(timeout=60_000)
    settled(page)
    page.set_viewport_size({"width": 1440, "height": 1500})
    expect(page.get_by_role("heading", name=re.compile("rows wait in quarantine"))).to_be_visible()
    page.get_by_text("Try these rows again").click()
    dates = page.get_by_role("combobox", name="Dates")
    expect(dates).to_be_visible()
    settled(page)
    dates.fill("Month")
    dates.press("Enter")
    again = page.get_by_role("button", name=re.compile(r"Load these [1-9]\d* rows"))
    expect(again).to_be_enabled(timeout=20_000)
    settled(page)
    again.click()
    expect(page.get_by_text("Nothing is in quarantine")).to_be_visible(timeout=60_000)
    settled(page)
    page.get_by_role("link", name="See the verdict").first.click()
    expect(page.get_by_role("heading", name=re.compile("NOT YET JUDGED"))).to_be_visible(timeout=30_000)

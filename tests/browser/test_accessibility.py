"""That axe-core finds what is wrong; ``test_installed.py`` and ``test_journeys.py`` hold our pages against it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from .axe import findings

pytestmark = pytest.mark.browser


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content(
        "<html lang=en><title>x</title><main><h1>a</h1><h4>b</h4><button></button>"
        "<p style=color:#ccc>pale words</p></main>"
    )
    assert [line.split(" (")[0] for line in findings(page)] == [
        "critical button-name",
        "serious color-contrast",
        "moderate heading-order",
    ]

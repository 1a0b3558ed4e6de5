"""The schedule on the Logs page: set by an owner, its last run told, and nothing of it is markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.operations import runs
from plumbline.answers.operations.schedule import schedule
from plumbline.store import trail
from plumbline.ui.state import workspace as opened
from tests.factory.shop import shop_log

from .conftest import open_page, words

pytestmark = pytest.mark.usefixtures("empty")


def test_it_is_set_on_the_page_and_what_cannot_be_is_said() -> None:
    ws = opened.workspace()
    (ws.inbox / "a.csv").write_bytes(shop_log(rows=40))
    load_file(ws, ws.inbox / "a.csv", title="Shop", actor="t")
    at = open_page("logs", system="shop")
    assert "Nothing runs automatically yet" in words(at)
    at.text_input(key="logs.schedule.check").set_value("7m")
    at.text_input(key="governance.schedule.by").set_value("Ana")
    next(b for b in at.button if b.label == "Save the schedule").click().run()
    assert "does not divide a day" in words(at)
    at.text_input(key="logs.schedule.check").set_value("1h")
    at.text_input(key="logs.schedule.backup").set_value("nightly")
    next(b for b in at.button if b.label == "Save the schedule").click().run()
    assert not at.exception
    assert "Sources are pulled and systems are checked 1h" in words(at)
    held = schedule(ws)
    assert (held.check, held.backup, held.keep_days) == ("1h", "daily@02:30", 14)
    with ws.read() as cursor:
        entry = trail.entries(cursor, action="schedule set")[0]
    assert entry.actor == "Ana"


def test_what_failed_is_told_and_is_no_markup() -> None:
    ws, at = opened.workspace(), datetime(2026, 3, 2, 6, tzinfo=UTC)
    with ws.write() as cursor:
        begun = runs.begin(cursor, runs.CHECK, at, at)
        runs.finish(
            cursor, runs.CHECK, begun, at, "", {"shop/source ![x](http://host.invalid)": "It is down."}
        )
    page = open_page("logs")
    assert not page.exception
    assert "failed in part" in words(page)
    assert "![x]" not in words(page)

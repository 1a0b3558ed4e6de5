"""A workbook on the Logs page, and what the page says of sources that are pulled."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers.data import pull
from plumbline.logs.pull.fetch import FetchRequest
from plumbline.ui.state import workspace as opened
from tests.factory.shop import shop_log

from .conftest import open_page, words

pytestmark = pytest.mark.usefixtures("empty")


def _workbook() -> bytes:
    rows = pd.read_csv(io.BytesIO(shop_log())).head(300)
    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="openpyxl") as out:
        rows.to_excel(out, sheet_name="All", index=False)
        rows.head(40).to_excel(out, sheet_name="Few", index=False)
    return book.getvalue()


def test_the_sheet_that_is_chosen_is_the_one_that_is_loaded() -> None:
    at = open_page("logs")
    at.file_uploader[0].upload("shop.xlsx", _workbook(), "application/octet-stream")
    at.run()
    choice = next(box for box in at.selectbox if "Sheet" in box.label)
    assert choice.options == ["All", "Few"]
    choice.select("Few").run()
    next(button for button in at.button if button.label == "Load").click().run(timeout=60)
    assert not at.exception
    assert "shop\\.xlsx \\[Few\\] is loaded" in words(at)
    assert "## 40" in words(at)


def test_a_source_is_listed_with_its_mark_and_nothing_of_it_is_markup(tmp_path: Path) -> None:
    import sqlite3

    name = "<img src=x> **bold**"
    database = sqlite3.connect(tmp_path / "shop.db")
    pd.read_csv(io.BytesIO(shop_log())).head(50).to_sql(name, database, index=False)
    database.close()
    since = "decided_at"
    ws = opened.workspace()
    found = pull.pull(
        ws,
        f"sqlite:{tmp_path}/shop.db",
        title="shop",
        wanted=FetchRequest(table=name, since=since),
        actor="t",
    )
    at = open_page("logs", system="shop")
    assert not at.exception
    assert "Sources" in words(at)
    table = next(t.value for t in at.dataframe if "Read up to" in t.value.columns)
    assert table["Kind"].tolist() == ["SQLite"]
    assert found.mark is not None
    assert found.mark in table["Read up to"][0]
    assert name not in words(at)

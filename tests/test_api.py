"""The public face: what a notebook, a script and a pipeline may rely on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import plumbline
from plumbline.domain import Result
from tests.environment import product
from tests.factory.shop import shop_log

POINTS = ["metric", "start", "end", "version", "n", "value", "low", "high", "threshold", "status"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[plumbline.System]:
    folder = tmp_path_factory.mktemp("face")
    (folder / "exports").mkdir()
    (folder / "exports" / "shop.csv").write_bytes(shop_log())
    with plumbline.open(folder / "workspace.duckdb", actor="Ada") as ws:
        yield ws.load(
            folder / "exports" / "shop.csv", system="Shop offers", roles={"region": "protected:region"}
        )


def test_the_names_of_the_package_are_these() -> None:
    assert plumbline.__all__ == [
        "DecisionLogger", "PlumblineError", "System", "Workspace", "chart", "connect", "logger", "open"
    ]  # fmt: skip
    assert all(getattr(plumbline, name) for name in plumbline.__all__)
    assert set(plumbline.__all__) <= set(dir(plumbline))
    with pytest.raises(AttributeError, match="has no attribute 'verdict'"):
        plumbline.verdict  # noqa: B018


def test_importing_it_imports_no_data_library() -> None:
    code = "import sys, plumbline; print('\\n'.join(sys.modules))"
    ran = subprocess.run([product.python(), "-c", code], capture_output=True, text=True, check=True)
    assert not set(ran.stdout.split()) & {"pandas", "duckdb", "numpy", "streamlit", "plotly"}


def test_a_log_is_loaded_from_any_folder_and_a_verdict_comes_in_three_lines(shop: plumbline.System) -> None:
    assert shop.key == "shop-offers"
    assert shop.last_load is not None
    assert (shop.last_load.rows_loaded, shop.last_load.actor) == (2_520, "Ada")
    card = shop.scorecard()
    assert card.verdict == "NOT_YET_JUDGED"  # nobody said what it is for
    assert card.sentence.startswith("NOT YET JUDGED: MON-4")  # a breach shows all the same
    assert {c["id"] for c in card.to_dict()["controls"]} >= {"MON-4", "REL-3"}
    assert [s.key for s in shop.workspace.systems()] == ["shop-offers"]
    assert shop.workspace.system("shop-offers").key == shop.key
    with pytest.raises(plumbline.PlumblineError, match="shop-offers"):
        shop.workspace.system("other")


def test_performance_is_a_frame_of_points(shop: plumbline.System) -> None:
    frame = shop.performance(metrics=["accuracy"], by="week").to_frame()
    assert list(frame.columns) == POINTS
    assert set(frame["metric"]) == {"accuracy"}
    assert (frame["end"] - frame["start"] == pd.Timedelta(days=7)).all()
    known = frame.dropna(subset=["value"])
    assert len(known) > 5
    assert known["value"].between(known["low"], known["high"]).all()
    assert set(frame["status"]) <= {"ok", "watch", "breach", "unknown"}
    first, last = frame["start"].min(), frame["start"].max()
    narrow = shop.performance(metrics=["accuracy"], by="week", window=(first, last)).to_frame()
    assert narrow["start"].max() < last
    text = f"{first:%Y-%m-%d}..{last:%Y-%m-%d}"
    pd.testing.assert_frame_equal(
        shop.performance(metrics=["accuracy"], by="week", window=text).to_frame(), narrow
    )
    with pytest.raises(plumbline.PlumblineError, match="ends before"):
        shop.performance(window=(last, first))


def test_every_answer_has_its_forms(shop: plumbline.System) -> None:
    answers = [
        shop.performance(), shop.drift(), shop.releases(), shop.fairness(), shop.quality(), shop.findings(),
        shop.check(), shop.scorecard(), shop.explain("o-010-003"),
    ]  # fmt: skip
    for answer in answers:
        assert isinstance(answer, Result)
        assert answer.sentence
        assert json.loads(json.dumps(answer.to_dict(), allow_nan=False)) == answer.to_dict()
        frame = answer.to_frame()
        assert list(frame.columns) == list(type(answer).COLUMNS)
        assert len(frame) == len(answer.rows()) > 0, type(answer)
        html = answer._repr_html_()
        assert html.startswith("<p><strong>")
        assert "<script" not in html


def test_what_a_notebook_shows_holds_no_markup_of_the_log(tmp_path: Path) -> None:
    frame = pd.DataFrame({
        "id": [f"d{i}" for i in range(400)],
        "time": pd.date_range("2026-01-01", periods=400, freq="6h", tz="UTC"),
        "prediction": ["yes", "no"] * 200, "label": ["yes", "no", "no", "no"] * 100,
        "<b>age</b>": range(400),
    })  # fmt: skip
    with plumbline.open(tmp_path / "w.duckdb") as ws:
        made = ws.load(frame, system="a frame", roles={"id": "decision_id"}, positive="yes")
        assert made.last_load is not None
        assert made.last_load.rows_loaded == 400
        assert not list(ws.store.inbox.glob("frame-*"))
        html = made.drift()._repr_html_()
    assert "&lt;b&gt;age" in html
    assert "<b>" not in html


def test_answers_are_drawn_as_the_pages_draw_them(shop: plumbline.System) -> None:
    for answer in (
        shop.performance(),
        shop.drift(),
        shop.releases(),
        shop.fairness(),
        shop.explain("o-010-003"),
    ):
        assert plumbline.chart(answer).to_dict()["data"]
    assert plumbline.chart(shop.performance(), metric="recall", dark=True)
    with pytest.raises(plumbline.PlumblineError, match="no speed in this answer"):
        plumbline.chart(shop.performance(), metric="speed")
    with pytest.raises(plumbline.PlumblineError, match="no picture"):
        plumbline.chart(shop.quality())


def test_a_report_is_written_and_on_the_trail(shop: plumbline.System, tmp_path: Path) -> None:
    written = shop.report(tmp_path / "shop.pdf")
    assert written.read_bytes().startswith(b"%PDF")
    with pytest.raises(plumbline.PlumblineError, match=r"ends in '\.doc'"):
        shop.report(tmp_path / "shop.doc")


def test_a_file_is_let_go_of_at_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        with plumbline.open(tmp_path / "w.duckdb") as ws:
            assert ws.systems() == ()
            assert repr(ws) == f"plumbline.Workspace({str(tmp_path / 'w.duckdb')!r})"
    assert plumbline.open(tmp_path / "w.duckdb").actor  # the name that this process is signed in by

"""Finding decisions: how many there are is counted once, no further than it helps, and never out of date."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.answers import cache
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.decisions import find
from plumbline.domain import Slice
from plumbline.profile.scan import decisions as rows
from plumbline.store.workspace import open_workspace
from tests.answers.conftest import Held

WRONG = ("decision", "is", "wrong")


@pytest.mark.parametrize(
    "filters",
    [
        [WRONG],
        [("version", "=", "2"), ("protected:sex", "=", "f"), WRONG],
        [("score", "between", "0.4..0.6"), ("decision", "is", "overridden")],
        [("decision", "is", "near the cut-off"), ("feature:x", ">", "0")],
    ],
)
def test_filters_together_give_what_pandas_gives(held: Held, filters: list[find.Filter]) -> None:
    frame, found = held.frame, find.find(held.ws, "loans", filters, limit=10**6)
    kept = frame["id"].notna()
    for column, sign, value in filters:
        if (column, value) == WRONG[::2]:
            kept &= frame["true"].notna() & (frame["true"] != frame["said"])
        elif value == "overridden":
            kept &= frame["human"].notna() & (frame["human"] != frame["said"])
        elif value == "near the cut-off":
            assert found.near is not None
            kept &= (frame["p"] - found.near.score).abs() <= found.near.near + 1e-12
        elif sign == "between":
            kept &= (frame["p"] >= 0.4) & (frame["p"] < 0.6)
        elif column == "feature:x":
            kept &= frame["x"] > 0
        else:
            kept &= frame[column.removeprefix("protected:")] == value
    assert set(found.rows["decision_id"]) == set(frame["id"][kept])
    assert (found.total, found.more) == (int(kept.sum()), False)


def test_more_than_are_counted_are_said_to_be_more(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find.find(held.ws, "loans", [("arm", "=", "champion")]).total
    monkeypatch.setattr(find, "COUNTED", 60)
    cache.clear_memory()
    found = find.find(held.ws, "loans", [("arm", "=", "champion")])
    assert (found.total, found.more) == (60, True)
    monkeypatch.setattr(find, "COUNTED", whole)
    cache.clear_memory()
    found = find.find(held.ws, "loans", [("arm", "=", "champion")])
    assert (found.total, found.more) == (whole, False)
    first = find.find(held.ws, "loans", [("arm", "=", "champion")], limit=10, count=False)
    assert (len(first.rows), first.total) == (10, None)  # the page does not wait for it
    assert find.count_decisions(held.ws, "loans", [("arm", "=", "champion")]) == (whole, False)


def test_text_is_found_whatever_its_case_and_digits_as_they_stand(held: Held) -> None:
    ids = held.frame["id"].dropna()
    for part in ("1", ids.iloc[3].upper(), ids.iloc[3].lower()):
        found = find.find(held.ws, "loans", [("decision_id", "contains", part)], limit=10**6)
        assert set(found.rows["decision_id"]) == set(
            ids[ids.str.lower().str.contains(part.lower(), regex=False)]
        )
        assert len(found.rows)


def test_the_count_is_asked_once_for_all_pages_and_anew_after_a_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    count = rows.count
    monkeypatch.setattr(rows, "count", lambda *a: asked.append(1) or count(*a))
    ws = open_workspace(tmp_path / "ws.duckdb", read_from=[tmp_path])
    for part in (0, 1):
        lines = ["at,id,x,p,said"]
        lines += [
            f"2026-01-0{1 + part} {i // 60:02d}:{i % 60:02d}:00,d{part}-{i},{i % 7},0.{i % 9 + 1},yes"
            for i in range(120)
        ]
        (tmp_path / f"{part}.csv").write_text("\n".join(lines) + "\n")
    load_file(ws, tmp_path / "0.csv", title="Log", actor="t")
    page = find.find(ws, "log")
    following = find.find(ws, "log", after=page.next)
    assert [page.total, following.total, len(asked)] == [120, 120, 1]
    second = load_file(ws, tmp_path / "1.csv", title="log", actor="t")
    assert find.find(ws, "log").total == 240
    undo_load(ws, second.load_id, actor="t")
    assert find.find(ws, "log").total == 120
    ws.close()


def test_one_is_drawn_at_random_from_the_slice_alone(held: Held) -> None:
    part = Slice(version="3", where=(("protected:sex", "m"),))
    ids = {find.random_decision(held.ws, "loans", part, seed=seed) for seed in range(8)}
    frame = held.frame
    of_them = set(frame["id"][(frame["version"] == "3") & (frame["sex"] == "m")])
    assert len(ids) > 4
    assert ids <= of_them
    assert find.random_decision(held.ws, "loans", Slice(version="9"), seed=0) is None

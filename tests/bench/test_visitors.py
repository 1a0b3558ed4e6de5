"""What the bench of visitors tells: the visits of a phase, and those right after a change, each of them once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import visitors
from tests.bench.visitors import Visit, Visits, measure, waits
from tests.factory.shop import shop_log
from tests.factory.workspaces import loaded_workspace


def test_a_visit_belongs_to_the_phase_in_which_it_began_however_long_it_took() -> None:
    begun = {99.9: 7.0, 100.0: 1.0, 110.0: 2.0, 119.9: 3.0, 120.0: 9.0}
    made = Visits(made=[Visit("drift", at, seconds, seconds) for at, seconds in begun.items()])
    after = made.begun_within(100.0, 20.0)
    assert [visit.begun for visit in after] == [100.0, 110.0, 119.9]
    row = waits(50, "after", 20.0, after)
    assert (row["visits"], row["median"], row["longest"]) == (3, 2.0, 3.0)
    assert waits(50, "after", 20.0, [])["p95"] is None


def test_visits_beside_a_load_and_after_it_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("COMING", 0.5), ("THINKING", 0.2), ("AFTER", 5.0)):
        monkeypatch.setattr(visitors, name, seconds)
    monkeypatch.setattr(visitors, "PAGES", ("scorecard", "quality"))
    loaded_workspace(tmp_path, shop_log(rows=300)).close()
    more = tmp_path / "more.csv"
    head, *lines = shop_log(rows=600).splitlines()
    more.write_bytes(b"\n".join([head, *lines[300:]]) + b"\n")
    rows = measure(tmp_path / "workspace.duckdb", 2, 1.0, [str(more), "--system", "shop"])
    assert [row["phase"] for row in rows] == ["quiet", "loading", "after"]
    assert rows[-1]["visits"]
    assert rows[-1]["faults"] == {}

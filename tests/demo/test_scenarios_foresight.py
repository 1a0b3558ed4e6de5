"""Whether the shop's estimate warns before the labels do: told by the day on which each could be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers import statements
from plumbline.answers.data import load
from plumbline.answers.performance.series import performance
from plumbline.demo.scenarios import SCENARIOS, ScenarioFiles
from plumbline.domain import Point, PointStatus
from plumbline.store.workspace import open_workspace

KEY = "shop-recommendations"
Points = tuple[Point, ...]


class AsItWas:
    """The shop's workspace on one day after another: only what had happened by then is in it."""

    def __init__(self, files: ScenarioFiles, folder: Path) -> None:
        assert files.labels is not None
        self._log, self._labels = pd.read_csv(files.log, dtype=str), pd.read_csv(files.labels, dtype=str)
        self._folder, self._until = folder, ""
        self.ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])

    def known_by(self, day: str) -> Points:
        """Accuracy and its estimate, week by week, as known at a midnight; days must come in order."""
        scenario, moment = SCENARIOS[KEY], f"{day}T00:00:00Z"
        # the inputs are left out: neither figure reads them
        kept = {"offer_id", "shown_at", "take_probability", "recommended"}
        self._load(
            self._log[sorted(kept)],
            "shown_at",
            moment,
            {c: r for c, r in scenario.mapping.items() if c in kept},
        )
        self._load(self._labels, "observed_at", moment, scenario.labels_mapping or {})
        statements.change_settings(self.ws, KEY, {"as_of": moment.replace("Z", "+00:00")}, by="test")
        self._until = moment
        return performance(self.ws, KEY, metrics=["accuracy"], by="week", estimated=True).points

    def _load(self, frame: pd.DataFrame, when: str, moment: str, mapping: dict[str, str]) -> None:
        path = self._folder / f"{when}-{moment[:10]}.csv"
        frame[(frame[when] >= self._until) & (frame[when] < moment)].to_csv(path, index=False)
        load.load_file(self.ws, path, title=KEY, maps=tuple(mapping.items()), positive="take", actor="test")


@pytest.fixture
def shop(written: Mapping[str, ScenarioFiles], tmp_path: Path) -> Iterator[AsItWas]:
    made = AsItWas(written[KEY], tmp_path)
    yield made
    made.ws.close()


def _alarms(points: Points, *, estimated: bool) -> list[datetime]:
    """Starts of the weeks that are beyond the limit, as far as they are confirmed."""
    bad = (PointStatus.WATCH, PointStatus.BREACH)
    return [p.start for p in points if p.estimated is estimated and p.status in bad and not p.provisional]


def test_the_estimate_warns_of_the_first_bad_week_before_the_labels_do(shop: AsItWas) -> None:
    first_week_over = shop.known_by("2026-08-10")
    assert _alarms(first_week_over, estimated=True) == [datetime(2026, 8, 3, tzinfo=UTC)]
    assert _alarms(first_week_over, estimated=False) == []
    confirmed = shop.known_by("2026-08-21")
    assert _alarms(confirmed, estimated=False) == [datetime(2026, 8, 10, tzinfo=UTC)]
    assert [p.status for p in confirmed if p.estimated][-1] is PointStatus.BREACH

"""How long a log usually pauses, against pandas on the same times."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.profile.scan.pauses import usual_pause
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decay import KEY, START, load, rows


def test_a_night_is_usual_and_one_hole_is_not(workspace: Workspace, tmp_path: Path) -> None:
    frame = rows(0, 20, "1", "2025-12-01", 0.9, 3)
    hour = frame["at"].dt.hour
    frame = frame[(hour >= 8) & (hour < 20)]  # nobody decides at night
    hole = (frame["at"] >= START + pd.Timedelta(days=9)) & (frame["at"] < START + pd.Timedelta(days=12))
    frame = frame[~hole]
    load(workspace, tmp_path, frame, "log.csv", today=20)
    with workspace.read() as cursor:
        system = systems.get_system(cursor, KEY)
        found = usual_pause(cursor, system, frame["at"].max().to_pydatetime())
        early = usual_pause(cursor, system, (START + pd.Timedelta(days=2)).to_pydatetime())
    gaps = frame["at"].diff().dt.total_seconds()
    expected = float(np.median(gaps.groupby(frame["at"].dt.date).max().dropna()))
    assert found is not None
    assert found.total_seconds() == pytest.approx(expected, abs=1)
    assert timedelta(hours=12) <= found < timedelta(hours=13)
    assert early is None  # too few days

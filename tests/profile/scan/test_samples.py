"""A version's draw is what a sample with the same seed gives, with more of the rare outcomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Slice, Task
from plumbline.profile.scan import samples
from plumbline.profile.scan.decisions import sample
from plumbline.store.workspace import Workspace
from tests.factory.decision_tables import binary_log, insert, make_system, workspace


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name, size in (("DRAWN", 100), ("OF_OUTCOME", 40), ("OUTCOMES", 2)):
        monkeypatch.setattr(samples, name, size)
    return workspace(tmp_path)


def log(n: int = 900, rare: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = binary_log(rng, n).drop(columns="arm")
    return rows.assign(prediction=np.where(rng.random(n) < rare, "yes", "no"), version="1")


def test_what_is_kept_is_what_a_sample_gives(ws: Workspace) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log(), 1)
        assert samples.stored_sample(cursor, system, "1", "b", 10) is None
        samples.keep(cursor, system, "1", "b")
        assert samples.stored_sample(cursor, system, "1", "other", 10) is None
        for n in (1, 60, 100):
            mine = samples.stored_sample(cursor, system, "1", "b", n)
            pd.testing.assert_frame_equal(mine, sample(cursor, system, Slice(version="1"), n, seed=0))
        for n in (5, 40):
            mine = samples.stored_sample(cursor, system, "1", "b", n, outcome="yes")
            truth = sample(cursor, system, Slice(version="1", where=(("prediction", "yes"),)), n, seed=0)
            pd.testing.assert_frame_equal(mine, truth)
        narrow = samples.stored_sample(cursor, system, "1", "b", 7, columns=("score",))
        truth = sample(cursor, system, Slice(version="1"), 7, seed=0, columns=("score",))
        pd.testing.assert_frame_equal(narrow, truth)
        assert "feature:x" not in narrow
        for n, outcome in ((101, None), (41, "yes")):
            with pytest.raises(ValueError, match=f"{n} decisions are not kept"):
                samples.stored_sample(cursor, system, "1", "b", n, outcome=outcome)


@pytest.mark.parametrize(("rows", "drawn"), [(900, 40), (50, 5)])
def test_outcomes_that_a_draw_has_too_few_of_are_drawn_beside_it(
    ws: Workspace, rows: int, drawn: int
) -> None:
    frame = log(900).iloc[:rows].copy()
    frame["prediction"] = ["yes" if i % 10 == 3 else "no" for i in range(rows)]
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, frame, 1)
        samples.keep(cursor, system, "1", "b")
        yes = samples.stored_sample(cursor, system, "1", "b", 40, outcome="yes")
        assert yes is not None
        assert len(yes) == drawn
        both = samples.stored_sample(cursor, system, "1", "b", 100)
        assert both is not None
        assert len(both) == min(rows, 100)


def test_a_draw_takes_the_place_of_the_last_and_follows_the_logs_columns(ws: Workspace) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log(120), 1)
        samples.keep(cursor, system, "1", "b")
        samples.keep(cursor, system, "1", "c")
        assert samples.stored_sample(cursor, system, "1", "b", 10) is None
        mine = samples.stored_sample(cursor, system, "1", "c", 100)
        assert mine is not None
        assert len(mine) == 100
        assert not mine.duplicated(["_load_id", "_line"]).any()
        insert(cursor, system, log(60).assign(**{"feature:more": 1.0}), 2)
        samples.keep(cursor, system, "", "c")
        every = samples.stored_sample(cursor, system, "", "c", 100)
        assert every is not None
        pd.testing.assert_frame_equal(every, sample(cursor, system, Slice(), 100, seed=0))
        assert "feature:more" in every
        assert samples.stored_sample(cursor, system, "1", "c", 10) is None  # of the old columns


def test_numbers_have_no_outcomes_to_be_drawn_by(ws: Workspace) -> None:
    frame = log(300).assign(prediction=np.arange(300.0), label=1.0)
    with ws.write() as cursor:
        system = make_system(cursor, Task.REGRESSION)
        insert(cursor, system, frame, 1)
        samples.keep(cursor, system, "1", "b")
        mine = samples.stored_sample(cursor, system, "1", "b", 100)
        pd.testing.assert_frame_equal(mine, sample(cursor, system, Slice(version="1"), 100, seed=0))

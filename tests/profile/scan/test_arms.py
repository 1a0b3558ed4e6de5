"""Subjects behind two versions, from SQL, against pandas on the same rows; and what they do to a comparison."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.releases.sentences import say_comparison
from plumbline.answers.releases.switches import comparisons
from plumbline.monitor.releases.history import Overlap, Releases
from plumbline.profile.scan import arms
from plumbline.profile.scan.arms import compare_arms, subject_looks
from plumbline.store.workspace import Workspace
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace

END = START + timedelta(days=10)


def persons(rng: np.random.Generator, n: int = 900, *, dealt: bool = True, of: int = 5) -> pd.DataFrame:
    """``of`` decisions a person at any time, alike; persons are dealt to versions, or decisions are."""
    rows = binary_log(rng, n)
    who = np.arange(n) // of
    rows["subject"] = [f"s{i}" for i in who]
    rows["arm"] = "champion"
    by = rng.integers(0, 2, n)[who] if dealt else rng.integers(0, 2, n)
    rows["version"] = np.array(["1", "2"])[by]
    rows["prediction"] = np.array(["no", "yes"])[(rng.random(n) < 0.3).astype(int)[who * of]]
    return rows


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def test_subjects_add_what_pandas_says(ws: Workspace) -> None:
    rows = persons(np.random.default_rng(3), dealt=False)
    rows.loc[rows.index % 7 == 0, "subject"] = None  # nobody is named: each stands for itself
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, rows, 1)
        told = subject_looks(cursor, system, ("1", "2"), START, END)
        looks = compare_arms(cursor, system, ("1", "2"), START, END)
    assert told is not None
    rows["hour"] = rows["timestamp"].dt.floor("h")
    rows["who"] = rows["subject"].fillna(pd.Series([f"row {i}" for i in rows.index], index=rows.index))
    rows["second"] = rows["version"] == "2"
    loss = (rows["prediction"] != rows["label"]).astype(float).where(rows["label"].notna())
    for values, added, moments in (
        ((rows["prediction"] == "yes").astype(float), told.output, looks.output),
        (loss, told.loss, looks.loss),
    ):
        known = rows.assign(y=values).dropna(subset=["y"])
        of = known.groupby("hour")
        both, second = of["y"].transform("size"), of["second"].transform("sum")
        share = np.where(known["second"], (both - second) / both, -second / both)
        part = (known["y"] - of["y"].transform("mean")) * share * np.sqrt(both / np.maximum(both - 1, 1))
        whole = part.groupby(known["who"]).sum()
        assert added.sum() == pytest.approx(float((whole**2).sum()))
        until = known["hour"] <= known["hour"].sort_values().iloc[len(known) // 2]
        early = part[until].groupby(known["who"][until]).sum()
        held = looks.hours <= known["hour"][until].max().to_datetime64()
        assert added[held].sum() == pytest.approx(float((early**2).sum()))
        assert moments.n.sum() == len(known)
    first = rows.groupby(["who", "second"])["hour"].min().reset_index()
    expected = (
        first.groupby(["hour", "second"]).size().unstack(fill_value=0).reindex(looks.hours, fill_value=0)
    )
    np.testing.assert_array_equal(told.first, expected.to_numpy())
    several = rows.groupby("who").filter(lambda own: len(own) > 1).groupby("who")["second"].nunique()
    assert told.crossed == pytest.approx(float((several == 2).mean()))


def test_a_share_of_the_subjects_speaks_for_all(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = persons(np.random.default_rng(6), 20_000)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, rows, 1)
        every = subject_looks(cursor, system, ("1", "2"), START, END)
        monkeypatch.setattr(arms, "SUBJECT_ROWS", 5_000)
        some = subject_looks(cursor, system, ("1", "2"), START, END)
    assert every is not None
    assert some is not None
    assert some.first.sum() == pytest.approx(every.first.sum() / 4, rel=0.1)
    assert some.output.sum() == pytest.approx(every.output.sum(), rel=0.15)
    assert some.crossed == every.crossed == 0
    assert some.first.shape == every.first.shape


def test_a_log_that_names_nobody_has_no_subjects(ws: Workspace) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, binary_log(np.random.default_rng(1)), 1)
        assert subject_looks(cursor, system, ("1", "2"), START, END) is None


@pytest.mark.parametrize("dealt", [True, False])
def test_what_was_dealt_is_counted_and_chance_is_judged_by_subjects(ws: Workspace, dealt: bool) -> None:
    rows = persons(np.random.default_rng(5), 3000, dealt=dealt)
    overlap = Overlap(versions=("1", "2"), start=START, end=END, n=(1500, 1500), shadow=False)
    released = Releases(versions=(), spans=(), overlaps=(overlap,), switches=(), rollbacks=(), sentence="")
    with ws.write() as cursor:
        named, nameless = make_system(cursor, title="named"), make_system(cursor, title="nameless")
        insert(cursor, named, rows, 1)
        insert(cursor, nameless, rows.drop(columns="subject"), 2)
        (told,), (other,) = (comparisons(cursor, of, released) for of in (named, nameless))
    assert told.ratio is not None
    assert told.ratio.unit == ("subjects" if dealt else "decisions")
    rate, plain = told.measures[0].difference, other.measures[0].difference
    assert (rate.before, rate.after) == pytest.approx((plain.before, plain.after))
    wider = (rate.high - rate.low) / (plain.high - plain.low)
    assert (
        (1.8 < wider < 2.6) if dealt else (0.9 < wider < 1.3)
    )  # the square root of five where persons are dealt
    assert "counted as independent" in say_comparison(other, "UTC")
    assert "counted as independent" not in say_comparison(told, "UTC")

"""Fairness, oversight and reach from file to sentence, against pandas on the same rows."""

from __future__ import annotations

import pandas as pd
import pytest

from plumbline.answers.fairness.compare_windows import fairness_windows
from plumbline.answers.fairness.groups import FairnessAnswer, fairness
from plumbline.answers.fairness.sentence import say_oversight
from plumbline.domain import PlumblineError, PointStatus, Slice
from plumbline.store import statements
from tests.answers.conftest import SYSTEM, Held


@pytest.fixture(scope="module")
def found(held: Held) -> FairnessAnswer:
    return fairness(held.ws, SYSTEM)


@pytest.fixture(scope="module")
def live(held: Held) -> pd.DataFrame:
    return held.frame[held.frame["arm"] != "shadow"]


def test_every_rate_of_every_group_and_pair_is_that_of_the_rows(
    found: FairnessAnswer, live: pd.DataFrame
) -> None:
    assert found.attributes == ("sex", "origin")
    assert (len(found.groups), len(found.pairs)) == (5, 6)
    for group in (*found.groups, *found.pairs):
        own = live
        for attribute, level in zip(group.attributes, group.levels, strict=True):
            own = own[own[attribute] == level]
        known = own[own["true"].notna()]
        yes, came = known["said"] == "grant", known["true"] == "grant"
        assert (group.n, group.labelled) == (len(own), len(known))
        assert group.rates["positive_rate"].value == pytest.approx((own["said"] == "grant").mean())
        for name, part in (
            ("true_positive_rate", yes[came]), ("false_positive_rate", yes[~came]), ("precision", came[yes]),
        ):  # fmt: skip
            if len(part):
                assert group.rates[name].value == pytest.approx(part.mean())
        if group.calibration is not None:
            assert group.calibration.value == pytest.approx((known["p"] - came).mean())
        if group.ece is not None:
            cells = (known["p"] * 10).astype(int).clip(upper=9)
            apart = (known["p"] - came).groupby(cells).sum().abs().sum() / len(known)
            assert group.ece == pytest.approx(apart)


def test_the_ratio_is_to_the_best_group_and_a_small_group_is_named(
    found: FairnessAnswer, live: pd.DataFrame
) -> None:
    f = next(g for g in found.groups if g.levels == ("f",))
    rates = (live["said"] == "grant").groupby(live["sex"]).mean()
    assert f.ratio is not None
    assert f.ratio.value == pytest.approx(rates["f"] / rates["m"])
    assert f.status is PointStatus.BREACH
    assert {g.levels for g in found.small_groups} >= {("c",)}
    assert "below the four-fifths line" in found.sentence
    assert "sex = f" in found.sentence
    said = found.to_dict()
    assert {"groups", "intersections", "too_small", "oversight", "reach"} <= set(said)


def test_months_and_versions_add_up_to_the_whole(found: FairnessAnswer, live: pd.DataFrame) -> None:
    f = live[live["sex"] == "f"]
    months = [p for name, p in found.by_month if name == "sex" and p.version == "f"]
    assert sum(p.n for p in months) == len(f)
    versions = {v: g.n for v, g in found.by_version if g.levels == ("f",)}
    assert versions == f["version"].value_counts().to_dict()


def test_people_and_whether_they_were_right_are_counted(found: FairnessAnswer, live: pd.DataFrame) -> None:
    seen = live[live["human"].notna()]
    overruled = seen[seen["human"] != seen["said"]]
    known = overruled[overruled["true"].notna()]
    people = found.oversight
    assert people is not None
    assert people.override_rate is not None
    assert people.automation_rate is not None
    assert people.right_to_overrule is not None
    assert people.override_rate.value == pytest.approx(len(overruled) / len(seen))
    assert people.automation_rate.value == pytest.approx(live["human"].isna().mean())
    assert people.right_to_overrule.value == pytest.approx((known["human"] == known["true"]).mean())
    assert (
        sum(o.n for o in found.oversight_by_month)
        == sum(o.n for o in found.oversight_by_version)
        == len(live)
    )
    assert "more often wrong than right" in say_oversight(people)


def test_reach_is_unknown_until_somebody_says_how_many_interactions_there_are(held: Held) -> None:
    reach = fairness(held.ws, SYSTEM).reach
    assert reach is not None
    assert reach.share is None
    with held.ws.write() as cursor:
        statements.save_context(cursor, SYSTEM, {"interactions_per_month": "50000"}, "Ada")
    reach = fairness(held.ws, SYSTEM).reach
    assert reach is not None
    assert reach.share == pytest.approx(reach.decisions_a_month / 50_000)
    assert "within the 10 %" in reach.sentence


def test_a_window_one_attribute_and_the_other_class_can_be_asked_for(held: Held, live: pd.DataFrame) -> None:
    told = fairness(held.ws, SYSTEM, window=Slice(version="1"), by=["sex"], favourable="refuse")
    assert [g.levels for g in told.groups if g.best] == [("f",)]
    assert not told.pairs
    assert sum(g.n for g in told.groups) == (live["version"] == "1").sum()


@pytest.mark.parametrize(
    ("options", "words"), [({"by": ["age"]}, "no protected"), ({"favourable": "x"}, "no class")]
)
def test_what_is_not_there_is_refused(held: Held, options: dict[str, object], words: str) -> None:
    with pytest.raises(PlumblineError, match=words):
        fairness(held.ws, SYSTEM, **options)  # type: ignore[arg-type]


def test_two_windows_compare_the_groups_of_their_own_rows(held: Held, live: pd.DataFrame) -> None:
    at = live["at"] if "at" in live else pd.to_datetime(live["timestamp"], utc=True)
    middle = at.min() + (at.max() - at.min()) / 2
    cut = middle.floor("D").to_pydatetime()
    found = fairness_windows(held.ws, SYSTEM, first=Slice(None, cut), second=Slice(cut, None), by=("sex",))
    for group in found.groups:
        own = live["sex"] == group.levels[0]
        for early, n, rate in ((True, group.n_first, "first"), (False, group.n_second, "second")):
            rows = live[own & ((at < cut) if early else (at >= cut))]
            assert n == len(rows)
            for moved in (m for name, m in group.moved.items() if name == "favourable"):
                assert getattr(moved, rate) == pytest.approx((rows["said"] == "grant").mean())
    assert found.comparison_count == sum(len(g.moved) for g in found.groups) > 0
    assert "further behind" in found.sentence
    overlapping = fairness_windows(held.ws, SYSTEM, first=Slice(None, None), second=Slice(cut, None))
    assert "share decisions" in overlapping.sentence
    assert found.sentence in found.lines()[0]
    assert found.to_dict()["comparisons"] == found.comparison_count


def test_a_window_that_is_not_named_keeps_the_filters(held: Held) -> None:
    later = Slice(pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime(), None)
    every = fairness_windows(held.ws, SYSTEM, first=later, by=("sex",))
    women = fairness_windows(
        held.ws, SYSTEM, first=later, within=Slice(where=(("protected:sex", "f"),)), by=("sex",)
    )
    second = {g.levels[0]: g.n_second for g in every.groups}
    assert {g.levels[0]: g.n_second for g in women.groups} == {"m": 0, "f": second["f"]}
    assert second["f"] > 0 < second["m"]

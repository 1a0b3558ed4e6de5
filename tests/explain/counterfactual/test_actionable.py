"""What may change: how it is declared, and the values it allows from one logged value on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.counterfactual.actionable import ActionableFeature, changeable_features, move_for
from plumbline.explain.sandbox.call import FeatureInfo

ACCEPTED = np.array([np.nan, *range(101)])  # quantiles at every 3.125


def info(thresholds: tuple[float, ...] = (), categories: tuple[str, ...] | None = None) -> FeatureInfo:
    return FeatureInfo(name="f", low=None, high=None, thresholds=thresholds, categories=categories, used=True)


def values(item: ActionableFeature, value: float = 50.0, thresholds: tuple[float, ...] = ()) -> list[float]:
    found = move_for(item, 2, info(thresholds), value, ACCEPTED, 7.0).values.tolist()
    assert found == sorted(set(found))
    return found


ANY = ActionableFeature(feature="f")


def test_what_is_declared_is_read_and_checked() -> None:
    said: Any = {
        "b": {"direction": "up", "low": "1", "high": 4, "step": 0.5}, "a": {"levels": ["x", 3]},
        "c": {"low": "", "high": None, "step": None, "direction": None},
    }  # fmt: skip
    assert changeable_features(said) == (
        ActionableFeature(feature="a", levels=("x", "3")),
        ActionableFeature(feature="b", direction="up", low=1.0, high=4.0, step=0.5),
        ActionableFeature(feature="c"),
    )
    even: Any = {"a": {"low": 2, "high": 2, "step": 0}}
    assert changeable_features(even)[0].low == 2.0
    endless: Any = {"a": {"low": float("-inf"), "high": float("nan")}}
    assert changeable_features(endless) == (ActionableFeature(feature="a"),)


@pytest.mark.parametrize(
    "held", [{"direction": "sideways"}, {"step": -0.1}, {"low": 3, "high": 2.9}, {"direction": "UP"}]
)
def test_a_declaration_that_cannot_be_is_refused(held: Any) -> None:
    with pytest.raises(PlumblineError, match="What may change of 'a' cannot be read"):
        changeable_features({"a": held})


def test_quantiles_of_the_accepted_the_thresholds_and_the_next_numbers_are_tried() -> None:
    plain = values(ANY)
    assert plain == pytest.approx([100 / 32 * i for i in range(33) if i != 16])  # not the value itself
    more = values(ANY, thresholds=(7.5, 200.0))
    assert set(more) - set(plain) == {7.5, np.nextafter(7.5, 8), 200.0, np.nextafter(200.0, 201)}
    move = move_for(ANY, 2, info(), 50.0, ACCEPTED, 7.0)
    assert (move.index, move.scale, move.free, move.step, move.ordered) == (2, 7.0, True, 0.0, True)
    none = move_for(ANY, 2, info((3.0,)), 1.0, np.array([np.nan]), 7.0)
    assert none.values.tolist() == [3.0, np.nextafter(3.0, 4)]


def test_a_range_bounds_what_is_tried_and_its_ends_are_tried() -> None:
    held = values(replace(ANY, low=10.0, high=40.0))
    assert (min(held), max(held)) == (10.0, 40.0)
    assert all(10 <= v <= 40 for v in held)
    assert min(values(replace(ANY, low=99.0))) == 99.0
    assert max(values(replace(ANY, high=1.0))) == 1.0
    for low, high, free in ((50.0, 60.0, True), (40.0, 50.0, True), (50.1, None, False), (None, 49.9, False)):
        one = move_for(replace(ANY, low=low, high=high), 0, info(), 50.0, ACCEPTED, 1.0)
        assert one.free is free


def test_a_direction_is_from_the_logged_value_on() -> None:
    up, down = (values(replace(ANY, direction=way)) for way in ("up", "down"))
    assert min(up) > 50 > max(down)
    assert len(up) + len(down) == len(values(ANY))
    assert values(replace(ANY, direction="up"), np.nan) == []
    missing = move_for(ANY, 0, info(), np.nan, ACCEPTED, 1.0)
    assert len(missing.values) == 33
    assert missing.free is False


def test_steps_are_whole_ones_from_the_logged_value() -> None:
    item = replace(ANY, step=5.0, low=40.0, high=62.0)
    assert values(item, 51.0) == [41.0, 46.0, 56.0, 61.0]
    assert move_for(item, 0, info(), 51.0, ACCEPTED, 1.0).step == 5.0
    assert 43.75 in values(item, np.nan)  # without a value there is nothing to step from


def test_levels_are_the_ones_that_were_named() -> None:
    assert values(replace(ANY, levels=("10", "60", "", "50"), high=70.0)) == [10.0, 60.0]
    assert values(replace(ANY, levels=("10", "60"), direction="up")) == [60.0]
    assert not move_for(replace(ANY, levels=("10",)), 0, info(), 50.0, ACCEPTED, 1.0).free
    towns = info(categories=("Ulm", "Bonn", "Kiel"))
    every = move_for(ANY, 1, towns, 1.0, ACCEPTED, 1.0)
    assert (every.values.tolist(), every.ordered, every.index) == ([0.0, 2.0], False, 1)
    some = move_for(replace(ANY, levels=("Bonn", "Kiel")), 1, towns, 1.0, ACCEPTED, 1.0)
    assert some.values.tolist() == [2.0]


@pytest.mark.parametrize("limits", [{"low": "abc"}, {"high": "x"}, {"step": "a lot"}])
def test_a_limit_that_is_no_number_is_named_and_a_level_that_is_none_is_passed_over(limits: Any) -> None:
    with pytest.raises(PlumblineError, match="'income' cannot be read"):
        changeable_features({"income": limits})
    assert values(replace(ANY, levels=("10", "a lot", "60"))) == [10.0, 60.0]

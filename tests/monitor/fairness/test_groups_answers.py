"""Groups held against each other: each ratio, difference and interval is held by ``ratios`` and
``proportions``' own tests; the verdicts were read against the rule of the module's docstring."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.fairness.compare_windows import changes
from plumbline.monitor.fairness.groups import Lines, judge, rate, two_proportions_p_value
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scan.protected_groups import GroupCounts
from tests.known_answers import Table, differences


def _group(
    seed: int, name: str, n: int, share: float, skill: float = 0.8, attribute: str = "sex"
) -> GroupCounts:
    rng = np.random.default_rng([91, seed])
    positives = round(n * share)
    tp, tn = round(positives * skill * 0.7), round((n - positives) * skill * 0.7)
    fp, fn = round(positives * 0.7) - tp, round((n - positives) * 0.7) - tn
    each = rng.integers(0, max(n // 10, 1), 6).astype(float)
    scores = np.column_stack([each, each * np.linspace(0.05, 0.95, 6), np.round(each * np.linspace(0, 1, 6))])
    outcomes = GroupOutcomes(
        group=name,
        n=n,
        positives=positives,
        labelled=tp + fp + fn + tn,
        tp=tp,
        fp=max(fp, 0),
        fn=max(fn, 0),
        tn=tn,
    )
    return GroupCounts(attributes=(attribute,), levels=(name,), outcomes=outcomes, scores=scores)


def _families() -> Iterator[tuple[str, list[GroupCounts]]]:
    for n, (a, b) in product(
        (29, 30, 120, 2000), ((0.5, 0.5), (0.5, 0.39), (0.5, 0.4), (0.95, 0.85), (0.97, 0.93), (0.3, 0.0))
    ):
        yield f"{n} each, {a} and {b}", [_group(1, "f", n, a), _group(2, "m", n, b, 0.7)]
    yield (
        "four groups",
        [
            _group(i, c, n, p)
            for i, (c, n, p) in enumerate((("a", 400, 0.4), ("b", 90, 0.42), ("c", 31, 0.7), ("d", 12, 0.1)))
        ],
    )
    two = [_group(1, "f", 300, 0.4), _group(2, "m", 300, 0.6)]
    yield (
        "two attributes",
        [*two, _group(3, "x", 200, 0.5, attribute="origin"), _group(4, "y", 200, 0.3, attribute="origin")],
    )
    yield "one group", [_group(1, "f", 300, 0.4)]
    yield "nobody gets it", [_group(1, "f", 300, 0.0), _group(2, "m", 300, 0.0)]
    yield "no group", []


def _judged() -> Iterator[tuple[str, Any]]:
    for name, groups in _families():
        for favourable, errors in ((True, True), (False, True), (True, False)):
            said = judge(groups, favourable=favourable, errors=errors)
            yield (
                f"{name}, {'favourable' if favourable else 'unwanted'}{'' if errors else ', no errors'}",
                (said, [(g.name, g.is_small, g.status) for g in said]),
            )
        yield f"{name}, other lines", [g.status for g in judge(groups, lines=Lines(0.9, 0.02, 1.25))]


def _changes() -> Iterator[tuple[str, Any]]:
    then = [_group(1, "f", 300, 0.4), _group(2, "m", 300, 0.5), _group(3, "x", 40, 0.5)]
    for name, now in (
        ("alike", then),
        ("one falls", [_group(1, "f", 400, 0.25), then[1], then[2]]),
        ("all fall", [_group(i, g.levels[0], 500, 0.2, 0.6) for i, g in enumerate(then)]),
        (
            "one is new, one small",
            [_group(1, "f", 29, 0.4), _group(2, "m", 30, 0.5), _group(5, "z", 90, 0.1)],
        ),
        ("nobody", [_group(1, "f", 300, 0.0), _group(2, "m", 300, 0.0)]),
        ("nothing", []),
    ):
        for favourable in (True, False):
            yield f"{name}, {favourable}", changes(then, now, favourable=favourable)
        yield f"{name}, no errors", changes(then, now, errors=False)


def _parts() -> Iterator[tuple[str, Any]]:
    for events, n in ((0, 0), (0, 5), (5, 5), (2.5, 7)):
        yield f"{events} of {n}", rate(events, n)
    for x1, x0 in product((0, 3, 20), (0, 5, 20)):
        yield f"{x1} and {x0} of 20", two_proportions_p_value(x1, 20, x0, 20)
    lines = Lines()
    for value, low, high, q, groups in (
        (0.7, 0.5, 0.79, 0.01, 2),
        (0.7, 0.5, 0.81, 0.01, 2),
        (0.7, 0.5, 0.79, 0.05, 2),
        (0.9, 0.81, 1.0, 0.5, 3),
        (0.85, 0.65, 1.1, 0.2, 5),
        (0.85, 0.4, 1.7, 0.2, 2),
        (0.8, 0.8, 0.8, 0.5, 2),
        (0.0, 0.0, 0.4, 0.0, 2),
        (2.0, 1.2, 3.5, 0.01, 2),
        (2.1, 2.01, 2.4, 0.01, 2),
        (1.4, 0.9, 2.4, 0.3, 4),
    ):
        said = [of(value, low, high, q, groups) for of in (lines.ratio_status, lines.adverse_status)]
        gap = lines.gap_status(value - 0.75, low - 0.75, high - 0.75, q, groups)
        yield f"{value} ({low} to {high}), q {q}, {groups}", (*said, gap)


TABLES: dict[str, Table] = {"judge": _judged, "changes": _changes, "parts": _parts}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []

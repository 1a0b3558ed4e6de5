"""An input joined on a wrong key: by itself as ever, but no longer with the others; on logs of 55 decisions a day."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from plumbline.domain import Finding
from plumbline.monitor.drift.association import (
    WIDTH,
    _fisher,
    association_findings,
    lost_associations,
    moments,
)
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import DAY, NUMBERS, START, Drawn

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)


def found(log: Drawn) -> list[Finding]:
    frame: pd.DataFrame = log.frame
    names = [*NUMBERS, "score"]
    day = ((frame["at"] - START) // DAY).to_numpy()
    ranks = frame[names].rank(pct=True).to_numpy()
    held = moments(BEGUN, day, names, ranks)
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    lost = lost_associations(held, reference=reference, until=BEGUN + timedelta(days=log.kind.days))
    return association_findings("s", lost)


def test_a_wrong_join_is_found_in_four_weeks_and_its_input_is_named() -> None:
    soon = 0
    for seed in range(6):
        log = drawn("fifty-five", seed, "join")
        since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
        own = [f for f in found(log) if f.known_at and since < f.known_at <= since + timedelta(days=28)]
        soon += any("income" in f.signal for f in own)
    assert soon >= 5


@pytest.mark.parametrize("kind", ["independent", "ar-0.5", "repeats-5"])
def test_a_correlation_that_turns_is_found_within_a_week_and_dated_by_its_day(kind: str) -> None:
    """Dated a fortnight before it was known it would lie before the change by up to ten days."""
    for seed in range(2):
        log = drawn(kind, seed, "correlation")
        since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
        first = min((f for f in found(log) if "income+debt" in f.signal), key=lambda f: f.known_at)
        assert timedelta(0) < first.known_at - since <= timedelta(days=7)
        assert abs(first.since - since) <= timedelta(days=1)


def test_a_default_answer_to_everybody_is_no_lost_association() -> None:
    assert [f.signal for seed in range(4) for f in found(drawn("fifty-five", seed, "default"))] == []


def test_quiet_logs_lose_no_association() -> None:
    kinds = ("fifty-five", "ar-0.8", "repeats-5", "reference-28")
    assert [f.sentence for kind in kinds for seed in range(3) for f in found(drawn(kind, seed))] == []


def test_the_correlation_is_scipys() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(500, 2)) @ np.array([[1, 0.6], [0, 0.8]])
    ranks = stats.rankdata(x, axis=0) / 500
    held = moments(BEGUN, np.zeros(500, int), ["a", "b"], ranks)
    z, n = _fisher(held.sums[0])
    assert np.tanh(z[0]) == pytest.approx(stats.spearmanr(x[:, 0], x[:, 1]).statistic, rel=1e-9)
    assert n[0] == 500


def test_a_join_that_was_mended_is_over_from_the_last_day_it_was_lost_and_no_day_sooner() -> None:
    """Two inputs that go together by 0.9, but for days 60 to 99; told anew at the end of every day."""
    random = np.random.default_rng(3)
    day = np.repeat(np.arange(180), 50)
    x = random.normal(size=(len(day), 2)) @ np.array([[1, 0.9], [0, np.sqrt(1 - 0.9**2)]])
    broken = (day >= 60) & (day < 100)
    x[broken, 1] = random.permutation(x[broken, 1])
    held = moments(BEGUN, day, ["a", "b"], stats.rankdata(x, axis=0) / len(day))
    reference = (BEGUN, BEGUN + timedelta(days=50))

    told = {
        end: lost_associations(held, reference=reference, until=BEGUN + timedelta(days=end))
        for end in range(51, 181)
    }
    ends = [end for end, lost in told.items() if lost]
    assert 60 < ends[0] <= 88
    assert ends == list(range(ends[0], 181))
    (last,) = told[180]
    assert (last.one, last.other) == ("a", "b")
    assert last.was == pytest.approx(0.9, abs=0.03)
    assert last.at == BEGUN + timedelta(days=ends[0])
    assert abs(last.since - (BEGUN + timedelta(days=60))) <= timedelta(days=2)
    assert last.until is not None
    assert BEGUN + timedelta(days=100) <= last.until <= BEGUN + timedelta(days=100 + WIDTH)
    for end in ends:
        (then,) = told[end]
        over = BEGUN + timedelta(days=end) > last.until
        assert replace(then, until=None) == replace(last, until=None)
        assert then.until == (last.until if over else None)


def _plainly(
    day: np.ndarray, ranks: np.ndarray, names: list[str], reference: int, until: int
) -> tuple[object, ...] | None:
    """The rule as its docstring tells it, from the rows and pair by pair."""
    pairs = list(itertools.combinations(range(len(names)), 2))
    steady, spreads, then, size = {}, {}, {}, {}
    for pair in pairs:
        x = ranks[:, list(pair)]
        own = np.isfinite(x).all(axis=1)
        healthy = own & (day < reference)
        then[pair], size[pair] = _z(x[healthy]), int(healthy.sum())
        steady[pair] = own.copy()
        for today in range(reference, until):
            rows = own & (day == today)
            if rows.sum() >= 10 and (x[rows].var(axis=0) <= 0.05 * x[healthy].var(axis=0)).any():
                steady[pair] &= day != today
        weeks = [own & (day // 7 == week) for week in range(reference // 7)]
        z = np.array([_z(x[week]) for week in weeks])
        free = np.array([max(week.sum() - 3, 1) for week in weeks])
        spreads[pair] = float(np.sum((z - z.mean()) ** 2 * free) / (len(weeks) - 1))
    all_pairs = max(float(np.mean(list(spreads.values()))), 1.0)
    for end in range(reference + 7, until + 1):
        window = (day >= max(end - 14, reference)) & (day < end)
        now = {pair: _z(ranks[:, list(pair)][window & steady[pair]]) for pair in pairs}
        m = {pair: int((window & steady[pair]).sum()) for pair in pairs}
        score = {}
        for pair in pairs:
            was, sign = np.tanh(then[pair]), np.sign(then[pair])
            error = max(spreads[pair], all_pairs) * (1 / (size[pair] - 3) + 1 / max(m[pair] - 3, 1))
            if abs(was) < 0.2 or m[pair] < 100 or sign * np.tanh(now[pair]) > 0.5 * abs(was):
                continue
            score[pair] = sign * (then[pair] - now[pair]) / np.sqrt(error)
        tested = sum(
            any(
                abs(np.tanh(then[pair])) >= 0.2
                and (steady[pair] & (day >= max(e - 14, reference)) & (day < e)).sum() >= 100
                for e in range(reference + 7, until + 1)
            )
            for pair in pairs
        )
        sure = {pair: z for pair, z in score.items() if stats.norm.sf(z) < 0.05 / 365 / max(tested, 1)}
        if sure:
            pair = max(sure, key=lambda one: sure[one])
            was, is_now = float(np.tanh(then[pair])), float(np.tanh(now[pair]))
            return names[pair[0]], names[pair[1]], was, is_now, m[pair], end
    return None


def _z(x: np.ndarray) -> float:
    if len(x) < 2 or x.std(axis=0).min() == 0:
        return 0.0
    return float(np.arctanh(np.clip(np.corrcoef(x.T)[0, 1], -0.999, 0.999)))


@pytest.mark.parametrize("seed", range(12))
def test_the_pair_and_its_day_are_those_of_the_rule_told_plainly(seed: int) -> None:
    """Three columns, 8 to 40 rows a day, of which one loses all or some of its place; some values are missing."""
    random = np.random.default_rng(seed)
    rows, days, reference = int(random.integers(8, 40)), 75, 42
    day = np.repeat(np.arange(days), rows)
    weak = 0.12 + 0.7 * (seed % 4) / 3
    x = random.normal(size=(len(day), 3)) @ np.array(
        [[1, weak, 0.5], [0, np.sqrt(1 - weak**2), 0.4], [0, 0, 0.7]]
    )
    late = (day >= 49) & (random.random(len(day)) < [1, 0.75, 0.6, 0.45][seed // 3])
    x[late, 1] = random.permutation(x[late, 1])
    ranks = stats.rankdata(x, axis=0) / len(day)
    ranks[random.random(ranks.shape) < 0.05] = np.nan
    ranks[day == 55, 0] = 0.5  # a default answer for a day
    names = ["a", "b", "score"]
    lost = lost_associations(
        moments(BEGUN, day, names, ranks),
        reference=(BEGUN, BEGUN + timedelta(days=reference)),
        until=BEGUN + timedelta(days=days),
    )
    expected = _plainly(day, ranks, names, reference, days)
    if expected is None:
        assert lost == ()
        return
    (change,) = lost
    assert (change.one, change.other, change.n) == (*expected[:2], expected[4])
    assert (change.was, change.now) == pytest.approx(expected[2:4], rel=1e-9)
    assert change.at == BEGUN + timedelta(days=int(str(expected[5])))

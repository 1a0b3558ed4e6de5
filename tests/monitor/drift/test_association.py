"""An input joined on a wrong key: by itself as ever, but no longer with the others; on logs of 55 decisions a day."""

from __future__ import annotations

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

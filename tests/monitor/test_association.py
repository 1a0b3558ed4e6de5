"""An input joined on a wrong key: by itself as ever, but no longer with the others; on logs of 55 decisions a day."""

from __future__ import annotations

from datetime import UTC, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from plumbline.domain import Finding
from plumbline.monitor.drift.association import _fisher, association_findings, lost_associations, moments
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

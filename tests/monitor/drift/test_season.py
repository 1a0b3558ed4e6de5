"""What creeps in the first year of a log is one finding, what comes at once is one of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest

from plumbline.domain import Bins, FeatureProfile, Finding, Kind, Severity
from plumbline.monitor.drift.first_year import NAME, merge_slow_changes
from plumbline.monitor.drift.season import YEAR, is_slow_shift, without_yearly_repeats
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.shifts import drawn, findings, profile_of
from tests.bench.detection.worlds import INPUTS, START, draw

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)


def test_a_yearly_season_is_one_finding_in_its_first_year() -> None:
    for seed in (100, 101):
        log = drawn("yearly", seed)
        end = BEGUN + timedelta(days=log.kind.reference) + YEAR
        first = [f for f in findings(log) if f.known_at and f.known_at < end]
        held = {c: profile_of(log.frame, c, log.kind.reference) for c in (*INPUTS, "score", "prediction")}
        one = merge_slow_changes(
            first, held, lambda name: (), (BEGUN, BEGUN + timedelta(days=log.kind.reference))
        )
        assert len(one) <= 1 < len(first)
        assert all(f.sentence.startswith(NAME) and len(f.parts) > 1 for f in one)


def test_a_season_that_comes_again_is_told_once_and_a_change_in_its_second_year_is_found() -> None:
    kind = replace(KINDS["yearly"], days=90 + 480)
    for change, names in ((None, set()), (CHANGES["unit"], {"drift.tenure"})):
        log = draw("yearly", kind, 101, change, 90 + 430)
        second = [f for f in findings(log) if f.known_at and f.known_at >= BEGUN + timedelta(days=90) + YEAR]
        assert {f.signal for f in second} == names
        assert all(f.known_at <= BEGUN + timedelta(days=90 + 437) for f in second if f.known_at)


@pytest.mark.parametrize(("parts", "known"), [(False, None), (True, 620)])
def test_what_parts_from_the_year_before_within_a_season_is_known_from_then_on(
    parts: bool, known: int | None
) -> None:
    share = np.full(680, 0.5)
    share[200:300] = share[564:664] = 0.8
    if parts:
        share[610:] = 0.2
    counts = np.column_stack([200 * share, 200 * (1 - share), 0 * share]).astype(np.int64)
    days = tuple((BEGUN + timedelta(days=i)).date() for i in range(680))
    none = np.zeros(680)
    profile = FeatureProfile(
        bins=Bins(feature="x", kind=Kind.CATEGORICAL, levels=("a", "b")),
        days=days,
        counts=counts,
        missing=none.astype(np.int64),
        sums=none,
        squares=none,
    )
    at = [BEGUN + timedelta(days=i) for i in (0, 90, 564, 571, 680)]
    one = Finding(
        system="s",
        signal="drift.x",
        sentence="",
        since=at[2],
        until=None,
        severity=Severity.MEDIUM,
        confidence=None,
        page="drift",
        figures={"feature": "x", "threshold": 0.1},
        known_at=at[3],
    )
    told = without_yearly_repeats([one], {"x": profile}, (at[0], at[1]), at[4])
    assert [(f.known_at - BEGUN).days for f in told if f.known_at] == ([] if known is None else [known])


@pytest.mark.parametrize("change", ["unit", "default"])
def test_what_comes_at_once_is_not_slow(change: str) -> None:
    log = drawn("independent", 100, change)
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    found = [f for f in findings(log) if f.signal.startswith("drift.") and f.known_at]
    assert found
    assert not any(
        is_slow_shift(profile_of(log.frame, f.signal[6:], log.kind.reference), reference, f.known_at)
        for f in found
        if f.known_at
    )


def test_a_step_is_not_slow_and_a_season_is() -> None:
    log = drawn("independent", 100, "group")
    since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    for days in (7, 14):
        assert not is_slow_shift(
            profile_of(log.frame, "tenure", log.kind.reference), reference, since + timedelta(days=days)
        )
    yearly = drawn("yearly", 102)
    reference = (BEGUN, BEGUN + timedelta(days=yearly.kind.reference))
    assert is_slow_shift(profile_of(yearly.frame, "income", 90), reference, BEGUN + timedelta(days=150))


def test_a_number_and_its_negative_are_judged_alike() -> None:
    """Of three cells, 60, 20 and 20 %, some of the first creeps into the second and of the second jumps to the third.

    Mean ranks of mirrored numbers are mirrored; the mixture at which the slope fits better is the same.
    """
    day = np.arange(150)
    none = np.zeros(150)
    bins = Bins(feature="x", kind=Kind.NUMERIC, edges=np.array([1.0, 2.0]), levels=(), decile_cells=(0, 1))

    def told(mix: float, *, mirrored: bool) -> bool:
        creeps = 0.15 * mix * np.clip((day - 90) / 60, 0, 1)
        jumps = 0.15 * (1 - mix) * (day >= 120)
        share = np.stack([0.6 - creeps, 0.2 + creeps - jumps, 0.2 + jumps], axis=1)
        counts = np.round(1e6 * share).astype(np.int64)
        profile = FeatureProfile(
            bins=bins,
            days=tuple((BEGUN + timedelta(days=int(i))).date() for i in day),
            counts=counts[:, ::-1] if mirrored else counts,
            missing=none.astype(np.int64),
            sums=none,
            squares=none,
        )
        return is_slow_shift(profile, (BEGUN, BEGUN + timedelta(days=90)), BEGUN + timedelta(days=150))

    mixes = np.linspace(0, 1, 41)
    straight = [told(mix, mirrored=False) for mix in mixes]
    assert straight == [told(mix, mirrored=True) for mix in mixes]
    assert not straight[0]
    assert straight[-1]
    assert straight == sorted(straight)

"""Cut-offs that are left, associations that are lost, and how days of a reference differ, on drawn days with gaps,
missing values and odd days. The rules are held against being written out slowly by ``test_cutoff_reference.py``,
``test_association_reference.py``, ``test_dispersion_reference.py`` and ``test_reference_stability_reference.py``; here
every figure of more logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.drift import association, cutoff
from plumbline.monitor.drift.dispersion import daily_laws, laws, null_distribution
from plumbline.monitor.drift.reference_stability import unstable_feature
from tests.known_answers import Table, differences
from tests.monitor.drift.test_association_reference import FIRST
from tests.monitor.drift.test_association_reference import drawn as pair_log
from tests.monitor.drift.test_cutoff_reference import drawn as side_log
from tests.monitor.drift.test_dispersion_reference import drawn as week_log
from tests.monitor.drift.test_reference_stability_reference import drawn as feature_log

DAY = timedelta(days=1)


def _cuts() -> Iterator[tuple[str, Any]]:
    for seed in range(60):
        rng = np.random.default_rng([621, seed])
        size = int(rng.integers(0, 9))
        places = np.sort(rng.integers(0, 40, size)) / 8.0
        answers = rng.integers(0, 4, (size, 2)) * rng.choice([0, 1], (size, 2), p=[0.4, 0.6])
        if seed % 3 and size:
            answers[: size // 2, seed % 2] += 6
        found = cutoff.best_cut_off(places, answers)
        yield f"{seed}", [found, found and (found.score, found.is_reliable)]
    for low, high in (
        (0.1, 0.2),
        (0.123456, 0.123457),
        (-1.5, -1.25),
        (0.0, 1e-9),
        (2.0, 2.0),
        (3.0, 2.0),
        (99.5, 100.5),
        (-0.2, 0.3),
    ):
        yield f"between {low} and {high}", cutoff.roundest_number(low, high)
    for k in (0.0, 1.0, 5.0):
        for n in (0.0, 10.0):
            yield f"{k} of {n}", [cutoff.chance(k, n, then, 100.0) for then in (0.0, 2.0, 30.0)]


def _departures() -> Iterator[tuple[str, Any]]:
    for seed in range(300, 390):
        sides, cut, reference, until = side_log(seed)
        first, end = 0, (reference[1] - sides.first).days
        healthy = slice(first, end)
        n = sides.n[healthy]
        known = min(end + 9, len(sides.n) - 1)
        yield (
            f"{seed}",
            [
                cutoff.departures(sides, cut, reference=reference, until=until),
                [cutoff._effect(wrong[healthy], n) for wrong in (sides.below, sides.above)]
                if n.sum()
                else None,
                cutoff._onset(sides, (first, end), known) if known >= end else None,
            ],
        )
    for share in (0.0, 0.5, 1.0):
        n = np.full(20, 8.0)
        yield (
            f"days alike, {share}",
            [cutoff._effect(n * share, n), cutoff._effect(n * share * (np.arange(20) > 9), n)],
        )
    for rarer in (0.03, 0.08, 0.4):
        for more in (1.0, 2.0, 3.0, 4.0, 9.0):
            n, wrong = np.full(60, 400.0), np.zeros(60)
            wrong[30:] = more
            cut = cutoff.CutOff(low=0.5, high=0.6, upper=True, exceptions=0, n=12_000, rarer=rarer)
            told = cutoff.departures(
                cutoff.DailySides(FIRST, n, 0 * n, wrong),
                cut,
                reference=(FIRST, FIRST + 28 * DAY),
                until=FIRST + 60 * DAY,
            )
            yield f"{more} a day of 400 with {rarer}", told
    for version in ("", "2.0"):
        for now, lower in ((0.4, True), (None, True), (None, False)):
            told = cutoff.Departure(
                was=0.5, now=now, lower=lower, share=0.125, healthy=0.0042, n=1234, since=FIRST, until=None,
                at=FIRST + 3 * DAY, version=version,
            )  # fmt: skip
            yield f"{now}, {lower}, version {version!r}", cutoff.cutoff_findings("s", [told])


def _associations() -> Iterator[tuple[str, Any]]:
    for seed in range(200, 250):
        made, ranks, reference, until = pair_log(seed)
        sums = association.moments(FIRST, made, ("a", "b", "c", "d"), ranks)
        found = association.lost_associations(sums, reference=reference, until=until)
        healthy = sums.sums[:28]
        yield (
            f"{seed}",
            [
                found,
                association.association_findings("s", found),
                sums.sums.sum(axis=(0, 1)),
                association._fisher(healthy.sum(axis=0)),
                association._dispersion(healthy),
                association._is_constant(sums.sums[28:40], healthy).sum(axis=1),
            ],
        )
    sums = np.array(
        [
            [0.0] * 6,
            [1, 2, 3, 4, 9, 6],
            [4, 2, 2, 1, 1, 1],
            [4, 2, 2, 1.5, 1.5, 1.5],
            [9, 4.5, 4.5, 2.25, 3, 2],
        ]
    )
    yield "few rows", association._fisher(sums)
    none = association.moments(FIRST, np.zeros(0, np.int64), ("a", "b"), np.zeros((0, 2)))
    yield (
        "no row",
        [none, association.lost_associations(none, reference=(FIRST, FIRST + 28 * DAY), until=FIRST)],
    )


def _dispersions() -> Iterator[tuple[str, Any]]:
    held = [week_log(seed) for seed in range(500, 530)]
    for seed, (profile, mask) in enumerate(held, 500):
        for by in ("week", "day"):
            yield f"{seed} by {by}", null_distribution(profile, mask, by=by)
    for first in range(0, 30, 5):
        profiles, masks = zip(*held[first : first + 5], strict=True)
        yield f"family {first}", [laws(profiles, masks), daily_laws(profiles, masks)]
    for seed in range(60, 84):
        rng = np.random.default_rng(seed)
        days = int(rng.choice([27, 28, 34, 35, 44, 84]))
        some = [feature_log(rng, f"f{i}", days) for i in range(2)]
        yield f"plainest of {seed}", unstable_feature(some, (FIRST, FIRST + days * DAY))


TABLES: dict[str, Table] = {
    "cuts": _cuts, "departures": _departures, "associations": _associations, "dispersions": _dispersions,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []

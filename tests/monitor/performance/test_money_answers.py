"""Money, delays of labels and families of metrics on small logs: amounts and curves are held against their slow
forms in ``test_money.py`` and ``test_label_delay_reference.py``; what is told of them comes from code that was
read, and was looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import DelayProfile
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.family import (
    Member,
    allowances,
    family,
    is_negative_rare,
    join_chunks,
    running_sums,
    window_length,
)
from plumbline.monitor.metrics.metrics import METRICS, metrics_for
from plumbline.monitor.metrics.thresholds import threshold
from plumbline.monitor.performance.label_delay import (
    arrival_shares,
    delay_curve,
    immature_chunks,
    immature_days,
    label_frontier,
    positive_curve,
    provisional,
    unbalanced_chunks,
    usual_delay,
)
from plumbline.monitor.performance.money import money, money_at_stake, stated_stake
from plumbline.monitor.performance.selective_labels import decisions_for, selection, unknown_metrics
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, binary, profiles, regression
from tests.monitor.outcomes import at, day


def _stakes() -> Iterator[tuple[str, Any]]:
    logs = {
        "quiet": binary(241, 60, 40),
        "a fall": binary(242, 60, 40, fall=40),
        "few days": binary(243, 8, 40, fall=4),
        "few labels": binary(244, 60, 30, fall=40, known=0.3),
        "errors": regression(245, 60, 20, fall=40),
        "rare": binary(246, 60, 60, base=-4, fall=30),
    }
    for name, profile in logs.items():
        cost = COSTS[str(profile.task.value)]
        end = 4 if name == "few days" else 28
        for since, until in ((end, None), (40, None), (40, at(50)), (58, None), (500, None)):
            for searched in (False, True):
                said = money_at_stake(
                    profile, cost, reference=(at(0), at(end)), since=at(since), until=until, searched=searched
                )  # type: ignore[arg-type]
                yield (
                    f"{name}, from {since} to {until and until.date()}{', searched' if searched else ''}",
                    said,
                )
    yield (
        "no currency",
        money_at_stake(logs["a fall"], {"matrix": {"yes|no": -4.0}}, reference=(at(0), at(28)), since=at(40)),
    )
    yield (
        "one class",
        money_at_stake(
            logs["a fall"], COSTS["binary"], reference=(at(0), at(28)), since=at(40), known=["yes"]
        ),
    )  # type: ignore[arg-type]
    for amount in (
        0.0,
        0.004,
        1.0,
        9.994,
        10.0,
        12.6,
        999.6,
        1234.5,
        99_999.0,
        999_600.0,
        1e6,
        2.0149e6,
        9.999e8,
        1e9,
        7.77e11,
    ):
        yield f"{amount}", [money(sign * amount, currency) for sign in (1, -1) for currency in ("", "EUR")]
    for stated in (
        None,
        {},
        {"amount": 3},
        {"amount": "4e5", "currency": "EUR"},
        {"amount": 1, "sentence": "Licence."},
    ):
        yield f"stated {stated}", stated_stake(stated)  # type: ignore[arg-type]


def _delays() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(247)
    for days, typical, stop in (
        (5, 2, None),
        (40, 3, None),
        (40, 20, None),
        (120, 5, None),
        (120, 5, 90),
        (120, 40, None),
        (120, 300, None),
    ):
        counts, positives, n = np.zeros((3, days, 92), np.int64)
        n = rng.integers(5, 60, days)
        for i in range(days):
            for yes in (0, 1):
                wait = np.minimum((rng.random(n[i] // 2) * (typical + 30 * yes)).astype(int), 91)
                wait = wait[wait < (min(days, stop or days) - i)] if not stop or i < stop else wait[:0]
                np.add.at(counts[i], wait, 1)
                if yes:
                    np.add.at(positives[i], wait, 1)
        delay = DelayProfile(tuple(day(i) for i in range(days)), counts, n, positives)
        name = f"{days} days, {typical}{'' if stop is None else f', until {stop}'}"
        own = np.array(delay.days, dtype="datetime64[D]")
        for today in (at(days), at(days + 1), at(days + 60), at(3)):
            curve = delay_curve(delay, today)
            came = arrival_shares(own, delay, today)
            chunk = np.arange(days) // 7
            size = int(chunk.max()) + 1
            yield (
                f"{name}, seen {today.date()}",
                {
                    "curve": curve[::9],
                    "usual": [usual_delay(curve, share) for share in (0.5, 0.9, 1.0)],
                    "positive": None if (p := positive_curve(delay, today)) is None else p[::9],
                    "frontier": label_frontier(delay, counts, today),
                    "shares": came and (came.positives[::5], came.negatives[::5], came.positive),
                    "immature": immature_chunks(came, n.astype(float), chunk, size),
                    "unbalanced": unbalanced_chunks(came, n.astype(float), chunk, size),
                    "days": [
                        int(immature_days(m, own, delay, today).sum())
                        for m in ("recall", "accuracy", "brier")
                    ],
                    "provisional": provisional(counts.sum(1).astype(float), n.astype(float), delay, today),
                },
            )
        bare = replace(delay, positives=None)
        yield f"{name}, no classes", (positive_curve(bare, at(days)), arrival_shares(own, bare, at(days)))
    for shares in ([1, 1, 1, 0.5], [1, 0.2, 1, 1], [0, 0, 0], [1, 1, 0.89, 0.9], []):
        yield f"labelled {shares}", provisional(90 * np.array(shares, float), np.full(len(shares), 90.0))


def _families() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        yield (
            name,
            [
                family(profile, m, floors)
                for m in ("accuracy", "mae")
                for floors in ((), ("recall", "mae", "nothing"))
            ]
            + [is_negative_rare(profile)],
        )
        counts = counts_of(profile, COSTS.get(str(profile.task.value)))
        for length in (1, 3, 50):
            yield (
                f"{name}, {length} chunks",
                (running_sums(counts, length).labelled, join_chunks(counts, length).labelled),
            )
        chunk = np.arange(len(counts.n)) // 3
        chunks = counts.sum_by_group(chunk, int(chunk.max()) + 1)
        with np.errstate(all="ignore"):
            members = [
                Member(m, threshold(m, chunks), chunks)
                for m in metrics_for(profile.task, profile.classes)[:5]
            ]
            yield (
                f"{name}, allowances",
                (
                    allowances(members, len(chunks.n)),
                    allowances(members[:1], len(chunks.n)),
                    allowances([], 2),
                ),
            )
            yield (
                f"{name}, windows",
                [
                    window_length(m, chunks, counts, size)
                    for m in metrics_for(profile.task, profile.classes)
                    for size in (1, 5)
                ],
            )
    turned = binary(248, 12, 60, base=4)
    yield (
        "negatives are rare",
        (is_negative_rare(turned), family(turned, "accuracy"), METRICS["specificity"].name),
    )


def _selections() -> Iterator[tuple[str, Any]]:
    for name, share in (
        ("all", (1.0, 1.0)),
        ("granted alone", (0.0, 1.0)),
        ("next to none", (0.02, 1.0)),
        ("half", (0.5, 1.0)),
        ("none", (0.0, 0.0)),
    ):
        rng = np.random.default_rng(249)
        whole = binary(250, 30, 60)
        confusion = whole.confusion.copy()
        for answer in (0, 1):
            for true in (0, 1):
                kept = rng.binomial(confusion[:, answer, true], share[answer])
                confusion[:, answer, 2] += confusion[:, answer, true] - kept
                confusion[:, answer, true] = kept
        labelled = confusion[:, :, :2].sum((1, 2))
        profile = replace(whole, confusion=confusion, n_labelled=labelled)
        found = selection(profile)
        yield (
            name,
            (
                found,
                {k: str(v) for k, v in unknown_metrics(found).items()},
                [decisions_for(profile, k)[:5] for k in (["yes"], ["no", "yes"], [])],
            ),
        )


TABLES: dict[str, Table] = {
    "stakes": _stakes,
    "delays": _delays,
    "families": _families,
    "selections": _selections,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []

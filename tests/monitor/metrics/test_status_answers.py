"""Points of every metric against a band: each status was held against the rule as read, note by note."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain.messages import NOTHING, message
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import Days, interval
from plumbline.monitor.metrics.metrics import metrics_for
from plumbline.monitor.metrics.status import judge_points
from plumbline.monitor.metrics.thresholds import threshold
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, profiles
from tests.monitor.outcomes import at


def _points() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        counts = counts_of(profile, COSTS.get(str(profile.task.value)))
        chunk = np.arange(len(counts.n)) // 4
        chunks = counts.sum_by_group(chunk, int(chunk.max()) + 1)
        size = len(chunks.n)
        starts = [at(4 * i) for i in range(size)]
        ends = [start + timedelta(days=4) for start in starts]
        healthy = chunks.select_rows(np.arange(max(size // 2, 1)))
        for one in metrics_for(profile.task, profile.classes, value_known=counts.cost is not None):
            with np.errstate(all="ignore"):
                sure = interval(one, chunks, Days(counts, chunk))
                for source, band in (
                    ("", threshold(one, healthy)),
                    (", a floor", threshold(one, healthy, None, 0.8)),
                ):
                    waiting = np.arange(size) == size - 1
                    refused = [message("No.") if i == 1 else NOTHING for i in range(size)]
                    said = judge_points(
                        one, starts, ends, chunks, sure, band, waiting, refused=refused, version="v"
                    )
                    yield (
                        f"{name}: {one.name}{source}",
                        [
                            (
                                p.value,
                                p.low,
                                p.high,
                                p.threshold,
                                p.status,
                                p.provisional,
                                p.bound,
                                p.n,
                                p.note,
                            )
                            for p in said
                        ],
                    )
            one_point = judge_points(
                one, starts, ends, chunks, sure, band, waiting, window=3, estimated=True
            )[0]
            yield f"{name}: {one.name}, over three", one_point


TABLES: dict[str, Table] = {"judge_points": _points}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []

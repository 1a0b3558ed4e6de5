"""A small log as a person would export it: nine weeks, a fall in accuracy, two versions, hostile names."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from functools import cache

import numpy as np

HOSTILE_COLUMN = "![x](http://host.invalid/pixel)"
HOSTILE_LEVEL = "<img src=http://host.invalid/y>"
START = datetime(2026, 1, 5)
DAYS, A_DAY = 63, 40
#: a row that is pushed after the log, but for its ``order_id``
PUSHED_ROW = {
    "decided_at": "2026-03-09T08:00:00Z",
    "decision": "yes",
    "probability": 0.71,
    "basket": 12.5,
    "region": "north",
}


def shop_log(seed: int = 7, *, rows: int | None = None) -> bytes:
    """The log as CSV: UTF-8, ISO times, one row a decision; ``rows``: only so many of its first ones."""
    whole = _whole(seed)
    return whole if rows is None else b"".join(whole.splitlines(keepends=True)[: rows + 1])


@cache
def _whole(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(
        ["decided_at", "order_id", "model_version", "decision", "probability", "outcome", "basket",
         "season_index",
         "region", HOSTILE_COLUMN]
    )  # fmt: skip
    for day in range(DAYS):
        broken = day >= 45
        for i in range(A_DAY):
            season = random.normal(1.2 if broken else 0.0, 1.0)
            basket = random.gamma(3.0, 20.0)
            score = 1 / (1 + np.exp(-(1.6 * season + 0.02 * (basket - 60))))
            truth = random.random() < (score if not broken else 1 - score)
            at = START + timedelta(days=day, minutes=int(i * 1440 / A_DAY))
            write.writerow(
                [at.isoformat() + "Z", f"o-{day:03d}-{i:03d}", "1.0" if day < 30 else "2.0",
                 "yes" if score >= 0.5 else "no", f"{score:.6f}", "yes" if truth else "no", f"{basket:.2f}",
                 f"{season:.4f}", ["north", "south", HOSTILE_LEVEL][i % 3], f"{random.random():.4f}"]
            )  # fmt: skip
    return out.getvalue().encode()

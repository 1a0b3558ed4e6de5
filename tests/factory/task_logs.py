"""A small log of each task, with gaps, ties, versions, a shadow, extreme numbers and a day without decisions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from plumbline.domain import Task
from tests.factory.decision_tables import START


def task_log(task: Task, n: int = 420) -> pd.DataFrame:
    """Twelve days, none of them the fifth; numbers in halves, so that they tie."""
    rng = np.random.default_rng([271, tuple(Task).index(task)])
    second = np.sort(rng.integers(0, 12 * 86400, n))
    second = second[second // 86400 != 4]
    n = len(second)
    at = pd.Series([(START + timedelta(seconds=int(s))).replace(tzinfo=None) for s in second])
    x = rng.integers(-20, 21, n) / 2.0
    log = pd.DataFrame(
        {
            "timestamp": at,
            "decision_id": [f"d{i}" for i in rng.integers(0, 3 * n, n)],
            "version": np.where(second > 6 * 86400, "2", "1"),
            "arm": rng.choice(["champion", "shadow", "b"], n, p=[0.6, 0.1, 0.3]),
            "subject": [f"p{i}" for i in rng.integers(0, 90, n)],
            "feature:x": np.where(rng.random(n) < 0.1, np.nan, x),
            "feature:k": rng.integers(0, 4, n).astype(float),
            "feature:c": rng.choice(np.array(["a", "b", "c", None], object), n),
            "segment:region": rng.choice(np.array(["n", "s"], object), n),
            "protected:sex": rng.choice(np.array(["f", "m"], object), n),
            "protected:age": rng.integers(20, 70, n).astype(float),
        }
    )
    log.loc[:4, "feature:x"] = [np.inf, -np.inf, 1e300, -0.0, 5e-324]
    lacking = rng.random(n) < 0.3
    if task is Task.REGRESSION:
        log["prediction"] = np.where(rng.random(n) < 0.05, np.nan, 10 + x)
        log["label"] = np.where(lacking, np.nan, 10 + x + rng.integers(-4, 5, n) / 2)
        log["override"] = np.where(rng.random(n) < 0.1, 12.0, np.nan)
    else:
        classes = ["no", "yes"] if task is Task.BINARY else ["a", "b", "c"]
        score = np.round(1 / (1 + np.exp(-x / 4)), 2)
        place = (score >= 0.5).astype(int) if task is Task.BINARY else rng.integers(0, 3, n)
        log["prediction"] = np.array(classes)[place]
        turned = rng.random(n) < 0.2
        log["label"] = np.where(
            lacking, None, np.array(classes)[np.where(turned, (place + 1) % len(classes), place)]
        )
        log["override"] = np.where(rng.random(n) < 0.1, classes[0], None)
        if task is Task.BINARY:
            log["score"] = np.where(rng.random(n) < 0.05, np.nan, score)
        else:
            for i, name in enumerate(classes):
                log[f"proba:{name}"] = np.where(place == i, 0.5, 0.25)
    wait = pd.to_timedelta(rng.integers(-10, 120, n), unit="h")
    log["label_time"] = (at + wait).where(~lacking & (rng.random(n) < 0.9))
    log["trained_at"] = at.min() - pd.Timedelta(days=20)
    return log

"""How often the weekly intervals hold the truth, which is known because the log was drawn from it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.stats import rankdata

from plumbline.answers.performance.series import performance
from plumbline.store.workspace import Workspace
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.worlds import START, YES, Drawn, Kind, draw

#: rows that the truth of a kind is measured on; its days are drawn anew, so that levels are averaged over
ROWS, DAYS = 400_000, 4_000


def truth(kind: Kind) -> dict[str, float]:
    """The figures of endless independent decisions of this kind; those of a law as mathematics has them."""
    if kind.law is not None:
        return {"mae": kind.law.mae} | ({"rmse": kind.law.rmse} if kind.law.rmse else {})
    return dict(_classified(next(k for k, v in KINDS.items() if v is kind)))


@cache
def _classified(key: str) -> tuple[tuple[str, float], ...]:
    kind = KINDS[key]
    long = replace(kind, days=DAYS, per_day=ROWS / DAYS, alike=1, growth=1.0)
    drawn = draw(f"truth of {key}", long, 0)
    y = drawn.outcome == YES
    flagged = (drawn.frame["prediction"] == YES).to_numpy()
    score = drawn.frame["score"].to_numpy()
    hit, n = float((y & flagged).sum()), len(y)
    recall, precision = hit / y.sum(), hit / flagged.sum()
    specificity = float((~y & ~flagged).sum() / (~y).sum())
    held = np.clip(score, 1e-15, 1 - 1e-15)
    auc = (rankdata(score)[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (n - y.sum()))
    return tuple({
        "accuracy": float((y == flagged).mean()), "recall": recall, "precision": precision,
        "specificity": specificity, "balanced_accuracy": (recall + specificity) / 2,
        "f1": 2 * precision * recall / (precision + recall), "roc_auc": float(auc),
        "brier": float(((score - y) ** 2).mean()), "positive_rate": float(flagged.mean()),
        "log_loss": float(-np.where(y, np.log(held), np.log1p(-held)).mean()),
    }.items())  # fmt: skip


def coverage(ws: Workspace, key: str, log: Drawn) -> dict[str, dict[str, int]]:
    """By metric: whole weeks with a value, those whose 95 % limits hold the truth, and those without limits.

    Where a bound of a grid's error is stated the limits are widened by it. Nothing for a log with a change, or
    whose figures move with the season.
    """
    kind = next((v for v in KINDS.values() if v.said == log.kind.said), None)
    if kind is None or log.truth.what or not kind.stationary:
        return {}
    told = performance(ws, key, by="week")
    held: dict[str, dict[str, int]] = {}
    for name, true in truth(kind).items():
        own = [p for p in told.points if p.metric == name and not p.provisional and p.value is not None]
        own = [
            p for p in own if p.start.replace(tzinfo=None) >= START and p.end.replace(tzinfo=None) <= log.end
        ]
        with_limits = [p for p in own if p.low is not None and p.high is not None]
        right = sum(bool(p.low - p.bound <= true <= p.high + p.bound) for p in with_limits)  # type: ignore[operator]
        held[name] = {"weeks": len(with_limits), "held": right, "none": len(own) - len(with_limits)}
    return held

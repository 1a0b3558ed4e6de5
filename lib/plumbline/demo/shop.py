"""A shop's recommendations: healthy for three months, then the season changes what shoppers want."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import (
    DEMO_END,
    Scenario,
    ScenarioFiles,
    elapsed,
    keep,
    sigmoid,
    times,
    train,
    write_csv,
)
from plumbline.domain import FloatArray, Task

DAYS, ROWS, ONSET = 180, 60_000, 90
CHANNELS = np.array(["email", "app", "web", "store"], dtype=object)


def _shoppers(rng: np.random.Generator, n: int, late: FloatArray) -> dict[str, FloatArray]:
    """``late``: how far the season has turned, 0 to 1. Holiday shoppers are alike: the model has little to go by."""
    alike = 1 - 0.72 * late
    return {
        "season_index": 0.15 + 0.08 * rng.normal(size=n) + 0.9 * late,
        "days_since_visit": 12 + (rng.gamma(2.0, 6.0, n) - 12) * alike + 9 * late,
        "basket_eur": np.exp(3.6 + 0.5 * rng.normal(size=n) * alike),
        "visits_90d": np.round(7 + (rng.poisson(7, n) - 7) * alike),
        "discount_pct": np.round(10 + rng.choice([-10, -5, 0, 5, 10], n) * alike),
        "age": np.clip(rng.normal(41, 13, n), 18, 85).round(),
        "channel_code": rng.integers(0, 4, n).astype(float),
        "page_views": np.round(14 + (rng.poisson(14, n) - 14) * alike),
    }


def _wants(x: dict[str, FloatArray], late: FloatArray) -> FloatArray:
    """Log-odds of taking the offer: as learnt, and as they are once the season has turned."""
    learnt = (
        0.55 * (x["visits_90d"] - 7) + 0.16 * (x["discount_pct"] - 10) - 0.9 * np.log(x["basket_eur"] / 36)
        - 0.02 * (x["days_since_visit"] - 12) + 0.12 * (x["page_views"] - 14)
    )  # fmt: skip
    return np.asarray(1.40 * learnt * (1 - 0.25 * late))


def write(folder: Path) -> ScenarioFiles:
    """Write the log, the labels that come one to four days later, and the model."""
    import pandas as pd

    rng = np.random.default_rng(20260501)
    before = _shoppers(rng, 30_000, np.zeros(30_000))
    taken = rng.random(30_000) < sigmoid(_wants(before, np.zeros(30_000)))
    model = train(pd.DataFrame(before), taken.astype(float), "binary", trees=90)
    at = times(rng, DAYS, ROWS)
    # the season turns with a first jolt and then steadily
    late = np.clip((elapsed(at) - ONSET) / (DAYS - 14 - ONSET), 0, 1)
    late = np.where(elapsed(at) >= ONSET, 0.2 + 0.8 * late, 0.0)
    x = _shoppers(rng, ROWS, late)
    score = np.round(model.predict(pd.DataFrame(x)), 6)
    truth = rng.random(ROWS) < sigmoid(_wants(x, late))
    ids = np.array([f"R{i:06d}" for i in range(ROWS)], dtype=object)
    log = pd.DataFrame(
        {"offer_id": ids, "shown_at": at, "model_release": "r7", "trained_at": "2026-04-28", "take_probability": score,
         "recommended": np.where(score >= 0.5, "take", "skip"), **x, "channel": CHANNELS[x["channel_code"].astype(int)]}
    )  # fmt: skip
    known = at + rng.integers(86_400, 4 * 86_400, ROWS).astype("timedelta64[s]")
    seen = known < np.datetime64(DEMO_END[:19], "us")
    labels = pd.DataFrame(
        {"offer_id": ids[seen], "outcome": np.where(truth[seen], "take", "skip"), "observed_at": known[seen]}
    )
    labels = labels.sample(frac=1, random_state=3).reset_index(drop=True)
    return ScenarioFiles(
        write_csv(log, folder / "shop_recommendations.csv"), write_csv(labels, folder / "shop_outcomes.csv"),
        {"r7": keep(model, folder, "shop_model_r7.txt")},
    )  # fmt: skip


SCENARIO = Scenario(
    "shop-recommendations", "Shop recommendations", Task.BINARY, write,
    positive="take",
    mapping={
        "offer_id": "decision_id", "shown_at": "timestamp", "model_release": "version", "trained_at": "trained_at",
        "take_probability": "score", "recommended": "prediction", "channel": "segment:channel",
    },
    labels_mapping={"offer_id": "decision_id", "outcome": "label", "observed_at": "label_time"},
    context={
        "environment": "production", "impact": "recommendation", "harm": "no", "oversight": "never", "critical": "yes",
        "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "40000",
    },
    settings={
        "as_of": DEMO_END,
        "cost_matrix": {"currency": "EUR", "matrix": {"take|take": 6.0, "take|skip": 2.7}},
    },
    attestations=(
        ("CMP-7", "pass", "Owned by the head of e-commerce, deputy named.", "Ida Brandt", "2026-05-04", "2027-05-03"),
    ),
    truth={
        "onset": "2026-08-02", "accuracy_before": 0.82, "accuracy_after": 0.61, "revenue_fall": 0.15,
        "seasonal": ("season_index", "days_since_visit"),
    },
)  # fmt: skip

"""A shop's recommendations: healthy for three months, then the season changes what shoppers want."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plumbline.demo.story import (
    DEMO_END,
    DEMO_MOMENT,
    Scenario,
    ScenarioFiles,
    days_since_start,
    keep,
    random_stream,
    sigmoid,
    times,
    train,
    write_csv,
)
from plumbline.domain import FloatArray, Settings, Task

DAYS, ROWS, ONSET, LEARNT_ROWS = 180, 60_000, 90, 50_000
#: the relation of taste and taking begins to change only this long after the season has begun to turn
LATER = 45
GIFT_ITEMS = 0.69  # items beyond the first; 1.0 of who buys for themselves: 15 % less an order
USUAL, LEARNT = 0.05, 0.5  # share of gift buyers outside the season, and in the year learnt from
#: four weeks after the story: a version trained on its end decides soon after the fire, and reads wish lists as well
AFTER_DAYS, AFTER_ROWS, DECIDES_FROM = 28, 9_333, "2026-10-31T00:30:00"
RETRAINED, WISHES = "r8", 3.0
CHANNELS = np.array(["email", "app", "web", "store"], dtype=object)


def _shoppers(rng: np.random.Generator, n: int, gifts: FloatArray) -> dict[str, FloatArray]:
    """``gifts``: share of shoppers, 0 to 1, who buy for somebody else; the season's inputs tell them apart."""
    gift = (rng.random(n) < gifts).astype(float)
    return {
        "season_index": np.round(0.15 + 0.10 * rng.normal(size=n) + 0.9 * gift, 4),
        "days_since_visit": np.round(rng.gamma(2.0, 6.0, n) + 24 * gift),
        "basket_eur": np.round(np.exp(3.6 + 0.5 * rng.normal(size=n)), 2),
        "visits_90d": rng.poisson(7, n).astype(float),
        "discount_pct": rng.choice([0.0, 5, 10, 15, 20], n),
        "age": np.clip(rng.normal(41, 13, n), 18, 85).round(),
        "channel_code": rng.integers(0, 4, n).astype(float),
        "page_views": rng.poisson(14, n).astype(float),
    }


def _log_odds(x: dict[str, FloatArray], changed: FloatArray) -> FloatArray:
    """Log-odds of taking the offer. Who buys a gift is hard to guess from their own habits, in the year that was
    learnt from as well, so the model says so; ``changed``: how far even that relation has weakened, 0 to 1."""
    habits = (
        0.55 * (x["visits_90d"] - 7) + 0.16 * (x["discount_pct"] - 10) - 0.9 * np.log(x["basket_eur"] / 36)
        + 0.12 * (x["page_views"] - 14)
    )  # fmt: skip
    return np.asarray(np.where(_is_gift(x), 0.46 * (1 - 0.34 * changed), 1.50) * habits)


def _is_gift(x: dict[str, FloatArray]) -> NDArray[np.bool_]:
    return np.asarray(x["season_index"] > 0.6)


def _orders(rng: np.random.Generator, x: dict[str, FloatArray]) -> FloatArray:
    """Euros of an order, if the offer is taken: one to three items of about EUR 20, fewer for somebody else."""
    items = 1 + rng.binomial(2, np.where(_is_gift(x), GIFT_ITEMS, 1.0) / 2)
    return np.asarray(np.round(items * 20 * np.exp(0.25 * rng.normal(size=len(items)) - 0.03), 2))


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write the log, the labels that come one to four days later, and the model."""
    import pandas as pd

    rng = random_stream(20260501, seed)
    before = _shoppers(rng, LEARNT_ROWS, np.full(LEARNT_ROWS, LEARNT))
    taken = rng.random(LEARNT_ROWS) < sigmoid(_log_odds(before, np.zeros(LEARNT_ROWS)))
    model = train(
        pd.DataFrame(before), taken.astype(float), "binary", trees=200, num_leaves=10, min_data_in_leaf=200
    )
    at = times(rng, DAYS, ROWS)
    turned = np.clip((days_since_start(at) - ONSET) / (DAYS - 14 - ONSET), 0, 1)
    gifts = USUAL + (1 - USUAL) * turned**0.7
    x = _shoppers(rng, ROWS, gifts)
    score = np.round(model.predict(pd.DataFrame(x)), 6)
    changed = np.clip((days_since_start(at) - ONSET - LATER) / (DAYS - 14 - ONSET - LATER), 0, 1)
    truth = rng.random(ROWS) < sigmoid(_log_odds(x, changed))
    ids = np.array([f"R{i:06d}" for i in range(ROWS)], dtype=object)
    log = pd.DataFrame(
        {"offer_id": ids, "shown_at": at, "model_release": "r7", "trained_at": "2026-04-28", "take_probability": score,
         "recommended": np.where(score >= 0.5, "take", "skip"), **x, "channel": CHANNELS[x["channel_code"].astype(int)]}
    )  # fmt: skip
    known = at + rng.integers(86_400, 4 * 86_400, ROWS).astype("timedelta64[s]")
    seen = known < np.datetime64(DEMO_END[:19], "us")
    orders = np.where(truth, _orders(rng, x), np.nan)
    labels = pd.DataFrame(
        {"offer_id": ids[seen], "outcome": np.where(truth[seen], "take", "skip"), "observed_at": known[seen],
         "order_eur": orders[seen]}
    )  # fmt: skip
    labels = labels.sample(frac=1, random_state=3).reset_index(drop=True)
    return ScenarioFiles(
        write_csv(log, folder / "shop_recommendations.csv"), write_csv(labels, folder / "shop_outcomes.csv"),
        {"r7": keep(model, folder, "shop_model_r7.txt")},
    )  # fmt: skip


def write_retrained_weeks(folder: Path) -> ScenarioFiles:
    """Write the weeks in which the version that a retraining brought decides: the log, its outcomes, the model.

    Shoppers are those of the story's end, and nothing of the world is mended: the new version reads one input more.
    """
    import pandas as pd

    rng = random_stream(20260501, 8)
    learnt = _shoppers_with_list(rng, LEARNT_ROWS)
    taken = rng.random(LEARNT_ROWS) < sigmoid(_log_odds_with_list(learnt))
    model = train(pd.DataFrame(learnt), taken.astype(float), "binary", num_leaves=10, min_data_in_leaf=200)
    at = times(rng, AFTER_DAYS, AFTER_ROWS, DEMO_END[:10])
    at = at[at >= np.datetime64(DECIDES_FROM, "us")]
    x = _shoppers_with_list(rng, len(at))
    truth = rng.random(len(at)) < sigmoid(_log_odds_with_list(x))
    score = np.round(model.predict(pd.DataFrame(x)), 6)
    ids = np.array([f"A{i:06d}" for i in range(len(at))], dtype=object)
    log = pd.DataFrame(
        {"offer_id": ids, "shown_at": at, "model_release": RETRAINED, "trained_at": DEMO_END[:10], "take_probability": score,
         "recommended": np.where(score >= 0.5, "take", "skip"), **x, "channel": CHANNELS[x["channel_code"].astype(int)]}
    )  # fmt: skip
    known = at + rng.integers(86_400, 4 * 86_400, len(at)).astype("timedelta64[s]")
    seen = known < np.datetime64(DEMO_END[:10], "us") + np.timedelta64(AFTER_DAYS, "D")
    labels = pd.DataFrame(
        {"offer_id": ids[seen], "outcome": np.where(truth[seen], "take", "skip"), "observed_at": known[seen],
         "order_eur": np.where(truth, _orders(rng, x), np.nan)[seen]}
    )  # fmt: skip
    return ScenarioFiles(
        write_csv(log, folder / "shop_after.csv"), write_csv(labels, folder / "shop_after_outcomes.csv"),
        {RETRAINED: keep(model, folder, "shop_model_r8.txt")},
    )  # fmt: skip


def _shoppers_with_list(rng: np.random.Generator, n: int) -> dict[str, FloatArray]:
    """Shoppers of the season, with how well the offer fits the wish list of who is given to."""
    return _shoppers(rng, n, np.ones(n)) | {"wish_match": np.round(rng.normal(size=n), 4)}


def _log_odds_with_list(x: dict[str, FloatArray]) -> FloatArray:
    """The log-odds of the story's end, where the wish list is known.

    Averaged over wish lists they are those of ``_log_odds``: the logistic of a normal variable of spread s is flatter by
    sqrt(1 + 0.346 s^2).
    """
    steeper = np.sqrt(1 + 0.346 * WISHES**2)
    return np.asarray(steeper * _log_odds(x, np.ones(len(x["age"]))) + WISHES * x["wish_match"])


SCENARIO = Scenario(
    name="shop-recommendations", title="Shop recommendations", task=Task.BINARY, write=write,
    positive="take",
    mapping={
        "offer_id": "decision_id", "shown_at": "timestamp", "model_release": "version", "trained_at": "trained_at",
        "take_probability": "score", "recommended": "prediction", "channel": "segment:channel",
    },
    labels_mapping={"offer_id": "decision_id", "outcome": "label", "observed_at": "label_time", "order_eur": "ignore"},
    context={
        "environment": "production", "impact": "recommendation", "harm": "no", "oversight": "never", "critical": "yes",
        "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "40000",
    },
    settings=Settings(
        as_of=DEMO_MOMENT,
        cost_matrix={
            "currency": "EUR", "matrix": {"take|take": 6.0},
            "reason": "A margin of 15 % on the average order of EUR 40; an offer that is not taken costs nothing.",
        },
    ),
    attestations=(
        ("CMP-7", "pass", "Owned by the head of e-commerce, deputy named.", "Ida Brandt", "2026-05-04", "2027-05-03"),
    ),
    truth={
        "onset": "2026-08-02", "accuracy_before": 0.82, "accuracy_after": 0.61, "revenue_fall": 0.15,
        "seasonal": ("season_index", "days_since_visit"),
    },
)  # fmt: skip

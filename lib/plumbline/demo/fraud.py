"""Card fraud: a release blocks forty of a hundred good payments for eighteen hours, then the old one returns."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import (
    DEMO_END,
    DEMO_MOMENT,
    END,
    Scenario,
    ScenarioFiles,
    keep,
    random_stream,
    sigmoid,
    times,
    train,
    write_csv,
)
from plumbline.domain import FloatArray, Settings, Task

DAYS, ROWS = 30, 90_000
START = END - np.timedelta64(DAYS, "D")
BAD_FROM = START + np.timedelta64(20, "D") + np.timedelta64(9, "h")  # 09:00 on day 21
BAD_UNTIL = BAD_FROM + np.timedelta64(18, "h")
BLOCKED = 0.0121  # of the training payments; 1.1 % of those that come later
WEIGHT = 105.5


def _payments(rng: np.random.Generator, n: int) -> dict[str, FloatArray]:
    return {
        "amount_eur": np.round(rng.lognormal(3.4, 1.0, n), 2),
        "merchant_risk": np.round(rng.beta(1.4, 9, n), 3),
        "km_from_home": np.round(rng.gamma(0.7, 40, n), 1),
        "minutes_since_last": np.round(rng.gamma(1.2, 300, n), 0),
        "is_online": (rng.random(n) < 0.42).astype(float),
        "card_age_days": np.round(rng.gamma(3, 300, n), 0),
    }


def _fraud_log_odds(x: dict[str, FloatArray]) -> FloatArray:
    raised = (
        1.3 * np.log1p(x["km_from_home"] / 60) + 9 * x["merchant_risk"] + 0.8 * np.log(x["amount_eur"] / 30)
    )
    return np.asarray(-6.6 + raised + 0.7 * x["is_online"] - 0.7 * np.log1p(x["minutes_since_last"] / 120))


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write the log and both models.

    Version 4.2 was trained with fraud weighted up, as its team wanted fewer misses; the cut-off above which
    a payment is blocked was left where it was, so that two in five good payments went over it.
    """
    import pandas as pd

    rng = random_stream(20260930, seed)
    learnt = _payments(rng, 60_000)
    is_fraud = (rng.random(60_000) < sigmoid(_fraud_log_odds(learnt))).astype(float)
    good = train(pd.DataFrame(learnt), is_fraud, "binary", trees=60)
    bad = train(pd.DataFrame(learnt), is_fraud, "binary", trees=60, scale_pos_weight=WEIGHT)
    cut = float(np.round(np.quantile(good.predict(pd.DataFrame(learnt)), 1 - BLOCKED), 4))
    at = times(rng, DAYS, ROWS)
    for moment in (BAD_FROM, BAD_UNTIL):  # each version's first decision comes on the minute of its switch
        at[np.searchsorted(at, moment)] = moment
    x = _payments(rng, ROWS)
    new = (at >= BAD_FROM) & (at < BAD_UNTIL)
    frame = pd.DataFrame(x)
    score = np.round(np.where(new, bad.predict(frame), good.predict(frame)), 6)
    truth = rng.random(ROWS) < sigmoid(_fraud_log_odds(x))
    known = at + rng.integers(3_600, 2 * 86_400, ROWS).astype("timedelta64[s]")
    seen = known < np.datetime64(DEMO_END[:19], "us")
    log = pd.DataFrame(
        {"payment": [f"P{i:07d}" for i in range(ROWS)], "ts": at, "model": np.where(new, "4.2", "4.1"),
         "trained_at": np.where(new, "2026-10-14", "2026-08-03"), "risk": score,
         "action": np.where(score >= cut, "block", "pass"),
         "verdict": np.where(seen, np.where(truth, "block", "pass"), ""),
         "verdict_at": pd.Series(known).where(pd.Series(seen)), **x}
    )  # fmt: skip
    return ScenarioFiles(
        write_csv(log, folder / "card_payments.csv"), None,
        {"4.1": keep(good, folder, "fraud_model_4.1.txt"), "4.2": keep(bad, folder, "fraud_model_4.2.txt")},
    )  # fmt: skip


SCENARIO = Scenario(
    name="card-fraud", title="Card fraud", task=Task.BINARY, write=write,
    positive="block",
    mapping={
        "payment": "decision_id", "ts": "timestamp", "model": "version", "trained_at": "trained_at", "risk": "score",
        "action": "prediction", "verdict": "label", "verdict_at": "label_time",
    },
    context={
        "environment": "production", "impact": "fraud", "harm": "yes", "oversight": "never", "critical": "yes",
        "regulated_buyers": "no", "financial_entity": "yes", "interactions_per_month": "90000",
    },
    settings=Settings(
        as_of=DEMO_MOMENT,
        cost_matrix={"currency": "EUR", "matrix": {"block|pass": -9.0, "pass|block": -80.0}},
        adverse="high", role="decides",  # a high risk blocks, and no person looks first
        reasons={
            "amount_eur": "Amount, in euros", "merchant_risk": "Risk of the merchant",
            "km_from_home": "Kilometres from home", "minutes_since_last": "Minutes since the last payment",
            "is_online": "Paid online", "card_age_days": "Age of the card, in days",
        },
        # what the payer chooses: how much, when, and on the net or in the shop
        changeable={
            "amount_eur": {"direction": "down", "low": 1.0, "step": 0.01},
            "minutes_since_last": {"direction": "up", "high": 2880.0, "step": 1.0},
            "is_online": {"direction": "any", "low": 0.0, "high": 1.0, "step": 1.0},
        },
    ),
    attestations=(
        ("CMP-7", "pass", "Owned by the head of payments, deputy named.", "Mara Lind", "2026-03-02", "2027-03-01"),
    ),
    truth={
        "blocked_before": 0.011, "good_blocked": 0.40, "hours": 18.0, "from": str(BAD_FROM), "until": str(BAD_UNTIL),
        "bad": "4.2", "back_to": "4.1",
    },
)  # fmt: skip

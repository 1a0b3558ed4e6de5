"""Parcel forecasts for depots: nobody retrains for a year while demand falls away from under the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import DEMO_END, END, Scenario, ScenarioFiles, keep, train, write_csv
from plumbline.domain import FloatArray, Task

DAYS, DEPOTS, STABLE = 730, 62, 365
FALL = 1 - 1 / 1.30  # demand at the end against what the model expects
COST = 3.06  # euros a parcel for which capacity was bought and no parcel came


def _days(n: int) -> FloatArray:
    return np.arange(n, dtype=float)


def _inputs(rng: np.random.Generator, day: FloatArray, depot: FloatArray) -> dict[str, FloatArray]:
    return {
        "weekday": (day % 7), "depot": depot,
        "households_k": np.round(18 + 3.1 * (depot % 9) + 0.9 * (depot % 5), 1),
        "promotions": rng.poisson(1.2, len(day)).astype(float), "rain_mm": np.round(rng.gamma(0.6, 4, len(day)), 1),
    }  # fmt: skip


def _demand(x: dict[str, FloatArray]) -> FloatArray:
    week = np.array([1.1, 1.12, 1.08, 1.05, 1.0, 0.7, 0.45])[x["weekday"].astype(int)]
    return np.asarray(
        9.0 * x["households_k"] * week * (1 + 0.06 * x["promotions"]) * (1 - 0.004 * x["rain_mm"])
    )


def write(folder: Path) -> ScenarioFiles:
    """Write two years of forecasts, what came, and the model trained on the year before."""
    import pandas as pd

    rng = np.random.default_rng(20241031)
    past = np.repeat(_days(365), DEPOTS)
    learnt = _inputs(rng, past, np.tile(np.arange(DEPOTS, dtype=float), 365))
    model = train(
        pd.DataFrame(learnt), _demand(learnt) * rng.normal(1, 0.06, len(past)), "regression", trees=120
    )
    day = np.repeat(_days(DAYS), DEPOTS)
    x = _inputs(rng, day, np.tile(np.arange(DEPOTS, dtype=float), DAYS))
    lost = FALL * np.clip((day - STABLE) / (DAYS - 30 - STABLE), 0, 1)
    came = np.round(_demand(x) * (1 - lost) * rng.normal(1, 0.06, len(day)))
    at = (
        END
        - np.timedelta64(DAYS, "D")
        + (day * 86_400 + 5 * 3_600 + x["depot"] * 60).astype("timedelta64[s]")
    )
    log = pd.DataFrame(
        {"forecast_id": [f"F{i:06d}" for i in range(len(day))], "made_at": at, "model_version": "2024-10",
         "last_trained": "2024-10-28", "parcels_forecast": np.round(model.predict(pd.DataFrame(x)), 1),
         "parcels_came": came, "counted_at": at + np.timedelta64(20, "h"), **x,
         "region": np.array(["north", "east", "south", "west"], dtype=object)[(x["depot"] % 4).astype(int)]}
    )  # fmt: skip
    late = log["counted_at"] >= np.datetime64(DEMO_END[:19], "us")
    log.loc[late, "parcels_came"] = np.nan
    log.loc[late, "counted_at"] = pd.NaT
    return ScenarioFiles(
        write_csv(log, folder / "fleet_forecasts.csv"),
        None,
        {"2024-10": keep(model, folder, "fleet_model_2024-10.txt")},
    )


SCENARIO = Scenario(
    "fleet-demand", "Fleet demand", Task.REGRESSION, write,
    mapping={
        "forecast_id": "decision_id", "made_at": "timestamp", "model_version": "version", "last_trained": "trained_at",
        "parcels_forecast": "prediction", "parcels_came": "label", "counted_at": "label_time", "region": "segment:region",
    },
    context={
        "environment": "production", "impact": "operations", "harm": "no", "oversight": "sometimes", "critical": "yes",
        "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "2000",
    },
    settings={
        "as_of": DEMO_END, "headline": "bias",
        "cost_matrix": {"currency": "EUR", "over": COST, "under": 0.0},
    },
    reference=("2024-10-31T00:00:00+00:00", "2025-10-31T00:00:00+00:00"),
    attestations=(
        ("CMP-7", "pass", "Owned by network planning.", "Tomas Novak", "2026-02-02", "2027-02-01"),
    ),
    truth={"bias_at_end": 0.30, "onset": "2025-10-31", "lost": 2_000_000},
)  # fmt: skip

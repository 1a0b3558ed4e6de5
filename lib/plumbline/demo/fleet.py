"""Parcel forecasts for depots: nobody retrains for a year while demand falls away from under the model."""

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
    train,
    write_csv,
)
from plumbline.domain import FloatArray, Settings, Task

DAYS, DEPOTS, STABLE = 730, 62, 365
#: the second version takes over this many days before the first year is out, trained on what that year brought
SWITCH = 350
FALL = 1 - 1 / 1.30  # demand at the end against what the model expects
RIVALS = 0.6  # rival lockers near a depot in the first year, on average
LOSS = 0.018  # share of a depot's parcels that goes to each of them
SPREAD = 0.03  # of a day's parcels around what was to be expected
COST = (
    3.0  # euros a parcel for which capacity was bought and no parcel came: a van of 360 euros a day takes 120
)


def _days(n: int) -> FloatArray:
    return np.arange(n, dtype=float)


def _inputs(rng: np.random.Generator, day: FloatArray, depot: FloatArray) -> dict[str, FloatArray]:
    return {
        "weekday": (day % 7), "depot": depot,
        "households_k": np.round(18 + 3.1 * (depot % 9) + 0.9 * (depot % 5), 1),
        "promotions": rng.poisson(1.2, len(day)).astype(float), "rain_mm": np.round(rng.gamma(0.6, 4, len(day)), 1),
    }  # fmt: skip


def _demand(x: dict[str, FloatArray], rivals: FloatArray) -> FloatArray:
    week = np.array([1.1, 1.12, 1.08, 1.05, 1.0, 0.7, 0.45])[x["weekday"].astype(int)]
    all_parcels = 8.1 * x["households_k"] * week * (1 + 0.06 * x["promotions"]) * (1 - 0.004 * x["rain_mm"])
    return np.asarray(all_parcels * (1 - LOSS * rivals))


def _lockers(rng: np.random.Generator, day: FloatArray) -> FloatArray:
    """Rival lockers near the depot: a few come and go in the first year, ever more open in the second.

    They are logged and no version was ever told of them, so that the errors follow an input that moves.
    """
    grown = np.clip((day - STABLE) / (DAYS - 30 - STABLE), 0, 1)
    usual = 1 - LOSS * RIVALS
    return rng.poisson(RIVALS + grown * FALL * usual / LOSS).astype(float)


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write two years of forecasts by two versions, what came, and both models."""
    import pandas as pd

    rng = random_stream(20241031, seed)
    past = np.repeat(_days(365), DEPOTS)
    learnt = _inputs(rng, past, np.tile(np.arange(DEPOTS, dtype=float), 365))
    before = _demand(learnt, _lockers(rng, past)) * rng.normal(1, SPREAD, len(past))
    first = train(pd.DataFrame(learnt), before, "regression", trees=120)
    day = np.repeat(_days(DAYS), DEPOTS)
    x = _inputs(rng, day, np.tile(np.arange(DEPOTS, dtype=float), DAYS))
    rivals = _lockers(rng, day)
    came = np.round(_demand(x, rivals) * rng.normal(1, SPREAD, len(day)))
    frame, second_year = pd.DataFrame(x), day >= SWITCH
    second = train(frame[~second_year], came[~second_year], "regression", trees=120)
    at = (
        END
        - np.timedelta64(DAYS, "D")
        + (day * 86_400 + 5 * 3_600 + x["depot"] * 60).astype("timedelta64[s]")
    )
    forecast = np.where(second_year, second.predict(frame), first.predict(frame))
    log = pd.DataFrame(
        {"forecast_id": [f"F{i:06d}" for i in range(len(day))], "made_at": at,
         "model_version": np.where(second_year, "2025-10", "2024-10"),
         "last_trained": np.where(second_year, "2025-10-14", "2024-10-28"),
         "parcels_forecast": np.round(forecast, 1), "parcels_came": came, "counted_at": at + np.timedelta64(20, "h"),
         **x, "rival_lockers": rivals,
         "region": np.array(["north", "east", "south", "west"], dtype=object)[(x["depot"] % 4).astype(int)]}
    )  # fmt: skip
    late = log["counted_at"] >= np.datetime64(DEMO_END[:19], "us")
    log.loc[late, "parcels_came"] = np.nan
    log.loc[late, "counted_at"] = pd.NaT
    return ScenarioFiles(
        write_csv(log, folder / "fleet_forecasts.csv"), None,
        {"2024-10": keep(first, folder, "fleet_model_2024-10.txt"),
         "2025-10": keep(second, folder, "fleet_model_2025-10.txt")},
    )  # fmt: skip


SCENARIO = Scenario(
    name="fleet-demand", title="Fleet demand", task=Task.REGRESSION, write=write,
    mapping={
        "forecast_id": "decision_id", "made_at": "timestamp", "model_version": "version", "last_trained": "trained_at",
        "parcels_forecast": "prediction", "parcels_came": "label", "counted_at": "label_time", "region": "segment:region",
    },
    context={
        "environment": "production", "impact": "operations", "harm": "no", "oversight": "sometimes", "critical": "yes",
        "regulated_buyers": "no", "financial_entity": "no", "interactions_per_month": "2000",
    },
    settings=Settings(
        as_of=DEMO_MOMENT, headline="bias", unit="parcels",
        cost_matrix={
            "currency": "EUR", "over": COST, "under": 0.0,
            "reason": "Capacity is bought by the van: EUR 360 a day for 120 parcels, whether they come or not.",
        },
    ),
    reference=("2024-10-31T00:00:00+00:00", "2025-10-31T00:00:00+00:00"),
    attestations=(
        ("CMP-7", "pass", "Owned by network planning.", "Tomas Novak", "2026-02-02", "2027-02-01"),
    ),
    truth={"bias_at_end": 0.30, "onset": "2025-10-31", "lost": 2_000_000},
)  # fmt: skip

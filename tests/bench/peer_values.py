"""A peer's own figures on the logs it is compared on, in its own environment: prints JSON.

Run by an interpreter that has the peer as ``python peer_values.py evidently|nannyml SHOP CAR_LOAN``: the folders of
the demo's shop and of NannyML's own sample. It imports nothing of ours. ``tests/demo/peers.json`` holds what it said.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

#: log -> its columns: numbers, levels
COLUMNS = {
    "shop": (["season_index", "days_since_visit", "basket_eur", "visits_90d", "page_views"], ["channel"]),
    "car-loan": (["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"],
                 ["salary_range", "size_of_downpayment"]),
}  # fmt: skip


def shop(folder: Path) -> tuple[Any, Any]:
    """The demo's shop: its first 30 days, with outcomes, and its last 14."""
    import pandas as pd

    log = pd.read_csv(folder / "shop_recommendations.csv").merge(
        pd.read_csv(folder / "shop_outcomes.csv"), on="offer_id", how="left"
    )
    log["at"] = pd.to_datetime(log["shown_at"]).dt.tz_localize(None)
    log["score"] = log["take_probability"]
    log["prediction"], log["truth"] = (
        (log[c] == "take").astype(int).where(log[c].notna()) for c in ("recommended", "outcome")
    )
    first, last = log["at"].min().normalize(), log["at"].max().normalize()
    return (
        log[log["at"] < first + pd.Timedelta(days=30)].copy(),
        log[log["at"] >= last - pd.Timedelta(days=13)].copy(),
    )


def car_loan(folder: Path) -> tuple[Any, Any]:
    """NannyML's sample as it ships it: reference and analysis."""
    import pandas as pd

    both = []
    for name in ("reference", "analysis"):
        part = pd.read_parquet(folder / f"{name}.parquet")
        part["at"] = pd.to_datetime(part["timestamp"])
        part["score"], part["prediction"] = part["y_pred_proba"], part["y_pred"]
        both.append(part)
    both[0]["truth"] = both[0]["repaid"].astype(int)
    return both[0], both[1]


def evidently(name: str, then: Any, now: Any) -> dict[str, Any]:
    """Each of its tests on each column: value by ``method:column``."""
    from evidently.legacy.calculations.stattests import (
        hellinger_stat_test,
        jensenshannon_stat_test,
        ks_stat_test,
        psi_stat_test,
        wasserstein_stat_test,
    )
    from evidently.legacy.core import ColumnType

    both = {"psi": psi_stat_test, "js": jensenshannon_stat_test, "hellinger": hellinger_stat_test}
    numeric = {**both, "wasserstein": wasserstein_stat_test, "ks_p": ks_stat_test}
    found = {}
    numbers, levels = COLUMNS[name]
    for kind, columns, tests in (
        (ColumnType.Numerical, numbers, numeric),
        (ColumnType.Categorical, levels, both),
    ):
        for column in columns:
            for method, test in tests.items():
                sides = then[column].dropna().copy(), now[column].dropna().copy()
                found[f"{method}:{column}"] = float(test(*sides, kind, 0.1).drift_score)
    return found


def nannyml(name: str, then: Any, now: Any) -> dict[str, Any]:
    """Its drift methods on each column, one chunk; and CBPE by week or month."""
    import nannyml as nml

    numbers, levels = COLUMNS[name]
    short = {"jensen_shannon": "js", "kolmogorov_smirnov": "ks", "l_infinity": "linf"}
    drift = nml.UnivariateDriftCalculator(
        column_names=[*numbers, *levels], timestamp_column_name="at", chunk_number=1,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "hellinger", "wasserstein"],
        categorical_methods=["jensen_shannon", "l_infinity", "hellinger", "chi2"],
    )  # fmt: skip
    table = drift.fit(then).calculate(now).filter(period="analysis").to_df()
    found = {
        f"{short.get(method, method)}:{column}": float(table[column, method, "value"].iloc[0])
        for column, method, what in table.columns
        if what == "value"
    }
    known = then[then["truth"].notna()].copy()
    known["truth"] = known["truth"].astype(int)
    metrics = ["accuracy", "precision", "recall", "f1", "roc_auc"]
    guess = nml.CBPE(
        metrics=metrics, timestamp_column_name="at", chunk_period="W" if name == "shop" else "M",
        y_pred="prediction", y_pred_proba="score", y_true="truth", problem_type="classification_binary",
    ).fit(known)  # fmt: skip
    now = now.copy()
    now["prediction"] = now["prediction"].astype(int)
    made = guess.estimate(now.drop(columns=["truth"], errors="ignore")).filter(period="analysis").to_df()
    found["calibrated"] = bool(guess.needs_calibration)
    for metric in metrics:
        found[f"cbpe:{metric}"] = {
            str(key).split("/")[0]: float(value)
            for key, value in zip(made["chunk", "key"], made[metric, "value"], strict=True)
        }
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    who, shop_folder, loan_folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    ask = {"evidently": evidently, "nannyml": nannyml}[who]
    said = {"shop": ask("shop", *shop(shop_folder)), "car-loan": ask("car-loan", *car_loan(loan_folder))}
    print(json.dumps({"version": version(who), **said}, indent=1))

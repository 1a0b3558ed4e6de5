"""One peer's default answer to the same questions, in its own environment: prints JSON.

Run by an interpreter that has the peer as ``python timed_peer.py evidently|nannyml LOG.parquet DAYS``, DAYS those
of the reference; it imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

NUMBERS = [f"num_{i}" for i in range(14)]
LEVELS = [f"cat_{i}" for i in range(6)]
COLUMNS = [*NUMBERS, *LEVELS]


def read(path: str) -> Any:
    """The log as pandas reads it, with the healthy first part apart: as many days as our reference holds."""
    import pandas as pd

    log = pd.read_parquet(path)
    log["decided_at"] = pd.to_datetime(log["decided_at"]).astype("datetime64[ns]")
    cut = log["decided_at"].min() + pd.Timedelta(days=int(sys.argv[3]))
    return log[log["decided_at"] < cut], log[log["decided_at"] >= cut]


def seconds(run: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and seconds of processor time."""
    start = time.perf_counter(), time.process_time()
    run()
    return since(*start)


def since(start: float, cpu: float) -> tuple[float, float]:
    """Seconds, and of processor time, since then."""
    return time.perf_counter() - start, time.process_time() - cpu


def evidently(path: str) -> dict[str, tuple[float, float]]:
    """Its default drift report: the reference against all that follows, and against one week alone."""
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    start = time.perf_counter(), time.process_time()
    healthy, later = read(path)
    reading = since(*start)
    week = later[later["decided_at"] < later["decided_at"].min() + pd.Timedelta(days=7)]
    report = Report([DataDriftPreset()])
    return {
        "reading": reading,
        "drift, one pair": seconds(lambda: report.run(later[COLUMNS], healthy[COLUMNS]).dict()),
        "drift, one week": seconds(lambda: report.run(week[COLUMNS], healthy[COLUMNS]).dict()),
    }


def nannyml(path: str) -> dict[str, tuple[float, float]]:
    """Drift by week (KS and Jensen-Shannon), performance by week, CBPE by week, each fitted and calculated."""
    import nannyml as nml

    start = time.perf_counter(), time.process_time()
    healthy, later = read(path)
    for part in (healthy, later):
        part["prediction"], part["truth"] = (part[c].eq("yes").astype(int) for c in ("prediction", "label"))
    known = [part[part["label"].notna()] for part in (healthy, later)]
    reading = since(*start)
    metrics = ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "average_precision"]
    asked = {
        "timestamp_column_name": "decided_at", "chunk_period": "W", "y_pred": "prediction", "y_pred_proba": "score",
        "y_true": "truth", "problem_type": "classification_binary",
    }  # fmt: skip
    drift = nml.UnivariateDriftCalculator(
        column_names=COLUMNS, timestamp_column_name="decided_at", chunk_period="W",
        continuous_methods=["kolmogorov_smirnov", "jensen_shannon"], categorical_methods=["jensen_shannon"],
    )  # fmt: skip
    measured, guessed = (
        nml.PerformanceCalculator(metrics=metrics, **asked),
        nml.CBPE(metrics=metrics, **asked),
    )
    one = [part[part["segment"] == "segment_1"] for part in (healthy, later)]
    return {
        "reading": reading,
        "drift": seconds(lambda: drift.fit(healthy).calculate(later)),
        "drift of one segment": seconds(lambda: drift.fit(one[0]).calculate(one[1])),
        "performance": seconds(lambda: measured.fit(known[0]).calculate(known[1])),
        "estimate": seconds(lambda: guessed.fit(known[0]).estimate(later)),
    }


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    took = {"evidently": evidently, "nannyml": nannyml}[sys.argv[1]](sys.argv[2])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {
        "version": version(sys.argv[1]),
        "seconds": {name: own[0] for name, own in took.items()},
        "cpu": {name: own[1] for name, own in took.items()},
        "peak_mb": round(peak),
    }
    print(json.dumps(told))

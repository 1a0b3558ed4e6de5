"""NannyML with its defaults on the logs in the plain form. Runs in an environment of its own (see run.py).

Weekly chunks; Jensen-Shannon drift of every feature, realised performance, and CBPE (classes) or DLE (numbers) before
the labels. Its alarm on neighbouring chunks of one signal counts once. A drift or estimated alarm is known at the
chunk's end; a realised one once nine in ten of its labels have come. Its alert on performance is raised for a
change for the better as well: ``worse`` says whether it was one for the worse.

A log's description may ask for more: ``watched``, columns whose drift is looked at beside the features; ``metrics`` of
performance; and ``together``, for the reconstruction error of all features and each feature's share of missing values.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import nannyml as nml
import pandas as pd

warnings.filterwarnings("ignore")


def alarms(
    frame: pd.DataFrame, meta: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[str], dict[str, Any]]:
    end = pd.Timestamp(meta["reference_end"])
    reference, later = frame[frame["at"] < end].copy(), frame[frame["at"] >= end].copy()
    features = [c for c in frame if c.startswith("x_")]
    watched = [*features, *meta.get("watched", ())]
    for c in watched:
        if frame[c].dtype == object:
            for part in (reference, later):
                part[c] = part[c].astype("category")
    found, left_out, errors = [], [], {}
    drift = nml.UnivariateDriftCalculator(column_names=watched, timestamp_column_name="at", chunk_period="W")
    shown = drift.fit(reference).calculate(later).filter(period="analysis").to_df()
    for c in watched:
        method = "jensen_shannon"
        found += runs(shown, ("chunk", "chunk"), (c, method), f"drift.{c}", pd.Timedelta(0))
    if meta.get("together"):
        found += together(reference, later, features)
    for signal, make, delay in performance(frame, meta, features):
        try:
            result, names = make(reference, later)
        except Exception as error:  # a peer's refusal is part of the result
            left_out.append(f"{signal}: {type(error).__name__}: {str(error)[:120]}")
            continue
        for name in names:
            found += runs(result, ("chunk",), (name,), f"{signal}.{name}", delay)
            if signal == "estimate":
                errors[name] = estimate_error(result, name, end, frame["at"].max())
    return found, left_out, errors


def together(reference: pd.DataFrame, later: pd.DataFrame, features: list[str]) -> list[dict[str, Any]]:
    """Alarms of the reconstruction error of all features at once, and of each one's share of missing values."""
    by: dict[str, Any] = {"column_names": features, "timestamp_column_name": "at", "chunk_period": "W"}
    shown = nml.DataReconstructionDriftCalculator(**by).fit(reference).calculate(later)
    found = runs(
        shown.filter(period="analysis").to_df(), ("chunk",), ("reconstruction_error",), "multivariate.inputs",
        pd.Timedelta(0),
    )  # fmt: skip
    shown = nml.MissingValuesCalculator(**by).fit(reference).calculate(later)
    for c in features:
        found += runs(
            shown.filter(period="analysis").to_df(), ("chunk",), (c,), f"missing.{c}", pd.Timedelta(0)
        )
    return found


def estimate_error(result: Any, name: str, begins: pd.Timestamp, last: pd.Timestamp) -> dict[str, Any]:
    """How far weekly estimates lay from what the labels said, where both are known, in whole weeks as ours are."""
    starts, ends = (pd.to_datetime(result[("chunk", f"{side}_date")]) for side in ("start", "end"))
    whole = (starts >= begins) & (ends <= last)
    gap = (result[(name, "value")] - result[(name, "realized")]).abs()[whole].dropna()
    return {"weeks": len(gap), "distance": float(gap.mean()) if len(gap) else None}


def performance(frame: pd.DataFrame, meta: dict[str, Any], features: list[str]) -> list[Any]:
    waited = pd.Timedelta(0)
    if "known_at" in frame:
        gone = (pd.to_datetime(frame["known_at"]) - frame["at"]).dropna()
        waited = gone.quantile(0.9) if len(gone) else waited
    if meta["task"] == "binary":
        metrics = list(meta.get("metrics", ["accuracy"]))
        common: dict[str, Any] = {
            "y_pred": "y_pred", "y_true": "y_true", "timestamp_column_name": "at", "metrics": metrics,
            "problem_type": "classification_binary", "chunk_period": "W",
        }  # fmt: skip

        def coded(part: pd.DataFrame) -> pd.DataFrame:
            made = part.copy()
            made["y_pred"] = (made["prediction"] == meta["positive"]).astype(int)
            made["y_true"] = (made["label"] == meta["positive"]).astype(float).where(made["label"].notna())
            return made

        def realised(reference: pd.DataFrame, later: pd.DataFrame) -> Any:
            tool = nml.PerformanceCalculator(y_pred_proba="score", **common).fit(
                coded(reference).dropna(subset="y_true")
            )
            shown = tool.calculate(coded(later).dropna(subset="y_true")).filter(period="analysis").to_df()
            return shown, metrics

        def estimated(reference: pd.DataFrame, later: pd.DataFrame) -> Any:
            tool = nml.CBPE(y_pred_proba="score", **common).fit(coded(reference).dropna(subset="y_true"))
            return tool.estimate(coded(later)).filter(period="analysis").to_df(), metrics

        return [("performance", realised, waited), ("estimate", estimated, pd.Timedelta(0))]
    if meta["task"] == "regression":
        known: dict[str, Any] = {
            "y_pred": "prediction", "y_true": "label", "timestamp_column_name": "at", "metrics": ["mae"],
            "chunk_period": "W",
        }  # fmt: skip

        def realised_number(reference: pd.DataFrame, later: pd.DataFrame) -> Any:
            tool = nml.PerformanceCalculator(problem_type="regression", **known).fit(
                reference.dropna(subset="label")
            )
            return tool.calculate(later.dropna(subset="label")).filter(period="analysis").to_df(), ["mae"]

        def estimated_number(reference: pd.DataFrame, later: pd.DataFrame) -> Any:
            tool = nml.DLE(feature_column_names=features, **known).fit(reference.dropna(subset="label"))
            return tool.estimate(later).filter(period="analysis").to_df(), ["mae"]

        return [("performance", realised_number, waited), ("estimate", estimated_number, pd.Timedelta(0))]
    return []


def runs(
    shown: pd.DataFrame, chunk: tuple[str, ...], key: tuple[str, ...], signal: str, delay: pd.Timedelta
) -> list[dict[str, Any]]:
    """One alarm a run of alerts; ``chunk`` and ``key`` are the columns' levels above their last."""
    starts, ends = shown[(*chunk, "start_date")], shown[(*chunk, "end_date")]
    alert = shown[(*key, "alert")].fillna(False).astype(bool).tolist()
    value, worse = shown[(*key, "value")].astype(float), [True] * len(shown)
    if signal.startswith(("performance.", "estimate.")):
        over, under = (shown[(*key, f"{side}_threshold")].astype(float) for side in ("upper", "lower"))
        worse = (value > over if key[-1] == "mae" else value < under).tolist()
    made, before = [], False
    for on, bad, start, end in zip(alert, worse, starts, ends, strict=True):
        if on and not before:
            known = pd.Timestamp(end) + delay
            made.append(
                {"signal": signal, "since": str(start), "known_at": str(known), "worse": bad, "figures": {}}
            )
        before = on
    return made


def result(folder: Path) -> dict[str, Any]:
    """What NannyML says of the log in a folder."""
    meta = json.loads((folder / "meta.json").read_text())
    frame = pd.read_parquet(folder / "log.parquet")
    found, left_out, errors = alarms(frame, meta)
    story = meta["kind"] if meta["kind"] != "story" else meta["name"].rpartition("-")[0]
    return {
        "name": meta["name"], "story": story, "change": meta["change"], "first": str(frame["at"].min()),
        "last": str(frame["at"].max()), "rows": len(frame), "reference_end": meta["reference_end"],
        "findings": found, "left_out": left_out, "estimates": errors, "version": nml.__version__,
    }  # fmt: skip


def main(place: Path, out: Path) -> None:
    have = {json.loads(line)["name"] for line in out.read_text().splitlines()} if out.exists() else set()
    for folder in sorted(p for p in place.iterdir() if p.name not in have):
        made = result(folder)
        with out.open("a") as file:
            file.write(json.dumps(made) + "\n")
        print(f"{made['name']}: {len(made['findings'])} alarms {made['left_out'] or ''}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

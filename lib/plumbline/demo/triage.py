"""A diagnostic tool at three sites: the same inputs get different answers, and one site logs no version."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plumbline.demo.story import (
    DEMO_MOMENT,
    Scenario,
    ScenarioFiles,
    keep,
    random_stream,
    times,
    train,
    write_csv,
)
from plumbline.domain import FloatArray, Settings, Task

DAYS, ROWS, CASES = 182, 20_000, 8_000
CLASSES = np.array(["routine", "soon", "urgent"], dtype=object)
SITES = np.array(["Aarhus", "Brno", "Cork"], dtype=object)


def _patients(rng: np.random.Generator, n: int) -> dict[str, FloatArray]:
    drawn = {
        "age": np.clip(rng.normal(52, 19, n), 1, 99).round(),
        "temperature": rng.normal(37.3, 0.8, n).round(1),
        "heart_rate": rng.normal(84, 16, n).round(),
        "oxygen": np.clip(rng.normal(96, 2.4, n), 80, 100).round(),
        "pain": rng.integers(0, 11, n),
        "days_ill": rng.poisson(3, n),
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in drawn.items()}


def _severity(x: dict[str, FloatArray]) -> FloatArray:
    return np.asarray(
        0.9 * (x["temperature"] - 37.3) + 0.05 * (x["heart_rate"] - 84) - 0.4 * (x["oxygen"] - 96)
        + 0.25 * (x["pain"] - 5) + 0.02 * (x["age"] - 52)
    )  # fmt: skip


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write the log: each case is sent to two or three sites; Cork logs no version."""
    import pandas as pd

    rng = random_stream(20260505, seed)
    learnt = _patients(rng, 14_000)
    level = np.digitize(_severity(learnt) + rng.normal(0, 0.7, 14_000), [0.6, 2.2])
    model = train(pd.DataFrame(learnt), level, "multiclass", trees=60, num_class=3)
    cases = _patients(rng, CASES)
    who = np.sort(np.r_[np.arange(CASES), rng.choice(CASES, ROWS - CASES)])
    x = {name: values[who] for name, values in cases.items()}
    at = times(rng, DAYS, ROWS)
    place = np.r_[0, np.cumsum(np.diff(who) == 0)] % 3
    site = SITES[(who + place) % 3]
    frame = pd.DataFrame(x)
    proba = model.predict(frame)
    # Brno's device adds a few beats to the pulse before the model sees it, not before it is logged
    brno, cork = site == "Brno", site == "Cork"
    moved = frame.copy()
    moved.loc[brno, "heart_rate"] += np.round(rng.normal(OFFSET, 3, int(brno.sum())))
    proba = np.where(brno[:, None], model.predict(moved), proba)
    truth = np.digitize(_severity(cases) + rng.normal(0, 0.7, CASES), [0.6, 2.2])[who]
    log = pd.DataFrame(
        {"record": [f"T{i:06d}" for i in range(ROWS)], "assessed": at, "site": site,
         "software": np.where(cork, "", "5.1"), "triage": CLASSES[proba.argmax(axis=1)],
         "p_routine": np.round(proba[:, 0], 6), "p_soon": np.round(proba[:, 1], 6), "p_urgent": np.round(proba[:, 2], 6),
         "diagnosis": CLASSES[truth], **x}
    )  # fmt: skip
    return ScenarioFiles(
        write_csv(log, folder / "triage.csv"), None, {"5.1": keep(model, folder, "triage_model_5.1.txt")}
    )


OFFSET = 4.4
SCENARIO = Scenario(
    name="triage-diagnostics", title="Triage diagnostics", task=Task.MULTICLASS, write=write,
    mapping={
        "record": "decision_id", "assessed": "timestamp", "site": "segment:site", "software": "version",
        "triage": "prediction", "p_routine": "proba:routine", "p_soon": "proba:soon", "p_urgent": "proba:urgent",
        "diagnosis": "label",
    },
    context={
        "environment": "production", "impact": "health", "harm": "yes", "oversight": "sometimes", "critical": "yes",
        "regulated_buyers": "yes", "financial_entity": "no", "interactions_per_month": "6000",
    },
    settings=Settings(as_of=DEMO_MOMENT),
    attestations=(
        ("REL-7", "pass", "Every build is reproducible from our repository.", "Dr Eva Holm", "2026-07-01", "2027-06-30"),
        ("CMP-7", "pass", "Owned by the clinical lead.", "Dr Eva Holm", "2026-07-01", "2027-06-30"),
    ),
    truth={"conflicting": 0.07, "site_without_version": "Cork"},
)  # fmt: skip

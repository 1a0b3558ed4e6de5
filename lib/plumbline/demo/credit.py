"""Credit limits, healthy: retrained each quarter, each release run in the shadow first, people in the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.demo.story import (
    DEMO_MOMENT,
    END,
    YEAR,
    Scenario,
    ScenarioFiles,
    keep,
    random_stream,
    sigmoid,
    times,
    train,
    write_csv,
)
from plumbline.demo.training import TrainingRun, write_repository
from plumbline.domain import FloatArray, Settings, Task
from plumbline.governance.ai_act import law

DAYS, ROWS, SHADOW_DAYS = 365, 57_000, 5
RELEASES = ("2025.4", "2026.1", "2026.2", "2026.3")
TRAINED = ("2025-10-20", "2026-01-21", "2026-04-22", "2026-07-22")
FEATURES = ("income_k", "debt_ratio", "months_as_customer", "utilisation", "late_payments", "accounts")
REGIONS = np.array(["north", "east", "south", "west"], dtype=object)


def _applicants(rng: np.random.Generator, n: int) -> dict[str, FloatArray]:
    return {
        "income_k": np.round(rng.lognormal(3.6, 0.4, n), 1),
        "debt_ratio": np.round(rng.beta(2.2, 5, n), 3),
        "months_as_customer": np.round(rng.gamma(2, 25, n)),
        "utilisation": np.round(rng.beta(2, 3, n), 3),
        "late_payments": rng.poisson(0.7, n).astype(float),
        "accounts": rng.integers(1, 9, n).astype(float),
    }


def _repayment_log_odds(x: dict[str, FloatArray]) -> FloatArray:
    return np.asarray(
        2.1 * np.log(x["income_k"] / 36) - 5.0 * (x["debt_ratio"] - 0.3) - 1.1 * (x["late_payments"] - 0.7)
        - 2.6 * (x["utilisation"] - 0.4) + 0.012 * (x["months_as_customer"] - 50) + 0.5
    ) * 1.25  # fmt: skip


def write(folder: Path, seed: int = 0) -> ScenarioFiles:
    """Write a year of decisions of four versions, shadow runs included, and the four models."""
    import pandas as pd

    rng = random_stream(20251031, seed)
    at = times(rng, DAYS, ROWS)
    x = _applicants(rng, ROWS)
    for place in rng.choice(ROWS - 1, 400, replace=False):  # applications that are sent in twice
        for values in x.values():
            values[place + 1] = values[place]
    quarter = np.minimum(((at - at[0]) / np.timedelta64(1, "D") / (DAYS / 4)).astype(int), 3)
    models: list[Any] = []
    trainings: list[TrainingRun] = []
    parts, bases = np.zeros((ROWS, len(FEATURES))), np.zeros(ROWS)
    shadow: list[NDArray[Any]] = []
    for i in range(len(RELEASES)):
        learnt = _applicants(rng, 20_000)
        good = (rng.random(20_000) < sigmoid(_repayment_log_odds(learnt))).astype(float)
        models.append(train(pd.DataFrame(learnt), good, "binary", trees=45, num_leaves=7, learning_rate=0.2))
        chosen = {"num_leaves": 7.0, "learning_rate": 0.2, "num_boost_round": 45.0}
        rows = pd.DataFrame(learnt).assign(repaid=good)
        trainings.append(
            TrainingRun(
                release=RELEASES[i],
                day=TRAINED[i],
                rows=rows,
                parameters=chosen,
                model=models[i].model_to_string(),
            )
        )
        in_quarter = quarter == i
        parts[in_quarter], bases[in_quarter] = _contributions(models[i], x, in_quarter)
        start = at[0] + np.timedelta64(round(DAYS / 4 * i * 86_400), "s")
        before = (at >= start - np.timedelta64(SHADOW_DAYS, "D")) & (at < start)
        shadow.append(np.flatnonzero(before)[::1] if i else np.empty(0, dtype=int))
    frame = _frame(rng, at, x, quarter, parts, bases)
    extra = [_shadow_rows(frame, rows, models[i], x, i) for i, rows in enumerate(shadow) if len(rows)]
    log = pd.concat([frame, *extra]).sort_values(["decided_at", "application"]).reset_index(drop=True)
    files = {v: keep(m, folder, f"credit_model_{v}.txt") for v, m in zip(RELEASES, models, strict=True)}
    path = write_repository(folder / "credit_training", trainings, author="Training pipeline")
    return ScenarioFiles(write_csv(log, folder / "credit_limits.csv"), None, files, path)


def _contributions(model: Any, x: dict[str, FloatArray], rows: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """LightGBM's own exact contributions in log-odds, and its constant base."""
    found = model.predict(_table(x, rows), pred_contrib=True)
    return np.asarray(found[:, :-1]), np.asarray(found[:, -1])


def _table(x: dict[str, FloatArray], rows: NDArray[Any]) -> Any:
    import pandas as pd

    return pd.DataFrame({name: x[name][rows] for name in FEATURES})


def _frame(
    rng: np.random.Generator, at: NDArray[np.datetime64], x: dict[str, FloatArray], quarter: NDArray[Any],
    parts: FloatArray, bases: FloatArray,
) -> Any:  # fmt: skip
    import pandas as pd

    score = sigmoid(parts.sum(axis=1) + bases)
    granted = score >= 0.5
    repaid = rng.random(len(at)) < sigmoid(_repayment_log_odds(x))
    overruled = rng.random(len(at)) < np.where(np.abs(score - 0.5) < 0.06, 0.12, 0.004)
    known = at + (rng.gamma(4, 2.5, len(at)) * 86_400).astype("timedelta64[s]")
    seen = known < END
    trained = np.array(TRAINED, dtype=object)
    return pd.DataFrame(
        {
            "application": [f"C{i:06d}" for i in range(len(at))], "decided_at": at,
            "model_version": np.array(RELEASES, dtype=object)[quarter], "trained_on": trained[quarter], "lane": "champion",
            "p_repay": np.round(score, 8), "decision": np.where(granted, "grant", "refuse"),
            "officer": np.where(overruled ^ granted, "grant", "refuse"),
            "repaid": np.where(seen, np.where(repaid, "grant", "refuse"), ""),
            "repaid_known": pd.Series(known).where(pd.Series(seen)),
            "customer": [f"K{i:06d}" for i in rng.integers(0, 40_000, len(at))],
            "region": rng.choice(REGIONS, len(at)), "sex": rng.choice(np.array(["f", "m"], dtype=object), len(at)),
            "age_band": rng.choice(np.array(["18-34", "35-54", "55+"], dtype=object), len(at), p=[0.3, 0.45, 0.25]),
            **x, **{f"shap_{name}": np.round(parts[:, j], 8) for j, name in enumerate(FEATURES)},
        }
    )  # fmt: skip


def _shadow_rows(frame: Any, rows: NDArray[Any], model: Any, x: dict[str, FloatArray], release: int) -> Any:
    """The next version's decisions beside the champion's, in the days before it takes over."""
    shadow_rows = frame.iloc[rows].copy()
    parts, bases = _contributions(model, x, rows)
    score = sigmoid(parts.sum(axis=1) + bases)
    shadow_rows["application"] = "S" + str(release) + shadow_rows["application"].str[1:]
    shadow_rows["model_version"], shadow_rows["lane"] = RELEASES[release], "shadow"
    shadow_rows["trained_on"] = TRAINED[release]
    shadow_rows["p_repay"], shadow_rows["decision"] = (
        np.round(score, 8),
        np.where(score >= 0.5, "grant", "refuse"),
    )
    shadow_rows["officer"] = shadow_rows["decision"]
    for j, name in enumerate(FEATURES):
        shadow_rows[f"shap_{name}"] = np.round(parts[:, j], 8)
    return shadow_rows


_START, _END = YEAR
_STATED = {
    "SEC-1": "Access to model and data by role, reviewed each quarter.",
    "SEC-2": "Disks, backups and model files are encrypted with keys held apart.",
    "SEC-3": "The gateway logs caller, time and result of each request.",
    "SEC-5": "Plumbline runs on a machine of the risk team alone, opened with their own accounts.",
    "SEC-6": "The disk below this workspace is encrypted by the machine.",
    "SEC-7": "Training runs in an account of its own that cannot reach the deciding service.",
    "SEC-8": "Models are kept as ONNX files; the service checks their SHA-256 against the release before it loads one.",
    "SEC-9": "The gateway limits what one caller may ask in an hour and reports who comes near the limit.",
    "REL-9": "The head of credit risk approves each release of the modelling team, by ticket.",
    "REL-10": "Accuracy, robustness and bias against limits that are set beforehand; report with each release.",
    "CMP-8": "ISO 27001 surveillance audit of June 2026, scoring in scope, no exception.",
    "CMP-9": "Cases go to officers; recovery time 4 hours, recovery point 1 hour.",
    "CMP-10": "Complaints go to the ombudsman's register; the last yearly report says 11 days to the answer.",
    "CMP-1": "Record of processing and impact assessment, signed by the data protection officer.",
    "CMP-3": "Technical documentation after Annex IV, version 3.",
    "CMP-7": "Owned by the head of credit, deputy named, reviewed each September.",
    "AUD-5": "Data sources to features to model, drawn up and reviewed.",
}
ACT_ANSWERS = {question.key: "no" for question in law().questions} | {
    "creditworthiness": "yes",
    "profiling": "yes",
}
SCENARIO = Scenario(
    name="credit-limits", title="Credit limits", task=Task.BINARY, write=write,
    positive="grant",
    mapping={
        "application": "decision_id", "decided_at": "timestamp", "model_version": "version", "trained_on": "trained_at",
        "lane": "arm", "p_repay": "score", "decision": "prediction", "officer": "override", "repaid": "label",
        "repaid_known": "label_time", "customer": "subject", "region": "segment:region", "sex": "protected:sex",
        "age_band": "protected:age_band", **{f"shap_{name}": f"attribution:{name}" for name in FEATURES},
    },
    context={
        "environment": "production", "impact": "credit", "harm": "yes", "oversight": "sometimes", "critical": "yes",
        "regulated_buyers": "yes", "financial_entity": "yes", "interactions_per_month": "20000", "exemption": "none",
    },
    settings=Settings(
        as_of=DEMO_MOMENT, covers_launch=True,
        personal_data=("subject",), retention_days=730,
        ai_act={
            "class": "high risk", "reviewed": "2026-09-15", "role": "deployer", "answers": ACT_ANSWERS,
            "duties": dict.fromkeys(("literacy", "logging", "oversight", "use", "rights_assessment", "explain"), "Lena Sommer"),
        },
        cost_matrix={
            "currency": "EUR", "matrix": {"grant|grant": 40.0, "grant|refuse": -60.0},
            "reason": "EUR 40 of interest and fees a year from a limit that is repaid; EUR 60 written off from one that is not.",
        },
        adverse="low", role="recommends",  # a low chance of repayment refuses; an officer has the last word
        reasons={
            "income_k": "Income, in thousands of euros", "debt_ratio": "Debts as a share of income",
            "months_as_customer": "Months as a customer", "utilisation": "Share of present limits in use",
            "late_payments": "Late payments in two years", "accounts": "Number of accounts",
        },
        # what a customer can bring about within months; late payments of the past stay
        changeable={
            "income_k": {"direction": "up", "step": 0.1},
            "debt_ratio": {"direction": "down", "low": 0.0, "step": 0.001},
            "utilisation": {"direction": "down", "low": 0.0, "step": 0.001},
        },
    ),
    attestations=tuple((control, "pass", text, "Lena Sommer", _START, _END) for control, text in _STATED.items()),
    documents=True,
    truth={"ratio": 0.9, "releases": RELEASES},
)  # fmt: skip

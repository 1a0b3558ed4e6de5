"""Figures of real logs that were computed independently with pandas and scikit-learn."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import FeatureProfile, Kind, Slice, Task
from plumbline.monitor.drift.exact import exact_auc
from plumbline.profile import build
from plumbline.profile.read import profiles
from plumbline.profile.scan import exact
from plumbline.store.systems import create_system, set_reference
from tests.factory.decision_tables import insert, workspace

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.reallogs,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real logs are not here"),
]


def _electricity() -> tuple[pd.DataFrame, pd.DataFrame, str, dict]:
    names = ("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    columns = ", ".join(f'{name} AS "feature:{name}"' for name in names)
    log = duckdb.sql(
        f"""SELECT (scored_at AT TIME ZONE 'UTC')::TIMESTAMP AS timestamp, request_id AS decision_id,
                   model_ver AS version, price_up_prob AS score, forecast AS prediction, outcome AS label,
                   {columns} FROM '{DATA}/electricity/electricity.csv'"""
    ).df()
    truth = json.loads((DATA / "electricity" / "truth.json").read_text())
    cut = log["timestamp"].min() + timedelta(days=30)
    return log[log["timestamp"] < cut], log[log["timestamp"] >= cut], "UP", truth


def _car_loan() -> tuple[pd.DataFrame, pd.DataFrame, str, dict]:
    names = ("car_value", "debt_to_income_ratio", "loan_length", "driver_tenure")
    columns = ", ".join(f'{name} AS "feature:{name}"' for name in names)
    query = f"""SELECT timestamp::TIMESTAMP AS timestamp, id::VARCHAR AS decision_id, y_pred_proba AS score,
                       y_pred::VARCHAR AS prediction, repaid::INTEGER::VARCHAR AS label, {columns} FROM """
    folder = DATA / "car-loan"
    reference = duckdb.sql(f"{query} '{folder}/reference.parquet'").df()
    rest = duckdb.sql(f"{query} '{folder}/analysis.parquet' JOIN '{folder}/targets.parquet' USING (id)").df()
    return reference, rest, "1", json.loads((folder / "truth.json").read_text())


@pytest.fixture(scope="module", params=[_electricity, _car_loan], ids=["electricity", "car-loan"])
def log(request, tmp_path_factory):
    reference, rest, positive, truth = request.param()
    ws = workspace(tmp_path_factory.mktemp("real"))
    with ws.write() as cursor:
        system = create_system(cursor, "real", task=Task.BINARY, positive=positive)
        end = reference["timestamp"].max().to_pydatetime().replace(tzinfo=UTC) + timedelta(microseconds=1)
        system = set_reference(cursor, system, (datetime(1990, 1, 1, tzinfo=UTC), end), "given")
        for load, part in ((1, reference), (2, rest)):
            insert(cursor, system, part, load)
            build.on_load(cursor, system, load)
    with ws.read() as cursor:
        yield cursor, system, truth, rest["timestamp"]
    ws.close()


def _month(name: str) -> Slice:
    start = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC)
    return Slice(start, (start + timedelta(days=32)).replace(day=1))


def test_monthly_figures_equal_the_truth(log) -> None:
    cursor, system, truth, _ = log
    by = truth["by_month"]["by"]
    assert len(by) > 9
    for name, expected in by.items():
        part = _month(name)
        if expected["n"] == 207:  # the month in which the studied part of car-loan begins
            part = Slice(log[3].min().to_pydatetime().replace(tzinfo=UTC), part.end)
        profile = profiles.outcome_profile(cursor, system, part)
        n = profile.n_labelled.sum()
        table = profile.confusion.sum(axis=0)
        k = profile.classes.index(system.positive)
        assert n == expected["n"]
        found = {
            "accuracy": np.trace(table) / n,
            "precision": table[k, k] / table[k].sum(),
            "recall": table[k, k] / table[:, k].sum(),
            "positive_rate": table[k].sum() / n,
            "brier": profile.sum_brier.sum() / profile.n_scored.sum(),
            "log_loss": profile.sum_log_loss.sum() / profile.n_scored.sum(),
            "roc_auc": (exact_auc(*exact.scores_and_labels(cursor, system, part)) or (None,))[0],
        }
        assert found == pytest.approx({m: expected[m] for m in found}, abs=1e-9), name


def _shares(profile: FeatureProfile) -> np.ndarray:
    cumulative = np.cumsum(profile.counts.sum(axis=0))
    cut = np.concatenate([[0], cumulative[list(profile.bins.decile_cells)], [cumulative[-1]]])
    shares = np.diff(cut) / cumulative[-1]
    shares = np.where(shares == 0, 1e-4, shares)
    return shares / shares.sum()


def test_decile_psi_and_ks_equal_the_truth(log) -> None:
    cursor, system, truth, times = log
    expected = next(value for name, value in truth.items() if name.startswith("drift"))
    last = times.max().to_pydatetime().replace(tzinfo=UTC)
    window = Slice(last - timedelta(days=30))
    reference = profiles.feature_profiles(cursor, system, Slice(*system.reference))
    for before, after in zip(reference, profiles.feature_profiles(cursor, system, window), strict=True):
        if before.bins.feature not in expected:
            continue
        assert before.bins.kind is Kind.NUMERIC
        p, q = _shares(before), _shares(after)
        figures = expected[before.bins.feature]
        assert ((q - p) * np.log(q / p)).sum() == pytest.approx(figures["psi_deciles"], abs=1e-9)
        f, g = (np.cumsum(x.counts.sum(axis=0)) / x.counts.sum() for x in (before, after))
        inside = np.diff(f).max() if len(before.bins.edges) > 251 else 1e-12
        assert abs(np.abs(f - g).max() - figures["ks"]) <= inside

"""Real logs, and a generated one with odd ends, counted in a cluster and loaded here: counts bit by bit, then what is
said of them. The real ones lie beside the checkout, or where ``PLUMBLINE_REAL_LOGS`` says; without them they are left
out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.findings import findings
from plumbline.answers.data.attach import attach, pull_table
from plumbline.answers.data.load import FileAnswers, load_file, undo_load
from plumbline.answers.drift.features import drift
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.performance.series import performance
from plumbline.domain import Status
from plumbline.store.workspace import Workspace, open_workspace
from tests.cluster.logs import same, write
from tests.cluster.server import Server

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]

REAL = Path(os.environ.get("PLUMBLINE_REAL_LOGS") or Path(__file__).parents[3] / "shared" / "data")


@dataclass(frozen=True)
class RealLog:
    """How a log is read into typed rows by DuckDB, and what of its columns is said. ``at``: the column of times."""

    query: str
    at: str
    label: str = ""
    answers: FileAnswers = field(default_factory=FileAnswers)


#: text that a load parses into numbers or times is cast as a view in the cluster would
_LOAN = """SELECT * REPLACE (CAST("timestamp" AS TIMESTAMP) AS "timestamp",
    CAST(rtrim(size_of_downpayment, '%') AS DOUBLE) AS size_of_downpayment) FROM"""
_DIRTY = ("car_value", "debt_to_income_ratio", "loan_length", "driver_tenure", "y_pred_proba")
LOGS: Mapping[str, RealLog] = {
    "car-loan": RealLog(
        f"""{_LOAN} (SELECT * FROM '{{folder}}/reference.parquet' UNION ALL BY NAME
            SELECT a.*, t.repaid FROM '{{folder}}/analysis.parquet' a
            LEFT JOIN '{{folder}}/targets.parquet' t USING (id))""",
        "timestamp",
        "repaid",
    ),
    "car-prices": RealLog(
        """SELECT * FROM read_csv('{folder}/reference.csv') UNION ALL BY NAME
           SELECT q.*, s.sold_for_eur FROM read_csv('{folder}/quotes.csv') q
           LEFT JOIN read_csv('{folder}/sold_later.csv') s USING (quote_id)""",
        "quoted",
        "sold_for_eur",
    ),
    "card-offers": RealLog("SELECT * FROM '{folder}/card_offers.parquet'", "timestamp", "y_true"),
    # what no typed table can hold is missing in it: times that are none, cells that are no number, rows twice
    "dirty-loans": RealLog(
        f"""SELECT DISTINCT id, salary_range, repaid_loan_on_prev_car, y_pred,
                TRY_CAST("timestamp" AS TIMESTAMP) AS "timestamp",
                {", ".join(f"TRY_CAST({name} AS DOUBLE) AS {name}" for name in _DIRTY)},
                TRY_CAST(rtrim(size_of_downpayment, '%') AS DOUBLE) AS size_of_downpayment
            FROM read_csv('{{folder}}/dirty_loans.csv', header = true, all_varchar = true, strict_mode = false,
                null_padding = true, ignore_errors = true, quote = '"')
            WHERE "timestamp" IS NOT NULL""",
        "timestamp",
    ),
    "electricity": RealLog(
        """SELECT * REPLACE (CAST(scored_at AS TIMESTAMP) AS scored_at)
           FROM read_csv('{folder}/electricity.csv', types = {{'scored_at': 'VARCHAR'}})""",
        "scored_at",
        "outcome",
    ),
    "income-credit": RealLog(
        """SELECT * FROM read_csv('{folder}/kredit_export.csv', delim = ';', decimal_separator = ',',
           timestampformat = '%d.%m.%Y %H:%M', encoding = 'latin-1')""",
        "Zeitpunkt",
        "Ergebnis",
        FileAnswers(timezone="UTC"),
    ),
}  # fmt: skip


def _real_log(name: str) -> pd.DataFrame:
    folder = REAL / name
    if not folder.is_dir():
        pytest.skip("the real logs are not beside this checkout")
    log = LOGS[name]
    with duckdb.connect() as connection:
        return connection.execute(f'{log.query.format(folder=folder)} ORDER BY "{log.at}"').df()


def odd(n: int = 50_000) -> pd.DataFrame:
    """A log with a first day of three rows, a version of twenty, a class of fifteen and features of every kind."""
    rng = np.random.default_rng(19)
    seconds = np.sort(rng.integers(86_400, 150 * 86_400, n))
    seconds[:3] = (10, 20, 30)
    at = pd.Timestamp("2026-02-02") + pd.to_timedelta(seconds, unit="s")
    score = np.round(rng.beta(2, 3, n), 5)
    version = np.where(seconds < 90 * 86_400, "a", "b").astype(object)
    version[rng.choice(n, 20, replace=False)] = "rare"
    label = np.where(rng.random(n) < score, "paid", "lost").astype(object)
    label[rng.random(n) < 0.1] = None
    predicted = np.where(score > 0.5, "paid", "lost").astype(object)
    predicted[rng.choice(n, 15, replace=False)] = "held"
    amount = rng.lognormal(3, 1, n)
    amount[seconds > 120 * 86_400] *= 1.5
    amount[rng.random(n) < 0.02] = np.nan
    told = pd.Series(at) + pd.to_timedelta(rng.integers(0, 24 * 20, n), unit="h")  # when an outcome was known
    told[pd.isna(label)] = pd.NaT
    return pd.DataFrame(
        {
            "label_time": told,
            "decision_id": [f"o{i:06d}" for i in range(n)], "decided_at": at, "model_version": version, "score": score,
            "prediction": predicted, "label": label, "amount": amount, "visits": rng.integers(0, 30, n),
            "area": rng.choice(["n", "s", "e", "w", None], n), "member": rng.random(n) < 0.3,
            "ratio": rng.normal(0, 1, n).astype(np.float32).astype(float),
        }
    )  # fmt: skip


def _load(folder: Path, name: str, parts: list[pd.DataFrame], answers: FileAnswers) -> Workspace:
    ws = open_workspace(folder / f"{name}.duckdb", memory_limit="1GB", read_from=[folder])
    for place, rows in enumerate(parts):
        path = folder / f"{name}-{place}.parquet"
        rows.to_parquet(path, coerce_timestamps="us")
        load_file(
            ws, path, title="x", actor="Ana", maps=answers.maps, timezone=answers.timezone,
            positive=answers.positive, task=answers.task,
        )  # fmt: skip
    return ws


def _without(values: Any) -> Any:
    """An answer without what says where it is from."""
    if isinstance(values, dict):
        return {name: _without(each) for name, each in values.items() if name not in ("sample", "cautions")}
    return [_without(each) for each in values] if isinstance(values, list) else values


def said(ws: Workspace) -> dict[str, Any]:
    """What is measured and found of the system, from counts."""
    check(ws, "x", actor="Ana")
    found = [record.finding for record in findings(ws, "x") if record.open]
    listed = [[f.signal, f.severity, str(f.since), str(f.until), str(f.sentence)] for f in found]
    answers = {"performance": performance(ws, "x"), "drift": drift(ws, "x")}
    values = {name: _without(json.loads(json.dumps(each.to_dict()))) for name, each in answers.items()}
    return values | {"findings": sorted(listed)}


def judged(ws: Workspace) -> tuple[str, dict[str, str]]:
    """The verdict, and the state of each control."""
    card = scorecard(ws, "x")
    return str(card.verdict), {each.id: str(each.status) for each in card.controls}


def _differences(one: Any, other: Any, where: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [d for k in keys for d in _differences(one.get(k), other.get(k), f"{where}.{k}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [d for i, (a, b) in pairs for d in _differences(a, b, f"{where}[{i}]")]
    if isinstance(one, float) and isinstance(other, float):
        return [] if np.isclose(one, other, rtol=1e-9, atol=1e-12) else [f"{where}: {one!r} | {other!r}"]
    return [] if one == other else [f"{where}: {one!r} | {other!r}"]


@pytest.mark.parametrize("name", [*LOGS, "generated"])
def test_a_log_is_counted_judged_and_said_as_it_would_be_here(
    server: Server, tmp_path: Path, name: str
) -> None:
    generated = name == "generated"
    rows = odd() if generated else _real_log(name)
    log = RealLog("", "decided_at", "label") if generated else LOGS[name]
    size = 3000 if generated else 200_000
    cut = len(rows) * 2 // 3
    first, second = rows.iloc[:cut], rows.iloc[cut:]
    early = first.copy()
    if log.label:  # outcomes that come late
        early.loc[early.index[cut * 3 // 4 :: 2], log.label] = None
    table = server.table("real", write(tmp_path, early))
    away = open_workspace(tmp_path / "away.duckdb", memory_limit="1GB")
    attach(
        away, server.address, title="x", item=table, since=log.at, size=size, answers=log.answers, actor="Ana"
    )
    same(away, _load(tmp_path, "early", [early], log.answers))
    server.table("real", write(tmp_path, first, second))
    looked = pull_table(away, "x", actor="Ana")
    assert looked.load is not None
    here = _load(tmp_path, "here", [first, second], log.answers)
    same(away, here)
    assert _differences(said(away), said(here)) == []
    verdict_there, states_there = judged(away)
    verdict_here, states_here = judged(here)
    other = {c: (states_there[c], states_here[c]) for c in states_here if states_there[c] != states_here[c]}
    assert other == {} or set(there for there, _ in other.values()) == {str(Status.UNKNOWN)}, other
    if not other:
        assert verdict_there == verdict_here
    undo_load(away, looked.load.load_id, actor="Ana")
    undo_load(here, 2, actor="Ana")
    same(away, here)
    assert _differences(said(away), said(here)) == []
    assert pull_table(away, "x", actor="Ana").decisions == looked.decisions

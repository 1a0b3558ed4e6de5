"""REL-8 from file to verdict: a model that is fixed, whose log rounds an input, is no model that answers twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import Evidence, Status
from plumbline.store.workspace import open_workspace


def rel_8(folder: Path, *, n: int = 6000, faults: float = 0.0) -> Evidence:
    """Scores by the true age, which the log rounds to years; a share of ``faults`` gets an answer of its own."""
    rng = np.random.default_rng(1)
    age, grade = rng.uniform(20, 70, n), rng.integers(0, 6, n)
    p = 1 / (1 + np.exp(-((age - 45) / 8 + (grade - 2.5) / 2)))
    p = np.where(rng.random(n) < faults, 1 - p, p)
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2026-03-02") + pd.to_timedelta(np.arange(n) * 6, unit="min"),
            "age": age.round().astype(int), "grade": grade, "p": p.round(6),
            "said": np.where(p > 0.5, "grant", "refuse"), "true": rng.choice(["grant", "refuse"], n), "v": "1",
        }
    )  # fmt: skip
    frame.to_csv(folder / "log.csv", index=False)
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    roles = {
        "at": "timestamp", "age": "feature:age", "grade": "feature:grade", "p": "score", "said": "prediction",
        "true": "label", "v": "version",
    }  # fmt: skip
    load_file(ws, folder / "log.csv", title="s", actor="t", maps=tuple(roles.items()), positive="grant")
    return next(c.evidence for c in scorecard(ws, "s").controls if c.id == "REL-8")


def test_a_rounded_age_is_a_property_of_the_log(tmp_path: Path) -> None:
    found = rel_8(tmp_path)
    assert found.status is Status.PARTIAL
    assert found.sentence.startswith("0 % of 6,000 repeats")
    assert "100 % got a score that differs by no more" in found.sentence


def test_answers_that_really_differ_fail_beside_it(tmp_path: Path) -> None:
    found = rel_8(tmp_path, faults=0.01)
    assert found.status is Status.FAIL
    assert "another decision" in found.sentence


@pytest.mark.parametrize("faults", [0.0, 0.5])
def test_a_few_repeats_say_nothing(tmp_path: Path, faults: float) -> None:
    found = rel_8(tmp_path, n=25, faults=faults)
    assert found.status is Status.UNKNOWN

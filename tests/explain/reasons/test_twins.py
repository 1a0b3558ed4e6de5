"""Near-twin inputs: those that rank correlation links, whatever their scale, and no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from plumbline.explain.reasons.twins import FEWEST_ROWS, twins


def log(n: int = 1_000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(10, 1, n), rng.normal(40, 12, n)
    return pd.DataFrame({
        "income": income, "income_eur": income**0.5 * (1 + 0.05 * rng.normal(size=n)), "age": age,
        "birth_year": 2026 - age + rng.normal(0, 0.5, n), "noise": rng.normal(size=n),
        "half": income * np.exp(0.9 * rng.normal(size=n)), "constant": 1.0, "town": rng.choice(list("abc"), n),
        "adult": np.where(age > 40, "yes", "no"), "grown_up": np.where(age > 40, 1.0, 0.0),
    })  # fmt: skip


def test_the_sets_are_those_of_rank_correlation() -> None:
    frame = log()
    found = twins(frame, list(frame.columns))
    assert {frozenset(t.features) for t in found} == {
        frozenset(("income", "income_eur")), frozenset(("age", "birth_year")), frozenset(("adult", "grown_up")),
    }  # fmt: skip
    income = next(t for t in found if "income" in t.features)
    assert (income.features, income.n) == (("income", "income_eur"), 1_000)
    assert income.correlation == pytest.approx(spearmanr(frame.income, frame.income_eur).statistic)
    assert next(t for t in found if "age" in t.features).correlation < -0.9


def test_a_chain_is_one_set_and_says_its_weakest_link() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=2_000)
    b = a + 0.3 * rng.normal(size=2_000)
    c = b + 0.38 * rng.normal(size=2_000)
    frame = pd.DataFrame({"a": a, "b": b, "c": c})
    (found,) = twins(frame, ["a", "b", "c"])
    links = [spearmanr(frame[i], frame[j]).statistic for i, j in (("a", "b"), ("b", "c"), ("a", "c"))]
    assert min(links) < 0.9
    assert found.features == ("a", "b", "c")
    assert found.correlation == pytest.approx(min(r for r in links if r >= 0.9))


def test_rows_without_a_value_do_not_count() -> None:
    frame = log()
    gone = np.random.default_rng(5).random((len(frame), 2)) < 0.4
    frame["income"] = frame["income"].mask(gone[:, 0])
    frame["income_eur"] = frame["income_eur"].mask(gone[:, 1])
    both = frame[["income", "income_eur"]].dropna()
    (found,) = twins(frame, ["income", "income_eur", "noise"])
    assert found.n == len(both)
    assert found.correlation == pytest.approx(spearmanr(both.income, both.income_eur).statistic)


def test_too_few_rows_make_no_twins() -> None:
    frame = log(FEWEST_ROWS - 1)
    assert twins(frame, list(frame.columns)) == ()
    assert twins(frame.iloc[:0], list(frame.columns)) == ()


def test_inputs_that_depend_on_nothing_are_never_called_twins() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        frame = pd.DataFrame(rng.standard_cauchy((FEWEST_ROWS, 40)), columns=[f"x{i}" for i in range(40)])
        assert twins(frame, list(frame.columns)) == ()

"""What a model uses: its drift found, its columns grouped, and what is explained counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from plumbline.answers.data.load import load_file
from plumbline.answers.decisions.importance import model_use, set_groups
from plumbline.charts.beeswarm import beeswarm, dependence, shade, swarm_heights
from plumbline.domain import AttributionSource, PlumblineError
from plumbline.explain.reasons.global_importance import sum_by_group

N = 1_600


@pytest.fixture
def linear(tmp_path, workspace):
    """A logged linear model whose inputs ``b`` and ``c`` change over to each other half way through the log."""
    rng = np.random.default_rng(2)
    late = np.arange(N) >= N // 2
    a, b, c = (
        rng.normal(size=N),
        rng.normal(size=N) * np.where(late, 0.1, 3),
        rng.normal(size=N) * np.where(late, 3, 0.1),
    )
    parts = {"a": 0.3 * a, "b": 0.5 * b, "c": 0.5 * c}
    score = 1 / (1 + np.exp(-sum(parts.values()) - 0.2))
    frame = pd.DataFrame({
        "decision_id": [f"d{i}" for i in range(N)],
        "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(N) * 2, unit="h"),
        "model_version": "7", "a": a, "b": b, "c": c, "score": score, "prediction": np.where(score > 0.5, "y", "n"),
        **{f"shap_{k}": v for k, v in parts.items()},
    })  # fmt: skip
    frame.to_csv(tmp_path / "log.csv", index=False)
    load_file(workspace, tmp_path / "log.csv", title="line", actor="test")
    return workspace, pd.DataFrame(parts)


def test_use_that_moved_is_found_and_split_exactly(linear) -> None:
    ws, parts = linear
    found = model_use(ws, "line")
    assert (found.source, found.version, found.n, found.space) == (
        AttributionSource.LOGGED,
        "7",
        N,
        "log-odds",
    )
    share = parts.abs().mean() / parts.abs().mean().sum()
    assert {f.feature: f.share for f in found.features} == pytest.approx(share.to_dict())
    assert found.drift is not None
    assert found.drift.watch  # b and c changed places
    assert found.drift.share_shift > 0.5
    assert sum(found.drift.parts.values()) == pytest.approx(found.drift.mean_change)
    verdicts = {q.feature: q.verdict.split(":")[0] for q in found.quadrants}
    assert (verdicts["b"], verdicts["c"]) == ("act", "act")
    assert "another order" in found.sentence
    assert len(found.chunks) > 5
    assert sum(c.n for c in found.chunks) <= N
    one = found.coverage[0]
    assert (one.n, one.recorded, one.kept, one.on_demand) == (N, N, 0, 0)


def test_columns_are_added_up_by_the_owners_groups(linear) -> None:
    ws, parts = linear
    set_groups(ws, "line", {"b": "both", "c": "both"}, actor="test")
    found = model_use(ws, "line")
    assert set(found.names) == {"a", "both"}
    weight = {f.feature: f.value for f in found.features}
    assert weight["both"] == pytest.approx((parts["b"] + parts["c"]).abs().mean())
    with pytest.raises(PlumblineError, match="'z' is no feature"):
        set_groups(ws, "line", {"z": "both"}, actor="test")


def test_near_twins_are_named_until_a_group_holds_them(tmp_path, workspace) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=N), rng.normal(size=N)
    twin = a + 0.1 * rng.normal(size=N)
    frame = pd.DataFrame({
        "decision_id": [f"d{i}" for i in range(N)],
        "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(N) * 2, unit="h"),
        "model_version": "7", "a": a, "twin": twin, "b": b, "score": 1 / (1 + np.exp(-a - b)),
        "prediction": np.where(a + b > 0, "y", "n"),
        "shap_a": 0.7 * a, "shap_twin": a - 0.7 * a, "shap_b": b,
    })  # fmt: skip
    frame.to_csv(tmp_path / "log.csv", index=False)
    load_file(workspace, tmp_path / "log.csv", title="line", actor="test")
    (found,) = model_use(workspace, "line").twins
    assert set(found.features) == {"a", "twin"}
    assert found.correlation == pytest.approx(spearmanr(a, twin).statistic)
    set_groups(workspace, "line", {"a": "a", "twin": "a"}, actor="test")
    assert model_use(workspace, "line").twins == ()


def test_a_version_that_never_decided_in_a_span_has_no_days_and_breaks_nothing(linear) -> None:
    from plumbline.answers.drift.features import drift

    assert all(f.n == 0 or f.value is None for f in drift(linear[0], "line", version="never").features)


def test_groups_keep_the_sum_of_every_row() -> None:
    parts = np.random.default_rng(0).normal(size=(20, 4))
    merged, names = sum_by_group(parts, ["a", "b", "c", "d"], {"a": "g", "c": "g"})
    assert names == ["g", "b", "d"]
    np.testing.assert_allclose(merged.sum(axis=1), parts.sum(axis=1))


def test_points_are_stacked_within_their_row_and_coloured_between_percentiles() -> None:
    height = swarm_heights(np.array([0.0, 0, 0, 0, 1]))
    assert sorted(height[:4].tolist()) == pytest.approx([-1, -0.5, 0.5, 1], abs=0.51)
    assert height[4] == 0
    colours = shade(np.array([*range(100), 1e9, np.nan]))
    assert (colours[0], colours[100], np.isnan(colours[101])) == (0.0, 1.0, True)
    assert 0.3 < colours[50] < 0.7


@pytest.mark.parametrize("sign", [1, -1, 0])
def test_pictures_hold_all_positive_all_negative_and_no_contributions(sign) -> None:
    parts = sign * np.abs(np.random.default_rng(1).normal(size=(3_000, 2)))
    values = pd.DataFrame({"x<b>": np.arange(3_000.0), "town": ["Ulm", None, "Bonn"] * 1_000})
    figure = beeswarm(parts, values, ["x<b>", "town"])
    traces = [t for t in figure.data if t.type == "scattergl"]
    assert len(traces) == 2
    assert all(len(t.x) == 2_000 for t in traces)
    assert "<b>x<b>" not in traces[0].text[0]
    assert dependence(values["town"], parts[:, 1], "town").data[0].type == "box"
    assert dependence(values["x<b>"], parts[:, 0], "x<b>").data[0].type == "scattergl"

"""Models that can only be asked, from the file to the paper: registered, explained, kept, changed, told."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io import dump

from plumbline.answers import statements
from plumbline.answers.data.load import load_file
from plumbline.answers.decisions import model_files
from plumbline.answers.decisions.attribute_all import attribute_all
from plumbline.answers.decisions.context import context
from plumbline.answers.decisions.counterfactual import find_counterfactuals, try_values
from plumbline.answers.decisions.explain import explain
from plumbline.answers.decisions.importance import model_use
from plumbline.domain import AttributionSource
from plumbline.profile.scan import attributions
from plumbline.report.decision_record import RECORD_LANGUAGES, issue_record, record_language
from plumbline.store import systems
from plumbline.store.workspace import open_workspace

NAMES = [f"input {i}" for i in range(11)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """80 decisions of a network over four inputs, 24 of naive Bayes over eleven, 24 of neighbours over three."""
    folder = tmp_path_factory.mktemp("asking")
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(128, 11)).round(6), columns=NAMES)
    good = frame["input 0"] * frame["input 1"] + frame["input 2"] > 0
    network = make_pipeline(
        StandardScaler(), MLPClassifier((6,), solver="lbfgs", max_iter=60, random_state=1)
    )
    fitted = {
        "1": network.fit(frame[NAMES[:4]], good),
        "2": GaussianNB().fit(frame, good),
        "3": KNeighborsClassifier(15).fit(frame[NAMES[:3]], good),
    }
    version = np.repeat(["1", "2", "3"], [80, 24, 24])
    score = np.empty(128)
    for name, model in fitted.items():
        columns = model.feature_names_in_
        score[version == name] = model.predict_proba(frame.loc[version == name, columns])[:, 1]
        dump(model, folder / f"{name}.skops")
    frame.insert(0, "decision_id", [f"d{i}" for i in range(128)])
    frame.insert(1, "timestamp", pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(128), unit="h"))
    log = frame.assign(model_version=version, score=score, prediction=np.where(score > 0.5, "yes", "no"))
    log.to_csv(folder / "log.csv", index=False)
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "log.csv", title="loans", actor="test")
    for name in fitted:
        assert model_files.register(ws, "loans", name, folder / f"{name}.skops", actor="test").passed
    yield ws, log, fitted
    ws.close()


def test_few_inputs_are_exact_many_an_estimate_with_its_error_and_seed(made) -> None:
    ws, _, _ = made
    exact, estimate = explain(ws, "loans", "d3"), explain(ws, "loans", "d90")
    assert exact.source is estimate.source is AttributionSource.MODEL
    assert exact.method.startswith("exact Shapley values over all combinations of inputs")
    assert (exact.errors, exact.output_space) == ({}, "log-odds")
    assert "estimated from 32 random orders and their reverses" in estimate.method
    assert f"standard error at most {max(estimate.errors.values()):.2g}; seed " in estimate.method
    assert set(estimate.errors) == set(estimate.attributions) == set(NAMES)
    assert explain(ws, "loans", "d90") == estimate
    for found in (exact, estimate, explain(ws, "loans", "d110")):
        assert abs(found.additivity_error or 0.0) < 1e-6
        assert not found.refused
    odds = explain(ws, "loans", "d90", space="probability")
    assert "contributions to the probability estimated from" in odds.method
    assert odds.base_value + sum(odds.attributions.values()) == pytest.approx(odds.score)


def test_the_record_says_so_in_every_language(made) -> None:
    ws, _, _ = made
    for code in RECORD_LANGUAGES:
        for decision_id in ("d3", "d90"):
            body = json.loads(
                issue_record(
                    ws, "loans", decision_id, ".json", language_code=code, on=date(2026, 11, 24), actor="t"
                ).content
            )
            assert record_language(code).say("quoted") not in body["document"]["basis"]["note"]
            effects = [row[4] for row in body["document"]["inputs"]["rows"]]
            assert any("±" in effect for effect in effects) == (decision_id == "d90")


def test_other_values_are_scored_and_split_and_what_would_change_it_is_found(made) -> None:
    ws, log, fitted = made
    before = explain(ws, "loans", "d3")
    tried = try_values(ws, "loans", "d3", {"input 2": 3.0})
    assert tried.before == pytest.approx(before.attributions)
    assert tried.attributions["input 2"] != pytest.approx(tried.before["input 2"], abs=1e-3)
    statements.change_settings(ws, "loans", {"changeable": {name: {} for name in NAMES[:4]}}, by="t")
    row = log.set_index("decision_id").loc["d3"]
    found, around = find_counterfactuals(ws, "loans", "d3"), context(ws, "loans", "d3")
    assert around.cut is not None
    cut = around.cut.score
    assert found.outcome == ("no" if row["prediction"] == "yes" else "yes")
    for way in found.ways:
        changed = row[NAMES[:4]].astype(float).copy()
        changed.update({c.feature: c.then for c in way.changes})
        score = fitted["1"].predict_proba(changed.to_frame().T)[0, 1]
        assert score == pytest.approx(way.score)
        assert ("yes" if score >= cut else "no") == found.outcome
    assert found.ways


def test_all_are_kept_in_batches_and_the_use_of_a_version_is_told(made) -> None:
    ws, _, _ = made
    live = model_use(ws, "loans", version="1")
    assert live.n == 60
    kept = attribute_all(ws, "loans", actor="test", batch=30)
    assert (kept.explained, kept.adds_up) == (128, 128)
    with ws.read() as cursor:
        system = systems.get_system(cursor, "loans")
        passes = {p.version: p.method for p in attributions.list_attribution_sets(cursor, system.key)}
        _, parts = attributions.sample_attributions(cursor, system, "2", (None, None), 500)
    assert passes["1"] == "exact Shapley values over all combinations of inputs (interventional)"
    assert passes["2"] == "Shapley values estimated from 32 random orders and their reverses (interventional)"
    assert parts.shape == (24, 11)

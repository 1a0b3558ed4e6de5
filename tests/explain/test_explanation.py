"""One decision: the best source, its own check, and reasons in plain words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from plumbline.domain import AttributionSource, Explanation
from plumbline.explain.explanation import Instance, choose_source, explain_row
from plumbline.explain.reasons.logged_attributions import check_logged
from plumbline.explain.reasons.sentences import OTHER, ReasonWording, adverse_order, reasons_for, value_text
from plumbline.explain.registered_model import check_model
from plumbline.explain.surrogate import fit_surrogate
from tests.explain.readers.test_lightgbm import data, train
from tests.explain.test_registered_model import registered
from tests.explain.test_surrogate import applicants, linear_score


@pytest.fixture(scope="module")
def modelled():
    x, y = data()
    frame = pd.DataFrame(x, columns=["age", "income", "debt", "years", "rate", "limit"])
    booster = train({"objective": "binary"}, frame, y > 0)
    model = registered(booster)
    scores = booster.predict(frame)
    return booster, model, frame, scores, check_model(model, frame, scores)


@pytest.fixture(scope="module")
def imitated():
    frame = applicants()
    score = linear_score(frame)
    return frame, score, fit_surrogate(frame, score, version="1", positive=score > 0.5)


def recorded():
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(500, 3))
    score = expit(0.2 + parts.sum(axis=1))
    decision = Instance(
        decision_id="d1",
        values={"a": 1.0, "b": 2.0, "c": 3.0},
        score=float(score[0]),
        recorded=dict(zip("abc", parts[0], strict=True)),
    )
    return decision, check_logged(parts, score, version="1")


def test_a_recorded_explanation_is_used_as_it_is() -> None:
    decision, check = recorded()
    found = explain_row(decision, logged=check)
    assert (found.source, found.output_space, found.method) == (
        AttributionSource.LOGGED, "log-odds", "as recorded at decision time",
    )  # fmt: skip
    assert found.attributions == decision.recorded
    assert found.base_value == pytest.approx(0.2)
    assert found.additivity_error == pytest.approx(0.0, abs=1e-9)
    assert found.exportable


def test_a_recorded_explanation_that_misses_its_score_says_by_how_much() -> None:
    decision, check = recorded()
    found = explain_row(replace(decision, score=decision.score - 0.07), logged=check)
    assert found.additivity_error == pytest.approx(0.07)
    assert "misses the logged score by 0.07" in found.check
    assert not found.exportable


def test_a_recorded_base_comes_before_the_one_that_was_inferred_and_unchecked_ones_say_so() -> None:
    decision, check = recorded()
    own = explain_row(replace(decision, recorded_base=0.2), logged=check)
    assert (own.base_value, own.baseline) == (0.2, "as recorded")
    assert (
        explain_row(decision, logged=check).baseline == "the one constant that score less attributions leaves"
    )
    assert own.check.startswith("Base + sum meets the logged score within 0.001.")
    assert own.fidelity == check.share
    far = explain_row(replace(decision, recorded_base=0.3), logged=check)
    assert far.additivity_error is not None
    assert abs(far.additivity_error) > check.tolerance
    assert not far.exportable
    plain = explain_row(replace(decision, recorded={"a": 1.0, "b": float("nan")}))
    assert (plain.check, plain.output_space, plain.base_value) == (
        "Recorded attributions, not yet checked.",
        "value",
        0.0,
    )
    assert (plain.attributions, plain.additivity_error, plain.fidelity) == ({"a": 1.0}, None, None)
    assert (plain.baseline, plain.exportable) == ("unknown", False)
    missing = explain_row(replace(decision, score=None), logged=check)
    assert (missing.additivity_error, missing.check) == (None, check.sentence)


def test_a_models_explanation_names_the_file_and_adds_up(modelled) -> None:
    booster, model, frame, scores, check = modelled
    decision = Instance(decision_id="d7", values=frame.iloc[7].to_dict(), score=float(scores[7]))
    found = explain_row(decision, model=model, model_check=check)
    assert found.source is AttributionSource.MODEL
    assert "sha256 000000000000" in found.method
    assert expit(found.base_value + sum(found.attributions.values())) == pytest.approx(scores[7])
    native = booster.predict(frame.iloc[[7]], pred_contrib=True)[0, :-1]
    assert list(found.attributions.values()) == pytest.approx(native.tolist())
    assert "100.0 % of 600 logged scores" in found.check
    pushed = native * np.sign(native.sum())
    assert found.reasons[0].startswith(f"{frame.columns[np.argmax(pushed)]} = ")
    against = explain_row(decision, model=model, model_check=check, wording=ReasonWording(adverse="low"))
    assert against.reasons[0].startswith(f"{frame.columns[np.argmin(native)]} = ")


def test_a_model_explains_a_decision_without_a_logged_score_and_says_so(modelled) -> None:
    _, model, frame, _, check = modelled
    found = explain_row(
        Instance(decision_id="d7", values=frame.iloc[7].to_dict(), score=None), model=model, model_check=check
    )
    assert (found.refused, found.score, found.additivity_error) == ("", None, None)
    assert found.check.startswith("This decision has no logged score to check against.")
    assert (found.output_space, found.fidelity, found.errors) == ("log-odds", check.share, {})
    assert found.baseline == "the model's mean output over its training data"
    assert set(found.attributions) == set(frame.columns)


def test_a_decision_the_model_does_not_reproduce_is_refused(modelled) -> None:
    _, model, frame, scores, check = modelled
    found = explain_row(
        Instance(decision_id="d7", values=frame.iloc[7].to_dict(), score=float(1 - scores[7])),
        model=model,
        model_check=check,
    )
    assert "it is not what decided here" in found.refused
    assert (found.attributions, found.exportable) == ({}, False)


def test_missing_values_reach_the_model_as_missing(modelled) -> None:
    booster, model, frame, _, check = modelled
    values = frame.iloc[3].to_dict() | {"age": None, "debt": float("nan")}
    score = booster.predict(frame.iloc[[3]].assign(age=np.nan, debt=np.nan))[0]
    found = explain_row(
        Instance(decision_id="d3", values=values, score=float(score)), model=model, model_check=check
    )
    assert found.additivity_error == pytest.approx(0.0, abs=1e-9)


def test_a_surrogate_is_labelled_and_refuses_the_other_side_of_the_cutoff(imitated) -> None:
    frame, score, surrogate = imitated
    decision = Instance(decision_id="d1", values=frame.iloc[1].to_dict(), score=float(score[1]))
    found = explain_row(decision, surrogate=surrogate)
    assert found.source is AttributionSource.SURROGATE
    assert "imitates the logged scores" in found.check
    assert found.exportable
    other = explain_row(replace(decision, score=float(1 - score[1])), surrogate=surrogate)
    assert "other side of the cut-off" in other.refused


def test_a_rough_surrogate_shows_the_strongest_factors_only_and_is_not_exported() -> None:
    rng = np.random.default_rng(0)
    frame = applicants().assign(**{f"n{i}": rng.normal(size=4000) for i in range(6)})
    noisy = expit(np.log(linear_score(frame) / (1 - linear_score(frame))) + rng.normal(scale=0.5, size=4000))
    rough = fit_surrogate(frame, noisy, version="1", cutoff=0.5)
    rough = replace(rough, grade="top factors", cutoff=None)
    found = explain_row(
        Instance(decision_id="d", values=frame.iloc[0].to_dict(), score=float(noisy[0])), surrogate=rough
    )
    assert len(found.attributions) == 6
    assert OTHER in found.attributions
    assert not found.exportable
    own = rough.link.back(np.array([found.base_value + sum(found.attributions.values())]))[0]
    assert own - noisy[0] == pytest.approx(found.additivity_error, abs=1e-9)


def test_the_best_source_that_passes_is_chosen(modelled, imitated) -> None:
    check, surrogate = modelled[4], imitated[2]
    good = recorded()[1]
    bad = replace(good, passed=False, sentence="The record does not add up.")
    failed = replace(check, passed=False, sentence="This is not the model.")
    poor = replace(surrogate, grade="refused", sentence="the surrogate is poor")
    chosen = [
        choose_source(recorded=True, logged=good, model=check, surrogate=surrogate),
        choose_source(recorded=True, logged=bad, model=check, surrogate=surrogate),
        choose_source(recorded=True, logged=bad, model=failed, surrogate=surrogate),
        choose_source(recorded=False, logged=good, model=check, surrogate=surrogate),
        choose_source(recorded=False, model=failed, surrogate=surrogate),
        choose_source(recorded=False, model=failed, surrogate=poor),
        choose_source(),
    ]
    assert [c.source for c in chosen] == [
        AttributionSource.LOGGED,
        AttributionSource.MODEL,
        AttributionSource.LOGGED,
        AttributionSource.MODEL,
        AttributionSource.SURROGATE,
        None,
        None,
    ]
    assert chosen[1].sentence.startswith("The record does not add up.")
    assert "This is not the model." in chosen[4].sentence
    refused = explain_row(Instance(decision_id="d", values={}, score=0.5))
    assert "no surrogate" in refused.refused.lower()


PHI = {"f0": -1.2, "f1": 0.4, "f2": -0.3, "f3": -0.9, "f4": 0.1}


def test_reasons_are_ordered_against_the_stated_population() -> None:
    assert [n for n, _ in adverse_order(PHI, {})] == ["f0", "f3", "f2"]
    approved = {"f0": -0.2, "f1": 0.1, "f2": -0.4, "f3": 0.3, "f4": 0.2}
    ordered = adverse_order(PHI, approved)
    assert [n for n, _ in ordered] == ["f3", "f0", "f4"]
    assert [v for _, v in ordered] == pytest.approx([-1.2, -1.0, -0.1])
    assert [n for n, _ in adverse_order(PHI, {}, "high")] == ["f1", "f4"]


def explanation(attributions, **more) -> Explanation:
    return Explanation(
        decision_id="d",
        source=AttributionSource.LOGGED,
        output_space="log-odds",
        base_value=0.0,
        score=0.5,
        attributions=attributions,
        additivity_error=0.0,
        fidelity=None,
        method="",
        baseline="",
        check="",
        **more,
    )


def test_a_reason_reads_as_a_sentence() -> None:
    said = reasons_for(explanation({"nswprice": -0.42}, values={"nswprice": 0.0505}))
    assert said.reasons == ("nswprice = 0.0505 lowered the score (log-odds −0.42)",)


def test_at_most_four_reasons_and_never_the_sum_of_the_rest() -> None:
    many = {f"x{i}": -1.0 - i for i in range(8)} | {OTHER: -99.0}
    said = reasons_for(explanation(many))
    assert [r.split()[0] for r in said.reasons] == ["x7", "x6", "x5", "x4"]


def test_a_protected_attribute_is_an_alert_and_never_a_reason() -> None:
    wording = ReasonWording(
        protected=frozenset({"sex", "town_a"}), groups={"town_a": "town", "town_b": "town"}
    )
    said = reasons_for(
        explanation({"sex": -2.0, "town_a": -0.5, "town_b": -0.6, "debt": -0.1, "age": 3.0}), wording
    )
    assert said.reasons == ("debt lowered the score (log-odds −0.10)",)
    assert len(said.alerts) == 2
    assert "sex" in said.alerts[0]
    assert "town" in said.alerts[1]


def test_groups_are_added_up_and_worded_by_the_owners_dictionary() -> None:
    wording = ReasonWording(
        adverse="high", groups={"a": "history", "b": "history"}, phrases={"history": "Payment history"},
        means={"a": 0.5}, population="those just approved",
    )  # fmt: skip
    said = reasons_for(explanation({"a": 1.0, "b": 0.25, "c": -1.0}), wording)
    assert said.reasons == ("Payment history raised the score against those just approved (log-odds +0.75)",)


def test_a_contribution_next_to_nothing_is_no_reason() -> None:
    assert len(reasons_for(explanation({"a": -1.0, "b": -0.5, "c": -0.001})).reasons) == 2


def test_nothing_is_said_of_a_refused_explanation_or_of_no_adverse_factor() -> None:
    assert reasons_for(explanation({"a": -1.0}, refused="no")).reasons == ()
    assert reasons_for(explanation({"a": 1.0, "b": 0.0})).reasons == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0505, "0.0505"), (123456.789, "123457"), (None, "missing"), (float("nan"), "missing"),
        (True, "yes"), (np.float64(2.5), "2.5"), (float("inf"), "infinite"), ("a\nb", "a b"),
        ("x" * 99, "x" * 39 + "…"),
        (np.int64(3), "3"), (pd.Timestamp("2025-01-02"), "2025-01-02 00:00:00"),
    ],
)  # fmt: skip
def test_values_are_shown_short_and_on_one_line(value, shown) -> None:
    assert value_text(value) == shown

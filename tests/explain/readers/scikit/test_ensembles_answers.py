"""Models made of models, from attributes that are written out: voting, bagging, stacking, AdaBoost and calibration.
Scores of fitted ones are held against scikit-learn's own by ``test_model_agnostic.py``; here the code was
read, every refusal was looked at, and means, votes and curves are reckoned anew below for some of the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputColumn
from plumbline.explain.readers.scikit.arrays import ModelInputs, TransformedColumns
from plumbline.explain.readers.scikit.ensembles import GROUPS
from plumbline.explain.readers.scikit.pipeline import _read
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from tests.known_answers import Table, differences

WIDTH = 3
NAMES = ("age", "rate", "town")
ROWS = np.random.default_rng(301).integers(-6, 7, (7, WIDTH)) / 4.0


def _object(kind: str, **state: Any) -> SkopsObject:
    return SkopsObject("sklearn.some", kind, state)


def _columns(places: Any = range(WIDTH)) -> TransformedColumns:
    return TransformedColumns(tuple(InputColumn(feature=i) for i in places))


def _said(kind: str, **state: Any) -> Any:
    """The margins of some rows, or why the model is refused."""
    try:
        model = GROUPS[kind](_object(kind, **state), _columns(), ModelInputs(NAMES, [None] * WIDTH), _read)
    except PlumblineError as error:
        return str(error)
    columns = np.stack([ROWS[:, column.feature] for column in model.made.columns], axis=1)
    return {
        "reads": [column.feature for column in model.made.columns],
        "margin": model.margin(columns),
        "shares": model.shares(columns),
        "says": (model.fitted.link, model.fitted.outputs, model.fitted.cost, model.missing, model.made.width),
    }


def _value(seed: int, width: int = WIDTH, log: bool = False) -> SkopsObject:
    rng = np.random.default_rng(seed)
    state = {"coef_": rng.integers(-4, 5, width) / 4.0, "intercept_": float(rng.integers(-4, 5) / 4.0)}
    return _object("PoissonRegressor" if log else "Ridge", **state)


def _classes(
    seed: int, classes: int = 2, width: int = WIDTH, kind: str = "LogisticRegression"
) -> SkopsObject:
    rng = np.random.default_rng(seed)
    rows = 1 if classes == 2 else classes
    return _object(
        kind, coef_=rng.integers(-8, 9, (rows, width)) / 4.0, intercept_=rng.integers(-4, 5, rows) / 4.0
    )


def _stump(seed: int, classes: int = 0, feature: int = 1) -> SkopsObject:
    """A tree of one split, on numbers or shares of classes."""
    kinds = [("left_child", "i8"), ("right_child", "i8"), ("feature", "i8"), ("threshold", "f8"),
             ("weighted_n_node_samples", "f8"), ("missing_go_to_left", "u1")]  # fmt: skip
    nodes = np.zeros(3, kinds)
    nodes["left_child"], nodes["right_child"] = [1, -1, -1], [2, -1, -1]
    nodes["feature"], nodes["weighted_n_node_samples"] = [feature, -2, -2], [9, 4, 5]
    values = np.random.default_rng(seed).integers(1, 9, (3, 1, max(classes, 1))).astype(float)
    tree = _object("Tree", nodes=nodes, values=values)
    if not classes:
        return _object("DecisionTreeRegressor", tree_=tree)
    return _object("DecisionTreeClassifier", tree_=tree, classes_=np.arange(classes))


def _votes() -> Iterator[tuple[str, Any]]:
    numbers = [_value(1), _value(2, log=True), _stump(3)]
    for weights in (None, [1, 1, 1], [2.0, 0.5, 0.0], [0, 0, 0], [1, 1], [1, 1, 1, 1], [1, np.nan, 1], "two"):
        yield f"numbers, {weights}", _said("VotingRegressor", estimators_=numbers, weights=weights)
    yield "one of numbers", _said("VotingRegressor", estimators_=numbers[:1])
    yield "trees of numbers", _said("VotingRegressor", estimators_=[_stump(3), _stump(4, feature=2)])
    for classes in (2, 3):
        members = [_classes(5, classes), _stump(6, classes)]
        held = {"estimators_": members, "classes_": np.arange(classes)}
        for voting in ("soft", "hard", None):
            yield f"{classes} classes, {voting}", _said("VotingClassifier", **held, voting=voting)
        yield f"{classes} classes, weighed", _said("VotingClassifier", **held, voting="soft", weights=[3, 1])
    soft = {"voting": "soft", "classes_": np.arange(2)}
    for name, members in {
        "dropped": [_classes(5), "drop", _stump(6, 2)], "all dropped": ["drop", "drop"], "none": [], "a number": 5,
        "one of numbers": [_classes(5), _value(1)], "one of three": [_classes(5), _classes(5, 3)],
        "a border": [_classes(5, kind="LinearSVC")], "another": [_object("Guess")],
    }.items():  # fmt: skip
        yield f"members: {name}", _said("VotingClassifier", estimators_=members, **soft)
    for name, classes in {
        "one": np.arange(1), "a list": [0, 1], "a table": np.eye(2), "lost": None, "many": np.arange(1001),
    }.items():  # fmt: skip
        yield (
            f"classes: {name}",
            _said("VotingClassifier", estimators_=[_classes(5)], voting="soft", classes_=classes),
        )
    thousand = np.arange(1000)
    members = [_classes(5, 1000)]
    yield (
        "classes: as many as may be",
        np.sum(
            _said("VotingClassifier", estimators_=members, voting="soft", classes_=thousand)["margin"], axis=1
        ),
    )
    yield "a classifier among numbers", _said("VotingRegressor", estimators_=[_classes(5), _value(1)])


def _bags() -> Iterator[tuple[str, Any]]:
    parts = [_value(11, 2), _value(12, 2)]
    for name, chosen in {
        "two each": [[0, 1], [2, 0]], "arrays": [np.array([2, 1]), np.array([1, 1])], "last": [[2, 2], [0, 0]],
        "beyond": [[0, 1], [3, 0]], "below": [[0, 1], [-1, 0]], "none": [[0, 1], []], "too few lists": [[0, 1]],
        "too many lists": [[0, 1], [0, 1], [0, 1]], "three": [[0, 1, 2], [0, 1]], "no number": [["a", "b"], [0, 1]],
    }.items():  # fmt: skip
        yield f"columns: {name}", _said("BaggingRegressor", estimators_=parts, estimators_features_=chosen)
    for classes in (2, 3):
        members = [_classes(13, classes, 2), _stump(14, classes, feature=0), _classes(15, classes, 1)]
        chosen = [[1, 2], [2, 1], [0]]
        held = {"estimators_": members, "estimators_features_": chosen}
        yield f"{classes} classes", _said("BaggingClassifier", **held, classes_=np.arange(classes))
        yield (
            f"{classes} classes, other names",
            _said("BaggingClassifier", **held, classes_=np.arange(5 - classes)),
        )
    yield "no columns told", _said("BaggingRegressor", estimators_=parts)


def _stacks() -> Iterator[tuple[str, Any]]:
    two, three, value = _classes(21), _classes(22, 3), _value(23)
    stump, many, border = _stump(24, 2), _stump(25, 3), _classes(26, kind="LinearSVC")
    for method in ("predict_proba", "decision_function", "predict", "vote", None):
        for name, member, outputs in (
            ("two", two, 1), ("three", three, 3), ("value", value, 1), ("stump", stump, 1), ("stump of three", many, 3),
            ("border", border, 1), ("log", _value(23, log=True), 1),
        ):  # fmt: skip
            for passed in (False, True):
                end = _value(27, outputs + WIDTH * passed)
                state = {
                    "estimators_": [member],
                    "stack_method_": [method],
                    "final_estimator_": end,
                    "passthrough": passed,
                }
                yield (
                    f"{name} by {method}{', and the columns' if passed else ''}",
                    _said("StackingRegressor", **state),
                )
    pair = {
        "estimators_": [two, "drop", stump],
        "stack_method_": ["decision_function", None, "predict_proba"],
    }
    yield "two members", _said("StackingClassifier", **pair, final_estimator_=_classes(28, 2, 2))
    yield "three classes at the end", _said("StackingClassifier", **pair, final_estimator_=_classes(29, 3, 2))
    yield "a tree at the end", _said("StackingClassifier", **pair, final_estimator_=_stump(30, 2))
    yield "too wide an end", _said("StackingClassifier", **pair, final_estimator_=_classes(28, 2, 3))
    yield "no end", _said("StackingClassifier", **pair)
    for name, methods in {
        "too few": ["predict_proba"],
        "none": [],
        "too many": ["predict_proba"] * 3,
    }.items():
        state = pair | {"stack_method_": methods}
        yield f"{name} methods", _said("StackingClassifier", **state, final_estimator_=_classes(28, 2, 2))


def _boosts() -> Iterator[tuple[str, Any]]:
    for classes in (2, 3, 4):
        members = [_stump(31, classes, 0), _stump(32, classes, 1), _classes(33, classes)]
        names = np.arange(classes)
        for weights in (
            [1, 1, 1],
            [0.5, 2.0, 1.25],
            [0.5, 2.0, 1.25, 9.0],
            [0, 0, 0],
            [1, 1],
            [1, np.nan, 1],
            [1, -1, 2],
        ):
            yield (
                f"{classes} classes, {weights}",
                _said(
                    "AdaBoostClassifier",
                    estimators_=members,
                    classes_=names,
                    estimator_weights_=np.array(weights),
                ),
            )
    yield (
        "a member of numbers",
        _said(
            "AdaBoostClassifier",
            estimators_=[_value(34)],
            classes_=np.arange(2),
            estimator_weights_=np.ones(1),
        ),
    )
    yield (
        "a member of other classes",
        _said(
            "AdaBoostClassifier",
            estimators_=[_stump(31, 3)],
            classes_=np.arange(2),
            estimator_weights_=np.ones(1),
        ),
    )
    yield "no weights", _said("AdaBoostClassifier", estimators_=[_stump(31, 2)], classes_=np.arange(2))


def _calibrations() -> Iterator[tuple[str, Any]]:
    def sigmoid(a: float, b: float) -> SkopsObject:
        return _object("_SigmoidCalibration", a_=a, b_=b)

    def steps(at: Any, value: Any) -> SkopsObject:
        return _object("IsotonicRegression", X_thresholds_=np.array(at), y_thresholds_=np.array(value))

    def member(model: Any, *curves: Any, method: Any = "sigmoid") -> SkopsObject:
        return _object("_CalibratedClassifier", estimator=model, calibrators=list(curves), method=method)

    two, three, stump = _classes(41), _classes(42, 3), _stump(43, 2)
    low, rise = sigmoid(-1.5, 0.25), steps([-1.0, 0.0, 0.5], [0.1, 0.4, 0.9])
    for name, members in {
        "one": [member(two, low)], "steps": [member(two, rise, method="isotonic")], "a tree": [member(stump, rise)],
        "two": [member(two, low), member(stump, rise, method="isotonic")], "three": [member(two, low)] * 3,
        "another method": [member(two, low, method="temperature")], "no method": [member(two, low, method=None)],
        "too many curves": [member(two, low, rise)], "no curve": [member(two)], "a number": [5],
        "another curve": [member(two, _object("Line"))], "no curve at all": [member(two, 5)],
        "other classes": [member(three, low, low, low)], "a value": [member(_value(44), low)],
        "no steps": [member(two, steps([], []))], "one step": [member(two, steps([0.5], [0.25]))],
        "equal steps": [member(two, steps([0.0, 0.0, 1.0], [0.1, 0.4, 0.9]))],
        "falling steps": [member(two, steps([0.0, -0.5, 1.0], [0.1, 0.4, 0.9]))],
        "too few values": [member(two, steps([0.0, 1.0], [0.1]))], 
        "a table of steps": [member(two, steps([[0.0]], [0.1]))],
        "no slope": [member(two, _object("_SigmoidCalibration", b_=1.0))],
        "two slopes": [member(two, _object("_SigmoidCalibration", a_=np.ones(2), b_=1.0))],
        "a slope of no number": [member(two, sigmoid(float("nan"), 0.0))],
    }.items():  # fmt: skip
        yield name, _said("CalibratedClassifierCV", calibrated_classifiers_=members, classes_=np.arange(2))
    nought = steps([-9.0, 9.0], [0.0, 0.0])
    rising = steps([0.0, 1.0], [0.0, 1.0])
    for name, members in {
        "one": [member(three, low, sigmoid(-0.5, 0.0), sigmoid(-2.0, 1.0))], 
        "all nought": [member(three, nought, nought, nought)],
        "some nought": [member(three, rising, rising, nought), member(three, low, low, low)],
        "too few": [member(three, low, low)],
    }.items():  # fmt: skip
        yield (
            f"of three classes: {name}",
            _said("CalibratedClassifierCV", calibrated_classifiers_=members, classes_=np.arange(3)),
        )
    yield "nothing", _said("CalibratedClassifierCV", calibrated_classifiers_=[], classes_=np.arange(2))


TABLES: dict[str, Table] = {
    "votes": _votes,
    "bags": _bags,
    "stacks": _stacks,
    "boosts": _boosts,
    "calibrations": _calibrations,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []


def _line(model: SkopsObject, x: Any) -> Any:
    return x @ np.asarray(model.state["coef_"]).ravel() + np.ravel(model.state["intercept_"])


def _margins(kind: str, **state: Any) -> Any:
    return _said(kind, **state)["margin"].ravel()


def test_members_are_weighed_vote_and_are_bent_as_the_definitions_say() -> None:
    numbers, log = [_value(1), _value(2)], _value(3, log=True)
    weighed = _margins("VotingRegressor", estimators_=[*numbers, log], weights=[2.0, 0.5, 1.5])
    expected = (
        2 * _line(numbers[0], ROWS) + 0.5 * _line(numbers[1], ROWS) + 1.5 * np.exp(_line(log, ROWS))
    ) / 4
    assert weighed == pytest.approx(expected)
    first, second = _classes(5), _classes(6)
    chances = [1 / (1 + np.exp(-_line(model, ROWS))) for model in (first, second)]
    two = {"estimators_": [first, second], "classes_": np.arange(2)}
    soft = _margins("VotingClassifier", **two, voting="soft", weights=[3.0, 1.0])
    assert soft == pytest.approx((3 * chances[0] + chances[1]) / 4)
    votes = [
        np.where(chance > 0.5, 1.0, -1.0) for chance in chances
    ]  # a vote against counts in full of two classes
    boosted = _margins("AdaBoostClassifier", **two, estimator_weights_=np.array([0.5, 2.0]))
    assert boosted == pytest.approx(2 * (0.5 * votes[0] + 2.0 * votes[1]) / 2.5)
    member = _object("_CalibratedClassifier", estimator=first, method="sigmoid",
                     calibrators=[_object("_SigmoidCalibration", a_=-1.5, b_=0.25)])  # fmt: skip
    bent = _margins("CalibratedClassifierCV", calibrated_classifiers_=[member], classes_=np.arange(2))
    assert bent == pytest.approx(1 / (1 + np.exp(-1.5 * _line(first, ROWS) + 0.25)))
    end = _value(7, 2)
    stack = {"estimators_": [first, numbers[0]], "stack_method_": ["predict_proba", "predict"]}
    stacked = _margins("StackingRegressor", **stack, final_estimator_=end)
    assert stacked == pytest.approx(_line(end, np.stack([chances[0], _line(numbers[0], ROWS)], axis=1)))
    part = _value(8, 2)
    bag = {"estimators_": [part, numbers[0]], "estimators_features_": [[2, 0], [0, 1, 2]]}
    mean = (_line(part, ROWS[:, [2, 0]]) + _line(numbers[0], ROWS)) / 2
    assert _margins("BaggingRegressor", **bag) == pytest.approx(mean)

"""scikit-learn models out of skops files, and tree ensembles out of ONNX files, against the libraries themselves."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier
from skops.io import dumps

from plumbline.domain import PlumblineError
from plumbline.explain.model import contributions, margins
from plumbline.explain.readers.formats import read_model
from plumbline.explain.registered_model import align_features
from plumbline.explain.sandbox.call import CallLimits, describe_model
from plumbline.explain.shap.tree_path_dependent import to_score
from tests.explain.ensembles import brute_force
from tests.explain.processor import processor_seconds


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    n = 300
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["rate", "age", "sum"])
    frame["town"] = pd.Series(rng.choice(["Ulm", "Bonn", "Kiel"], n)).astype(object)
    y = frame["rate"] + 0.5 * frame["age"] * (frame["town"] == "Ulm") - (frame["town"] == "Kiel")
    return frame, (y + rng.normal(0, 0.3, n)).to_numpy()


NUMBERS = ["rate", "age", "sum"]
MIXED = {
    "logistic": lambda: make_pipeline(
        make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), ["town"])), LogisticRegression()
    ),
    "passed on": lambda: make_pipeline(
        ColumnTransformer(
            [("o", OneHotEncoder(drop="first", handle_unknown="ignore"), ["town"]),
             ("n", make_pipeline(SimpleImputer(), MinMaxScaler()), ["rate", "sum"])],
            remainder="passthrough",
        ),
        RobustScaler(with_centering=False), LogisticRegression(C=0.5),
    ),
    "one-hot boosting": lambda: make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), ("passthrough", NUMBERS)),
        GradientBoostingClassifier(n_estimators=8, max_depth=3),
    ),
    "ordinal forest": lambda: make_pipeline(
        make_column_transformer((OrdinalEncoder(), ["town"]), ("passthrough", NUMBERS)),
        RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0),
    ),
    "native categories": lambda: make_pipeline(
        make_column_transformer((OrdinalEncoder(), ["town"]), ("passthrough", NUMBERS)),
        HistGradientBoostingClassifier(max_iter=8),
    ),
}  # fmt: skip
PLAIN = {
    "linear": LinearRegression(),
    "poisson": PoissonRegressor(),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "tree": DecisionTreeClassifier(max_depth=4),
    "extra trees": ExtraTreesRegressor(n_estimators=4, max_depth=5, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=6),
    "boosting of classes": GradientBoostingClassifier(n_estimators=4),
    "histogram": HistGradientBoostingRegressor(max_iter=6),
    "histogram poisson": HistGradientBoostingRegressor(max_iter=6, loss="poisson"),
    "several logistic": LogisticRegression(),
}


def _expected(model, x) -> np.ndarray:
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(x))[:, None]
    proba = model.predict_proba(x)
    return proba[:, 1:] if proba.shape[1] == 2 else proba


def _holds(model, frame) -> None:
    """Same scores as scikit-learn, and contributions that add up to the margin."""
    ours = read_model(dumps(model))
    rows = align_features(describe_model(dumps(model)), frame, {}).rows
    margin = margins(ours, rows)
    np.testing.assert_allclose(to_score(ours.link, margin), _expected(model, frame), atol=1e-9)
    background = rows[:30] if ours.needs_background else None
    for k in range(ours.outputs):
        parts, base = contributions(ours, rows[:40], output=k, background=background)
        np.testing.assert_allclose(base + parts.sum(axis=1), margin[:40, k], atol=1e-9)


@pytest.mark.parametrize("kind", MIXED)
def test_pipelines_score_as_scikit_learn_does_and_add_up(people, kind) -> None:
    frame, y = people
    _holds(MIXED[kind]().fit(frame, y > 0), frame)


@pytest.mark.parametrize("kind", PLAIN)
def test_models_score_as_scikit_learn_does_and_add_up(people, kind) -> None:
    frame, y = people
    target = {
        "poisson": np.round(np.exp(y / 2)), "histogram poisson": np.round(np.exp(y / 2)), "sgd": y > 0, "tree": y > 0,
        "boosting of classes": np.digitize(y, [-0.5, 0.5]), "several logistic": np.digitize(y, [-0.5, 0.5]),
    }.get(kind, y)  # fmt: skip
    _holds(PLAIN[kind].fit(frame[NUMBERS], target), frame[NUMBERS])


def test_native_categories_of_histogram_boosting_are_exact_where_shap_is_silently_wrong(people) -> None:
    frame, y = people
    typed = frame.assign(town=frame["town"].astype("category"))
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype").fit(typed, y > 0)
    rows = align_features(describe_model(dumps(model)), frame, {}).rows
    ours = read_model(dumps(model))
    assert ours.coding.categories[3] == ("Bonn", "Kiel", "Ulm")
    np.testing.assert_allclose(margins(ours, rows)[:, 0], model.decision_function(typed), atol=1e-9)
    parts, base = contributions(ours, rows)
    np.testing.assert_allclose(base + parts.sum(axis=1), model.decision_function(typed), atol=1e-9)


def test_missing_values_go_where_the_trees_send_them(people) -> None:
    frame, y = people
    holed = frame[NUMBERS].mask(np.random.default_rng(0).random((len(frame), 3)) < 0.1)
    for model in (
        HistGradientBoostingClassifier(max_iter=5),
        RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0),
    ):
        _holds(model.fit(holed, y > 0), holed)


def test_forests_of_classes_add_up_to_the_positive_class_as_in_shap(people) -> None:
    shap = pytest.importorskip("shap")
    frame, y = people
    x = frame[NUMBERS].to_numpy(np.float32).astype(float)
    model = RandomForestClassifier(n_estimators=6, max_depth=4, random_state=0).fit(x, y > 0)
    theirs = shap.TreeExplainer(model).shap_values(x[:30])
    parts, base = contributions(read_model(dumps(model)), x[:30])
    assert theirs.shape == (30, 3, 2)
    np.testing.assert_allclose(parts, theirs[:, :, 1], atol=1e-9)
    np.testing.assert_allclose(base + parts.sum(axis=1), model.predict_proba(x[:30])[:, 1], atol=1e-9)


def test_linear_contributions_are_shaps_and_the_order_of_columns_changes_nothing(people) -> None:
    shap = pytest.importorskip("shap")
    frame, y = people
    model = LogisticRegression().fit(frame[NUMBERS], y > 0)
    x = frame[NUMBERS].to_numpy()
    theirs = shap.LinearExplainer(model, x[:50]).shap_values(x)
    parts, _ = contributions(read_model(dumps(model)), x, background=x[:50])
    np.testing.assert_allclose(parts, theirs, atol=1e-9)
    turned = frame[NUMBERS[::-1]]
    again = align_features(describe_model(dumps(model)), turned, {}).rows
    np.testing.assert_array_equal(again, x)


def test_contributions_of_a_pipeline_are_the_shapley_values_of_its_inputs(people) -> None:
    frame, y = people
    model = MIXED["logistic"]().fit(frame, y > 0)
    ours = read_model(dumps(model))
    rows = align_features(describe_model(dumps(model)), frame, {}).rows
    parts, _ = contributions(ours, rows[:2], background=rows[10:30])
    for row, found in zip(rows[:2], parts, strict=True):
        expected = brute_force(lambda x: margins(ours, x)[:, 0], row, rows[10:30])
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_other_models_are_refused_by_name_and_with_the_way_out(people) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    frame, y = people
    x = frame[NUMBERS]
    with pytest.raises(PlumblineError, match="holds a IsolationForest"):
        read_model(dumps(IsolationForest(n_estimators=2).fit(x)))
    wrapped = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(x, y > 0)
    with pytest.raises(PlumblineError, match="LGBMClassifier inside a skops file"):
        read_model(dumps(make_pipeline(StandardScaler(), wrapped)))
    with pytest.raises(PlumblineError, match="does not say how many features"):
        read_model(dumps(LogisticRegression()))


def _changed(body: bytes, change) -> bytes:
    """The skops file with its parts changed: a mapping of name to bytes."""
    with zipfile.ZipFile(BytesIO(body)) as held:
        parts = {name: held.read(name) for name in held.namelist()}
    change(parts)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()


def _nodes(parts) -> str:
    return next(n for n, p in parts.items() if b"left_child" in p[:400])


def _set(field, value):
    def change(parts) -> None:
        array = np.load(BytesIO(parts[_nodes(parts)])).copy()
        array[field][0] = value
        out = BytesIO()
        np.save(out, array)
        parts[_nodes(parts)] = out.getvalue()

    return change


def _cycle(parts) -> None:
    schema = json.loads(parts["schema.json"])
    schema["content"] = {"__loader__": "CachedNode", "__id__": schema["__id__"]}
    parts["schema.json"] = json.dumps(schema).encode()


def _pickled(parts) -> None:
    out = BytesIO()
    np.save(out, np.array([{}], dtype=object), allow_pickle=True)
    parts[_nodes(parts)] = out.getvalue()


DAMAGE = {
    "child far away": _set("left_child", 99_999_999),
    "child itself": _set("left_child", 0),
    "child before": _set("right_child", -5),
    "feature far away": _set("feature", 99_999_999),
    "threshold not a number": _set("threshold", np.nan),
    "cover nought": _set("weighted_n_node_samples", 0.0),
    "cyclic": _cycle,
    "pickled array": _pickled,
    "array cut short": lambda p: p.__setitem__(_nodes(p), p[_nodes(p)][:-40]),
    "array declared huge": lambda p: p.__setitem__(
        _nodes(p), p[_nodes(p)].replace(b"'shape': (", b"'shape': (9999999", 1)
    ),
    "schema cut short": lambda p: p.__setitem__("schema.json", p["schema.json"][:900]),
    "schema deep": lambda p: p.__setitem__("schema.json", b"[" * 90_000),
    "feature count": lambda p: p.__setitem__(
        "schema.json", p["schema.json"].replace(b'"n_features_in_"', b'"n_features_xx_"')
    ),
    "a stranger": lambda p: p.__setitem__(
        "schema.json", p["schema.json"].replace(b"sklearn.tree._classes", b"os").replace(b"DecisionTreeC", b"SystemC")
    ),
    "array gone": lambda p: p.pop(_nodes(p)),
    "no schema": lambda p: p.pop("schema.json"),
}  # fmt: skip


@pytest.fixture(scope="module")
def tree_file(people) -> bytes:
    frame, y = people
    return dumps(DecisionTreeClassifier(max_depth=3).fit(frame[NUMBERS].to_numpy(), y > 0))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_hostile_skops_file_is_refused_with_one_sentence(tree_file, damage) -> None:
    with (
        processor_seconds(1.0),
        pytest.raises(PlumblineError, match="The model file was refused: ") as refused,
    ):
        read_model(_changed(tree_file, DAMAGE[damage]))
    assert "\n" not in str(refused.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tree_file, monkeypatch) -> None:
    monkeypatch.setattr("plumbline.explain.readers.scikit.skops_file.MAX_UNPACKED", 2**20)
    swollen = _changed(tree_file, lambda parts: parts.__setitem__("zeros.npy", bytes(2**21)))
    with pytest.raises(PlumblineError, match="unpacks to too much"):
        read_model(swollen)


def test_a_damaged_archive_leaves_the_parent_alive(tree_file) -> None:
    with pytest.raises(PlumblineError, match="archive is damaged"):
        describe_model(tree_file[: len(tree_file) // 2], CallLimits(cpu_seconds=3))


def test_random_damage_to_a_skops_file_is_refused_or_harmless(tree_file) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        damaged = bytearray(tree_file)
        for at in rng.integers(0, len(tree_file), 3):
            damaged[at] = rng.integers(256)
        try:
            model = read_model(bytes(damaged))
        except PlumblineError:
            continue
        assert np.isfinite(model.core.value).all()

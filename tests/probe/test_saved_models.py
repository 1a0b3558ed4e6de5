"""In what format a registry keeps a model, from what MLflow and DVC write down."""

from __future__ import annotations

import json

import pytest

from plumbline.probe.saved_models import format_of_history, format_of_outputs

SKLEARN = {
    "python_function": {"loader_module": "mlflow.sklearn", "model_path": "model.pkl", "env": {}},
    "sklearn": {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "sklearn_version": "1.5"},
}  # fmt: skip
SKOPS = {
    "python_function": {"loader_module": "mlflow.sklearn", "model_path": "model.skops"},
    "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"},
}
BOOSTER = {
    "python_function": {"loader_module": "mlflow.xgboost", "data": "model.ubj"},
    "xgboost": {"data": "model.ubj", "model_format": "ubj"},
}
OWN = {"python_function": {"loader_module": "mlflow.pyfunc.model", "python_model": "python_model.pkl"}}


ODD = {
    "python_function": {"loader_module": "mlflow.x", "model_path": "model.onnx"},
    "x": {"serialization_format": "something new"},
}
HIDDEN = {"x": {"serialization_format": "skops", "pickled_model": "model.pkl.gz"}}


@pytest.mark.parametrize(
    ("flavors", "saved_as"), [(SKLEARN, "cloudpickle"), (SKOPS, "skops"), (BOOSTER, "ubj"), (OWN, "cloudpickle"),
     (ODD, ""), (HIDDEN, "pickle")]
)  # fmt: skip
def test_what_a_run_logged_last_counts(flavors: object, saved_as: str) -> None:
    history = [{"artifact_path": "old", "flavors": BOOSTER}, {"artifact_path": "model", "flavors": flavors}]
    assert format_of_history(json.dumps(history)) == saved_as


@pytest.mark.parametrize("tag", ["", "{", "[]", "[1]", "{}", '[{"flavors": []}]', '[{"flavors": {"x": 1}}]'])
def test_a_tag_that_says_nothing_is_no_format(tag: str) -> None:
    assert format_of_history(tag) == ""


@pytest.mark.parametrize(
    ("outputs", "saved_as"),
    [
        (("model.pkl", "report.json"), "pickle"),
        (("features.pkl", "model.onnx"), "onnx"),
        (("features.pkl", "report.json"), ""),
        (("net.pt",), "torch pickle"),
        (("models/credit_model.JOBLIB",), "joblib"),
        (("model.pkl.gz",), "pickle"),
        (("model.joblib.z",), "joblib"),
        (("model.1.2.ckpt",), "torch pickle"),
        (("out/pytorch_model.bin",), "torch pickle"),
        (("pytorch_model-00001-of-00002.bin",), "torch pickle"),
        (("model.pt",), "torch pickle"),
        (("model.PTH",), "torch pickle"),
        (("model.bin",), ""),
        (("model.json.gz",), "json"),
        (("model.json.odd",), ""),
        ((), ""),
    ],
)
def test_a_pipeline_keeps_its_model_by_its_name(outputs: tuple[str, ...], saved_as: str) -> None:
    assert format_of_outputs(outputs) == saved_as

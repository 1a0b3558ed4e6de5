"""In what format a registry or a pipeline keeps a model file, told by what it recorded; no file is opened."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

#: formats that can run code when they are opened
RUNS_CODE = ("pickle", "cloudpickle", "joblib", "dill", "torch pickle")
#: endings of files -> their format
ENDINGS = {
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".p": "pickle",
    ".joblib": "joblib",
    ".dill": "dill",
    ".pt": "torch pickle",
    ".pth": "torch pickle",
    ".sav": "pickle",
    ".skops": "skops",
    ".onnx": "onnx",
    ".json": "json",
    ".ubj": "ubj",
    ".txt": "text",
    ".lgb": "text",
    ".cbm": "catboost",
    ".safetensors": "safetensors",
    ".xgb": "xgboost",
}
#: what flavors of MLflow call their file
_FILES = ("pickled_model", "model_path", "data", "model_data", "python_model", "code")


def of_history(tag: str) -> str:
    """The format of the model that a run logged last, by MLflow's own record of it; empty where it does not say."""
    try:
        logged = json.loads(tag) if tag else []
    except ValueError:
        return ""
    newest = logged[-1] if isinstance(logged, list) and logged else None
    flavors = newest.get("flavors") if isinstance(newest, dict) else None
    if not isinstance(flavors, dict):
        return ""
    # a flavor of its own says more than the one that every model has beside it
    own_first = sorted(flavors.items(), key=lambda item: (item[0] == "python_function", str(item[0])))
    known = [form for name, body in own_first if isinstance(body, dict) and (form := _of_flavor(name, body))]
    return next((form for form in known if form in RUNS_CODE), known[0] if known else "")


def _of_flavor(name: str, body: dict[str, Any]) -> str:
    stated = str(body.get("serialization_format") or "").lower()
    if stated:
        return stated
    if name == "python_function" and body.get("python_model"):
        return "cloudpickle"  # a class of its own, which MLflow pickles
    return of_paths(str(body[key]) for key in _FILES if isinstance(body.get(key), str))


def of_paths(paths: Iterable[str]) -> str:
    """The format of the first path whose ending tells one; one that can run code comes before all others."""
    formats = [ENDINGS[ending] for path in paths if (ending := PurePosixPath(path).suffix.lower()) in ENDINGS]
    return next((form for form in formats if form in RUNS_CODE), formats[0] if formats else "")


def of_outputs(paths: Iterable[str]) -> str:
    """The format of a pipeline's model: of outputs that are called so, or of the only one."""
    outputs = list(paths)
    called = [path for path in outputs if "model" in PurePosixPath(path).name.lower()]
    return of_paths(called or (outputs if len(outputs) == 1 else ()))

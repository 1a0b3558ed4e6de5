"""In what format a registry or a pipeline keeps a model file, told by what it recorded; no file is opened."""

from __future__ import annotations

import json
import re
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
    ".ckpt": "torch pickle",
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
#: formats that run no code when they are opened
RUNS_NO_CODE = frozenset(ENDINGS.values()) - {*RUNS_CODE}
#: endings of what packs one file, after which its own ending still tells
_COMPRESSION = frozenset({".gz", ".z", ".bz2", ".xz", ".lzma", ".lz4", ".zst"})
#: names that PyTorch libraries give to pickled weights; other files that end in .bin tell nothing
_TORCH = re.compile(r"(.*_)?(pytorch_model|adapter_model|training_args|optimizer)([-_.].*)?\.bin")
#: what flavors of MLflow call their file
_FILES = ("pickled_model", "model_path", "data", "model_data", "python_model", "code")


def format_of_history(tag: str) -> str:
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
    known = [_format_of_flavor(name, body) for name, body in own_first if isinstance(body, dict)]
    return _least_safe([form for form in known if form])


def _least_safe(formats: list[str]) -> str:
    """One that can run code comes before one of which nothing is known, and that before all others."""
    unsafe = next((form for form in formats if form in RUNS_CODE), "")
    if unsafe or any(form not in RUNS_NO_CODE for form in formats):
        return unsafe
    return formats[0] if formats else ""


def _format_of_flavor(name: str, body: dict[str, Any]) -> str:
    """The format of one flavor; a stated one that nobody knows stands as it is."""
    stated = str(body.get("serialization_format") or "").strip().lower()
    if stated and stated not in RUNS_CODE:
        # the file that it names may be known to run code all the same
        named = format_of_paths(str(body[key]) for key in _FILES if isinstance(body.get(key), str))
        return named if named in RUNS_CODE else stated
    if stated:
        return stated
    if name == "python_function" and body.get("python_model"):
        return "cloudpickle"  # a class of its own, which MLflow pickles
    return format_of_paths(str(body[key]) for key in _FILES if isinstance(body.get(key), str))


def format_of_paths(paths: Iterable[str]) -> str:
    """The format of the first path whose endings tell one; one that can run code comes before all others."""
    formats = [form for path in paths if (form := _format_of_path(path))]
    return next((form for form in formats if form in RUNS_CODE), formats[0] if formats else "")


def _format_of_path(path: str) -> str:
    """By any ending where it can run code, as in ``model.pkl.gz``; otherwise by the last one of the file itself."""
    name = PurePosixPath(path.strip().lower())
    endings = name.suffixes
    for ending in endings:
        if ENDINGS.get(ending) in RUNS_CODE:
            return ENDINGS[ending]
    if _TORCH.fullmatch(name.name):
        return "torch pickle"
    of_content = [ending for ending in endings if ending not in _COMPRESSION]
    return ENDINGS.get(of_content[-1], "") if of_content else ""


def format_of_outputs(paths: Iterable[str]) -> str:
    """The format of a pipeline's model: of outputs that are called so, or of the only one."""
    outputs = list(paths)
    called = [path for path in outputs if "model" in PurePosixPath(path).name.lower()]
    return format_of_paths(called or (outputs if len(outputs) == 1 else ()))

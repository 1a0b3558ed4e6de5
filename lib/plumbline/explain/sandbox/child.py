"""The process that model files are opened in: ``python -m plumbline.explain.sandbox.child``, one request a life.

Reads one request from stdin and answers on stdout, both as one line of JSON followed by blobs (the model's
bytes; arrays in NumPy's own format, never pickled). Limits its own memory and CPU time before it looks at
the file. Imports numpy and nothing heavier, so that one decision is explained well within a second.
"""

from __future__ import annotations

import io
import json
import sys
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, PlumblineError
from plumbline.explain.model import BlackBoxModel, CodedModel, contributions, margins
from plumbline.explain.model_agnostic import probability_contributions, sampled_contributions
from plumbline.explain.readers.formats import read_model
from plumbline.explain.shap.tree_path_dependent import to_score
from plumbline.explain.trees import TreeEnsemble
from plumbline.sandbox.limits import Limits, limit_resources

#: a child that is kept for many questions reads its model once
held_model = lru_cache(maxsize=1)(read_model)


def describe(model: CodedModel) -> dict[str, Any]:
    """What a person or a mapping needs to know of a model, as JSON values.

    ``features``: name, used, categories (or null), low and high of the training values (or null) and
    ``thresholds``, up to 64 distinct split points in order.
    """
    coding, used = model.coding, model.used_inputs
    features = []
    for i, name in enumerate(coding.names):
        points, (low, high) = _points(model, i)
        shown = points[np.unique(np.linspace(0, len(points) - 1, min(64, len(points))).astype(int))]
        features.append(
            {
                "name": name,
                "used": bool(used[i]),
                "categories": None if coding.categories[i] is None else list(coding.categories[i] or ()),
                "low": low if np.isfinite(low) else None,
                "high": high if np.isfinite(high) else None,
                "thresholds": shown.tolist(),
            }
        )
    return {
        "format": model.format,
        "objective": model.objective,
        "link": model.link,
        "outputs": model.outputs,
        "trees": model.trees,
        "best_trees": model.best_trees,
        "needs_background": model.needs_background,
        "asked": isinstance(model.core, BlackBoxModel),
        "orders": model.orders,
        "features": features,
    }


#: a description is asked for with every question
held_words = lru_cache(maxsize=1)(lambda body: describe(held_model(body)))


def _points(model: CodedModel, feature: int) -> tuple[FloatArray, tuple[float, float]]:
    """The split points of an input, in its own units, and the least and greatest training value (NaN: not said)."""
    core = model.core
    if not isinstance(core, TreeEnsemble):
        return np.zeros(0), (np.nan, np.nan)
    inner = (core.left >= 0) & (core.category_start < 0)
    results = []
    for place, column in enumerate(model.coding.columns):
        if column.feature == feature and column.table is None and column.scale != 0:
            results.append(core.threshold[inner & (core.feature == place)] / column.scale + column.shift)
    points = np.unique(np.concatenate(results)) if results else np.zeros(0)
    low, high = (
        core.ranges[feature].tolist() if len(core.ranges) == len(model.coding.names) else (np.nan, np.nan)
    )
    return points[np.isfinite(points)], (low, high)


def answer(
    request: dict[str, Any], body: bytes, rows: FloatArray | None, background: FloatArray | None = None
) -> tuple[dict[str, Any], list[Any]]:
    """Do what is asked: ``describe``, ``score`` (margins and scores) or ``explain`` (contributions as well).

    Returns the JSON part and the arrays: margins (n, K), scores (n, K), for ``explain`` (n, d) and (1,), and where
    contributions are estimates their standard errors (n, d) and the rows' seeds (n,).
    """
    model = held_model(body)
    head = held_words(body)
    if request["task"] == "describe" or rows is None:
        return head, []
    trees = model.best_trees if request.get("best") else 0
    margin = margins(model, rows, trees)
    arrays: list[Any] = [margin, to_score(model.link, margin)]
    if request["task"] == "explain":
        output = int(request.get("output", 0))
        if request.get("space") == "probability" and model.link != "probability":
            asked = probability_contributions(model, rows, background, output=output, trees=trees)
        elif isinstance(model.core, BlackBoxModel):
            asked = sampled_contributions(model, rows, background, output=output)
        else:
            parts, base = contributions(model, rows, output=output, trees=trees, background=background)
            return head, [*arrays, parts, np.array([base])]
        arrays += [asked.parts, np.array([asked.base])]
        arrays += [] if asked.errors is None or asked.seeds is None else [asked.errors, asked.seeds]
    return head, arrays


def reply(
    request: dict[str, Any], body: bytes, rows: FloatArray | None, background: FloatArray | None
) -> tuple[dict[str, Any], list[bytes]]:
    """The answer as it is sent, and its blobs: whatever goes wrong is one sentence, never a traceback."""
    try:
        with np.errstate(all="ignore"):  # what a hostile number makes is checked, not warned of
            head, arrays = answer(request, body, rows, background)
        blobs = [_blob(a) for a in arrays]
        return {"ok": True, "model": head, "blobs": [len(b) for b in blobs]}, blobs
    except PlumblineError as error:
        what = str(error)
    except MemoryError:
        what = "The model file was refused: it needs too much memory"
    except RecursionError:
        what = "The model file was refused: it nests too deep"
    except Exception as error:  # the door of this process: the parent shows the sentence
        what = f"The model file was refused: it cannot be read ({type(error).__name__})"
    return {"ok": False, "what": what}, []


def _blob(array: NDArray[Any]) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()


def main() -> int:
    """Serve one request; whatever goes wrong becomes one line of JSON, never a traceback."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    request = json.loads(source.readline())
    limit_resources(Limits(int(request["megabytes"]), int(request["seconds"]), 0.0))
    body = source.read(int(request["model_bytes"]))
    sent = [source.read(int(request.get(name, 0))) for name in ("rows_bytes", "background_bytes")]
    result, blobs = reply(request, body, *(unpack_array(b) for b in sent))
    sink.write(json.dumps(result).encode() + b"\n")
    for blob in blobs:
        sink.write(blob)
    sink.flush()
    return 0


def unpack_array(sent: bytes) -> FloatArray | None:
    """An array as the parent sends it; None for nothing."""
    held: FloatArray | None = np.load(io.BytesIO(sent), allow_pickle=False) if sent else None
    return held


if __name__ == "__main__":
    sys.exit(main())

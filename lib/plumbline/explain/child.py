"""The process that model files are opened in: ``python -m plumbline.explain.child``, one request a life.

Reads one request from stdin and answers on stdout, both as one line of JSON followed by blobs (the model's
bytes; arrays in NumPy's own format, never pickled). Limits its own memory and CPU time before it looks at
the file. Imports numpy and nothing heavier, so that one decision is explained well within a second.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, PlumblineError
from plumbline.explain.formats import read_model
from plumbline.explain.trees import TreeEnsemble
from plumbline.explain.treeshap import contributions, margins, to_score


def limit_resources(megabytes: int, seconds: int) -> None:
    """Cap memory, CPU time, core dumps and files written, where the platform can; the parent has a clock."""
    try:
        import resource
    except ImportError:  # Windows
        return
    wanted = (
        (resource.RLIMIT_AS, megabytes * 2**20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    )
    for limit, value in wanted:
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue  # macOS does not cap address space


def describe(ensemble: TreeEnsemble) -> dict[str, Any]:
    """What a person or a mapping needs to know of a model, as JSON values.

    ``features``: name, used, categories (or null), low and high of the training values (or null) and
    ``thresholds``, up to 64 distinct split points in order.
    """
    inner = (ensemble.left >= 0) & (ensemble.category_start < 0)
    features = []
    for i, name in enumerate(ensemble.feature_names):
        points = np.unique(ensemble.threshold[inner & (ensemble.feature == i)])
        points = points[np.isfinite(points)]
        shown = points[np.unique(np.linspace(0, len(points) - 1, min(64, len(points))).astype(int))]
        low, high = ensemble.ranges[i].tolist()
        features.append(
            {
                "name": name,
                "used": bool(ensemble.used[i]),
                "categories": None if ensemble.categories[i] is None else list(ensemble.categories[i] or ()),
                "low": low if np.isfinite(low) else None,
                "high": high if np.isfinite(high) else None,
                "thresholds": shown.tolist(),
            }
        )
    return {
        "format": ensemble.format,
        "objective": ensemble.objective,
        "link": ensemble.link,
        "outputs": ensemble.outputs,
        "trees": len(ensemble.roots),
        "best_trees": ensemble.best_trees,
        "features": features,
    }


def answer(request: dict[str, Any], body: bytes, rows: FloatArray | None) -> tuple[dict[str, Any], list[Any]]:
    """Do what is asked: ``describe``, ``score`` (margins and scores) or ``explain`` (contributions as well).

    Returns the JSON part and the arrays: margins (n, K), scores (n, K), and for ``explain`` (n, d) and (1,).
    """
    ensemble = read_model(body)
    head = describe(ensemble)
    if request["task"] == "describe" or rows is None:
        return head, []
    trees = ensemble.best_trees if request.get("best") else 0
    margin = margins(ensemble, rows, trees)
    arrays: list[Any] = [margin, to_score(ensemble.link, margin)]
    if request["task"] == "explain":
        found, base = contributions(ensemble, rows, output=int(request.get("output", 0)), trees=trees)
        arrays += [found, np.array([base])]
    return head, arrays


def _blob(array: NDArray[Any]) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()


def main() -> int:
    """Serve one request; whatever goes wrong becomes one line of JSON, never a traceback."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    request = json.loads(source.readline())
    limit_resources(int(request["megabytes"]), int(request["seconds"]))
    blobs: list[bytes] = []
    try:
        body = source.read(int(request["model_bytes"]))
        rows = None
        if request.get("rows_bytes"):
            rows = np.load(io.BytesIO(source.read(int(request["rows_bytes"]))), allow_pickle=False)
        head, arrays = answer(request, body, rows)
        blobs = [_blob(a) for a in arrays]
        reply = {"ok": True, "model": head, "blobs": [len(b) for b in blobs]}
    except PlumblineError as error:
        reply, blobs = {"ok": False, "what": str(error)}, []
    except MemoryError:
        reply, blobs = {"ok": False, "what": "The model file was refused: it needs too much memory"}, []
    except Exception as error:  # the door of this process: the parent shows the sentence
        sentence = f"The model file was refused: it cannot be read ({type(error).__name__})"
        reply, blobs = {"ok": False, "what": sentence}, []
    sink.write(json.dumps(reply).encode() + b"\n")
    for blob in blobs:
        sink.write(blob)
    sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

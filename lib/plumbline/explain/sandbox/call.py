"""The parent's side of the child process: ask it about a model file, whatever the file does to it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from plumbline.domain import FloatArray, PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.readers.formats import detect_format
from plumbline.sandbox.limits import environment

#: limits of one call: address space, CPU seconds, wall-clock seconds
MEGABYTES, CPU_SECONDS, WALL_SECONDS = 2_048, 60, 90.0


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may use."""

    megabytes: int = MEGABYTES
    cpu_seconds: int = CPU_SECONDS
    wall_seconds: float = WALL_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureInfo:
    """One input of a model file. ``thresholds``: up to 64 of its split points, ascending."""

    name: str
    used: bool
    categories: tuple[str | float, ...] | None
    low: float | None
    high: float | None
    thresholds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a model file says about itself. ``best_trees``: trees up to the best iteration, 0 where all."""

    format: str
    objective: str
    link: str  # identity | probability | logit | log | softmax
    outputs: int
    trees: int
    best_trees: int
    features: tuple[FeatureInfo, ...]
    #: without training counts in the file, contributions exist only against rows of the log
    needs_background: bool = False
    #: neither trees nor weights: contributions come from asking the model about coalitions of inputs
    asked: bool = False
    #: pairs of random orders that contributions by asking are estimated from; 0: they are exact
    orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutput:
    """Margins and scores (n, K) of rows; after ``explain`` contributions (n, d) to one margin and a base.

    ``errors`` (n, d) and ``seeds`` (n,): standard errors and seeds, where contributions are estimated.
    """

    info: ModelInfo
    margin: FloatArray
    score: FloatArray
    contributions: FloatArray | None = None
    base: float | None = None
    errors: FloatArray | None = None
    seeds: FloatArray | None = None


def describe_model(body: bytes, limits: CallLimits | None = None) -> ModelInfo:
    """Read and check a model file in the child process. Raises PlumblineError where it is refused."""
    return _ask(body, {"task": "describe"}, None, limits or CallLimits())[0]


def score_rows(
    body: bytes, rows: FloatArray, *, best: bool = False, limits: CallLimits | None = None
) -> ModelOutput:
    """Score rows (n, d) with a model file; ``best``: only with the trees up to the best iteration.

    Raises PlumblineError where the file is refused, or the child dies or takes too long.
    """
    info, arrays = _ask(body, {"task": "score", "best": best}, rows, limits or CallLimits())
    return ModelOutput(info=info, margin=arrays[0], score=arrays[1])


def explain_rows(
    body: bytes,
    rows: FloatArray,
    *,
    output: int = 0,
    best: bool = False,
    background: FloatArray | None = None,
    space: str = "",
    limits: CallLimits | None = None,
) -> ModelOutput:
    """Score rows (n, d) and split one output by feature: its margin, or with ``space="probability"`` its score.

    ``background`` (b, d): contributions are interventional against these rows. Raises as ``score_rows``.
    """
    asked = {"task": "explain", "output": output, "best": best, "space": space}
    return model_output(*_ask(body, asked, rows, limits or CallLimits(), background))


def model_output(info: ModelInfo, arrays: list[FloatArray]) -> ModelOutput:
    """A child's answer to ``explain``."""
    errors, seeds = arrays[4:6] if len(arrays) > 4 else (None, None)
    return ModelOutput(
        info=info,
        margin=arrays[0],
        score=arrays[1],
        contributions=arrays[2],
        base=float(arrays[3][0]),
        errors=errors,
        seeds=seeds,
    )


def pack_arrays(*arrays: FloatArray | None) -> tuple[bytes, ...]:
    """Arrays as a child takes them; nothing for one that is not there."""
    return tuple(b"" if a is None else _blob(np.ascontiguousarray(a, np.float64)) for a in arrays)


def _ask(
    body: bytes,
    asked: dict[str, Any],
    rows: FloatArray | None,
    limits: CallLimits,
    background: FloatArray | None = None,
) -> tuple[ModelInfo, list[FloatArray]]:
    detect_format(body)  # a look at the first bytes: a pickle is refused without starting anything
    sent, data = pack_arrays(rows, background)
    request = asked | {
        "model_bytes": len(body),
        "rows_bytes": len(sent),
        "background_bytes": len(data),
        "megabytes": limits.megabytes,
        "seconds": limits.cpu_seconds,
    }
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-s", "-m", "plumbline.explain.sandbox.child"],
            input=json.dumps(request).encode() + b"\n" + body + sent + data,
            capture_output=True,
            timeout=limits.wall_seconds,
            env=environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PlumblineError(
            message(
                "The model file was given up after {wall_seconds} s", wall_seconds=f"{limits.wall_seconds:g}"
            ),
            todo="A smaller model, or fewer decisions at once, will do.",
        ) from None
    return _read(process.stdout, process.returncode)


def _blob(array: FloatArray) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()


def _read(answer: bytes, code: int) -> tuple[ModelInfo, list[FloatArray]]:
    line, _, rest = answer.partition(b"\n")
    if not line:
        raise PlumblineError(
            message("The model file was refused: reading it ended its process (code {code})", code=str(code)),
            todo="It is damaged, or too large for the memory and time allowed.",
        )
    reply = json.loads(line)
    if not reply["ok"]:
        raise PlumblineError(str(reply["what"]))
    arrays, at = [], 0
    for size in reply["blobs"]:
        arrays.append(np.load(io.BytesIO(rest[at : at + size]), allow_pickle=False))
        at += size
    return info_from(reply["model"]), arrays


def info_from(reply: dict[str, Any]) -> ModelInfo:
    """A description as the child gives it."""
    features = tuple(
        FeatureInfo(
            name=f["name"],
            used=f["used"],
            categories=None if f["categories"] is None else tuple(f["categories"]),
            low=f["low"],
            high=f["high"],
            thresholds=tuple(f["thresholds"]),
        )
        for f in reply["features"]
    )
    fields = (
        "format",
        "objective",
        "link",
        "outputs",
        "trees",
        "best_trees",
        "needs_background",
        "asked",
        "orders",
    )
    named = {k: reply[k] for k in fields if k in reply}
    return ModelInfo(**named, features=features)

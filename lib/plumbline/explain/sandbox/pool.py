"""A model's child process kept warm: the file is read once, then each question costs what scoring costs.

The same walls as in ``plumbline.explain.sandbox.call``: a process of its own, limits on memory and time. A child
that dies or is too slow is replaced once, then its end is a sentence.
"""

from __future__ import annotations

import atexit
import io
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from plumbline.domain import FloatArray, PlumblineError
from plumbline.explain.readers.formats import detect_format
from plumbline.explain.sandbox import call
from plumbline.explain.sandbox.call import ModelInfo, ModelOutput
from plumbline.sandbox.process import Process, ProcessExit

#: children kept, CPU seconds of one life, wall-clock seconds of one question
KEPT, LIFE_SECONDS, WALL_SECONDS = 4, 900, 20.0


class _Child(Process):
    """One process that holds one model."""

    def __init__(self, body: bytes) -> None:
        super().__init__("plumbline.explain.sandbox.serve")
        self.send({"model_bytes": len(body), "megabytes": call.MEGABYTES, "seconds": LIFE_SECONDS}, body)

    def answer(
        self, asked: dict[str, Any], rows: FloatArray | None, background: FloatArray | None, wall: float
    ) -> tuple[Any, list[FloatArray]]:
        sent, data = call.pack_arrays(rows, background)
        sizes = {"rows_bytes": len(sent), "background_bytes": len(data)}
        reply, blobs = self.ask(asked | sizes, sent, data, wall=wall)
        if not reply["ok"]:
            raise PlumblineError(str(reply["what"]))
        return call.info_from(reply["model"]), [np.load(io.BytesIO(b), allow_pickle=False) for b in blobs]


_CHILDREN: OrderedDict[bytes, _Child] = OrderedDict()
_LOCK = threading.Lock()


def describe_warm(body: bytes) -> ModelInfo:
    """What the file says of itself, as ``isolated.describe_model``, from the child that keeps it. Raises as below."""
    info: ModelInfo = _ask(body, {"task": "describe"}, None, WALL_SECONDS)[0]
    return info


def score_warm(
    body: bytes, rows: FloatArray, *, best: bool = False, wall: float = WALL_SECONDS
) -> ModelOutput:
    """Score rows (n, d), as ``isolated.score_rows``, in the child that keeps this model.

    Raises PlumblineError where the file is refused, or the child dies twice or takes too long.
    """
    info, arrays = _ask(body, {"task": "score", "best": best}, rows, wall)
    return ModelOutput(info=info, margin=arrays[0], score=arrays[1])


def explain_warm(
    body: bytes,
    rows: FloatArray,
    *,
    output: int = 0,
    best: bool = False,
    background: FloatArray | None = None,
    space: str = "",
    wall: float = WALL_SECONDS,
) -> ModelOutput:
    """Score rows (n, d) and split one output by feature, as ``isolated.explain_rows``. Raises as above."""
    asked = {"task": "explain", "output": output, "best": best, "space": space}
    return call.model_output(*_ask(body, asked, rows, wall, background))


def end_children() -> None:
    """End every child; called when the process ends."""
    with _LOCK:
        for child in _CHILDREN.values():
            child.end()
        _CHILDREN.clear()


atexit.register(end_children)


def _ask(
    body: bytes,
    asked: dict[str, Any],
    rows: FloatArray | None,
    wall: float,
    background: FloatArray | None = None,
) -> tuple[Any, list[FloatArray]]:
    detect_format(body)
    for _ in range(2):
        child = _child(body)
        try:
            with child.lock:
                return child.answer(asked, rows, background, wall)
        except ProcessExit:
            _forget(body, child)
    raise PlumblineError(
        "The model's process ended or took too long",
        todo="Ask for less at once, or register a smaller model.",
    )


def _child(body: bytes) -> _Child:
    with _LOCK:
        child = _CHILDREN.get(body)
        if child is None or not child.alive():
            child = _CHILDREN[body] = _Child(body)
        _CHILDREN.move_to_end(body)
        for old in list(_CHILDREN)[:-KEPT]:
            gone = _CHILDREN.pop(old)
            with gone.lock:
                gone.end()
        return child


def _forget(body: bytes, child: _Child) -> None:
    with _LOCK:
        if _CHILDREN.get(body) is child:
            del _CHILDREN[body]
        child.end()

"""The score from which a version's decisions are positive, read from the log itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.answers.cache import Memory
from plumbline.answers.decisions.samples import draw
from plumbline.domain import System, Task
from plumbline.explain.surrogate import infer_cutoff
from plumbline.store.workspace import Cursor, Workspace

SAMPLED = 20_000
#: decisions that must fall on the side their score says, for a cut-off to be one
AGREES = 0.98
#: the share of decisions that counts as near the cut-off
NEAR = 0.05
KEPT = 64


@dataclass(frozen=True, slots=True)
class SampledCutOff:
    """Where the score parts the decisions; ``agrees``: the share of ``n`` sampled decisions on their side.

    ``near``: half the width of the band that holds the nearest 5 % of decisions.
    """

    score: float
    near: float
    agrees: float
    n: int


_MEMORY: Memory[SampledCutOff | None] = Memory(KEPT)


def sampled_cut_off(
    ws: Workspace, cursor: Cursor, system: System, version: str | None = None
) -> SampledCutOff | None:
    """The cut-off of a version (None: of all), from a random sample of 20,000 decisions.

    None where there is none to be read: no score, no positive class, all alike, or more than 2 % of the
    decisions on the other side of any cut.
    """
    return _MEMORY.get(ws, cursor, system, version or "", lambda: _read(ws, cursor, system, version or ""))


def _read(ws: Workspace, cursor: Cursor, system: System, version: str) -> SampledCutOff | None:
    if system.task is not Task.BINARY or system.positive is None:
        return None
    frame = draw(ws, cursor, system, version, SAMPLED, columns=())
    known = frame["score"].notna() & frame["prediction"].notna()
    score = frame.loc[known, "score"].to_numpy(float)
    positive = (frame.loc[known, "prediction"] == system.positive).to_numpy(bool)
    at = infer_cutoff(score, positive) if len(score) else None
    if at is None:
        return None
    agrees = float(np.mean((score >= at) == positive))
    if agrees < AGREES:
        return None
    return SampledCutOff(at, float(np.quantile(np.abs(score - at), NEAR)), agrees, len(score))

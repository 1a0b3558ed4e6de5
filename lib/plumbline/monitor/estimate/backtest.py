"""How right past estimates were, once the labels are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from plumbline.domain import Point
from plumbline.domain.messages import NOTHING, Message, has_template
from plumbline.monitor.estimate.refusal import LEFT_THE_BAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """Estimates of one metric against what the labels said later, over the chunks that have both.

    ``gap``: mean of estimate less realised value; ``distance``: mean of its size; ``covered``: share of
    chunks whose realised value lay in the estimate's 95 % band; ``refused``: why later chunks have no
    estimate, empty where they have; ``left_at``: start of the first chunk from which realised values had left
    the band (concept drift).
    """

    metric: str
    chunks: int
    gap: float | None
    distance: float | None
    covered: float | None
    n: int = 0
    refused: Message = NOTHING
    left_at: datetime | None = None


def hindsight(estimated: Sequence[Point], realised: Sequence[Point]) -> Hindsight | None:
    """Compare one metric's estimates with its realised values, chunk by chunk; None without estimates.

    Chunks whose labels are still coming are left out, and so is the reference by who calls this: there an
    estimate has seen the labels.
    """
    if not estimated:
        return None
    refused = next((p.note for p in reversed(estimated) if p.value is None and p.note), NOTHING)
    left = min((p.start for p in estimated if has_template(p.note, LEFT_THE_BAND)), default=None)
    refused = LEFT_THE_BAND if left else refused
    real = {p.start: p for p in realised if p.value is not None and not p.provisional}
    pairs = [(p, real[p.start]) for p in estimated if p.value is not None and p.start in real]
    name = estimated[0].metric
    if not pairs:
        return Hindsight(
            metric=name, chunks=0, gap=None, distance=None, covered=None, n=0, refused=refused, left_at=left
        )
    gaps = np.array([float(guess.value or 0) - float(true.value or 0) for guess, true in pairs])
    known = [(g, t) for g, t in pairs if g.low is not None and g.high is not None]
    inside = [float(g.low or 0) <= float(t.value or 0) <= float(g.high or 0) for g, t in known]
    return Hindsight(
        metric=name,
        chunks=len(pairs),
        gap=float(gaps.mean()),
        distance=float(np.abs(gaps).mean()),
        covered=float(np.mean(inside)) if inside else None,
        n=sum(t.n for _, t in pairs),
        refused=refused,
        left_at=left,
    )

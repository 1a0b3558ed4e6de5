"""Performance before the labels are in: which estimate a task has, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain import CostMatrix, Kind, OutcomeProfile, Point, Slice, System, Task
from plumbline.monitor.estimate.cbpe_binary import estimate
from plumbline.monitor.estimate.cbpe_multiclass import class_curves, estimate_classes
from plumbline.monitor.estimate.dle import LossRows, estimate_losses
from plumbline.monitor.estimate.isotonic import FOLDS
from plumbline.monitor.performance.selective_labels import Selection
from plumbline.profile.read.probabilities import class_cells, expected_outcomes_by_day, probability_classes
from plumbline.profile.scan import decisions
from plumbline.store import systems
from plumbline.store.workspace import Cursor

if TYPE_CHECKING:
    import pandas as pd

#: decisions of the reference that a loss is learnt from, and of the window that it is estimated on
LEARNT, SHOWN = 40_000, 40_000


def estimates(
    cursor: Cursor,
    system: System,
    profile: OutcomeProfile,
    window: Slice,
    *,
    by: str,
    metrics: Sequence[str] | None = None,
    floors: Mapping[str, float] | None = None,
    cost: CostMatrix | None = None,
    selected: Selection | None = None,
) -> tuple[Point, ...]:
    """Estimated metrics of a window by chunk: from scores, from class probabilities, or from inputs.

    Args:
        profile: outcomes of the window and the reference.
        metrics: names; those that cannot be estimated are left out.
        selected: that being labelled depends on the decision (see ``estimate``).

    Raises:
        PlumblineError: an unknown metric or chunk, or a cost matrix that does not fit.
    """
    asked: dict[str, Any] = {
        "reference": system.reference, "by": by, "metrics": metrics, "window": window, "floors": floors,
    }  # fmt: skip
    if system.task is Task.MULTICLASS:
        names = probability_classes(cursor, system)
        shown = healthy = None
        if names and system.reference:
            part = Slice(*system.reference, None, window.arm, window.where)
            curves = class_curves(class_cells(cursor, system, part, names, FOLDS))
            shown, healthy = (
                expected_outcomes_by_day(cursor, system, span, names, curves, system.reference)
                for span in (window, part)
            )
        return estimate_classes(profile, shown, healthy, cost=cost, selected=selected, **asked)
    if system.task is Task.REGRESSION:
        return estimate_losses(profile, *_losses(cursor, system, window), **asked)
    return estimate(profile, cost=cost, selected=selected, **asked)


def _losses(cursor: Cursor, system: System, window: Slice) -> tuple[LossRows | None, LossRows | None]:
    """Samples of the reference and of the window with their inputs as numbers."""
    from plumbline.explain.surrogate_inputs import code_matrix, learn_inputs

    columns = [c for c in systems.decision_columns(cursor, system.key) if c.role.role == "feature"]
    if not columns or system.reference is None:
        return None, None
    healthy = replace(window, start=system.reference[0], end=system.reference[1], version=None)
    then = decisions.sample(cursor, system, healthy, LEARNT)
    now = decisions.sample(cursor, system, window, SHOWN)
    if then.empty or now.empty:
        return None, None
    names = [*(c.name for c in columns), "prediction"]
    kinds = {c.name: c.kind for c in columns} | {"prediction": Kind.NUMERIC}
    error = _error(then)
    inputs = learn_inputs(then[names], np.abs(np.nan_to_num(error)), kinds)
    return (
        LossRows(_days(then), code_matrix(inputs, then[names]), error),
        LossRows(_days(now), code_matrix(inputs, now[names]), _error(now)),
    )


def _days(frame: pd.DataFrame) -> Any:
    return frame["timestamp"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def _error(frame: pd.DataFrame) -> Any:
    """Prediction less label, (n,), NaN where either is missing."""
    import pandas as pd

    sides = [
        pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        for name in ("prediction", "label")
    ]
    error = sides[0] - sides[1]
    return np.where(np.isfinite(error), error, np.nan)

"""Shift of whole rows: what no single feature shows, such as two inputs that stop moving together.

Two measures over samples of rows. A **domain classifier** learns to tell the reference's rows from the
window's; its cross-validated AUC is 0.5 where nothing changed (Lopez-Paz and Oquab 2017, Revisiting
Classifier Two-Sample Tests). **Reconstruction error** is what is lost when rows are squeezed through the
principal components of the reference; its limits are the mean and three standard deviations of the
reference's own chunks (NannyML's rule).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, Kind, PointStatus, deviation
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.wording.quantities import count, decimal

ROWS = 1_000  # of the reference, and of each window
FEWEST = 100
FOLDS = 4
SEED = 20260101
ROWS_A_LEVEL = 8  # rows for each different row that is possible, from which these are few
PERMUTED = 200
MATTERS = 0.6  # AUC from which a difference is large enough to matter
KEPT = 0.65  # share of the variance that the components keep, as NannyML has it
MOST_LEVELS = 12
Z = 1.959963984540054

Column = tuple[str, Kind, NDArray[np.object_] | FloatArray]


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One window's rows against the reference's: ``n`` and ``n_reference`` sampled rows.

    ``auc`` with its 95 % limits; ``error`` in standard deviations of the reference's features, with the
    limits ``error_low`` and ``error_high`` beyond which it is no longer the reference's. ``strongest``: the
    features without which the classifier tells least. None where too few rows are there; ``note`` says so.
    """

    start: datetime | None
    end: datetime | None
    n: int
    n_reference: int
    auc: float | None
    low: float | None
    high: float | None
    error: float | None
    error_low: float | None
    error_high: float | None
    status: PointStatus
    strongest: tuple[str, ...] = ()
    note: Message = NOTHING
    threshold: float = MATTERS


@dataclass(frozen=True, slots=True)
class Encoder:
    """How rows become numbers: fixed on the reference, so that a window is read the same way."""

    columns: tuple[tuple[str, Kind], ...]
    centre: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def codes(self, rows: Sequence[Column]) -> FloatArray:
        """(n, columns): numbers as they are (NaN: missing), levels by the rank of their frequency."""
        codes_by_column = []
        for name, kind, values in rows:
            if kind is Kind.NUMERIC:
                codes_by_column.append(np.asarray(values, dtype=float))
            else:
                place = {level: float(i) for i, level in enumerate(self.levels[name])}
                codes_by_column.append(
                    np.array([np.nan if _is_missing(v) else place.get(str(v), -1.0) for v in values])
                )
        return np.column_stack(codes_by_column)

    def matrix(self, rows: Sequence[Column]) -> FloatArray:
        """(n, k) without gaps: numbers standardised by the reference, levels one column each."""
        blocks = []
        for name, kind, values in rows:
            if kind is Kind.NUMERIC:
                mean, sd = self.centre[name]
                x = (np.asarray(values, dtype=float) - mean) / sd
                blocks.append(np.clip(np.where(np.isfinite(x), x, 0.0), -8, 8))
            else:
                words = np.array(["" if _is_missing(v) else str(v) for v in values], dtype=object)
                for level in self.levels[name][:MOST_LEVELS]:
                    share, sd = self.centre[f"{name}={level}"]
                    blocks.append(((words == level).astype(float) - share) / sd)
        return np.column_stack(blocks)


def encoder(rows: Sequence[Column]) -> Encoder:
    """Fit on the reference's rows. A column that never varies there is scaled by one."""
    centre: dict[str, tuple[float, float]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    for name, kind, values in rows:
        if kind is Kind.NUMERIC:
            x = np.asarray(values, dtype=float)
            x = x[np.isfinite(x)]
            centre[name] = (float(x.mean()), deviation(x) or 1.0) if len(x) else (0.0, 1.0)
            continue
        words, counts = np.unique([str(v) for v in values if not _is_missing(v)], return_counts=True)
        order = np.lexsort((words, -counts))
        levels[name] = tuple(str(words[i]) for i in order)
        for level in levels[name][:MOST_LEVELS]:
            share = float(np.mean([not _is_missing(v) and str(v) == level for v in values]))
            centre[f"{name}={level}"] = (share, float(np.sqrt(share * (1 - share))) or 1.0)
    return Encoder(tuple((name, kind) for name, kind, _ in rows), centre, levels)


@dataclass(frozen=True, slots=True)
class Components:
    """The reference's principal directions (k, kept) and its chunks' mean errors with their spread."""

    directions: FloatArray
    mean: float
    sd: float
    chunks: int


def components(matrix: FloatArray, chunk: NDArray[np.int64]) -> Components:
    """Fit on the reference's matrix (n, k); ``chunk`` (n,) says which chunk a row belongs to."""
    centred = matrix - matrix.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    share = np.cumsum(sizes**2) / max(float((sizes**2).sum()), 1e-300)
    main_axes = directions[: int(np.searchsorted(share, KEPT) + 1)].T
    errors = _errors(matrix, main_axes)
    means = np.array([errors[chunk == i].mean() for i in np.unique(chunk)])
    return Components(
        main_axes, float(means.mean()), float(means.std(ddof=1)) if len(means) > 1 else 0.0, len(means)
    )


def compare(
    encode: Encoder,
    reference: Sequence[Column],
    fitted: Components,
    window: Sequence[Column],
    span: tuple[datetime | None, datetime | None],
    *,
    strongest: bool = False,
) -> WholeRow:
    """One window against the reference.

    Status: *breach* where the AUC's whole interval is beyond ``MATTERS``; *watch* where the AUC is, or
    where the reconstruction error has left its limits while the AUC is above chance.
    """
    n, m = len(reference[0][2]), len(window[0][2])
    if min(n, m) < FEWEST:
        note = message(
            "{n} rows; {needed} are needed, {more} more.",
            n=decimal(min(n, m), "d"),
            needed=decimal(FEWEST, "d"),
            more=decimal(FEWEST - min(n, m), "d"),
        )
        return WholeRow(*span, m, n, None, None, None, None, None, None, PointStatus.UNKNOWN, (), note)
    x = np.vstack([encode.codes(reference), encode.codes(window)])
    y = np.r_[np.zeros(n), np.ones(m)].astype(int)
    auc_limits = classifier_auc(x, y)
    if auc_limits is None:
        note = message(
            "The {n} sampled rows hold fewer than {folds} different ones; their features one by one tell more.",
            n=count(n + m),
            folds=decimal(FOLDS, "d"),
        )
        return WholeRow(*span, m, n, None, None, None, None, None, None, PointStatus.UNKNOWN, (), note)
    auc, low, high = auc_limits
    matrix = encode.matrix(window)
    errors = _errors(matrix, fitted.directions)
    error = float(errors.mean())
    # never tighter than chance at this window's size
    reach = 3 * max(fitted.sd, float(errors.std(ddof=1)) / np.sqrt(m))
    below, above = fitted.mean - reach, fitted.mean + reach
    out = not below <= error <= above
    status = PointStatus.OK
    if low > MATTERS:
        status = PointStatus.BREACH
    elif (auc > MATTERS or out) and low > 0.5:
        status = PointStatus.WATCH
    names = _strongest_features(encode, x, y) if strongest and low > 0.5 else ()
    return WholeRow(*span, m, n, auc, low, high, error, below, above, status, names)


def classifier_auc(x: FloatArray, y: NDArray[np.int64]) -> tuple[float, float, float] | None:
    """AUC of telling y = 1 from y = 0 by rows never learnt from, and its 95 % limits (Hanley, McNeil 1982).

    x: (n, columns) codes, NaN where missing. Gradient boosting, so that interactions count; where the columns
    can hold few different rows, the shares of these rows and a permutation null (see ``_auc_by_levels``).
    None: fewer than four different rows.
    """
    from sklearn.model_selection import StratifiedGroupKFold
    from threadpoolctl import threadpool_limits

    from plumbline.monitor.drift.correlation import ranks

    whole = np.nan_to_num(x, nan=-1e300)
    _, alike = np.unique(whole, axis=0, return_inverse=True)
    alike = alike.ravel()
    if alike.max() + 1 < FOLDS:
        return None
    if _count_possible_rows(whole) * ROWS_A_LEVEL <= len(y):
        return _auc_by_levels(alike, y)
    # rows that repeat stay in one fold: a copy that was learnt from would be told apart by heart
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    scores = np.zeros(len(y))
    with threadpool_limits(
        1, "openmp"
    ):  # a few hundred rows: threads wait for each other longer than they work
        for learn, tell in folds.split(x, y, alike):
            # ranks within the fold: models of different folds score on different scales. Equal scores share
            # their mean rank: by the order of rows the window's, which come last, would rank higher.
            predicted = _model().fit(x[learn], y[learn]).predict_proba(x[tell])[:, 1]
            scores[tell] = (ranks(predicted) - 0.5) / len(tell)
    auc = auc_with_limits(scores, y)[0]
    counted = 1 / _copies(alike, y)
    return _hanley_mcneil(auc, counted * float((y == 1).sum()), counted * float((y == 0).sum()))


def _copies(row: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """How many rows count as one, 1 or more: the dispersion of ``y`` among rows alike (chi-square over its freedom).

    1 where no row repeats, or where alike rows are as mixed as chance has them; w where each row comes w times
    and on one side alone, as one customer's decisions of one week do.
    """
    n, ones, share = np.bincount(row), np.bincount(row, y), y.mean()
    chi2 = float(((ones - n * share) ** 2 / (n * share * (1 - share))).sum())
    return max(chi2 / (len(n) - 1), 1.0)


def _count_possible_rows(x: FloatArray) -> float:
    """How many different rows the columns' values could make, each with each."""
    return float(np.prod([float(len(np.unique(column))) for column in x.T]))


def _auc_by_levels(row: NDArray[np.int64], y: NDArray[np.int64]) -> tuple[float, float, float]:
    """The AUC of the shares of ``y`` = 1 by different row, each from the other folds, with its limits.

    Where few different rows are possible each has many copies on both sides, so a fold may learn from copies,
    and to keep them apart would leave nothing to learn. What the AUC is by chance comes from ``PERMUTED``
    permutations of ``y`` (Kim, Ramdas, Singh and Wasserman 2021, Annals of Statistics 49): the limits are
    never nearer than 95 in 100 of them.
    """
    random = np.random.default_rng(SEED)
    fold, size = np.arange(len(y)) % FOLDS, int(row.max()) + 1
    order = random.permutation(len(y))
    cell = row[order] * FOLDS + fold  # a different row's place in a fold, (n,)
    n = np.bincount(cell, minlength=size * FOLDS).reshape(size, FOLDS)

    def label_auc(labels: NDArray[np.int64]) -> float:
        ones = np.bincount(cell, labels, size * FOLDS).reshape(size, FOLDS).astype(float)
        return _levels_auc(n.astype(float), ones)

    auc, low, high = _hanley_mcneil(label_auc(y[order]), int(y.sum()), int(len(y) - y.sum()))
    chance = [abs(label_auc(random.permutation(y)) - 0.5) for _ in range(PERMUTED)]
    reach = float(np.quantile(chance, 0.95, method="higher"))
    return auc, min(low, max(auc - reach, 0.0)), max(high, min(auc + reach, 1.0))


def _levels_auc(n: FloatArray, ones: FloatArray) -> float:
    """The mean over folds of the AUC of shares learnt from the other folds; (rows, folds) each."""
    total, came = n.sum(1, keepdims=True) - n, ones.sum(1, keepdims=True) - ones
    base = came.sum(0) / total.sum(0)
    share = (came + base) / (total + 1)
    best_auc, pairs = 0.0, 0.0
    for k in range(n.shape[1]):
        order = np.argsort(share[:, k], kind="stable")
        _, tied = np.unique(share[order, k], return_inverse=True)
        a = np.bincount(tied, ones[order, k])
        b = np.bincount(tied, n[order, k] - ones[order, k])
        best_auc += float((a * (np.cumsum(b) - b / 2)).sum())
        pairs += float(a.sum() * b.sum())
    return best_auc / pairs if pairs else 0.5


def auc_with_limits(scores: FloatArray, y: NDArray[np.int64]) -> tuple[float, float, float]:
    """ROC AUC as the Mann-Whitney statistic, with the limits of Hanley and McNeil (1982)."""
    from plumbline.monitor.drift.correlation import ranks

    a, b = int((y == 1).sum()), int((y == 0).sum())
    return _hanley_mcneil(float((ranks(scores)[y == 1].sum() - a * (a + 1) / 2) / (a * b)), a, b)


def _hanley_mcneil(auc: float, a: float, b: float) -> tuple[float, float, float]:
    """An AUC over a rows with y = 1 and b others, with its limits (1982, Radiology 143)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + max(a - 1, 0) * (q1 - auc**2) + max(b - 1, 0) * (q2 - auc**2)) / (a * b)
    half = Z * float(np.sqrt(max(variance, 0.0)))
    return auc, max(auc - half, 0.0), min(auc + half, 1.0)


def _model() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=12, learning_rate=0.12, min_samples_leaf=20, random_state=SEED
    )


def _strongest_features(
    encode: Encoder, x: FloatArray, y: NDArray[np.int64], most: int = 3
) -> tuple[str, ...]:
    """The features whose shuffling costs the classifier most, on rows it did not learn from."""
    random = np.random.default_rng(SEED)
    order = random.permutation(len(y))
    learn, tell = order[::2], order[1::2]
    model = _model().fit(x[learn], y[learn])
    whole = auc_with_limits(model.predict_proba(x[tell])[:, 1], y[tell])[0]
    lost = []
    for i, (name, _) in enumerate(encode.columns):
        mixed = x[tell].copy()
        mixed[:, i] = random.permutation(mixed[:, i])
        lost.append((whole - auc_with_limits(model.predict_proba(mixed)[:, 1], y[tell])[0], name))
    return tuple(name for loss, name in sorted(lost, reverse=True)[:most] if loss > 0.005)


def _errors(matrix: FloatArray, directions: FloatArray) -> FloatArray:
    """What each row loses when only the kept directions are left, (n,): root of the mean square."""
    lost = matrix - matrix @ directions @ directions.T
    return np.asarray(np.sqrt(np.mean(lost**2, axis=1)))


def _is_missing(value: object) -> bool:
    return value is None or value != value

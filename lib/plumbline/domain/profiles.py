"""Profiles: mergeable counts of the decisions of one system."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain.decisions import Decision
from plumbline.domain.systems import Kind, Task

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """The fixed grid of one feature.

    Numeric: ``edges`` ascending and distinct; cell i holds edges[i-1] < x <= edges[i], the first cell
    x <= edges[0], the last x > edges[-1], so there are len(edges) + 1 cells. ``decile_cells`` are the
    positions in ``edges`` of the reference's inner decile edges. Categorical: ``levels`` plus one last
    cell "other". Missing values are counted apart.
    """

    feature: str
    kind: Kind
    edges: FloatArray = field(default_factory=lambda: np.empty(0))
    levels: tuple[str, ...] = ()
    decile_cells: tuple[int, ...] = ()

    @property
    def cells(self) -> int:
        return len(self.edges) + 1 if self.kind is Kind.NUMERIC else len(self.levels) + 1


@dataclass(frozen=True, slots=True)
class Slice:
    """Which decisions are meant: a half-open time span and optional filters. None: no bound."""

    start: datetime | None = None
    end: datetime | None = None
    version: str | None = None
    arm: str | None = None
    where: tuple[tuple[str, str], ...] = ()  # (column of the decision table, value), all must hold


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureProfile:
    """Counts of one feature by day: row i of ``counts`` is the cells of ``days[i]``.

    counts: (days, bins.cells) int; missing: (days,); sums and squares: (days,) of the numeric values.
    """

    bins: Bins
    days: tuple[date, ...]
    counts: IntArray
    missing: IntArray
    sums: FloatArray
    squares: FloatArray
    #: values outside the grid's levels, by level, over all days (categorical; new since the reference)
    other_levels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedScores:
    """Scores kept by their number (``score_numbers``), N entries in any order, several of one score allowed.

    group, number: (N,) the group and the score; negative, positive: (N,) labelled decisions of it.
    elsewhere: (groups,) labelled decisions of a group that are counted in cells alone.
    """

    group: IntArray
    number: IntArray
    negative: IntArray
    positive: IntArray
    elsewhere: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeProfile:
    """What was predicted and what came true, by day (and version, arm where asked).

    One entry of every array a group; groups are sorted by day, version, arm. Absent quantities are NaN
    or zero-width. Classification: ``confusion`` (groups, classes, classes + 1) with rows = predicted,
    columns = true, the last column = not yet labelled; ``score_cells`` (groups, 2, S) = labelled counts
    by score cell for label negative [0] and positive [1], and ``score_unlabelled`` (groups, S), in the cells of
    ``score_ends(S)`` (binary with a score only); ``numbered`` has the same decisions by score, where groups are small.
    Regression: ``moments`` columns as in REGRESSION_MOMENTS, ``error_cells`` (groups, E), whose absolute errors lie
    from ``error_ends[0]`` to ``error_ends[1]`` (2, E); cells may overlap.
    Sums of row losses are exact: they add up.
    """

    task: Task
    classes: tuple[str, ...]
    positive: str | None
    days: tuple[date, ...]
    versions: tuple[str, ...]  # "" where no version is logged
    arms: tuple[str, ...]
    n: IntArray
    n_labelled: IntArray
    confusion: IntArray
    score_cells: IntArray
    score_unlabelled: IntArray
    sum_log_loss: FloatArray  # over labelled rows that have a score (natural log, clipped at 1e-15)
    sum_brier: FloatArray
    n_scored: IntArray  # labelled rows with a score
    moments: FloatArray
    error_ends: FloatArray
    error_cells: IntArray
    numbered: NumberedScores | None = None


#: columns of OutcomeProfile.moments: sums over labelled rows; err = prediction - label
REGRESSION_MOMENTS = (
    "err", "abs", "sq", "y", "y2", "over", "under", "ape", "n_nonzero", "smape", "abs2", "sq2",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessProfile:
    """How much of each decision is logged, by day and version (groups sorted by day, version).

    ``present`` maps decision_id, score, label, version, features (all features present), explanation,
    override, subject, trained_at to non-missing counts (groups,); a role that is not mapped is absent.
    ``hours`` (groups, 24) counts decisions by hour of the UTC day.
    """

    days: tuple[date, ...]
    versions: tuple[str, ...]
    n: IntArray
    present: dict[str, IntArray]
    hours: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHours:
    """Decisions by hour, version and arm; rows sorted by hour, version, arm. Times are UTC.

    ``positives``: decisions for the positive class (binary); for regression the sum of predictions;
    for multiclass zeros. ``first`` and ``last`` are exact, so spans are exact.
    """

    hours: NDArray[np.datetime64]
    versions: tuple[str, ...]
    arms: tuple[str, ...]
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    trained: NDArray[np.datetime64]  # latest trained_at, NaT where not logged
    n: IntArray
    positives: FloatArray
    n_labelled: IntArray
    correct: IntArray  # labelled and right (classification); zeros for regression


@dataclass(frozen=True, slots=True)
class DelayProfile:
    """How long labels take, by day of decision: ``counts`` (days, 92) labels that came after k whole
    days (k = 0..90, last cell later), where the log gives a label time; ``n`` decisions a day.
    ``positives``: (days, 92) likewise of labels of the positive class alone; None where nobody counted them."""

    days: tuple[date, ...]
    counts: IntArray
    n: IntArray
    positives: IntArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Decisions with identical features, version and deployment.

    ``near``: decisions in groups whose scores differ by ``reach`` at most, as rounded or unlogged inputs explain;
    they are no conflicts. ``decided``: of the conflicting ones, those in groups whose *decisions* differ.
    ``examples``: up to 20 groups, each of its decisions.
    """

    decisions: int  # decisions that share features and version with another one
    conflicting: int  # of those, decisions in groups whose outputs differ
    groups: int
    conflicting_groups: int
    examples: tuple[tuple[Decision, ...], ...] = ()
    decided: int = 0
    near: int = 0
    near_groups: int = 0
    reach: float = 0.0
    unknown: bool = False  # the decisions lie in a cluster that cannot be asked now


@dataclass(frozen=True, slots=True)
class SlicedColumn:
    """One column's slices: ``labels`` as a filter takes them ("" is missing), in the order of their codes.

    A code beyond the labels means the rest.
    """

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedRows:
    """Labelled rows as small codes: ``codes`` (columns, n) uint8, ``values`` (n,) whose mean is the metric.

    ``available``: rows that there are; more than n where these are a sample. ``units`` (n,): whom each row is of,
    numbered from 0: subjects where the log names them (``named``), else days; None: not known.
    """

    columns: tuple[SlicedColumn, ...]
    codes: NDArray[np.uint8]
    values: FloatArray
    available: int
    units: IntArray | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedOutcomes:
    """Outcomes by day as class probabilities lead one to expect them.

    confusion: (days, K, K) expected decisions, rows predicted, columns true; log_loss: (days,) expected sums
    over the same decisions. Only decisions whose probabilities are all logged count.
    """

    classes: tuple[str, ...]
    days: tuple[date, ...]
    confusion: FloatArray
    log_loss: FloatArray

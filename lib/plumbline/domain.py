"""The nouns of Plumbline as frozen dataclasses and enums. Imports nothing of ours.

Times are timezone-aware UTC ``datetime`` at every boundary; the workspace stores them as naive UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class PlumblineError(Exception):
    """The one error a person sees: what is wrong, where, and what to do about it.

    Raised where the cause is known and turned into a message once, at the door (command line or page).
    ``str(error)`` is a single line: ``what (where). todo``.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what.rstrip("."), where, todo
        text = self.what + (f" ({where})" if where else "") + "."
        super().__init__(" ".join((text + (f" {todo}" if todo else "")).split()))


# --- Systems, roles and loads ------------------------------------------------------------------------


class Task(StrEnum):
    """What a system predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Kind(StrEnum):
    """How a feature's values are compared."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


#: Roles that at most one column may have.
SINGLE_ROLES = (
    "timestamp", "decision_id", "prediction", "score", "label", "label_time", "version", "arm",
    "trained_at", "subject", "override",
)  # fmt: skip
#: Roles that carry a name after a colon and that many columns may have.
NAMED_ROLES = ("feature", "segment", "protected", "proba", "attribution")
IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role, e.g. ``score``, ``feature:age`` or ``protected:sex``; ``str()`` gives that spelling.

    The same spelling is the column's name in the system's decision table.
    """

    role: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.role}:{self.name}" if self.name else self.role

    @staticmethod
    def parse(text: str, column: str = "") -> RoleName:
        """Read ``role`` or ``role:name``; a named role without a name takes the column's own."""
        role, _, name = text.strip().partition(":")
        if role in NAMED_ROLES:
            return RoleName(role, name or column)
        if (role in SINGLE_ROLES or role == IGNORE) and not name:
            return RoleName(role)
        raise PlumblineError(
            f"{text!r} is not a role",
            todo="Use one of " + ", ".join((*SINGLE_ROLES, *(f"{r}:NAME" for r in NAMED_ROLES), IGNORE)),
        )


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """One column of a file and what it means.

    ``kind`` matters for features, segments and protected columns. ``format`` is how the text is read:
    a strptime pattern, ``iso``, ``epoch_s|ms|us|ns`` for times, ``decimal_comma`` or ``""`` for numbers.
    A column may feed several roles (a protected attribute that is a feature as well): it then has one
    ``ColumnMap`` a role.
    """

    column: str
    role: RoleName
    kind: Kind | None = None
    format: str = ""
    confidence: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a system's logs are read: remembered after the first load."""

    columns: tuple[ColumnMap, ...]
    task: Task | None = None
    positive: str | None = None  # binary: the class whose probability the score is
    timezone: str = "UTC"  # what a naive time is taken to be in

    def column_of(self, role: str) -> str | None:
        """The column mapped to a single role, or None."""
        return next((c.column for c in self.columns if str(c.role) == role), None)

    def named(self, role: str) -> tuple[ColumnMap, ...]:
        """All columns of a named role, e.g. every ``feature``."""
        return tuple(c for c in self.columns if c.role.role == role)


@dataclass(frozen=True, slots=True)
class System:
    """One ML system in production: the unit that gets a verdict."""

    key: str  # letters, digits, dash and underscore; names the decision table
    title: str
    created_at: datetime
    task: Task | None = None
    positive: str | None = None
    classes: tuple[str, ...] = ()
    timezone: str = "UTC"
    #: the half-open span [start, end) of decisions that count as healthy; None: not yet known
    reference: tuple[datetime, datetime] | None = None
    reference_source: str = "none"  # none | auto | given (set by a person) | loaded (load --reference)
    #: the owner's settings: currency, cost_matrix, floors, retention_days, response_days, at_stake ...
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecisionColumn:
    """One column of a system's decision table, beyond the fixed ones."""

    name: str  # its spelling in the table: str(RoleName)
    role: RoleName
    kind: Kind
    source: str = ""  # the name in the file
    first_load: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """One import of a log or labels file. Rows read = loaded + duplicates + quarantined, always."""

    load_id: int
    system: str
    file: str  # base name
    sha256: str
    kind: str  # decisions | labels
    at: datetime
    actor: str
    rows_read: int
    rows_loaded: int
    rows_duplicate: int
    rows_quarantined: int
    labels_joined: int
    reference: bool
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    undone_at: datetime | None = None


# --- Profiles ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class OutcomeProfile:
    """What was predicted and what came true, by day (and version, arm where asked).

    One entry of every array a group; groups are sorted by day, version, arm. Absent quantities are NaN
    or zero-width. Classification: ``confusion`` (groups, classes, classes + 1) with rows = predicted,
    columns = true, the last column = not yet labelled; ``score_cells`` (groups, 2, S) = labelled counts
    by score cell for label negative [0] and positive [1], and ``score_unlabelled`` (groups, S), S equal
    cells over [0, 1] (binary with a score only).
    Regression: ``moments`` columns as in REGRESSION_MOMENTS, ``error_cells`` (groups, E).
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
    error_edges: FloatArray
    error_cells: IntArray


#: columns of OutcomeProfile.moments: sums over labelled rows; err = prediction - label
REGRESSION_MOMENTS = (
    "err", "abs", "sq", "y", "y2", "over", "under", "ape", "n_nonzero", "smape", "abs2", "sq2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    days (k = 0..90, last cell later), where the log gives a label time; ``n`` decisions a day."""

    days: tuple[date, ...]
    counts: IntArray
    n: IntArray


@dataclass(frozen=True, slots=True)
class Repeats:
    """Decisions with identical features and version.

    ``examples``: up to 20 groups, each a tuple of decision rows (dicts of decision-table columns).
    """

    decisions: int  # decisions that share features and version with another one
    conflicting: int  # of those, decisions in groups whose outputs differ
    groups: int
    conflicting_groups: int
    examples: tuple[tuple[dict[str, Any], ...], ...] = ()


# --- Signals -----------------------------------------------------------------------------------------


class PointStatus(StrEnum):
    OK = "ok"
    WATCH = "watch"
    BREACH = "breach"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a signal over one chunk [start, end), with its sample, interval and threshold."""

    metric: str
    start: datetime
    end: datetime
    n: int
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    status: PointStatus
    version: str | None = None
    estimated: bool = False
    provisional: bool = False  # labels of this chunk are still coming in
    bound: float = 0.0  # largest error by which a grid may have moved the value; 0 where exact
    note: str = ""


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One feature's window against the reference, by one method."""

    feature: str
    kind: Kind
    method: str
    value: float | None
    threshold: float
    p_value: float | None
    q_value: float | None  # after Benjamini-Hochberg over the features tested together
    drifted: bool
    status: PointStatus
    n_reference: int
    n: int
    missing_share: float
    missing_share_reference: float
    new_levels: tuple[str, ...] = ()
    bound: float = 0.0
    note: str = ""
    start: datetime | None = None
    end: datetime | None = None


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that crossed its threshold: what, since when, how sure, and where to look."""

    system: str
    signal: str  # e.g. performance.accuracy, drift.season_index, staleness.age
    sentence: str
    since: datetime | None
    until: datetime | None  # None: still open
    severity: Severity
    confidence: float | None  # 0 to 1 where a probability can honestly be given
    page: str  # the page that shows it
    figures: dict[str, Any] = field(default_factory=dict)


# --- Explanations ------------------------------------------------------------------------------------


class Source(StrEnum):
    """Where attributions come from, best first."""

    LOGGED = "logged"
    MODEL = "model"
    SURROGATE = "surrogate"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one decision came out as it did.

    ``base_value`` + the sum of ``attributions`` = the output in ``output_space``; ``additivity_error``
    is that sum, taken to score space, less the logged score.
    """

    decision_id: str
    source: Source
    output_space: str  # probability | log-odds | value
    base_value: float
    score: float | None
    attributions: dict[str, float]
    additivity_error: float | None
    fidelity: float | None  # surrogate: held-out R2; model: share of checked rows reproduced
    method: str  # in words, e.g. "exact tree contributions (path-dependent) from model 4.1"
    baseline: str  # what the base value is the average of
    check: str  # the verdict of our own check, in words
    values: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    exportable: bool = True
    refused: str = ""  # why nothing is shown, when it is not


# --- Governance --------------------------------------------------------------------------------------


class Status(StrEnum):
    """What a control's evidence amounts to."""

    PASS = "pass"  # noqa: S105
    PARTIAL = "partial"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"
    EXEMPT = "exempt"


class EvidenceKind(StrEnum):
    MEASURED = "measured"
    PROBED = "probed"
    ATTESTED = "attested"
    NONE = "none"


class Requirement(StrEnum):
    MANDATORY = "mandatory"
    RECOMMENDED = "recommended"
    NOT_ASKED = "not asked"


class Tier(StrEnum):
    EXEMPT = "exempt"
    LIGHT = "light"
    FULL = "full"
    REGULATED = "regulated"


class Verdict(StrEnum):
    LIABILITY = "LIABILITY"
    EXPOSED = "EXPOSED"
    MANAGED = "MANAGED"
    MATURE = "MATURE"
    EXEMPT = "EXEMPT"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One answer to a control's question."""

    status: Status
    kind: EvidenceKind
    sentence: str  # what was found, with its figures, window and sample
    page: str = ""  # where to see it
    until: date | None = None  # when it expires
    by: str = ""  # who attested


@dataclass(frozen=True, slots=True)
class Attestation:
    """A named person's dated statement about one control."""

    system: str
    control: str
    status: Status  # pass or partial or fail, as claimed
    statement: str
    owner: str
    at: date
    expires: date
    link: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A documented exemption of one control until a date."""

    system: str
    control: str
    reason: str
    approver: str
    until: date
    at: date


@dataclass(frozen=True, slots=True)
class ControlResult:
    """One control of the catalogue, answered for one system."""

    id: str
    title: str
    question: str
    family: str
    requirement: Requirement
    status: Status
    evidence: Evidence
    contradiction: str = ""  # a claim that stronger evidence outvotes
    references: tuple[str, ...] = ()
    next_action: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the four default conditions, or one of the six triggers."""

    key: str
    title: str
    state: str  # met | open | cleared; triggers: fail | open | cleared | not applicable
    controls: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything the verdict rests on."""

    system: str
    at: datetime
    tier: Tier
    verdict: Verdict
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]
    triggers: tuple[Condition, ...]
    controls: tuple[ControlResult, ...]
    contradictions: tuple[str, ...]
    at_stake: dict[str, Any]  # amount, currency, window, sentence; empty when unknown
    context_complete: bool = True
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the hash-chained record of everything done in the workspace."""

    seq: int
    at: datetime
    actor: str
    action: str
    system: str
    detail: dict[str, Any]
    previous: str
    digest: str

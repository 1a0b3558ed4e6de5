"""Systems, roles, mappings, loads and the trail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from plumbline.domain.errors import PlumblineError
from plumbline.domain.messages import Message, message
from plumbline.domain.settings import Settings


class Task(StrEnum):
    """What a system predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Kind(StrEnum):
    """How a feature's values are compared."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


#: a number further from nought than this is no measurement: as a feature it counts as infinity does, as an output
#: its row waits in quarantine. Its square, and sums of such, still fit a 64-bit float
LARGEST_NUMBER = 1e150

#: Roles that at most one column may have.
SINGLE_ROLES = (
    "timestamp", "decision_id", "prediction", "score", "label", "label_time", "version", "arm",
    "trained_at", "subject", "override",
)  # fmt: skip
#: Roles that carry a name after a colon and that many columns may have.
NAMED_ROLES = (
    "feature",
    "segment",
    "protected",
    "proba",
    "attribution",
    "weight",
    "complaint",
    "complaint_answer",
)
IGNORE = "ignore"
#: the role of a column that no file has: what stood in a column of numbers and is none, kept as ``text:NAME``
TEXT = "text"


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
            message("{text} is not a role", text=repr(text)),
            todo="Use one of " + ", ".join((*SINGLE_ROLES, *(f"{r}:NAME" for r in NAMED_ROLES), IGNORE)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def columns_of(self, role: str) -> tuple[ColumnMap, ...]:
        """All columns of a named role, e.g. every ``feature``."""
        return tuple(c for c in self.columns if c.role.role == role)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: none | provisional (too few weeks yet) | auto | given (set by a person) | loaded (load --reference)
    reference_source: str = "none"
    settings: Settings = field(default_factory=Settings)

    @property
    def unit(self) -> str:
        """What a regression predicts so many of, as its owner says it, e.g. ``parcels``; empty: not said."""
        return self.settings.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionColumn:
    """One column of a system's decision table, beyond the fixed ones."""

    name: str  # its spelling in the table: str(RoleName)
    role: RoleName
    kind: Kind
    source: str = ""  # the name in the file
    first_load: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One column that came, went or changed its kind from one load to the next. ``said``: what it means, in words."""

    change: str  # added | dropped | returned | retyped
    column: str  # of the decision table
    source: str  # its name in the file
    was: str
    now: str
    load_id: int
    said: Message


@dataclass(frozen=True, slots=True, kw_only=True)
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
    retry_of: int | None = None  # the load whose quarantined rows these were
    schema_changes: tuple[SchemaChange, ...] = ()  # of this load; told when it is made
    pushes: int = 0  # gathered pushes that it is of; 0: a file
    unchecked: str = ""  # why its signals could not be checked after it was made; empty where they were


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """One line of the hash-chained record of everything done in the workspace.

    ``salt``: what is hashed with the detail, so that the digest alone tells nobody what the entry says; empty in
    entries of earlier versions.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    system: str
    detail: dict[str, Any]
    previous: str
    digest: str
    salt: str = ""

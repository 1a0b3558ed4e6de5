"""What is to be counted of each row: plain data that can be sent to wherever the rows are."""

from __future__ import annotations

from dataclasses import dataclass, field

from plumbline.domain import Bins, Kind

#: what a row may hold, in the order of ``activity_sql.PRESENCE``
PRESENCE = (
    "decision_id", "score", "label", "version", "features", "explanation", "override", "subject",
    "trained_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BinnedPart:
    """A column and its bins."""

    column: str
    bins: Bins

    @property
    def numeric(self) -> bool:
        return self.bins.kind is Kind.NUMERIC


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlan:
    """What is counted of the rows of one load.

    A batch has ``timestamp`` (microseconds since 1970 on the clock of the system's zone), ``version``, ``arm``, the
    columns of ``columns`` under their names, and where ``decided`` also ``prediction``, ``label``, ``score``,
    ``label_time`` and ``trained_at`` (microseconds, or missing), ``holds:NAME`` (bool) for each of ``PRESENCE``, and of
    several classes ``proba:CLASS`` for each of ``probabilities``.
    """

    columns: tuple[BinnedPart, ...]
    decided: bool = True
    regression: bool = False
    positive: str | None = None  # binary: the class whose probability the score is
    losses: bool = False  # binary: whether scores are probabilities
    probabilities: tuple[str, ...] = ()
    #: classes by their folded text: how each is written
    spelling: dict[str, str] = field(default_factory=dict)

"""What the monitors and explainers return: points, drift, findings, explanations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from plumbline.domain.agreement import magnitude_order
from plumbline.domain.json_values import json_value
from plumbline.domain.messages import NOTHING, Message
from plumbline.domain.result import Result
from plumbline.domain.systems import Kind


class PointStatus(StrEnum):
    OK = "ok"
    WATCH = "watch"
    BREACH = "breach"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    note: Message = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
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
    note: Message = NOTHING
    start: datetime | None = None
    end: datetime | None = None
    low: float | None = None  # 95 % limits of the value
    high: float | None = None
    #: the value with what chance brings taken off, which is held against the threshold; None: the value itself
    above_chance: float | None = None


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A signal that crossed its threshold: what, since when, how sure, and where to look.

    ``parts``: of one that joins several (``drift.first_year``), each by itself.
    """

    system: str
    signal: str  # e.g. performance.accuracy, drift.season_index, staleness.age
    sentence: Message
    since: datetime | None
    until: datetime | None  # None: still open
    severity: Severity
    confidence: float | None  # 0 to 1 where a probability can honestly be given
    page: str  # the page that shows it
    figures: dict[str, Any] = field(default_factory=dict)
    known_at: datetime | None = None  # the earliest moment at which the rule could have raised it
    parts: tuple[Finding, ...] = ()


class AttributionSource(StrEnum):
    """Where attributions come from, best first."""

    LOGGED = "logged"
    MODEL = "model"
    SURROGATE = "surrogate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Result):
    """Why one decision came out as it did.

    ``base_value`` + the sum of ``attributions`` = the output in ``output_space``; ``additivity_error``
    is that sum, taken to score space, less the logged score.
    """

    COLUMNS = (
        "feature",
        "value",
        "contribution",
    )

    decision_id: str
    source: AttributionSource
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
    alerts: tuple[str, ...] = ()  # for the owner: e.g. a protected attribute among the strongest factors
    #: standard error of each attribution, where they are estimated from random orders; empty where they are not
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Why, in words; a refusal says why nothing is shown."""
        return self.refused or " ".join(self.reasons) or f"Explained by {self.method}."

    def rows(self) -> list[dict[str, Any]]:
        """One an input, the strongest contribution first, in ``output_space``."""
        return [
            {"feature": name, "value": json_value(self.values.get(name)), "contribution": contribution}
            for name, contribution in magnitude_order(self.attributions)
        ]

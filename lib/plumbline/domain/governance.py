"""Controls, evidence, statements, the verdict and the scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from plumbline.domain.json_values import json_object, json_value
from plumbline.domain.messages import NOTHING, Message
from plumbline.domain.result import Result


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
    NOT_YET_JUDGED = "NOT_YET_JUDGED"
    EXPOSED = "EXPOSED"
    MANAGED = "MANAGED"
    MATURE = "MATURE"
    EXEMPT = "EXEMPT"

    @property
    def words(self) -> str:
        """The verdict as people read it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One answer to a control's question."""

    status: Status
    kind: EvidenceKind
    sentence: Message  # what was found, with its figures, window and sample
    page: str = ""  # where to see it
    until: date | None = None  # when it expires
    by: str = ""  # who attested


@dataclass(frozen=True, slots=True)
class Attestation:
    """A named person's dated statement about one control.

    ``evidence`` is the SHA-256 of a file that backs it; ``approved_by`` a second person, where one is asked for.
    """

    system: str
    control: str
    status: Status  # pass or partial or fail, as claimed
    statement: str
    owner: str
    at: date
    expires: date
    link: str = ""
    evidence: str = ""
    evidence_name: str = ""
    approved_by: str = ""
    approved_on: date | None = None
    id: int = 0  # in the workspace; 0: not kept yet


@dataclass(frozen=True, slots=True)
class Exemption:
    """A documented exemption of one control until a date.

    ``proposer`` is who asked for it, where that is somebody else; ``approver`` is empty while it waits. ``link`` is
    where its document is: without one it counts not.
    """

    system: str
    control: str
    reason: str
    approver: str
    until: date
    at: date
    proposer: str = ""
    approved_on: date | None = None
    link: str = ""
    id: int = 0  # in the workspace; 0: not kept yet


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """One control of the catalogue, answered for one system."""

    id: str
    title: str
    question: str
    family: str
    requirement: Requirement
    status: Status
    evidence: Evidence
    contradiction: Message = NOTHING  # a claim that stronger evidence outvotes
    references: tuple[str, ...] = ()
    next_action: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The control with its evidence as a sentence and its kind beside it."""
        return json_object(
            {
                "id": self.id,
                "title": self.title,
                "status": self.status,
                "evidence_kind": self.evidence.kind,
                "evidence": self.evidence.sentence,
                "requirement": self.requirement,
                "until": self.evidence.until,
                "contradiction": self.contradiction,
                "references": self.references,
                "next_action": self.next_action,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One of the four default conditions, or one of the six triggers."""

    key: str
    title: str
    state: str  # met | open | cleared; triggers: fail | open | cleared | not applicable
    controls: tuple[str, ...]
    sentence: Message
    number: int = 0  # of a trigger, from 1 to 6; 0: a condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard(Result):
    """Everything the verdict rests on."""

    COLUMNS = (
        "id",
        "title",
        "status",
        "evidence_kind",
        "evidence",
        "requirement",
        "next_action",
    )

    system: str
    at: datetime
    tier: Tier
    verdict: Verdict
    reasons: tuple[Message, ...]
    conditions: tuple[Condition, ...]
    triggers: tuple[Condition, ...]
    controls: tuple[ControlResult, ...]
    contradictions: tuple[Message, ...]
    at_stake: dict[str, Any]  # amount, currency, window, sentence; empty when unknown
    context_complete: bool = True
    waiting: tuple[str, ...] = ()  # context answers that have no effect until a second person approves them
    since: datetime | None = (
        None  # the day in the log from which it is so; where the log names none, `judged_at`
    )
    judged_at: datetime | None = None  # the scorecard since which the verdict has not changed

    @property
    def sentence(self) -> str:
        """The verdict with its first reason."""
        return f"{self.verdict.words}: {self.reasons[0]}" if self.reasons else self.verdict.words

    def rows(self) -> list[dict[str, Any]]:
        """One a control of the catalogue, asked or not."""
        return [control.to_dict() for control in self.controls]

    def _json_values(self) -> dict[str, Any]:
        """The whole scorecard; every control of the catalogue, asked or not."""
        return {**json_value(self), "controls": self.rows()}

"""Acting on findings: interlocks and receipts, triggers of retraining, rollbacks, and the runs of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from plumbline.domain.messages import NOTHING, Message

#: who the demo acts as: what it answered itself proves something of its own systems alone
DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Interlock:
    """One condition that has to hold before anything is done. ``holds``: None where it cannot be told."""

    name: str
    holds: bool | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the other side answered to a request: written by Plumbline alone, never by a person.

    ``where``: the address without its query, user or secret. ``status``: of HTTP, or a command's exit code; None where
    nothing came back. ``run``: the id of what it started, as it answered; empty: it named none. ``follow``: an address
    under which the run can be asked about.
    """

    at: datetime
    where: str
    ok: bool
    status: int | None = None
    run: str = ""
    text: str = ""
    follow: str = ""


class RetrainingCondition(StrEnum):
    """What makes a retraining due."""

    BREACH = "breach"
    AGE = "age"
    SHELF_LIFE = "shelf-life"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingTrigger:
    """What starts a retraining of a system: a condition, a target, and what holds it back.

    ``url``: see ``respond.targets.target``. ``secret_env``: the variable that holds the secret. ``labels``: outcomes
    since the onset that it needs. ``monthly``: fires in 30 days at most. ``approval``: an owner approves each one.
    """

    system: str
    name: str
    url: str
    when: RetrainingCondition = RetrainingCondition.BREACH
    cooldown_days: float = 7.0
    labels: int = 500
    monthly: int = 2
    approval: bool = False
    secret_env: str = ""
    allow_inner: bool = False
    by: str = ""
    at: datetime | None = None


class RunState(StrEnum):
    """How far a run of a trigger is. ``SEEN``: a version trained after the fire was seen."""

    DUE = "due"
    APPROVED = "approved"
    FIRING = "firing"
    FIRED = "fired"
    RUNNING = "running"
    SEEN = "seen"
    CURED = "cured"
    NOT_CURED = "not cured"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    WITHDRAWN = "withdrawn"
    TESTED = "tested"


#: states in which a run is under way
IN_FLIGHT = (RunState.APPROVED, RunState.FIRING, RunState.FIRED, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRun:
    """One time that a trigger was due or was fired, with what came of it. Times are aware UTC.

    ``onset``: since when the condition holds; ``known_at``: when it could be known. ``versions``: those that the log
    and the registry held when it fired: what is seen afterwards is new. ``seen_where``: ``log`` or ``registry``.
    """

    id: str
    system: str
    trigger: str
    state: RunState
    due_at: datetime
    when: RetrainingCondition = RetrainingCondition.BREACH
    test: bool = False
    sentence: Message = NOTHING
    onset: datetime | None = None
    known_at: datetime | None = None
    version: str = ""
    versions: tuple[str, ...] = ()
    guards: tuple[Interlock, ...] = ()
    approved_by: str = ""
    approved_at: datetime | None = None
    fired_at: datetime | None = None
    fired_by: str = ""
    receipt: Receipt | None = None
    seen_at: datetime | None = None
    seen_version: str = ""
    seen_where: str = ""
    cured_at: datetime | None = None
    ended_at: datetime | None = None
    note: Message = NOTHING


class Mode(StrEnum):
    """How far a rollback may go by itself."""

    OFF = "off"
    PROPOSE = "propose"
    DRY_RUN = "dry run"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackSetting:
    """A system's mode, and the hand that moves its traffic: an alias of an MLflow registry, or a signed webhook.

    ``registry``: the server's address; ``credential_env``: the variable that holds what may write there, a token or
    ``user:password``. ``url``, ``secret_env``: of the webhook.
    """

    system: str
    mode: Mode = Mode.PROPOSE
    registry: str = ""
    model: str = ""
    alias: str = ""
    credential_env: str = ""
    url: str = ""
    secret_env: str = ""
    allow_inner: bool = False
    four_eyes: bool = False  # who asks for a rollback does not make it: a second person approves
    by: str = ""
    at: datetime | None = None
    dry_since: datetime | None = None  # since when it has been in dry run or beyond

    @property
    def hand(self) -> str:
        """What moves the traffic: ``alias``, ``webhook``, or nothing."""
        return "alias" if self.registry and self.alias else "webhook" if self.url else ""


class RollbackState(StrEnum):
    """How far a rollback is. ``ACTED``: the alias moved, a claim; ``SEEN``: the log shows the earlier version."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    DRY = "would have rolled back"
    ACTING = "acting"
    ACTED = "acted"
    SEEN = "seen"
    FAILED = "failed"
    DRILLED = "drilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRun:
    """One proposal, dry run, rollback or drill, with what the interlocks said. Times are aware UTC.

    ``known_at``: when the guardrail tripped; ``minutes``: from the act until the log shows it, of a drill how long the
    alias took there and back. ``asked_by``: who waits for a second person's approval; ``unasked``: it was made
    without a person; ``incident``: the number of the one that it opened by itself, 0 where none.
    """

    id: str
    system: str
    state: RollbackState
    at: datetime
    version: str
    to: str
    switched_at: datetime | None = None
    known_at: datetime | None = None
    sentence: Message = NOTHING
    interlocks: tuple[Interlock, ...] = ()
    mode: Mode = Mode.PROPOSE
    receipt: Receipt | None = None
    by: str = ""
    asked_by: str = ""
    asked_at: datetime | None = None
    unasked: bool = False
    incident: int = 0
    acted_at: datetime | None = None
    seen_at: datetime | None = None
    minutes: float | None = None
    note: Message = NOTHING
    steps: tuple[str, ...] = field(default_factory=tuple)

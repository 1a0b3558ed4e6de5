"""The eight interlocks of an automatic rollback: pure, each with a sentence of its own.

All have to hold before anything moves. One that is broken refuses; one that cannot be told leaves the rollback to a
person: unknown is never yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.domain.respond import Interlock, Mode, RollbackState
from plumbline.wording.quantities import count

#: a guardrail speaks of a switch that is no older
SWITCH_DAYS = 14
#: usual pauses after which a log counts as silent, and a rollback that is not seen as failed
PAUSES = 3
#: decisions that the version to go back to must have made before
DECIDED = 500
#: share of the change that the world may account for
WORLD = 0.5
#: rollbacks within so many hours, and at most so many within so many days
HOURS, MOST, DAYS = 24, 2, 30
NAMES = (
    "guardrail", "recent switch", "fresh log", "way back", "the release did it", "no ping-pong", "no freeze",
    "registry agrees",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastRollback:
    """A return to an earlier version, whoever made it."""

    at: datetime
    version: str  # that was left
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known at ``now``. Texts say why something is so; None is unknown; times are aware UTC.

    ``fired``: the guardrail's sentence, empty where it is quiet. ``pause``: the longest usual time between decisions
    in the log. ``to_ready``: whether the version to go back to can be had. ``inputs_lost``: what of its inputs is gone
    since. ``world``, ``world_high``: the share of the change that the inputs account for, and its upper 95 % limit.
    ``zone``: whose clock its times are of. ``pointed``: the version that the registry serves, as the log names it.
    """

    now: datetime
    version: str
    to: str
    zone: str = "UTC"
    switched_at: datetime | None = None
    fired: str = ""
    acquitted: str = ""
    last_decision: datetime | None = None
    pause: timedelta | None = None
    unfinished: str = ""
    to_decisions: int = 0
    to_breach: str = ""
    to_ready: bool | None = None
    to_where: str = ""
    inputs_lost: str = ""
    world: float | None = None
    world_high: float | None = None
    past: tuple[PastRollback, ...] = ()
    freeze: str = ""
    others: tuple[str, ...] = ()
    pointed: str | None = None
    pointed_where: str = "the registry"


def interlocks(case: Situation) -> tuple[Interlock, ...]:
    """The eight, in the order of ``NAMES``."""
    return (
        _guardrail(case), _recent(case), _fresh(case), _way_back(case), _release(case), _ping_pong(case), _freeze(case),
        _registry(case),
    )  # fmt: skip


def decide(mode: Mode, locks: Sequence[Interlock]) -> RollbackState:
    """What the interlocks allow in a mode: refused, proposed, would have, or acting."""
    if any(lock.holds is False for lock in locks):
        return RollbackState.REFUSED
    if mode in (Mode.OFF, Mode.PROPOSE) or any(lock.holds is None for lock in locks):
        return RollbackState.PROPOSED
    return RollbackState.DRY if mode is Mode.DRY_RUN else RollbackState.ACTING


def _guardrail(case: Situation) -> Interlock:
    name = NAMES[0]
    if not case.fired:
        return Interlock(name, False, f"No guardrail has tripped for version {case.version}.")
    if case.acquitted:
        return Interlock(name, False, f"Outcomes spoke for version {case.version}: {case.acquitted}")
    return Interlock(name, True, case.fired)


def _recent(case: Situation) -> Interlock:
    name = NAMES[1]
    if case.switched_at is None:
        return Interlock(name, None, "When the version took over is not known.")
    days = (case.now - case.switched_at).total_seconds() / 86400
    if days > SWITCH_DAYS:
        return Interlock(
            name,
            False,
            f"The version took over {days:.0f} days ago; after {SWITCH_DAYS} it is no news of a release.",
        )
    return Interlock(
        name,
        True,
        f"It took over on {case.switched_at:%Y-%m-%d, %H:%M} {case.zone}, within {SWITCH_DAYS} days.",
    )


def _fresh(case: Situation) -> Interlock:
    name = NAMES[2]
    if case.unfinished:
        return Interlock(name, False, f"The log is not whole: {case.unfinished}.")
    if case.last_decision is None or case.pause is None:
        return Interlock(
            name, None, "How often decisions come is not known, so neither is whether the log is fresh."
        )
    since = case.now - case.last_decision
    text = f"The last decision is of {case.last_decision:%Y-%m-%d, %H:%M} {case.zone}, {_long(since)} ago"
    if since > PAUSES * case.pause:
        return Interlock(name, False, f"{text}; at most {_long(PAUSES * case.pause)} are usual.")
    return Interlock(name, True, f"{text} (at most {_long(PAUSES * case.pause)}).")


def _way_back(case: Situation) -> Interlock:
    name, to = NAMES[3], case.to
    if not to:
        return Interlock(name, False, "There is no version to go back to.")
    if case.to_decisions < DECIDED:
        return Interlock(
            name,
            False,
            f"Version {to} made {count(case.to_decisions)} decisions before; {DECIDED} are needed.",
        )
    if case.to_breach:
        return Interlock(name, False, f"Version {to} was in breach itself when it left: {case.to_breach}")
    if case.inputs_lost:
        return Interlock(name, False, f"Version {to} may not read today's inputs: {case.inputs_lost}.")
    if case.to_ready is False:
        return Interlock(name, False, f"Version {to} cannot be had any more: {case.to_where}.")
    if case.to_ready is None:
        text = case.to_where or "no registry and no model file shows it"
        return Interlock(name, None, f"Whether version {to} can still be had is not known: {text}.")
    return Interlock(
        name,
        True,
        f"Version {to} made {count(case.to_decisions)} decisions before, and can be had ({case.to_where}).",
    )


def _release(case: Situation) -> Interlock:
    name = NAMES[4]
    if case.world is None or case.world_high is None:
        return Interlock(name, None, "Whether the inputs explain the change cannot be told yet.")
    text = f"Other inputs account for {100 * case.world:.0f} % of the change (at most {100 * case.world_high:.0f} %)"
    if case.world >= WORLD:
        return Interlock(name, False, f"{text}: the world changed, and going back would not mend it.")
    if case.world_high >= WORLD:
        return Interlock(name, None, f"{text}: too few decisions to tell the release from the world.")
    return Interlock(name, True, f"{text}: the release did it.")


def _ping_pong(case: Situation) -> Interlock:
    name = NAMES[5]
    before = [p for p in case.past if p.at <= case.now]
    if any(p.version == case.to for p in before):
        return Interlock(name, False, f"Version {case.to} was itself rolled back before.")
    last = max((p.at for p in before), default=None)
    if last is not None and case.now - last < timedelta(hours=HOURS):
        return Interlock(
            name, False, f"There was a rollback within {HOURS} hours, on {last:%Y-%m-%d, %H:%M} {case.zone}."
        )
    recent = sum(case.now - p.at <= timedelta(days=DAYS) for p in before)
    if recent >= MOST:
        return Interlock(
            name, False, f"There were {recent} rollbacks within {DAYS} days; {MOST} are allowed."
        )
    return Interlock(
        name, True, f"{recent} of {MOST} rollbacks within {DAYS} days, none within {HOURS} hours."
    )


def _freeze(case: Situation) -> Interlock:
    name = NAMES[6]
    if case.freeze:
        return Interlock(name, False, f"Releases are frozen: {case.freeze}.")
    if case.others:
        return Interlock(name, False, f"Another release is in flight: version {', '.join(case.others)}.")
    return Interlock(name, True, "No freeze, and no other release in flight.")


def _registry(case: Situation) -> Interlock:
    name, where = NAMES[7], case.pointed_where
    if where == "the log" and case.pointed == case.version:
        return Interlock(name, True, f"The log shows version {case.version} in charge; no registry is wired.")
    if case.pointed is None:
        return Interlock(name, None, f"What {where} serves is not known.")
    if case.pointed != case.version:
        text = f"version {case.pointed}" if case.pointed else "no version"
        return Interlock(
            name, False, f"{where[:1].upper()}{where[1:]} points to {text}, not to {case.version}."
        )
    return Interlock(
        name, True, f"{where[:1].upper()}{where[1:]} points to version {case.version}, as the log does."
    )


def _long(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 60 * 72 else f"{minutes / 1440:.1f} days"

"""The eight interlocks of an automatic rollback: pure, each with a sentence of its own.

All have to hold before anything moves. One that is broken refuses; one that cannot be told leaves the rollback to a
person: unknown is never yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.domain.messages import Number, Quantity, message, word
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
        _guardrail(case), _recent_switch(case), _fresh_log(case), _rollback_target(case), _release(case),
        _ping_pong(case), _freeze(case),
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
        return Interlock(
            name, False, message("No guardrail has tripped for version {version}.", version=case.version)
        )
    if case.acquitted:
        return Interlock(
            name,
            False,
            message(
                "Outcomes spoke for version {version}: {acquitted}",
                version=case.version,
                acquitted=case.acquitted,
            ),
        )
    return Interlock(name, True, case.fired)


def _recent_switch(case: Situation) -> Interlock:
    name = NAMES[1]
    if case.switched_at is None:
        return Interlock(name, None, message("When the version took over is not known."))
    days = (case.now - case.switched_at).total_seconds() / 86400
    if days > SWITCH_DAYS:
        return Interlock(
            name,
            False,
            message(
                "The version took over {days} days ago; after {switch_days} it is no news of a release.",
                days=f"{days:.0f}",
                switch_days=str(SWITCH_DAYS),
            ),
        )
    return Interlock(
        name,
        True,
        message(
            "It took over on {switched_at} {zone}, within {switch_days} days.",
            switched_at=f"{case.switched_at:%Y-%m-%d, %H:%M}",
            zone=case.zone,
            switch_days=str(SWITCH_DAYS),
        ),
    )


def _fresh_log(case: Situation) -> Interlock:
    name = NAMES[2]
    if case.unfinished:
        return Interlock(
            name, False, message("The log is not whole: {unfinished}.", unfinished=case.unfinished)
        )
    if case.last_decision is None or case.pause is None:
        return Interlock(
            name,
            None,
            message("How often decisions come is not known, so neither is whether the log is fresh."),
        )
    since = case.now - case.last_decision
    text = message(
        "The last decision is of {last_decision} {zone}, {long} ago",
        last_decision=f"{case.last_decision:%Y-%m-%d, %H:%M}",
        zone=case.zone,
        long=_duration_text(since),
    )
    if since > PAUSES * case.pause:
        return Interlock(
            name,
            False,
            message("{text}; at most {long} are usual.", text=text, long=_duration_text(PAUSES * case.pause)),
        )
    return Interlock(
        name, True, message("{text} (at most {long}).", text=text, long=_duration_text(PAUSES * case.pause))
    )


def _rollback_target(case: Situation) -> Interlock:
    name, to = NAMES[3], case.to
    if not to:
        return Interlock(name, False, message("There is no version to go back to."))
    if case.to_decisions < DECIDED:
        return Interlock(
            name,
            False,
            message(
                "Version {to} made {to_decisions} decisions before; {decided} are needed.",
                to=to,
                to_decisions=count(case.to_decisions),
                decided=str(DECIDED),
            ),
        )
    if case.to_breach:
        return Interlock(
            name,
            False,
            message(
                "Version {to} was in breach itself when it left: {to_breach}", to=to, to_breach=case.to_breach
            ),
        )
    if case.inputs_lost:
        return Interlock(
            name,
            False,
            message(
                "Version {to} may not read today's inputs: {inputs_lost}.",
                to=to,
                inputs_lost=case.inputs_lost,
            ),
        )
    if case.to_ready is False:
        return Interlock(
            name,
            False,
            message("Version {to} cannot be had any more: {to_where}.", to=to, to_where=case.to_where),
        )
    if case.to_ready is None:
        text = case.to_where or message("no registry and no model file shows it")
        return Interlock(
            name,
            None,
            message("Whether version {to} can still be had is not known: {text}.", to=to, text=text),
        )
    return Interlock(
        name,
        True,
        message(
            "Version {to} made {to_decisions} decisions before, and can be had ({to_where}).",
            to=to,
            to_decisions=count(case.to_decisions),
            to_where=case.to_where,
        ),
    )


def _release(case: Situation) -> Interlock:
    name = NAMES[4]
    if case.world is None or case.world_high is None:
        return Interlock(name, None, message("Whether the inputs explain the change cannot be told yet."))
    text = message(
        "Other inputs account for {share} % of the change (at most {most} %)",
        share=f"{100 * case.world:.0f}",
        most=f"{100 * case.world_high:.0f}",
    )
    if case.world >= WORLD:
        return Interlock(
            name, False, message("{text}: the world changed, and going back would not mend it.", text=text)
        )
    if case.world_high >= WORLD:
        return Interlock(
            name, None, message("{text}: too few decisions to tell the release from the world.", text=text)
        )
    return Interlock(name, True, message("{text}: the release did it.", text=text))


def _ping_pong(case: Situation) -> Interlock:
    name = NAMES[5]
    before = [p for p in case.past if p.at <= case.now]
    if any(p.version == case.to for p in before):
        return Interlock(name, False, message("Version {to} was itself rolled back before.", to=case.to))
    last = max((p.at for p in before), default=None)
    if last is not None and case.now - last < timedelta(hours=HOURS):
        return Interlock(
            name,
            False,
            message(
                "There was a rollback within {hours} hours, on {last} {zone}.",
                hours=str(HOURS),
                last=f"{last:%Y-%m-%d, %H:%M}",
                zone=case.zone,
            ),
        )
    recent = sum(case.now - p.at <= timedelta(days=DAYS) for p in before)
    if recent >= MOST:
        return Interlock(
            name,
            False,
            message(
                "There were {recent} rollbacks within {days} days; {most} are allowed.",
                recent=str(recent),
                days=str(DAYS),
                most=str(MOST),
            ),
        )
    return Interlock(
        name,
        True,
        message(
            "{recent} of {most} rollbacks within {days} days, none within {hours} hours.",
            recent=str(recent),
            most=str(MOST),
            days=str(DAYS),
            hours=str(HOURS),
        ),
    )


def _freeze(case: Situation) -> Interlock:
    name = NAMES[6]
    if case.freeze:
        return Interlock(name, False, message("Releases are frozen: {freeze}.", freeze=case.freeze))
    if case.others:
        return Interlock(
            name,
            False,
            message("Another release is in flight: version {names}.", names=", ".join(case.others)),
        )
    return Interlock(name, True, message("No freeze, and no other release in flight."))


def _registry(case: Situation) -> Interlock:
    name, where = NAMES[7], case.pointed_where
    if where == "the log" and case.pointed == case.version:
        return Interlock(
            name,
            True,
            message("The log shows version {version} in charge; no registry is wired.", version=case.version),
        )
    if case.pointed is None:
        return Interlock(name, None, message("What {where} serves is not known.", where=_where(where)))
    if case.pointed != case.version:
        text = message("version {pointed}", pointed=case.pointed) if case.pointed else message("no version")
        return Interlock(
            name,
            False,
            message(
                "{where:capital} points to {text}, not to {version}.",
                where=_where(where),
                text=text,
                version=case.version,
            ),
        )
    return Interlock(
        name,
        True,
        message(
            "{where:capital} points to version {version}, as the log does.",
            where=_where(where),
            version=case.version,
        ),
    )


def _where(place: str) -> str:
    return {"the registry": word("the registry"), "the log": word("the log")}.get(place, place)


def _duration_text(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 120:
        return Quantity(f"{minutes:.0f}", "minute", "minutes")
    if minutes < 60 * 72:
        return message("{n} hours", n=Number(f"{minutes / 60:.1f}"))
    return message("{n} days", n=Number(f"{minutes / 1440:.1f}"))

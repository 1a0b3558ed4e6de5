"""What holds a retraining back although it is due: pure conditions, each with a sentence of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.domain.respond import Interlock
from plumbline.wording.quantities import count
from plumbline.wording.times import iso_day

#: the budget counts the fires of so many days
BUDGET_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCase:
    """What is known when a trigger is due. Times are aware UTC.

    ``fires``: earlier fires of the system's triggers, tests left out. ``in_flight``: what is under way, in words;
    ``hold``: an incident or rollback that says wait. ``labels``: outcomes since the onset; None: the log has none.
    ``release_did_it``: that the release caused the breach, in words; retraining cannot mend that.
    """

    now: datetime
    cooldown_days: float
    labels_needed: int
    monthly: int
    fires: tuple[datetime, ...] = ()
    in_flight: str = ""
    hold: str = ""
    labels: int | None = None
    release_did_it: str = ""
    stopped: str = ""
    approval: bool = False
    approved_by: str = ""


def guards(case: GuardCase) -> tuple[Interlock, ...]:
    """Every guard with whether it lets the trigger fire; one that cannot be told does not."""
    return (
        _switch(case), _one_at_a_time(case), _cool(case), _no_hold(case), _labels(case), _cause(case), _budget(case),
        _approval(case),
    )  # fmt: skip


def may_fire(interlocks: tuple[Interlock, ...]) -> bool:
    """Whether every guard holds."""
    return all(guard.holds for guard in interlocks)


def _switch(case: GuardCase) -> Interlock:
    if case.stopped:
        return Interlock("switch", False, f"{case.stopped}.")
    return Interlock("switch", True, "Acting is switched on.")


def _one_at_a_time(case: GuardCase) -> Interlock:
    if case.in_flight:
        return Interlock("one at a time", False, f"A retraining is under way: {case.in_flight}.")
    return Interlock("one at a time", True, "No other retraining of this system is under way.")


def _cool(case: GuardCase) -> Interlock:
    last = max(case.fires, default=None)
    if last is None:
        return Interlock("cool-down", True, "It has not fired before.")
    until = last + timedelta(days=case.cooldown_days)
    if case.now < until:
        text = f"It fired on {iso_day(last)}; the next may follow from {iso_day(until)}."
        return Interlock("cool-down", False, text)
    return Interlock(
        "cool-down", True, f"It last fired on {iso_day(last)}, more than {case.cooldown_days:g} days ago."
    )


def _no_hold(case: GuardCase) -> Interlock:
    if case.hold:
        return Interlock("no hold", False, f"Something has to be settled first: {case.hold}.")
    return Interlock("no hold", True, "No incident and no rollback stands in the way.")


def _labels(case: GuardCase) -> Interlock:
    if case.labels is None:
        return Interlock(
            "labels", None, "No outcomes are logged: it is not known whether there is anything to learn from."
        )
    if case.labels < case.labels_needed:
        some = f"{count(case.labels)} of {count(case.labels_needed)} labels"
        text = f"Retraining would learn from too little: {some} since the onset."
        return Interlock("labels", False, text)
    return Interlock(
        "labels", True, f"{count(case.labels)} labels since the onset ({count(case.labels_needed)} needed)."
    )


def _cause(case: GuardCase) -> Interlock:
    if case.release_did_it:
        said = f"{case.release_did_it} Retraining does not mend a release; rolling it back does."
        return Interlock("cause", False, said)
    return Interlock("cause", True, "Nothing shows that a release caused it.")


def _budget(case: GuardCase) -> Interlock:
    recent = sum(case.now - at <= timedelta(days=BUDGET_DAYS) for at in case.fires)
    if recent >= case.monthly:
        text = f"{recent} retrainings were fired in the last {BUDGET_DAYS} days; {case.monthly} are allowed."
        return Interlock("budget", False, text)
    return Interlock(
        "budget", True, f"{recent} of {case.monthly} retrainings in the last {BUDGET_DAYS} days."
    )


def _approval(case: GuardCase) -> Interlock:
    if not case.approval:
        return Interlock("approval", True, "This trigger needs no approval.")
    if case.approved_by:
        return Interlock("approval", True, f"Approved by {case.approved_by}.")
    return Interlock("approval", False, "An owner has not approved it yet.")

"""What holds a retraining back although it is due: pure conditions, each with a sentence of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.domain.messages import message
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
        _switch(case), _check_in_flight(case), _check_cool_down(case), _check_hold(case), _labels(case), _cause(case),
        _budget(case),
        _approval(case),
    )  # fmt: skip


def may_fire(interlocks: tuple[Interlock, ...]) -> bool:
    """Whether every guard holds."""
    return all(guard.holds for guard in interlocks)


def _switch(case: GuardCase) -> Interlock:
    if case.stopped:
        return Interlock("switch", False, message("{stopped}.", stopped=case.stopped))
    return Interlock("switch", True, message("Acting is switched on."))


def _check_in_flight(case: GuardCase) -> Interlock:
    if case.in_flight:
        return Interlock(
            "one at a time",
            False,
            message("A retraining is under way: {in_flight}.", in_flight=case.in_flight),
        )
    return Interlock("one at a time", True, message("No other retraining of this system is under way."))


def _check_cool_down(case: GuardCase) -> Interlock:
    last = max(case.fires, default=None)
    if last is None:
        return Interlock("cool-down", True, message("It has not fired before."))
    until = last + timedelta(days=case.cooldown_days)
    if case.now < until:
        text = message(
            "It fired on {last}; the next may follow from {until}.", last=iso_day(last), until=iso_day(until)
        )
        return Interlock("cool-down", False, text)
    return Interlock(
        "cool-down",
        True,
        message(
            "It last fired on {last}, more than {cooldown_days} days ago.",
            last=iso_day(last),
            cooldown_days=f"{case.cooldown_days:g}",
        ),
    )


def _check_hold(case: GuardCase) -> Interlock:
    if case.hold:
        return Interlock(
            "no hold", False, message("Something has to be settled first: {hold}.", hold=case.hold)
        )
    return Interlock("no hold", True, message("No incident and no rollback stands in the way."))


def _labels(case: GuardCase) -> Interlock:
    if case.labels is None:
        return Interlock(
            "labels",
            None,
            message("No outcomes are logged: it is not known whether there is anything to learn from."),
        )
    if case.labels < case.labels_needed:
        some = message(
            "{labels} of {labels_needed} labels",
            labels=count(case.labels),
            labels_needed=count(case.labels_needed),
        )
        text = message("Retraining would learn from too little: {some} since the onset.", some=some)
        return Interlock("labels", False, text)
    return Interlock(
        "labels",
        True,
        message(
            "{labels} labels since the onset ({labels_needed} needed).",
            labels=count(case.labels),
            labels_needed=count(case.labels_needed),
        ),
    )


def _cause(case: GuardCase) -> Interlock:
    if case.release_did_it:
        reason = message(
            "{release_did_it} Retraining does not mend a release; rolling it back does.",
            release_did_it=case.release_did_it,
        )
        return Interlock("cause", False, reason)
    return Interlock("cause", True, message("Nothing shows that a release caused it."))


def _budget(case: GuardCase) -> Interlock:
    recent = sum(case.now - at <= timedelta(days=BUDGET_DAYS) for at in case.fires)
    if recent >= case.monthly:
        text = message(
            "{recent} retrainings were fired in the last {budget_days} days; {monthly} are allowed.",
            recent=str(recent),
            budget_days=str(BUDGET_DAYS),
            monthly=str(case.monthly),
        )
        return Interlock("budget", False, text)
    return Interlock(
        "budget",
        True,
        message(
            "{recent} of {monthly} retrainings in the last {budget_days} days.",
            recent=str(recent),
            monthly=str(case.monthly),
            budget_days=str(BUDGET_DAYS),
        ),
    )


def _approval(case: GuardCase) -> Interlock:
    if not case.approval:
        return Interlock("approval", True, message("This trigger needs no approval."))
    if case.approved_by:
        return Interlock(
            "approval", True, message("Approved by {approved_by}.", approved_by=case.approved_by)
        )
    return Interlock("approval", False, message("An owner has not approved it yet."))

"""Evidence rules of the monitoring family (MON)."""

from __future__ import annotations

from datetime import timedelta

from plumbline.domain import Evidence, Status
from plumbline.governance.evidence.case import (
    Case,
    Rule,
    measured,
    never_seen,
    noted,
    probed,
    recorded,
    unknown,
    within_a_year,
)
from plumbline.governance.facts import Breach
from plumbline.governance.wording import count, day, first_up, plural, share, window


def accuracy_tracked(case: Case) -> Evidence:
    facts, limits = case.facts, case.limits
    if not facts.labels:
        return measured(Status.FAIL, f"No outcome is known for any decision ({window(facts)}).")
    if facts.labelled_share is None or facts.label_age_chunks is None:
        return unknown("No decision is old enough for its outcome to be due.")
    sample = f" of {plural(facts.due, 'decision')} old enough" if facts.due is not None else ""
    unit = facts.chunk_unit
    sentence = (
        f"Outcomes are known for {share(facts.labelled_share)}{sample} "
        f"(needed {share(limits['labelled_share'])}); "
        f"the last labelled {unit} is {plural(facts.label_age_chunks, unit)} old "
        f"(at most {count(limits['label_age_chunks'])})."
    )
    enough = facts.labelled_share >= limits["labelled_share"]
    fresh = facts.label_age_chunks <= limits["label_age_chunks"]
    if facts.labels_selected:
        return measured(
            Status.PARTIAL if enough and fresh else Status.FAIL, f"{sentence} {facts.labels_selected}"
        )
    return measured(Status.PASS if enough and fresh else Status.FAIL, sentence)


def inputs_watched(case: Case) -> Evidence:
    facts = case.facts
    if facts.reference is False:
        return measured(Status.FAIL, "There is no reference to compare the inputs with.")
    if facts.reference is None or not facts.recent_chunks or facts.recent_chunks_compared is None:
        return unknown("No decisions in the last 90 days, or no record of drift checks.")
    done, total = facts.recent_chunks_compared, facts.recent_chunks
    sentence = (
        f"{count(done)} of {plural(total, facts.chunk_unit)} with decisions in the last 90 days "
        f"to {day(facts.as_of)} were compared with the reference."
    )
    if done >= total:
        return measured(Status.PASS, sentence)
    partly = done > 0 and done / total >= case.limits["compared_share_partial"]
    return measured(Status.PARTIAL if partly else Status.FAIL, sentence)


def staleness_watched(case: Case) -> Evidence:
    facts, limits = case.facts, case.limits
    if facts.model_age_days is None:
        return unknown("The log names neither a training date nor a version: the model's age is unknown.")
    source = (
        "since training" if facts.model_age_source == "trained_at" else "since its version was first seen"
    )
    sentence = (
        f"The model is {plural(facts.model_age_days, 'day')} old, counted {source}, on {day(facts.as_of)} "
        f"(at most {count(limits['age_days'])})."
    )
    if facts.model_age_days > limits["age_days"]:
        return measured(Status.FAIL, sentence)
    if facts.model_age_days > limits["watch_days"]:
        sentence += " It is time to plan retraining."
    return measured(Status.PASS, sentence)


def performance_holds(case: Case) -> Evidence:
    """Partial at most where only some decisions ever have an outcome: how the others fare nobody sees."""
    found, whose = _performance_holds(case), case.facts.labels_among
    if not whose or found.status is Status.UNKNOWN:
        return found
    status = Status.PARTIAL if found.status is Status.PASS else found.status
    return measured(status, f"{found.sentence} {whose}")


def _performance_holds(case: Case) -> Evidence:
    facts = case.facts
    if facts.performance_breach is None and facts.performance_guess:
        worse = facts.performance_worse_than_guess
        return measured(
            Status.FAIL if worse else Status.PARTIAL,
            f"No confirmed performance breach is open ({window(facts)}). {facts.performance_guess}",
        )
    return _breach(
        case, facts.performance_breach, facts.performance_watched,
        "No confirmed performance breach is open", "Performance cannot be followed without recent outcomes.",
    )  # fmt: skip


def drift_handled(case: Case) -> Evidence:
    facts = case.facts
    return _breach(
        case, facts.drift_breach, facts.drift_watched,
        "No drift of a feature that carries importance is open",
        "Drift of the features that carry importance is not known.",
    )  # fmt: skip


def _breach(case: Case, breach: Breach | None, watched: bool | None, fine: str, dark: str) -> Evidence:
    facts, allowed = case.facts, case.limits["response_days"]
    if breach is None:
        return measured(Status.PASS, f"{fine} ({window(facts)}).") if watched else unknown(dark)
    open_for = facts.as_of - breach.since
    sentence = f"{breach.sentence.rstrip('.')}"
    spoken = "" if f"since {day(breach.since)}" in sentence else f" since {day(breach.since)},"
    sentence += f"; open{spoken} {plural(open_for.days, 'day')} on {day(facts.as_of)}"
    if breach.handled and breach.in_hand:
        limit = "Until that is closed, or the breach is over, it is partial."
        return measured(Status.PARTIAL, f"{sentence}, handled by {breach.handled}. {limit}")
    if breach.handled:
        return measured(Status.PASS, f"{sentence}, handled by {breach.handled}.")
    late = open_for > timedelta(days=allowed)
    limit = f"(at most {count(allowed)}), and no incident or release handles it."
    if breach.unnamed:
        limit += f" The incident opened on {breach.unnamed} names no finding."
    return measured(Status.FAIL if late else Status.PARTIAL, f"{sentence} {limit}")


def alerts_arrive(case: Case) -> Evidence:
    """By receipts of deliveries, which outweigh what people recorded."""
    facts = case.facts
    delivered, failed = facts.alerts_delivered or 0, facts.alerts_failed or 0
    if facts.alert_channel is False or not delivered + failed:
        return _alerts_recorded(case)
    if not delivered:
        return measured(Status.FAIL, f"{plural(failed, 'alert')} could not be delivered, and none was.")
    seen = facts.alerts_acknowledged or 0
    sentence = f"{plural(delivered, 'alert')} delivered, {count(seen)} acknowledged"
    sentence += f", {count(failed)} not delivered." if failed else "."
    fine = not failed and seen / delivered >= case.limits["acknowledged_share"]
    return measured(Status.PASS if fine else Status.PARTIAL, sentence)


def _alerts_recorded(case: Case) -> Evidence:
    """Where no delivery was seen: a test alert that was, or what people recorded."""
    facts = case.facts
    tested = facts.alert_tested_at if facts.alert_channel else None
    if within_a_year(tested, case.today) and tested:
        return measured(Status.PASS, f"A test alert arrived on {day(tested)}; no real alert was due since.")
    if note := noted(case, "alert delivered", "alert tested"):
        return recorded(Status.PARTIAL, note)
    if note := noted(case, "alert failed"):
        return recorded(Status.FAIL, note)
    if facts.alert_channel is False:
        return never_seen("There is no channel through which an alert could reach a person.")
    if tested:
        return unknown(f"The last test alert arrived on {day(tested)}, over a year ago.")
    return unknown("No alert was ever delivered or tested.")


def retraining_automated(case: Case) -> Evidence:
    facts = case.facts
    fired, tested = (
        when if facts.retraining_trigger and when is not None and when.date() <= case.today else None
        for when in (facts.retraining_fired_at, facts.retraining_tested_at)
    )
    if fired and within_a_year(fired, case.today):
        seen = "and a version trained after it was seen"
        return probed(Status.PASS, f"The trigger for retraining fired on {day(fired)}, {seen}.")
    if tested and within_a_year(tested, case.today):
        return probed(
            Status.PARTIAL,
            f"The trigger for retraining fired in a test on {day(tested)}, and not yet for real.",
        )
    if note := noted(case, "retraining fired", "retraining tested"):
        return recorded(Status.PARTIAL, note, more=facts.retraining_due)
    if not facts.retraining_trigger:
        return never_seen(
            f"No trigger for retraining is configured, and nobody states one. {facts.retraining_due}".strip()
        )
    if not fired and not tested:
        return never_seen("A trigger for retraining is configured but has never fired, not even in a test.")
    last = max(when for when in (fired, tested) if when)
    return never_seen(f"The trigger for retraining last fired on {day(last)}, over a year ago.")


def segments_watched(case: Case) -> Evidence:
    facts = case.facts
    if not facts.segments or facts.segments_labelled is None:
        return unknown("No segment is mapped.")
    known = f"Outcomes are known in {count(facts.segments_labelled)} of {plural(facts.segments, 'segment')}"
    sentence = f"{first_up(known)} ({window(facts)}). {facts.labels_among or ''}".rstrip()
    if facts.segments_labelled >= facts.segments:
        return measured(Status.PASS, sentence)
    return measured(Status.PARTIAL if facts.segments_labelled else Status.FAIL, sentence)


RULES: dict[str, Rule] = {
    "MON-1": accuracy_tracked,
    "MON-2": inputs_watched,
    "MON-3": staleness_watched,
    "MON-4": performance_holds,
    "MON-5": drift_handled,
    "MON-6": alerts_arrive,
    "MON-7": retraining_automated,
    "MON-8": segments_watched,
}

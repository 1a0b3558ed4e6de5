"""Evidence rules of the monitoring family (MON)."""

from __future__ import annotations

from datetime import timedelta

from plumbline.domain import Evidence, Status
from plumbline.domain.messages import NOTHING, Day, Message, message, sequence, word
from plumbline.governance.evidence.case import (
    ControlCase,
    Rule,
    is_within_a_year,
    measured_evidence,
    missing_evidence,
    newest_record,
    probed_evidence,
    recorded_evidence,
    unknown_evidence,
)
from plumbline.governance.facts import Breach
from plumbline.governance.sample import window
from plumbline.wording.quantities import chunks, count, plural, share

#: the chunks of time that outcomes and checks are counted in
CHUNKS = {"day": word("day"), "week": word("week"), "month": word("month")}


def accuracy_tracking(case: ControlCase) -> Evidence:
    facts, limits = case.facts, case.limits
    if not facts.labels:
        return measured_evidence(
            Status.FAIL,
            message("No outcome is known for any decision ({window}).", window=window(facts)),
        )
    if facts.labelled_share is None or facts.label_age_chunks is None:
        return unknown_evidence(message("No decision is old enough for its outcome to be due."))
    known = message("{share}", share=share(facts.labelled_share))
    if facts.due is not None:
        known = message("{share} of {due} old enough", share=known, due=plural(facts.due, "decision"))
    sentence = message(
        "Outcomes are known for {known} (needed {needed}); the last labelled {chunk} is {age} old (at most {most}).",
        known=known,
        needed=share(limits["labelled_share"]),
        chunk=CHUNKS[facts.chunk_unit],
        age=chunks(facts.label_age_chunks, facts.chunk_unit),
        most=count(limits["label_age_chunks"]),
    )
    enough = facts.labelled_share >= limits["labelled_share"]
    fresh = facts.label_age_chunks <= limits["label_age_chunks"]
    if facts.labels_selected:
        return measured_evidence(
            Status.PARTIAL if enough and fresh else Status.FAIL,
            sequence([sentence, facts.labels_selected]),
        )
    return measured_evidence(Status.PASS if enough and fresh else Status.FAIL, sentence)


def input_monitoring(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.reference is False:
        return measured_evidence(Status.FAIL, message("There is no reference to compare the inputs with."))
    if facts.reference is None or not facts.recent_chunks or facts.recent_chunks_compared is None:
        return unknown_evidence(message("No decisions in the last 90 days, or no record of drift checks."))
    done, total = facts.recent_chunks_compared, facts.recent_chunks
    sentence = message(
        "{compared} of {chunks} with decisions in the last 90 days to {day} were compared with the reference.",
        compared=count(done),
        chunks=chunks(total, facts.chunk_unit),
        day=Day(facts.as_of),
    )
    if done >= total:
        return measured_evidence(Status.PASS, sentence)
    partly = done > 0 and done / total >= case.limits["compared_share_partial"]
    return measured_evidence(Status.PARTIAL if partly else Status.FAIL, sentence)


def staleness_monitoring(case: ControlCase) -> Evidence:
    """By the age, and by whether the alarm that it passes the limit would reach anybody (MON-6 asks if it is heard)."""
    facts, limits = case.facts, case.limits
    if facts.model_age_days is None:
        return unknown_evidence(
            message("The log names neither a training date nor a version: the model's age is unknown.")
        )
    trained = facts.model_age_source == "trained_at"
    sentence = message(
        "The model is {age} old, counted {source}, on {day} (at most {most}).",
        age=plural(facts.model_age_days, "day"),
        source=word("since training") if trained else word("since its version was first seen"),
        day=Day(facts.as_of),
        most=count(limits["age_days"]),
    )
    if facts.model_age_days > limits["age_days"]:
        return measured_evidence(Status.FAIL, sentence)
    if facts.model_age_days > limits["watch_days"]:
        sentence = sequence([sentence, message("It is time to plan retraining.")])
    if not facts.alert_channel:
        deaf = message("No channel would tell anybody on the day it passes that age.")
        return measured_evidence(Status.PARTIAL, sequence([sentence, deaf]))
    return measured_evidence(Status.PASS, sentence)


def performance_level(case: ControlCase) -> Evidence:
    """Partial at most where only some decisions ever have an outcome: how the others fare nobody sees."""
    evidence, whose = _performance_breach(case), case.facts.labels_among
    if not whose or evidence.status is Status.UNKNOWN:
        return evidence
    status = Status.PARTIAL if evidence.status is Status.PASS else evidence.status
    return measured_evidence(status, sequence([evidence.sentence, whose]))


def _performance_breach(case: ControlCase) -> Evidence:
    facts = case.facts
    fine = message("No confirmed performance breach is open ({window}).", window=window(facts))
    if facts.performance_breach is None and facts.performance_guess:
        worse = facts.performance_worse_than_guess
        return measured_evidence(
            Status.FAIL if worse else Status.PARTIAL, sequence([fine, facts.performance_guess])
        )
    dark = message("Performance cannot be followed without recent outcomes.")
    return _breach(case, facts.performance_breach, facts.performance_watched, fine, dark)


def drift_response(case: ControlCase) -> Evidence:
    facts = case.facts
    fine = message("No drift of a feature that carries importance is open ({window}).", window=window(facts))
    dark = message("Drift of the features that carry importance is not known.")
    return _breach(case, facts.drift_breach, facts.drift_watched, fine, dark)


def _breach(
    case: ControlCase, breach: Breach | None, watched: bool | None, fine: Message, dark: Message
) -> Evidence:
    facts, allowed = case.facts, case.limits["response_days"]
    if breach is None:
        return measured_evidence(Status.PASS, fine) if watched else unknown_evidence(dark)
    open_for = facts.as_of - breach.since
    days, today = plural(open_for.days, "day"), Day(facts.as_of)
    opened = message("open {days} on {today}", days=days, today=today)
    if not breach.dated:
        opened = message(
            "open since {since}, {days} on {today}", since=Day(breach.since), days=days, today=today
        )
    if breach.handled and not breach.in_hand:
        sentence = message(
            "{breach}; {open}, handled by {handled}.",
            breach=breach.sentence,
            open=opened,
            handled=breach.handled,
        )
        return measured_evidence(Status.PASS, sentence)
    if breach.in_hand and breach.until and case.today <= breach.until:
        sentence = message(
            "{breach}; {open}, in hand by {handled}, which is to be closed by {until}: partial until then.",
            breach=breach.sentence,
            open=opened,
            handled=breach.handled,
            until=Day(breach.until),
        )
        return measured_evidence(Status.PARTIAL, sentence)
    late = open_for > timedelta(days=allowed)
    sentence = message(
        "{breach}; {open} (at most {most}), and no incident or release handles it.",
        breach=breach.sentence,
        open=opened,
        most=count(allowed),
    )
    return measured_evidence(
        Status.FAIL if late else Status.PARTIAL, sequence([sentence, _incident_gap(breach)])
    )


def _incident_gap(breach: Breach) -> Message:
    """Why an incident that is open handles nothing; empty where there is none."""
    if breach.in_hand and breach.until:
        return message(
            "{handled:capital} was to be closed by {until}.", handled=breach.handled, until=Day(breach.until)
        )
    if breach.in_hand:
        return message(
            "{handled:capital} changes nothing yet: it has to be classified, with a cause, an owner and a due date.",
            handled=breach.handled,
        )
    if breach.unnamed:
        return message("The incident opened on {day} names no finding.", day=breach.unnamed)
    return NOTHING


def alert_delivery(case: ControlCase) -> Evidence:
    """By receipts of deliveries and of codes typed back, which outweigh what people recorded."""
    facts = case.facts
    delivered, failed = facts.alerts_delivered or 0, facts.alerts_failed or 0
    if facts.alert_channel is False:
        return _alert_records(case)
    tested = facts.alert_tested_at
    proved = bool(tested and is_within_a_year(tested, case.today))
    if not delivered + failed:
        if proved and tested:
            back = message(
                "The code of a test alert was typed back on {day}; no real alert was sent since.",
                day=Day(tested),
            )
            return measured_evidence(Status.PASS, back)
        return _alert_records(case)
    if not delivered:
        none = message("{alerts} could not be delivered, and none was.", alerts=plural(failed, "alert"))
        return measured_evidence(Status.FAIL, none)
    return _alert_acknowledgement(case, delivered, failed, proved)


def _alert_acknowledgement(case: ControlCase, delivered: int, failed: int, proved: bool) -> Evidence:
    """Where alerts were delivered: whether people saw them. One of the last week may still wait."""
    facts = case.facts
    seen, waiting = facts.alerts_acknowledged or 0, facts.alerts_waiting or 0
    values = {"alerts": plural(delivered, "alert"), "seen": count(seen)}
    sentence = message("{alerts} delivered, {seen} acknowledged.", **values)
    if failed:
        sentence = message(
            "{alerts} delivered, {seen} acknowledged, {failed} not delivered.", failed=count(failed), **values
        )
    judged = delivered - waiting
    enough = judged > 0 and seen / judged >= case.limits["acknowledged_share"]
    if proved and facts.alert_tested_at:
        back = message("The code of a test alert was typed back on {day}.", day=Day(facts.alert_tested_at))
        sentence = sequence([sentence, back])
        enough = enough or not judged
    if waiting:
        sentence = sequence(
            [
                sentence,
                message("{waiting} came within the last week.", waiting=plural(waiting, "unseen alert")),
            ]
        )
    return measured_evidence(Status.PASS if enough and not failed else Status.PARTIAL, sentence)


def _alert_records(case: ControlCase) -> Evidence:
    """Where no delivery was seen: what people recorded, which is partial at most."""
    facts = case.facts
    if note := newest_record(case, "alert delivered", "alert tested"):
        return recorded_evidence(Status.PARTIAL, note)
    if note := newest_record(case, "alert failed"):
        return recorded_evidence(Status.FAIL, note)
    if facts.alert_channel is False:
        return missing_evidence(message("There is no channel through which an alert could reach a person."))
    if tested := facts.alert_tested_at:
        return unknown_evidence(
            message(
                "The code of the last test alert was typed back on {day}, over a year ago.", day=Day(tested)
            )
        )
    return unknown_evidence(
        message("A channel is there, and nothing shows that anybody reads it: no code was typed back.")
    )


def retraining_automation(case: ControlCase) -> Evidence:
    facts = case.facts
    fired, tested = (
        when if facts.retraining_trigger and when is not None and when.date() <= case.today else None
        for when in (facts.retraining_fired_at, facts.retraining_tested_at)
    )
    if fired and is_within_a_year(fired, case.today):
        seen = message(
            "The trigger for retraining fired on {day}, and a version trained after it was seen.",
            day=Day(fired),
        )
        return probed_evidence(Status.PASS, sequence([seen, _retraining_days(facts.retraining_days)]))
    if tested and is_within_a_year(tested, case.today):
        in_a_test = message(
            "The trigger for retraining fired in a test on {day}, and not yet for real.", day=Day(tested)
        )
        return probed_evidence(Status.PARTIAL, sequence([in_a_test, facts.retraining_due]))
    if note := newest_record(case, "retraining fired", "retraining tested"):
        return recorded_evidence(Status.PARTIAL, note, more=facts.retraining_due)
    if not facts.retraining_trigger:
        none = message("No trigger for retraining is configured, and nobody states one.")
        return missing_evidence(sequence([none, facts.retraining_due]))
    if not fired and not tested:
        return missing_evidence(
            message("A trigger for retraining is configured but has never fired, not even in a test.")
        )
    last = max(when for when in (fired, tested) if when)
    return missing_evidence(
        message("The trigger for retraining last fired on {day}, over a year ago.", day=Day(last))
    )


def _retraining_days(days: tuple[float | None, ...]) -> Message:
    """How long it took from the breach until the fire, the new version and the cure, as far as that is known."""
    if len(days) != 3 or days[0] is None or days[1] is None:
        return NOTHING
    times = {"fired": plural(round(days[0]), "day"), "seen": plural(round(days[1]), "day")}
    if days[2] is None:
        return message(
            "Counted from the breach: fired after {fired}, seen after {seen}, not yet cured.", **times
        )
    return message(
        "Counted from the breach: fired after {fired}, seen after {seen}, cured after {cured}.",
        **times,
        cured=plural(round(days[2]), "day"),
    )


def segment_monitoring(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.segments:
        return unknown_evidence(message("No segment is mapped."))
    if facts.segments_labelled is None:
        return unknown_evidence(
            message("Outcomes by segment are counted in the cluster, which could not be asked.")
        )
    known = message(
        "Outcomes are known in {labelled} of {segments} ({window}).",
        labelled=count(facts.segments_labelled),
        segments=plural(facts.segments, "segment"),
        window=window(facts),
    )
    sentence = sequence([known, facts.labels_among])
    if facts.segments_labelled >= facts.segments:
        return measured_evidence(Status.PASS, sentence)
    return measured_evidence(Status.PARTIAL if facts.segments_labelled else Status.FAIL, sentence)


RULES: dict[str, Rule] = {
    "MON-1": accuracy_tracking,
    "MON-2": input_monitoring,
    "MON-3": staleness_monitoring,
    "MON-4": performance_level,
    "MON-5": drift_response,
    "MON-6": alert_delivery,
    "MON-7": retraining_automation,
    "MON-8": segment_monitoring,
}

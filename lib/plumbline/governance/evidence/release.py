"""Evidence rules of the release family (REL), and of the lineage that the same registries hold (AUD-5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from plumbline.domain import Evidence, Status
from plumbline.domain.messages import NOTHING, Day, Message, Quantity, enumeration, message, sequence, word
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
from plumbline.governance.facts import SwitchFacts
from plumbline.governance.sample import window
from plumbline.monitor.statistics.proportions import wilson
from plumbline.wording.quantities import count, decimal, plural, share

#: How many of the last switches are looked at.
LAST_SWITCHES = 3


def version_logging(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.version_share is None:
        return unknown_evidence(message("The log has no version column."))
    sentence = message(
        "{share} of decisions name their version ({window}).",
        share=share(facts.version_share),
        window=window(facts),
    )
    if facts.version_share >= 1:
        return measured_evidence(Status.PASS, sentence)
    partly = facts.version_share >= case.limits["version_share_partial"]
    return measured_evidence(Status.PARTIAL if partly else Status.FAIL, sentence)


def version_registration(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.registered_versions is None:
        return unknown_evidence(message("No model registry is connected."))
    if not facts.versions:
        return unknown_evidence(message("The log names no version that could be looked up in the registry."))
    values = {
        "registered": count(facts.registered_versions),
        "versions": plural(facts.versions, "version"),
        "are": word("is") if facts.registered_versions == 1 else word("are"),
        "read": _read(case),
    }
    if facts.registered_versions < facts.versions:
        missing = [
            *facts.versions_missing[:3],
            *([word("others")] if len(facts.versions_missing) > 3 else []),
        ]
        if not missing:
            return probed_evidence(
                Status.FAIL,
                message("{registered} of {versions} in the log {are} registered{read}.", **values),
            )
        sentence = message(
            "{registered} of {versions} in the log {are} registered; missing: {missing}{read}.",
            **values,
            missing=enumeration(missing),
        )
        return probed_evidence(Status.FAIL, sentence)
    if not facts.registry_complete:
        sentence = message(
            "{registered} of {versions} in the log {are} registered, but not each with who and when, "
            "and immutable{read}.",
            **values,
        )
        return probed_evidence(Status.PARTIAL, sentence)
    sentence = message(
        "{registered} of {versions} in the log {are} registered, each with who and when{read}.", **values
    )
    return limit_probe_age(case, probed_evidence(Status.PASS, sentence))


def _read(case: ControlCase) -> Message:
    """Where and when a registry was read, for the end of a sentence."""
    at, where = case.facts.probed_at, case.facts.probed_where
    return message(" ({where}, read on {day})", where=where, day=Day(at)) if at is not None else NOTHING


def limit_probe_age(case: ControlCase, evidence: Evidence) -> Evidence:
    """What a registry showed passes only as long as the look into it is recent."""
    at = case.facts.probed_at
    if at is None or (case.today - at.date()).days <= case.limits["probe_days"]:
        return evidence
    old = message("That was {age} ago: look again.", age=plural((case.today - at.date()).days, "day"))
    return replace(evidence, status=Status.PARTIAL, sentence=sequence([evidence.sentence, old]))


def rollback_works(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.rollback_at is not None:
        seen = message(
            "A return to an earlier version was seen in the log on {day}.", day=Day(facts.rollback_at)
        )
        if facts.rollback_minutes is not None:
            seen = message(
                "A return to an earlier version was seen in the log on {day} and took {duration}.",
                day=Day(facts.rollback_at),
                duration=_duration(facts.rollback_minutes),
            )
        return measured_evidence(Status.PASS, seen)
    rehearsed = facts.rollback_rehearsed_at
    if is_within_a_year(rehearsed, case.today) and rehearsed:
        return probed_evidence(Status.PASS, _drill_note(rehearsed, facts.rollback_drill_seconds))
    if note := newest_record(case, "rollback rehearsed"):
        return recorded_evidence(Status.PARTIAL, note)
    recorded_days = [n.at for n in facts.noted if n.event == "rollback rehearsed"]
    rehearsals = [at for at in (rehearsed, *recorded_days) if at]
    if rehearsals:
        last = Day(max(rehearsals))
        return missing_evidence(
            message("The last rehearsal of a rollback, {day}, is not within 12 months.", day=last)
        )
    return missing_evidence(
        message("No return to an earlier version was ever seen in the log, and none was rehearsed.")
    )


def release_comparison(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.switches:
        return missing_evidence(
            message("No switch between versions with an overlap before it was ever seen in the log.")
        )
    switches = sorted(facts.switches, key=lambda s: s.at, reverse=True)[:LAST_SWITCHES]
    compared = [_has_overlap(switch, case) for switch in switches]
    newest = switches[0]
    values = {
        "compared": count(sum(compared)),
        "hours": count(case.limits["overlap_hours"]),
        "decisions": count(case.limits["overlap_decisions"]),
        "previous": newest.previous,
        "version": newest.version,
        "day": Day(newest.at),
        "overlap": _overlap(newest),
    }
    sentence = message(
        "{compared} of the last switch had an overlap of {hours} hours or {decisions} decisions; the newest, "
        "{previous} to {version} on {day}, had {overlap}.",
        **values,
    )
    if len(switches) > 1:
        sentence = message(
            "{compared} of the last {switches} switches had an overlap of {hours} hours or {decisions} "
            "decisions; the newest, {previous} to {version} on {day}, had {overlap}.",
            **values,
            switches=count(len(switches)),
        )
    if all(compared):
        return measured_evidence(Status.PASS, sentence)
    return measured_evidence(Status.PARTIAL if compared[0] else Status.FAIL, sentence)


def _overlap(switch: SwitchFacts) -> Message:
    if not switch.overlap_decisions:
        return word("none", "overlap")
    return message(
        "{hours} hours and {decisions}",
        hours=decimal(switch.overlap_hours, ".1f"),
        decisions=plural(switch.overlap_decisions, "decision"),
    )


def _has_overlap(switch: SwitchFacts, case: ControlCase) -> bool:
    long_enough = switch.overlap_hours >= case.limits["overlap_hours"]
    return long_enough or switch.overlap_decisions >= case.limits["overlap_decisions"]


def guardrail_evidence(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.guardrail_on is None:
        return unknown_evidence(message("It is not known whether a guardrail watches the releases."))
    if not facts.guardrail_on:
        return measured_evidence(Status.FAIL, message("The guardrail is off."))
    if facts.guardrail_unhandled is None:
        if facts.sample_reason:
            return unknown_evidence(facts.sample_reason)
        return unknown_evidence(
            message("The guardrail is on, but the log shows no release that it could have watched.")
        )
    if facts.guardrail_unhandled:
        many = plural(facts.guardrail_unhandled, "finding")
        unhandled = message("The guardrail has {findings} that nobody has handled.", findings=many)
        return measured_evidence(Status.FAIL, sequence([facts.guardrail_sentence, unhandled]))
    if facts.guardrail_in_hand:
        waits = message(
            "The guardrail has {findings} with an incident that is in hand; until that is closed, it is partial.",
            findings=plural(facts.guardrail_in_hand, "finding"),
        )
        return measured_evidence(Status.PARTIAL, waits)
    quiet = message("The guardrail is on and has no unhandled finding ({window}).", window=window(facts))
    return measured_evidence(Status.PASS, quiet)


def rollback_automation(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.rollback_wired is False:
        return probed_evidence(
            Status.FAIL, message("The guardrail is wired to no registry alias or webhook.")
        )
    if not facts.rollback_wired:
        note = newest_record(case, "automatic rollback tested")
        if note:
            return recorded_evidence(Status.PARTIAL, note)
        return unknown_evidence(message("It is not known whether the guardrail can roll back by itself."))
    tested = facts.rollback_wire_tested_at
    if tested is None or not is_within_a_year(tested, case.today):
        untested = message("The guardrail is wired to roll back, but was not tested in 12 months.")
        return probed_evidence(Status.PARTIAL, untested)
    wired = message("The guardrail is wired to roll back and was tested on {day}.", day=Day(tested))
    if facts.rollback_mode in _BY_HAND:
        waits = message(
            "It does not roll back by itself: its mode is {mode}.", mode=_BY_HAND[facts.rollback_mode]
        )
        return probed_evidence(Status.PARTIAL, sequence([wired, waits]))
    return probed_evidence(Status.PASS, wired)


#: modes of a rollback that leave the act to a person
_BY_HAND = {"propose": word("to propose"), "dry run": word("a dry run")}


def _drill_note(at: datetime, seconds: float | None) -> Message:
    """A drill by its receipt, with how long it took where that is known."""
    if seconds is None:
        return message("A rollback was rehearsed on {day}.", day=Day(at))
    took = decimal(seconds, ".1f")
    return message(
        "A rollback was rehearsed on {day}, and took {seconds} seconds.", day=Day(at), seconds=took
    )


def training_reproducibility(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.reproducible_versions is None:
        return unknown_evidence(message("No training runs or DVC locks are connected."))
    if not facts.versions:
        return unknown_evidence(message("The log names no version whose training could be looked up."))
    done, total = facts.reproducible_versions, facts.versions
    sentence = message(
        "Code revision, data hash and parameters are recorded for {recorded} of {versions}{read}.",
        recorded=count(done),
        versions=plural(total, "version"),
        read=_read(case),
    )
    if done >= total:
        return limit_probe_age(case, probed_evidence(Status.PASS, sentence))
    return probed_evidence(Status.PARTIAL if done else Status.FAIL, sentence)


def lineage_documentation(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.lineage_versions is None or not facts.versions:
        return unknown_evidence(message("No recorded lineage is connected."))
    sentence = message(
        "Lineage is recorded for {recorded} of {versions}{read}.",
        recorded=count(facts.lineage_versions),
        versions=plural(facts.versions, "version"),
        read=_read(case),
    )
    if facts.lineage_versions >= facts.versions:
        return limit_probe_age(case, probed_evidence(Status.PASS, sentence))
    return probed_evidence(Status.PARTIAL if facts.lineage_versions else Status.FAIL, sentence)


def answer_consistency(case: ControlCase) -> Evidence:
    facts, limits = case.facts, case.limits
    if not facts.repeats or facts.conflicting_share is None:
        none = message("No input occurs twice for one version in the log.")
        if facts.repeats is None:
            none = message("Whether an input occurs twice for one version is not known.")
        return _reproduction_evidence(case, none) or unknown_evidence(none)
    if facts.repeats < limits["repeats"] and not facts.conflicting_share:
        few = message(
            "Only {repeats} of the same input, {needed} are needed.",
            repeats=plural(facts.repeats, "repeat"),
            needed=count(limits["repeats"]),
        )
        return _reproduction_evidence(case, few) or unknown_evidence(few)
    if facts.repeats < limits["repeats"]:
        few = message(
            "Only {repeats} of the same input, {needed} are needed.",
            repeats=plural(facts.repeats, "repeat"),
            needed=count(limits["repeats"]),
        )
        return unknown_evidence(few)
    most = limits["conflicting_share"]
    inputs, hits = float(facts.repeats), facts.conflicting_share * facts.repeats
    if facts.repeated_inputs and facts.conflicting_inputs is not None:
        inputs, hits = float(facts.repeated_inputs), float(facts.conflicting_inputs)
    values = {
        "conflicting": share(facts.conflicting_share),
        "repeats": plural(facts.repeats, "repeat"),
        "most": share(most),
        "window": window(facts),
    }
    sentence = message(
        "{conflicting} of {repeats} of the same input to the same version got another answer "
        "(at most {most}; {window}).",
        **values,
    )
    if facts.conflicting_decisions is not None and facts.conflicting_share:
        sentence = message(
            "{conflicting} of {repeats} of the same input to the same version got another answer, "
            "{decided} another decision (at most {most}; {window}).",
            **values,
            decided=share(facts.conflicting_decisions),
        )
    near = NOTHING
    if facts.near_share is not None and facts.near_share > most:
        near = message(
            "{share} got a score that differs by no more than rounded or unlogged inputs explain: "
            "the logged inputs do not determine the score.",
            share=share(facts.near_share),
        )
    low = float(wilson(np.array([hits]), np.array([inputs]))[0][0])
    if low > most:
        return measured_evidence(Status.FAIL, sequence([sentence, near]))
    if facts.conflicting_share > most:
        return measured_evidence(Status.PARTIAL, sequence([sentence, message("That may be chance."), near]))
    return measured_evidence(Status.PARTIAL if near else Status.PASS, sequence([sentence, near]))


def _reproduction_evidence(case: ControlCase, few: Message) -> Evidence | None:
    """Where too little repeats: whether the registered model files gave the logged scores once more."""
    facts = case.facts
    if not facts.versions or not facts.reproduced_versions:
        return None
    sentence = message(
        "The registered model file gave the logged scores once more for {reproduced} of {versions}.",
        reproduced=count(facts.reproduced_versions),
        versions=plural(facts.versions, "version"),
    )
    every = facts.reproduced_versions >= facts.versions
    return measured_evidence(Status.PASS if every else Status.PARTIAL, sequence([few, sentence]))


def _duration(minutes: float) -> Quantity:
    return plural(minutes, "minute") if minutes < 120 else Quantity(decimal(minutes / 60, ".1f"), "hour")


RULES: dict[str, Rule] = {
    "REL-1": version_logging,
    "REL-2": version_registration,
    "REL-3": rollback_works,
    "REL-4": release_comparison,
    "REL-5": guardrail_evidence,
    "REL-6": rollback_automation,
    "REL-7": training_reproducibility,
    "REL-8": answer_consistency,
    "AUD-5": lineage_documentation,
}

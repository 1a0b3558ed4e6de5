"""Evidence rules of the release family (REL), and of the lineage that the same registries hold (AUD-5)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
from plumbline.governance.facts import Switch
from plumbline.governance.wording import count, day, listed, plural, share, window
from plumbline.monitor.statistics.proportions import wilson

#: How many of the last switches are looked at.
LAST_SWITCHES = 3


def version_named(case: Case) -> Evidence:
    facts = case.facts
    if facts.version_share is None:
        return unknown("The log has no version column.")
    sentence = f"{share(facts.version_share)} of decisions name their version ({window(facts)})."
    if facts.version_share >= 1:
        return measured(Status.PASS, sentence)
    partly = facts.version_share >= case.limits["version_share_partial"]
    return measured(Status.PARTIAL if partly else Status.FAIL, sentence)


def versions_registered(case: Case) -> Evidence:
    facts = case.facts
    if facts.registered_versions is None:
        return unknown("No model registry is connected.")
    if not facts.versions:
        return unknown("The log names no version that could be looked up in the registry.")
    sentence = (
        f"{count(facts.registered_versions)} of {plural(facts.versions, 'version')} in the log "
        f"{'is' if facts.registered_versions == 1 else 'are'} registered"
    )
    if facts.registered_versions < facts.versions:
        missing = [*facts.versions_missing[:3], *(["others"] if len(facts.versions_missing) > 3 else [])]
        return probed(
            Status.FAIL, f"{sentence}{f'; missing: {listed(missing)}' if missing else ''}{_read(case)}."
        )
    if not facts.registry_complete:
        return probed(
            Status.PARTIAL, f"{sentence}, but not each with who and when, and immutable{_read(case)}."
        )
    return dated(case, probed(Status.PASS, f"{sentence}, each with who and when{_read(case)}."))


def _read(case: Case) -> str:
    """Where and when a registry was read, for the end of a sentence."""
    at, where = case.facts.probed_at, case.facts.probed_where
    return f" ({where}, read on {day(at)})" if at is not None else ""


def dated(case: Case, found: Evidence) -> Evidence:
    """What a registry showed passes only as long as the look into it is recent."""
    at = case.facts.probed_at
    if at is None or (case.today - at.date()).days <= case.limits["probe_days"]:
        return found
    old = f" That was {plural((case.today - at.date()).days, 'day')} ago: look again."
    return replace(found, status=Status.PARTIAL, sentence=found.sentence + old)


def rollback_works(case: Case) -> Evidence:
    facts = case.facts
    if facts.rollback_at is not None:
        took = f" and took {_duration(facts.rollback_minutes)}" if facts.rollback_minutes is not None else ""
        seen = f"A return to an earlier version was seen in the log on {day(facts.rollback_at)}{took}."
        return measured(Status.PASS, seen)
    if within_a_year(facts.rollback_rehearsed_at, case.today) and facts.rollback_rehearsed_at:
        return probed(Status.PASS, f"A rollback was rehearsed on {day(facts.rollback_rehearsed_at)}.")
    if note := noted(case, "rollback rehearsed"):
        return recorded(Status.PARTIAL, note)
    told = [n.at for n in facts.noted if n.event == "rollback rehearsed"]
    rehearsals = [at for at in (facts.rollback_rehearsed_at, *told) if at]
    if rehearsals:
        return never_seen(
            f"The last rehearsal of a rollback, {day(max(rehearsals))}, is not within 12 months."
        )
    return never_seen("No return to an earlier version was ever seen in the log, and none was rehearsed.")


def releases_compared(case: Case) -> Evidence:
    facts = case.facts
    if not facts.switches:
        return never_seen("No switch between versions with an overlap before it was ever seen in the log.")
    switches = sorted(facts.switches, key=lambda s: s.at, reverse=True)[:LAST_SWITCHES]
    compared = [_overlapped(switch, case) for switch in switches]
    newest = switches[0]
    looked_at = "last switch" if len(switches) == 1 else f"last {len(switches)} switches"
    sentence = (
        f"{count(sum(compared))} of the {looked_at} "
        f"had an overlap of {count(case.limits['overlap_hours'])} hours or "
        f"{count(case.limits['overlap_decisions'])} decisions; the newest, {newest.previous} to "
        f"{newest.version} on {day(newest.at)}, had {_overlap(newest)}."
    )
    if all(compared):
        return measured(Status.PASS, sentence)
    return measured(Status.PARTIAL if compared[0] else Status.FAIL, sentence)


def _overlap(switch: Switch) -> str:
    if not switch.overlap_decisions:
        return "none"
    return f"{switch.overlap_hours:.1f} hours and {plural(switch.overlap_decisions, 'decision')}"


def _overlapped(switch: Switch, case: Case) -> bool:
    long_enough = switch.overlap_hours >= case.limits["overlap_hours"]
    return long_enough or switch.overlap_decisions >= case.limits["overlap_decisions"]


def guarded(case: Case) -> Evidence:
    facts = case.facts
    if facts.guardrail_on is None:
        return unknown("It is not known whether a guardrail watches the releases.")
    if not facts.guardrail_on:
        return measured(Status.FAIL, "The guardrail is off.")
    if facts.guardrail_unhandled is None:
        return unknown("The guardrail is on, but the log shows no release that it could have watched.")
    if facts.guardrail_unhandled:
        worst = f" {facts.guardrail_sentence.rstrip('.')}." if facts.guardrail_sentence else ""
        many = plural(facts.guardrail_unhandled, "finding")
        return measured(Status.FAIL, f"The guardrail has {many} that nobody has handled.{worst}")
    if facts.guardrail_in_hand:
        many = plural(facts.guardrail_in_hand, "finding")
        waits = "with an incident that is open; until it is closed, it is partial"
        return measured(Status.PARTIAL, f"The guardrail has {many} {waits}.")
    return measured(Status.PASS, f"The guardrail is on and has no unhandled finding ({window(facts)}).")


def rollback_automated(case: Case) -> Evidence:
    facts = case.facts
    if facts.rollback_wired is False:
        return probed(Status.FAIL, "The guardrail is wired to no registry alias or webhook.")
    if not facts.rollback_wired:
        note = noted(case, "automatic rollback tested")
        if note:
            return recorded(Status.PARTIAL, note)
        return unknown("It is not known whether the guardrail can roll back by itself.")
    tested = facts.rollback_wire_tested_at
    if tested is None or not within_a_year(tested, case.today):
        return probed(Status.PARTIAL, "The guardrail is wired to roll back, but was not tested in 12 months.")
    return probed(Status.PASS, f"The guardrail is wired to roll back and was tested on {day(tested)}.")


def training_reproducible(case: Case) -> Evidence:
    facts = case.facts
    if facts.reproducible_versions is None:
        return unknown("No training runs or DVC locks are connected.")
    if not facts.versions:
        return unknown("The log names no version whose training could be looked up.")
    done, total = facts.reproducible_versions, facts.versions
    recorded = f"{count(done)} of {plural(total, 'version')}"
    sentence = f"Code revision, data hash and parameters are recorded for {recorded}{_read(case)}."
    if done >= total:
        return dated(case, probed(Status.PASS, sentence))
    return probed(Status.PARTIAL if done else Status.FAIL, sentence)


def lineage_documented(case: Case) -> Evidence:
    facts = case.facts
    if facts.lineage_versions is None or not facts.versions:
        return unknown("No recorded lineage is connected.")
    done = f"{count(facts.lineage_versions)} of {plural(facts.versions, 'version')}"
    sentence = f"Lineage is recorded for {done}{_read(case)}."
    if facts.lineage_versions >= facts.versions:
        return dated(case, probed(Status.PASS, sentence))
    return probed(Status.PARTIAL if facts.lineage_versions else Status.FAIL, sentence)


def answers_agree(case: Case) -> Evidence:
    facts, limits = case.facts, case.limits
    if not facts.repeats or facts.conflicting_share is None:
        return unknown("No input occurs twice for one version in the log.")
    if facts.repeats < limits["repeats"]:
        needed = count(limits["repeats"])
        return unknown(f"Only {plural(facts.repeats, 'repeat')} of the same input, {needed} are needed.")
    most = limits["conflicting_share"]
    inputs, hits = float(facts.repeats), facts.conflicting_share * facts.repeats
    if facts.repeated_inputs and facts.conflicting_inputs is not None:
        inputs, hits = float(facts.repeated_inputs), float(facts.conflicting_inputs)
    other = ""
    if facts.conflicting_decisions is not None and facts.conflicting_share:
        other = f", {share(facts.conflicting_decisions)} another decision"
    sentence = (
        f"{share(facts.conflicting_share)} of {plural(facts.repeats, 'repeat')} of the same input to the "
        f"same version got another answer{other} (at most {share(most)}; {window(facts)})."
    )
    near = ""
    if facts.near_share is not None and facts.near_share > most:
        near = (
            f" {share(facts.near_share)} got a score that differs by no more than rounded or unlogged inputs explain: "
            "the logged inputs do not determine the score."
        )
    low = float(wilson(np.array([hits]), np.array([inputs]))[0][0])
    if low > most:
        return measured(Status.FAIL, f"{sentence}{near}")
    if facts.conflicting_share > most:
        return measured(Status.PARTIAL, f"{sentence} That may be chance.{near}")
    return measured(Status.PARTIAL if near else Status.PASS, f"{sentence}{near}")


def _duration(minutes: float) -> str:
    return plural(minutes, "minute") if minutes < 120 else f"{minutes / 60:.1f} hours"


RULES: dict[str, Rule] = {
    "REL-1": version_named,
    "REL-2": versions_registered,
    "REL-3": rollback_works,
    "REL-4": releases_compared,
    "REL-5": guarded,
    "REL-6": rollback_automated,
    "REL-7": training_reproducible,
    "REL-8": answers_agree,
    "AUD-5": lineage_documented,
}

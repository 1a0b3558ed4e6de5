"""Evidence rules of oversight (OVR), security (SEC) and compliance (CMP)."""

from __future__ import annotations

from datetime import timedelta

from plumbline.domain import Evidence, Status
from plumbline.governance.catalogue import catalogue
from plumbline.governance.evidence.case import (
    Case,
    Rule,
    measured,
    noted,
    probed,
    recorded,
    unknown,
    within_a_year,
)
from plumbline.governance.evidence.fairness import groups_alike
from plumbline.governance.wording import count, day, first_up, listed, plural, share

AUDIT_FRAMEWORKS = ("ISO 27001", "SOC 2")


def people_overrule(case: Case) -> Evidence:
    facts = case.facts
    if not facts.override_mapped:
        return unknown("The log does not show what people decided in the end.")
    if facts.override_rate is None:
        return unknown("The override column is mapped but has no values.")
    sentence = f"People changed {share(facts.override_rate)} of the decisions"
    oversight = case.context.get("oversight", "")
    if oversight != "never" and facts.overrides_90_days is None:
        return unknown(f"{sentence}; overrides of the last 90 days are not known.")
    if oversight != "never" and not facts.overrides_90_days:
        claim = f"Review is claimed ({oversight})" if oversight else "Whether people review is unanswered"
        until = day(facts.as_of)
        return measured(
            Status.PARTIAL, f"{claim}, and nobody overruled a decision in the 90 days to {until}."
        )
    recent = f", {count(facts.overrides_90_days)} in the last 90 days" if facts.overrides_90_days else ""
    return measured(Status.PASS, f"{sentence}{recent}.")


def least_privilege(case: Case) -> Evidence:
    facts = case.facts
    missing = [
        words
        for known, words in (
            (facts.sign_in, "sign-in is off"),
            (facts.roles_assigned, "no roles are assigned"),
        )
        if known is False
    ]
    if missing:
        return probed(Status.FAIL, f"In this workspace {listed(missing)}.")
    if facts.sign_in and facts.roles_assigned:
        return probed(
            Status.UNKNOWN,
            "In this workspace sign-in is on and roles are assigned; nobody states the same for the "
            "model's own systems.",
        )
    return unknown("Who can see and change what is neither probed nor stated.")


def encrypted(case: Case) -> Evidence:
    known = case.facts.workspace_encrypted
    if known is False:
        return probed(Status.FAIL, "This workspace is not encrypted.")
    if known:
        return probed(
            Status.UNKNOWN,
            "This workspace is encrypted; nobody states the same for training data and model files.",
        )
    return unknown("Encryption of data and model files is neither probed nor stated.")


def requests_audited(case: Case) -> Evidence:
    named = case.facts.caller_share
    if named is None:
        return unknown("The log does not show who asked.")
    needed = case.limits["caller_share"]
    sentence = f"{share(named)} of decisions name who asked (needed {share(needed)})."
    return measured(Status.PASS if named >= needed else Status.FAIL, sentence)


def processing_documented(_case: Case) -> Evidence:
    return unknown("Nobody states a record of processing.")


def class_known(case: Case) -> Evidence:
    facts = case.facts
    if facts.ai_act_class is None or facts.ai_act_reviewed is None:
        return unknown("The AI Act class is not worked out.")
    sentence = f"The AI Act class is {facts.ai_act_class}, reviewed on {day(facts.ai_act_reviewed)}"
    if not within_a_year(facts.ai_act_reviewed, case.today):
        return probed(Status.PARTIAL, f"{sentence}, not within 12 months.")
    if facts.ai_act_duties_open is None:
        return probed(
            Status.PARTIAL, f"{sentence}; whether provider or deployer, and who bears the duties, is open."
        )
    if facts.ai_act_duties_open:
        many = plural(facts.ai_act_duties_open, "duty").replace("dutys", "duties")
        return probed(Status.PARTIAL, f"{sentence}; {many} without a name.")
    return probed(Status.PASS, f"{sentence}; each duty has a name.")


def technical_file(case: Case) -> Evidence:
    reviewed = case.facts.technical_file_reviewed
    if reviewed is None:
        return unknown("No technical documentation was generated and reviewed, and nobody states one.")
    by = f" by {case.facts.technical_file_by}" if case.facts.technical_file_by else ""
    if not within_a_year(reviewed, case.today):
        return unknown(
            f"The technical documentation was last reviewed on {day(reviewed)}{by}, not within 12 months."
        )
    sentence = f"The technical documentation was reviewed on {day(reviewed)}{by}"
    since = [switch for switch in case.facts.switches or () if switch.at.date() > reviewed]
    if since:
        newest = max(since, key=lambda switch: switch.at)
        return probed(
            Status.PARTIAL, f"{sentence}; version {newest.version} took over on {day(newest.at)}, after that."
        )
    gaps = case.facts.technical_file_gaps
    if gaps is None:
        return probed(Status.PARTIAL, f"{sentence}; how much of it is filled in is not known.")
    if gaps:
        return probed(Status.PARTIAL, f"{sentence}; {plural(gaps, 'item')} of it filled in by nobody.")
    return probed(Status.PASS, f"{sentence}; every item is filled in.")


def incidents_handled(case: Case) -> Evidence:
    facts = case.facts
    if facts.incidents_overdue:
        many = plural(facts.incidents_overdue, "incident")
        are = "has a step that is" if facts.incidents_overdue == 1 else "have steps that are"
        return measured(Status.FAIL, f"{many} {are} due and not done.")
    for breach, allowed in (
        (facts.performance_breach, case.limits["response_days"]),
        (facts.drift_breach, case.limits["drift_response_days"]),
    ):
        if breach is not None and not breach.handled and facts.as_of - breach.since > timedelta(days=allowed):
            since = day(breach.since)
            return measured(
                Status.FAIL, f"A breach has been open since {since}, and there is no incident for it."
            )
    if facts.incidents is None or facts.incidents_overdue is None:
        return unknown("There is no register of incidents to read.")
    if facts.performance_breach is None and not facts.performance_watched:
        return unknown("Whether a breach calls for an incident is not known: performance is not followed.")
    return measured(Status.PASS, f"{plural(facts.incidents, 'incident')} in the register, none overdue.")


def resilience_tested(case: Case) -> Evidence:
    """By receipts of rehearsals; what people recorded of either is partial, with or without the other."""
    facts = case.facts
    done = [
        f"{words} rehearsed on {day(when)}"
        for when, words in (
            (facts.rollback_rehearsed_at, "rollback"),
            (facts.restore_rehearsed_at, "restore"),
        )
        if when is not None and within_a_year(when, case.today)
    ]
    notes = [note for event in ("rollback rehearsed", "restore rehearsed") if (note := noted(case, event))]
    if not done:
        if notes:
            return recorded(Status.PARTIAL, *notes)
        return unknown("Neither a rollback nor a restore was rehearsed in the last 12 months.")
    sentence = first_up(listed(done))
    if len(done) == 2:
        return probed(Status.PASS, f"{sentence}.")
    return probed(Status.PARTIAL, f"{sentence}; the other of the two is missing.")


def mapped_for_audits(_case: Case) -> Evidence:
    """The map itself. What no passing control answers is added once all controls are answered."""
    held = catalogue()
    parts = []
    unnamed: list[str] = []
    for framework in AUDIT_FRAMEWORKS:
        cited = [(c.id, r) for c in held.controls for r in c.references if r.startswith(f"{framework} ")]
        if not cited:
            return probed(Status.FAIL, f"No control of the catalogue refers to {framework}.")
        known = held.frameworks[framework].subjects
        unnamed += [r for _, r in cited if r.removeprefix(f"{framework} ") not in known]
        controls, references = {i for i, _ in cited}, {r for _, r in cited}
        parts.append(f"{plural(len(controls), 'control')} to {count(len(references))} of {framework}")
    sentence = f"The catalogue maps {listed(parts)}"
    if unnamed:
        return probed(
            Status.PARTIAL, f"{sentence}; what these ask is not named: {listed(sorted(set(unnamed)))}."
        )
    without = [c.id for c in held.controls if not any(r.startswith(AUDIT_FRAMEWORKS) for r in c.references)]
    return probed(Status.PASS, f"{sentence}. Neither is referred to by {listed(without)}.")


def owned(_case: Case) -> Evidence:
    return unknown("Nobody is named as owner.")


RULES: dict[str, Rule] = {
    "FAIR-1": groups_alike,
    "OVR-1": people_overrule,
    "SEC-1": least_privilege,
    "SEC-2": encrypted,
    "SEC-3": requests_audited,
    "CMP-1": processing_documented,
    "CMP-2": class_known,
    "CMP-3": technical_file,
    "CMP-4": incidents_handled,
    "CMP-5": resilience_tested,
    "CMP-6": mapped_for_audits,
    "CMP-7": owned,
}

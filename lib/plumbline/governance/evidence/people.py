"""Evidence rules of oversight (OVR), security (SEC) and compliance (CMP)."""

from __future__ import annotations

from datetime import timedelta

from plumbline.domain import Evidence, EvidenceKind, Status
from plumbline.domain.messages import NOTHING, Day, Message, enumeration, message, sequence, word
from plumbline.governance.catalogue import catalogue
from plumbline.governance.evidence.case import (
    ControlCase,
    Rule,
    is_within_a_year,
    measured_evidence,
    newest_record,
    probed_evidence,
    recorded_evidence,
    unknown_evidence,
)
from plumbline.governance.evidence.fairness import group_parity
from plumbline.governance.facts import Facts
from plumbline.wording.quantities import count, plural, share

AUDIT_FRAMEWORKS = ("ISO 27001", "SOC 2")
OVERSIGHT = {"always": word("always"), "sometimes": word("sometimes")}
ACT_CLASSES = {
    "minimal": word("minimal"),
    "transparency": word("transparency"),
    "high risk": word("high risk"),
    "prohibited": word("prohibited"),
}


def override_practice(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.override_mapped:
        return unknown_evidence(message("The log does not show what people decided in the end."))
    if facts.override_rate is None:
        return unknown_evidence(message("The override column is mapped but has no values."))
    changed = share(facts.override_rate)
    oversight = case.context.get("oversight", "")
    if oversight != "never" and facts.overrides_90_days is None:
        return unknown_evidence(
            message(
                "People changed {share} of the decisions; overrides of the last 90 days are not known.",
                share=changed,
            )
        )
    if oversight != "never" and not facts.overrides_90_days:
        return measured_evidence(Status.PARTIAL, _no_override_note(oversight, Day(facts.as_of)))
    sentence = message("People changed {share} of the decisions.", share=changed)
    if facts.overrides_90_days:
        sentence = message(
            "People changed {share} of the decisions, {recent} in the last 90 days.",
            share=changed,
            recent=count(facts.overrides_90_days),
        )
    return measured_evidence(Status.PASS, sentence)


def _no_override_note(oversight: str, until: Day) -> Message:
    if not oversight:
        return message(
            "Whether people review is unanswered, and nobody overruled a decision in the 90 days to {day}.",
            day=until,
        )
    return message(
        "Review is claimed ({oversight}), and nobody overruled a decision in the 90 days to {day}.",
        oversight=OVERSIGHT[oversight],
        day=until,
    )


def workspace_access(case: ControlCase) -> Evidence:
    facts = case.facts
    off, unassigned = facts.sign_in is False, facts.roles_assigned is False
    if off and unassigned:
        return probed_evidence(
            Status.FAIL, message("In this workspace sign-in is off and no roles are assigned.")
        )
    if off:
        return probed_evidence(Status.FAIL, message("In this workspace sign-in is off."))
    if unassigned:
        return probed_evidence(Status.FAIL, message("In this workspace no roles are assigned."))
    if facts.sign_in and facts.roles_assigned:
        return probed_evidence(
            Status.PASS, message("In this workspace sign-in is on and roles are assigned.")
        )
    return unknown_evidence(message("This workspace cannot tell who opens it, and nobody states it."))


def workspace_encryption(case: ControlCase) -> Evidence:
    known = case.facts.workspace_encrypted
    if known is None:
        return unknown_evidence(message("This workspace cannot tell whether the disk below it is encrypted."))
    if known:
        return probed_evidence(Status.PASS, message("This workspace is encrypted."))
    return probed_evidence(Status.FAIL, message("This workspace is not encrypted."))


def request_audit(case: ControlCase) -> Evidence:
    named = case.facts.caller_share
    if named is None:
        return unknown_evidence(message("The log does not show who asked."))
    needed = case.limits["caller_share"]
    sentence = message(
        "{share} of decisions name who asked (needed {needed}).", share=share(named), needed=share(needed)
    )
    return measured_evidence(Status.PASS if named >= needed else Status.FAIL, sentence)


def ai_act_class(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.ai_act_class is None or facts.ai_act_reviewed is None:
        return unknown_evidence(message("The AI Act class is not worked out."))
    values = {"risk": ACT_CLASSES[facts.ai_act_class], "day": Day(facts.ai_act_reviewed)}
    if not is_within_a_year(facts.ai_act_reviewed, case.today):
        late = message("The AI Act class is {risk}, reviewed on {day}, not within 12 months.", **values)
        return probed_evidence(Status.PARTIAL, late)
    if facts.ai_act_duties_open is None:
        no_role = message(
            "The AI Act class is {risk}, reviewed on {day}; whether provider or deployer, "
            "and who bears the duties, is open.",
            **values,
        )
        return probed_evidence(Status.PARTIAL, no_role)
    if facts.ai_act_duties_open:
        unassigned = message(
            "The AI Act class is {risk}, reviewed on {day}; {duties} without a name.",
            **values,
            duties=plural(facts.ai_act_duties_open, "duty", "duties"),
        )
        return probed_evidence(Status.PARTIAL, unassigned)
    complete = message("The AI Act class is {risk}, reviewed on {day}; each duty has a name.", **values)
    return probed_evidence(Status.PASS, complete)


def technical_file(case: ControlCase) -> Evidence:
    reviewed = case.facts.technical_file_reviewed
    if reviewed is None:
        return unknown_evidence(
            message("No technical documentation was generated and reviewed, and nobody states one.")
        )
    who = case.facts.technical_file_by
    values = {"day": Day(reviewed), "by": message(" by {who}", who=who) if who else NOTHING}
    if not is_within_a_year(reviewed, case.today):
        return unknown_evidence(
            message(
                "The technical documentation was last reviewed on {day}{by}, not within 12 months.", **values
            )
        )
    since = [switch for switch in case.facts.switches or () if switch.at.date() > reviewed]
    if since:
        newest = max(since, key=lambda switch: switch.at)
        outdated = message(
            "The technical documentation was reviewed on {day}{by}; version {version} took over on "
            "{switched}, after that.",
            **values,
            version=newest.version,
            switched=Day(newest.at),
        )
        return probed_evidence(Status.PARTIAL, outdated)
    gaps = case.facts.technical_file_gaps
    if gaps is None:
        uncounted = message(
            "The technical documentation was reviewed on {day}{by}; how much of it is filled in is not known.",
            **values,
        )
        return probed_evidence(Status.PARTIAL, uncounted)
    if gaps:
        incomplete = message(
            "The technical documentation was reviewed on {day}{by}; {items} of it filled in by nobody.",
            **values,
            items=plural(gaps, "item"),
        )
        return probed_evidence(Status.PARTIAL, incomplete)
    complete = message(
        "The technical documentation was reviewed on {day}{by}; every item is filled in.", **values
    )
    return probed_evidence(Status.PASS, complete)


def incident_handling(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.incidents_overdue:
        many = plural(facts.incidents_overdue, "incident")
        overdue = message("{incidents} have steps that are due and not done.", incidents=many)
        if facts.incidents_overdue == 1:
            overdue = message("{incidents} has a step that is due and not done.", incidents=many)
        return measured_evidence(Status.FAIL, overdue)
    for breach, allowed in (
        (facts.performance_breach, case.limits["response_days"]),
        (facts.drift_breach, case.limits["drift_response_days"]),
    ):
        if breach is not None and not breach.handled and facts.as_of - breach.since > timedelta(days=allowed):
            ignored = message(
                "A breach has been open since {day}, and there is no incident for it.", day=Day(breach.since)
            )
            return measured_evidence(Status.FAIL, ignored)
    if facts.incidents is None or facts.incidents_overdue is None:
        return unknown_evidence(message("There is no register of incidents to read."))
    if facts.performance_breach is None and not facts.performance_watched:
        return unknown_evidence(
            message("Whether a breach calls for an incident is not known: performance is not followed.")
        )
    many = plural(facts.incidents, "incident")
    return measured_evidence(
        Status.PASS, message("{incidents} in the register, none overdue.", incidents=many)
    )


def resilience_tests(case: ControlCase) -> Evidence:
    """By receipts of rehearsals; what people recorded of either is partial, with or without the other."""
    facts = case.facts
    back, restored = (
        Day(when) if when is not None and is_within_a_year(when, case.today) else None
        for when in (facts.rollback_rehearsed_at, facts.restore_rehearsed_at)
    )
    notes = [
        note for event in ("rollback rehearsed", "restore rehearsed") if (note := newest_record(case, event))
    ]
    if back and restored:
        both = message(
            "Rollback rehearsed on {rollback} and restore rehearsed on {restore}.",
            rollback=back,
            restore=restored,
        )
        return probed_evidence(Status.PASS, both)
    if back:
        return probed_evidence(
            Status.PARTIAL, message("Rollback rehearsed on {day}; the other of the two is missing.", day=back)
        )
    if restored:
        return probed_evidence(
            Status.PARTIAL,
            message("Restore rehearsed on {day}; the other of the two is missing.", day=restored),
        )
    if notes:
        return recorded_evidence(Status.PARTIAL, *notes)
    return unknown_evidence(message("Neither a rollback nor a restore was rehearsed in the last 12 months."))


def audit_map(_case: ControlCase) -> Evidence:
    """The map itself. What no passing control answers is added once all controls are answered."""
    table = catalogue()
    parts: list[Message] = []
    unnamed: list[str] = []
    for framework in AUDIT_FRAMEWORKS:
        cited = [(c.id, r) for c in table.controls for r in c.references if r.startswith(f"{framework} ")]
        if not cited:
            missing = message("No control of the catalogue refers to {framework}.", framework=framework)
            return probed_evidence(Status.FAIL, missing)
        known = table.frameworks[framework].subjects
        unnamed += [r for _, r in cited if r.removeprefix(f"{framework} ") not in known]
        controls, references = {i for i, _ in cited}, {r for _, r in cited}
        parts.append(
            message(
                "{controls} to {references} of {framework}",
                controls=plural(len(controls), "control"),
                references=count(len(references)),
                framework=framework,
            )
        )
    if unnamed:
        gaps = message(
            "The catalogue maps {parts}; what these ask is not named: {references}.",
            parts=enumeration(parts),
            references=enumeration(sorted(set(unnamed))),
        )
        return probed_evidence(Status.PARTIAL, gaps)
    without = [c.id for c in table.controls if not any(r.startswith(AUDIT_FRAMEWORKS) for r in c.references)]
    maps = message("The catalogue maps {parts}.", parts=enumeration(parts))
    neither = message("Neither is referred to by {controls}.", controls=enumeration(without))
    return probed_evidence(Status.PASS, sequence([maps, neither]))


def complaint_handling(case: ControlCase) -> Evidence:
    facts, most = case.facts, case.limits["answer_days"]
    if facts.complaint_gap and facts.complaints:
        return unknown_evidence(_complaint_gap(facts))
    if not facts.complaints:
        if facts.complaints_logged:
            return unknown_evidence(message("The log holds no complaint of the last 12 months."))
        return unknown_evidence(message("Nobody records complaints."))
    values = {
        "complaints": count(facts.complaints),
        "open": count(facts.complaints_open),
        "most": plural(most, "day"),
    }
    waits = facts.complaints_open_days
    if waits is not None and waits > most:
        late = message(
            "Complaints in 12 months: {complaints}; without an answer: {open}, the oldest for {waits} "
            "(at most {most}).",
            **values,
            waits=plural(waits, "day"),
        )
        return measured_evidence(Status.FAIL, late)
    if facts.complaint_days is None:
        sentence = message(
            "Complaints in 12 months: {complaints}; none is answered yet, the oldest waits for {waits} "
            "(at most {most}).",
            **values,
            waits=plural(waits or 0, "day"),
        )
        if facts.complaints_logged:
            return measured_evidence(Status.PARTIAL, sentence)
        return _register_evidence(Status.PARTIAL, sentence, facts.complaint_keeper)
    in_time = facts.complaint_days <= most
    status = Status.PASS if in_time else Status.PARTIAL
    if facts.complaints_logged:
        by_the_log = message(
            "Complaints in 12 months: {complaints}; without an answer: {open}. Answers took {usual} at the median and "
            "{longest} at most (at most {most} are allowed), as the log has it.",
            **values,
            usual=plural(facts.complaint_usual_days or 0, "day"),
            longest=plural(facts.complaint_days, "day"),
        )
        return measured_evidence(status, by_the_log)
    sentence = message(
        "Complaints in 12 months: {complaints}; without an answer: {open}. Answers took {usual} at the median and "
        "{longest} at most (at most {most} are allowed), as {who} recorded.",
        **values,
        usual=plural(facts.complaint_usual_days or 0, "day"),
        longest=plural(facts.complaint_days, "day"),
        who=facts.complaint_keeper.strip().rstrip("."),
    )
    return _register_evidence(status, sentence, facts.complaint_keeper)


def _complaint_gap(facts: Facts) -> Message:
    """Why the days to an answer cannot be measured, though the log holds complaints."""
    if facts.complaint_gap == "answers":
        return message(
            "Complaints in 12 months by the log: {complaints}. No column says when they were answered.",
            complaints=count(facts.complaints or 0),
        )
    return message(
        "Complaints in 12 months by the log: {complaints}. Not each has dates that can be read, so the days to their "
        "answers are not known.",
        complaints=count(facts.complaints or 0),
    )


def _register_evidence(status: Status, sentence: Message, by: str) -> Evidence:
    """What people wrote down of complaints: a statement of theirs, day by day."""
    return Evidence(status=status, kind=EvidenceKind.ATTESTED, sentence=sentence, by=by)


RULES: dict[str, Rule] = {
    "FAIR-1": group_parity,
    "OVR-1": override_practice,
    "SEC-5": workspace_access,
    "SEC-6": workspace_encryption,
    "SEC-3": request_audit,
    "CMP-2": ai_act_class,
    "CMP-3": technical_file,
    "CMP-4": incident_handling,
    "CMP-5": resilience_tests,
    "CMP-10": complaint_handling,
    "CMP-6": audit_map,
}

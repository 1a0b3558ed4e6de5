"""Evidence rules of the audit trail (AUD) and explanations (EXP)."""

from __future__ import annotations

from plumbline.domain import Evidence, Status
from plumbline.domain.messages import Day, Message, Quantity, enumeration, message, sequence
from plumbline.governance.evidence.case import (
    ControlCase,
    Rule,
    measured_evidence,
    probed_evidence,
    unknown_evidence,
)
from plumbline.governance.sample import window
from plumbline.wording.quantities import chunks, count, decimal, plural, share


def decision_logging(case: ControlCase) -> Evidence:
    facts, limits = case.facts, case.limits
    bad: list[Message] = []
    dark: list[Message] = []
    fine: list[Message] = []
    if facts.id_share is None:
        dark.append(message("no decision id is mapped"))
    else:
        named = message(
            "{share} of decisions have an id (needed {needed})",
            share=share(facts.id_share),
            needed=share(limits["id_share"]),
        )
        (fine if facts.id_share >= limits["id_share"] else bad).append(named)
    if facts.duplicate_share is None:
        dark.append(message("duplicates cannot be counted"))
    else:
        twice = message(
            "{share} are duplicates (at most {most})",
            share=share(facts.duplicate_share),
            most=share(limits["duplicate_share"]),
        )
        (fine if facts.duplicate_share <= limits["duplicate_share"] else bad).append(twice)
    if facts.gaps_unexplained is None:
        dark.append(message("gaps are not known"))
    else:
        (bad if facts.gaps_unexplained else fine).append(
            _gaps(facts.gaps_unexplained, facts.longest_gap_hours)
        )
    sentence = message(
        "{parts:capital} ({window}).", parts=sequence([*bad, *dark, *fine], "; "), window=window(facts)
    )
    if bad:
        return measured_evidence(Status.FAIL, sentence)
    return unknown_evidence(sentence) if dark else measured_evidence(Status.PASS, sentence)


def _gaps(n: int, longest: float | None) -> Message:
    gaps = plural(n, "unexplained gap")
    if not n or not longest:
        return message("{gaps}", gaps=gaps)
    hours = Quantity(decimal(longest, ".0f"), "hour")
    return message("{gaps}, the longest {hours}", gaps=gaps, hours=hours)


def input_logging(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.features_share is None:
        return unknown_evidence(message("No feature is mapped, or there are no decisions."))
    needed = case.limits["features_share"]
    sentence = message(
        "Features are present on {share} of decisions (needed {needed}; {window}).",
        share=share(facts.features_share),
        needed=share(needed),
        window=window(facts),
    )
    return measured_evidence(Status.PASS if facts.features_share >= needed else Status.FAIL, sentence)


def trail_integrity(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.trail_intact is False:
        return probed_evidence(
            Status.FAIL, message("The trail's chain is broken: an entry was altered or removed.")
        )
    if facts.trail_intact is None or not facts.loads or facts.loads_hashed is None:
        return unknown_evidence(message("The trail was not verified, or nothing was loaded yet."))
    sentence = message(
        "The trail verifies; {hashed} of {loads} carry a file hash.",
        hashed=count(facts.loads_hashed),
        loads=plural(facts.loads, "load"),
    )
    return probed_evidence(Status.PASS if facts.loads_hashed >= facts.loads else Status.FAIL, sentence)


def log_retention(case: ControlCase) -> Evidence:
    facts, needed = case.facts, case.limits["span_days"]
    span = facts.span_days
    if span is None:
        return unknown_evidence(message("There are no decisions whose span could be measured."))
    state, keeps = _retention(case)
    values = {"span": plural(span, "day"), "needed": count(needed), "keeps": keeps}
    plain = message("The log spans {span} (needed {needed}, or since launch); {keeps}.", **values)
    if (span < needed and facts.covers_launch is False) or state is Status.FAIL:
        return measured_evidence(Status.FAIL, plain)
    if span < needed and facts.covers_launch is None:
        return unknown_evidence(
            message(
                "The log spans {span} (needed {needed}, or since launch); "
                "whether that reaches back to launch is not stated; {keeps}.",
                **values,
            )
        )
    sentence = plain
    if facts.covers_launch:
        sentence = message(
            "The log spans {span} (needed {needed}, or since launch) and goes back to launch; {keeps}.",
            **values,
        )
    return unknown_evidence(sentence) if state is Status.UNKNOWN else measured_evidence(Status.PASS, sentence)


def _retention(case: ControlCase) -> tuple[Status, Message]:
    """Whether personal data is within its retention, and the words for it."""
    facts = case.facts
    if facts.personal_detected is None:
        return Status.UNKNOWN, message("the log was not examined for personal data")
    if not facts.personal_detected and not facts.personal_declared:
        return Status.PASS, message("no personal data was found in it")
    if facts.retention_days is None:
        return Status.UNKNOWN, message("no retention period is stated for its personal data")
    oldest = facts.span_days if facts.oldest_personal_days is None else facts.oldest_personal_days
    if oldest is None:
        return Status.UNKNOWN, message("the age of its personal data is not known")
    words = message(
        "its oldest personal data is {age} old (retention {retention})",
        age=plural(oldest, "day"),
        retention=count(facts.retention_days),
    )
    return (Status.PASS if oldest <= facts.retention_days else Status.FAIL), words


def explainability(case: ControlCase) -> Evidence:
    facts, needed = case.facts, case.limits["coverage"]
    if facts.explained_share is None:
        return unknown_evidence(message("There are no decisions whose explanations could be counted."))
    exact, approximate = facts.explained_share, facts.surrogate_share or 0.0
    values = {"exact": share(exact), "needed": share(needed), "window": window(facts)}
    sentence = message(
        "{exact} of decisions are explained by logged or model attributions that add up "
        "(needed {needed}; {window}).",
        **values,
    )
    if approximate:
        sentence = message(
            "{exact} of decisions are explained by logged or model attributions that add up "
            "(needed {needed}; {approximate} by a surrogate only; {window}).",
            **values,
            approximate=share(approximate),
        )
    if exact >= needed:
        return measured_evidence(Status.PASS, sentence)
    return measured_evidence(
        Status.PARTIAL if min(exact + approximate, 1.0) >= needed else Status.FAIL, sentence
    )


def importance_logging(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.recent_chunks or facts.recent_chunks_attributed is None:
        return unknown_evidence(
            message("No decisions in the last 90 days whose attributions could be counted.")
        )
    done, total = facts.recent_chunks_attributed, facts.recent_chunks
    sentence = message(
        "Attributions are stored for {stored} of {chunks} with decisions in the last 90 days to {day}.",
        stored=count(done),
        chunks=chunks(total, facts.chunk_unit),
        day=Day(facts.as_of),
    )
    if done >= total:
        return measured_evidence(Status.PASS, sentence)
    partly = done > 0 and done / total >= case.limits["attributed_share_partial"]
    return measured_evidence(Status.PARTIAL if partly else Status.FAIL, sentence)


def decision_records(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.records_sampled or facts.records_issued is None:
        return unknown_evidence(message("No sample of decision records was issued yet."))
    values = {"issued": count(facts.records_issued), "sampled": count(facts.records_sampled)}
    if facts.records_issued < facts.records_sampled:
        return measured_evidence(
            Status.FAIL,
            message(
                "A decision record could be issued for {issued} of {sampled} sampled decisions.", **values
            ),
        )
    if facts.records_sampled < min(case.limits["records"], facts.decisions):
        return unknown_evidence(
            message(
                "A decision record could be issued for {issued} of {sampled} sampled decisions; "
                "a sample of {needed} is needed.",
                **values,
                needed=count(case.limits["records"]),
            )
        )
    if facts.reasons_complete is None:
        return unknown_evidence(
            message(
                "A decision record could be issued for {issued} of {sampled} sampled decisions; "
                "the dictionary of reasons was not examined.",
                **values,
            )
        )
    if not facts.reasons_complete:
        sentence = message(
            "A decision record could be issued for {issued} of {sampled} sampled decisions; "
            "some features have no words in the dictionary of reasons.",
            **values,
        )
        return measured_evidence(Status.PARTIAL, sentence)
    sentence = message(
        "A decision record could be issued for {issued} of {sampled} sampled decisions, "
        "and the dictionary of reasons is complete.",
        **values,
    )
    return measured_evidence(Status.PASS, sentence)


def personal_data_declaration(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.personal_detected is None:
        return unknown_evidence(message("The log was not examined for personal data."))
    undeclared = sorted(set(facts.personal_detected) - set(facts.personal_declared))
    if undeclared:
        shown: list[str] = [*undeclared[:5]]
        if len(undeclared) > 5:
            shown.append(message("{count} more", count=count(len(undeclared) - 5)))
        sentence = message(
            "Personal data was found that nobody has declared: {columns}.", columns=enumeration(shown)
        )
        return measured_evidence(Status.FAIL, sentence)
    if facts.personal_detected:
        many = plural(len(set(facts.personal_detected)), "column")
        declared = message("All personal data that was found is declared ({columns}).", columns=many)
        return measured_evidence(Status.PASS, declared)
    nothing = message("No personal data was found in the log ({window}).", window=window(facts))
    return measured_evidence(Status.PASS, nothing)


RULES: dict[str, Rule] = {
    "AUD-1": decision_logging,
    "AUD-2": input_logging,
    "AUD-3": trail_integrity,
    "AUD-4": log_retention,
    "EXP-1": explainability,
    "EXP-2": importance_logging,
    "EXP-3": decision_records,
    "SEC-4": personal_data_declaration,
}

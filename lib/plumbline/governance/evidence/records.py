"""Evidence rules of the audit trail (AUD) and explanations (EXP)."""

from __future__ import annotations

from plumbline.domain import Evidence, Status
from plumbline.governance.evidence.case import Case, Rule, measured, probed, unknown
from plumbline.governance.wording import count, day, first_up, listed, plural, share, window


def decisions_logged(case: Case) -> Evidence:
    facts, limits = case.facts, case.limits
    bad: list[str] = []
    dark: list[str] = []
    fine: list[str] = []
    if facts.id_share is None:
        dark.append("no decision id is mapped")
    else:
        named = f"{share(facts.id_share)} of decisions have an id (needed {share(limits['id_share'])})"
        (fine if facts.id_share >= limits["id_share"] else bad).append(named)
    if facts.duplicate_share is None:
        dark.append("duplicates cannot be counted")
    else:
        twice = f"{share(facts.duplicate_share)} are duplicates (at most {share(limits['duplicate_share'])})"
        (fine if facts.duplicate_share <= limits["duplicate_share"] else bad).append(twice)
    if facts.gaps_unexplained is None:
        dark.append("gaps are not known")
    else:
        longest = f", the longest {facts.longest_gap_hours:.0f} hours" if facts.longest_gap_hours else ""
        holes = (
            f"{plural(facts.gaps_unexplained, 'unexplained gap')}{longest if facts.gaps_unexplained else ''}"
        )
        (bad if facts.gaps_unexplained else fine).append(holes)
    sentence = first_up(f"{'; '.join((*bad, *dark, *fine))} ({window(facts)}).")
    if bad:
        return measured(Status.FAIL, sentence)
    return unknown(sentence) if dark else measured(Status.PASS, sentence)


def inputs_logged(case: Case) -> Evidence:
    facts = case.facts
    if facts.features_share is None:
        return unknown("No feature is mapped, or there are no decisions.")
    needed = case.limits["features_share"]
    present = f"Features are present on {share(facts.features_share)} of decisions"
    sentence = f"{present} (needed {share(needed)}; {window(facts)})."
    return measured(Status.PASS if facts.features_share >= needed else Status.FAIL, sentence)


def unalterable(case: Case) -> Evidence:
    facts = case.facts
    if facts.trail_intact is False:
        return probed(Status.FAIL, "The trail's chain is broken: an entry was altered or removed.")
    if facts.trail_intact is None or not facts.loads or facts.loads_hashed is None:
        return unknown("The trail was not verified, or nothing was loaded yet.")
    sentence = (
        f"The trail verifies; {count(facts.loads_hashed)} of {plural(facts.loads, 'load')} carry a file hash."
    )
    return probed(Status.PASS if facts.loads_hashed >= facts.loads else Status.FAIL, sentence)


def kept_long_enough(case: Case) -> Evidence:
    facts, needed = case.facts, case.limits["span_days"]
    span = facts.span_days
    if span is None:
        return unknown("There are no decisions whose span could be measured.")
    spans = f"The log spans {plural(span, 'day')} (needed {count(needed)}, or since launch)"
    keeps = _retention(case)
    if (span < needed and facts.covers_launch is False) or keeps[0] is Status.FAIL:
        return measured(Status.FAIL, f"{spans}; {keeps[1]}.")
    if span < needed and facts.covers_launch is None:
        return unknown(f"{spans}; whether that reaches back to launch is not stated; {keeps[1]}.")
    since = " and goes back to launch" if facts.covers_launch else ""
    sentence = f"{spans}{since}; {keeps[1]}."
    return unknown(sentence) if keeps[0] is Status.UNKNOWN else measured(Status.PASS, sentence)


def _retention(case: Case) -> tuple[Status, str]:
    """Whether personal data is within its retention, and the words for it."""
    facts = case.facts
    if facts.personal_detected is None:
        return Status.UNKNOWN, "the log was not examined for personal data"
    if not facts.personal_detected and not facts.personal_declared:
        return Status.PASS, "no personal data was found in it"
    if facts.retention_days is None:
        return Status.UNKNOWN, "no retention period is stated for its personal data"
    oldest = facts.span_days if facts.oldest_personal_days is None else facts.oldest_personal_days
    if oldest is None:
        return Status.UNKNOWN, "the age of its personal data is not known"
    words = (
        f"its oldest personal data is {plural(oldest, 'day')} old (retention {count(facts.retention_days)})"
    )
    return (Status.PASS if oldest <= facts.retention_days else Status.FAIL), words


def explainable(case: Case) -> Evidence:
    facts, needed = case.facts, case.limits["coverage"]
    if facts.explained_share is None:
        return unknown("There are no decisions whose explanations could be counted.")
    exact, approximate = facts.explained_share, facts.surrogate_share or 0.0
    sentence = (
        f"{share(exact)} of decisions are explained by logged or model attributions that add up "
        f"(needed {share(needed)}"
    )
    sentence += f"; {share(approximate)} by a surrogate only" if approximate else ""
    sentence += f"; {window(facts)})."
    if exact >= needed:
        return measured(Status.PASS, sentence)
    return measured(Status.PARTIAL if min(exact + approximate, 1.0) >= needed else Status.FAIL, sentence)


def importance_logged(case: Case) -> Evidence:
    facts = case.facts
    if not facts.recent_chunks or facts.recent_chunks_attributed is None:
        return unknown("No decisions in the last 90 days whose attributions could be counted.")
    done, total = facts.recent_chunks_attributed, facts.recent_chunks
    sentence = (
        f"Attributions are stored for {count(done)} of {plural(total, facts.chunk_unit)} with decisions "
        f"in the last 90 days to {day(facts.as_of)}."
    )
    if done >= total:
        return measured(Status.PASS, sentence)
    partly = done > 0 and done / total >= case.limits["attributed_share_partial"]
    return measured(Status.PARTIAL if partly else Status.FAIL, sentence)


def answer_can_be_given(case: Case) -> Evidence:
    facts = case.facts
    if not facts.records_sampled or facts.records_issued is None:
        return unknown("No sample of decision records was issued yet.")
    issued = f"{count(facts.records_issued)} of {count(facts.records_sampled)} sampled decisions"
    sentence = f"A decision record could be issued for {issued}"
    if facts.records_issued < facts.records_sampled:
        return measured(Status.FAIL, f"{sentence}.")
    if facts.records_sampled < min(case.limits["records"], facts.decisions):
        return unknown(f"{sentence}; a sample of {count(case.limits['records'])} is needed.")
    if facts.reasons_complete is None:
        return unknown(f"{sentence}; the dictionary of reasons was not examined.")
    if not facts.reasons_complete:
        return measured(
            Status.PARTIAL, f"{sentence}; some features have no words in the dictionary of reasons."
        )
    return measured(Status.PASS, f"{sentence}, and the dictionary of reasons is complete.")


def personal_data_known(case: Case) -> Evidence:
    facts = case.facts
    if facts.personal_detected is None:
        return unknown("The log was not examined for personal data.")
    undeclared = sorted(set(facts.personal_detected) - set(facts.personal_declared))
    if undeclared:
        shown = listed([*undeclared[:5], *([f"{len(undeclared) - 5} more"] if len(undeclared) > 5 else [])])
        return measured(Status.FAIL, f"Personal data was found that nobody has declared: {shown}.")
    if facts.personal_detected:
        many = plural(len(set(facts.personal_detected)), "column")
        return measured(Status.PASS, f"All personal data that was found is declared ({many}).")
    return measured(Status.PASS, f"No personal data was found in the log ({window(facts)}).")


RULES: dict[str, Rule] = {
    "AUD-1": decisions_logged,
    "AUD-2": inputs_logged,
    "AUD-3": unalterable,
    "AUD-4": kept_long_enough,
    "EXP-1": explainable,
    "EXP-2": importance_logged,
    "EXP-3": answer_can_be_given,
    "SEC-4": personal_data_known,
}

"""Evidence rules of the model as a thing of value: how its file is kept (SEC-8), and who feels it out (SEC-9)."""

from __future__ import annotations

from plumbline.domain import Evidence, Status
from plumbline.domain.messages import Message, enumeration, message, sequence, word
from plumbline.governance.evidence.case import (
    ControlCase,
    Rule,
    measured_evidence,
    probed_evidence,
    unknown_evidence,
)
from plumbline.governance.facts import ProbingCaller, worst_caller
from plumbline.wording.quantities import count, plural, share

_NAMED = 3  # versions or callers named in a sentence


def model_file_safe(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.versions:
        return unknown_evidence(message("The log names no version whose model file could be looked at."))
    if facts.model_formats_known is None:
        return unknown_evidence(
            message("No model file is registered here, and no registry says how the model is kept.")
        )
    if facts.model_unsafe:
        return probed_evidence(
            Status.FAIL,
            message(
                "The model file of {versions} can run code when it is opened (pickle, joblib or the like).",
                versions=_name_list(facts.model_unsafe),
            ),
        )
    if facts.model_other:
        return probed_evidence(
            Status.PARTIAL,
            message(
                "{versions} names the SHA-256 of another file than the one that is registered for it, or that file "
                "does not give the logged scores once more.",
                versions=_name_list(facts.model_other),
            ),
        )
    values = {
        "known": count(facts.model_formats_known),
        "served": count(facts.model_served),
        "versions": plural(facts.versions, "version"),
    }
    sentence = message(
        "For {known} of {versions} the model file is of a format that runs no code; for {served} it is shown to be the "
        "one that decides, by giving the logged scores once more.",
        **values,
    )
    every = min(facts.model_formats_known, facts.model_served) >= facts.versions
    return probed_evidence(Status.PASS if every else Status.PARTIAL, sentence)


def _name_list(names: tuple[str, ...]) -> Message:
    return enumeration([*names[:_NAMED], *([word("others")] if len(names) > _NAMED else [])])


def probing_monitoring(case: ControlCase) -> Evidence:
    facts = case.facts
    if facts.callers is None:
        if facts.sample_reason:
            return unknown_evidence(facts.sample_reason)
        return unknown_evidence(message("The log does not show who asked."))
    if facts.inputs is None or facts.inputs < case.limits["inputs"]:
        return unknown_evidence(
            message(
                "The log holds {inputs} of the model; from {needed} on it can be told whether a caller feels it out.",
                inputs=plural(facts.inputs or 0, "input"),
                needed=count(case.limits["inputs"]),
            )
        )
    worst = worst_caller(facts.probing)
    if worst is not None:
        return _probing(worst)
    if facts.callers_untold:
        return unknown_evidence(
            message(
                "Of {untold} it cannot be told whether they feel the model out: nobody else asks enough to compare, or "
                "its inputs are few and coarse.",
                untold=plural(facts.callers_untold, "caller"),
            )
        )
    callers = plural(facts.callers, "caller")
    quiet = message("Of {callers} of the last 90 days nobody asked 200 times or more.", callers=callers)
    if facts.callers_busy:
        quiet = message(
            "Of {callers} of the last 90 days {busy} asked 200 times or more, and none on inputs of its own making.",
            callers=callers,
            busy=count(facts.callers_busy),
        )
    unseen = facts.callers_busy > facts.callers_sample
    if unseen:
        quiet = message(
            "Of {callers} of the last 90 days {busy} asked 200 times or more; of the {sample} busiest, none on inputs "
            "of its own making. The others were not looked at.",
            callers=callers,
            busy=count(facts.callers_busy),
            sample=count(facts.callers_sample),
        )
    named, needed = facts.caller_share, case.limits["caller_share"]
    if named is None or named < needed:
        missing = message(
            "Only {share} of decisions name who asked (needed {needed}).",
            share=share(named or 0.0),
            needed=share(needed),
        )
        return measured_evidence(Status.PARTIAL, sequence([quiet, missing]))
    return measured_evidence(Status.PARTIAL if unseen else Status.PASS, quiet)


def _probing(worst: ProbingCaller) -> Evidence:
    """The worst caller in words; going through combinations fails, steps alone may be a tool for trying out."""
    values = {"caller": worst.caller, "n": count(worst.n)}
    if worst.enumerates:
        return measured_evidence(
            Status.FAIL,
            message(
                "Caller {caller} goes through combinations of inputs, {n} of them and hardly one twice, as who "
                "copies a model does.",
                **values,
            ),
        )
    steps = message(
        "{share} of the {n} different inputs of caller {caller} lie one step from another of its own; among others it "
        "is {usual}. That may be a copy of the model in the making, or a tool for trying out inputs.",
        **values,
        share=share(worst.share),
        usual=share(worst.usual or 0.0),
    )
    return measured_evidence(Status.PARTIAL, steps)


RULES: dict[str, Rule] = {"SEC-8": model_file_safe, "SEC-9": probing_monitoring}

"""What only people can say about a system: the context questions, the tier they lead to, and where the log
contradicts them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from plumbline.domain import PlumblineError, Requirement, Tier
from plumbline.domain.messages import Message, enumeration, message, sequence, word
from plumbline.governance.catalogue import Control
from plumbline.governance.facts import Facts
from plumbline.wording.quantities import count, decimal, plural, share

#: Above this share of customer interactions monitoring and rollback are mandatory whatever else is said.
SHARE_LIMIT = 0.10
#: Read as high risk under the AI Act until the class is worked out.
HIGH_RISK_IMPACTS = frozenset(
    (
        "credit",
        "employment",
        "insurance",
        "health",
        "biometrics",
        "education",
        "justice",
        "public benefits",
    )
)
HIGH_RISK_CLASSES = frozenset(("high risk", "prohibited"))
#: The light tier is for these alone; what prices, decides or judges is never light.
LIGHT_IMPACTS = frozenset(("recommendation", "operations", "none"))
#: A yes to any of these asks for the regulated tier, whatever else is answered.
REGULATED_BY = ("regulated_buyers", "harm", "financial_entity")
NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextQuestion:
    """One context question. ``values`` are the answers allowed; ``number`` stands for any number >= 0."""

    key: str
    question: str
    values: tuple[str, ...]
    help: str
    strictest: str = ""  # how it is read while unanswered; empty: it does not set the tier


IMPACT_WORDS = {
    "pricing": word("pricing"),
    "credit": word("credit"),
    "recommendation": word("recommendation"),
    "automated decision": word("automated decision"),
    "insurance": word("insurance"),
    "health": word("health"),
    "employment": word("employment"),
    "biometrics": word("biometrics"),
    "education": word("education"),
    "justice": word("justice"),
    "public benefits": word("public benefits"),
    "fraud": word("fraud"),
    "operations": word("operations"),
    "none": word("none", "impact"),
}
TIER_WORDS = {
    Tier.EXEMPT: word("exempt"),
    Tier.LIGHT: word("light"),
    Tier.FULL: word("full"),
    Tier.REGULATED: word("regulated"),
}
YES_NO = ("yes", "no")
QUESTIONS = (
    ContextQuestion(
        key="environment",
        question="Where do its outputs go?",
        values=("production", "sandbox"),
        help="Production: a customer, an employee or a process acts on the outputs. Sandbox: nobody does.",
        strictest="production",
    ),
    ContextQuestion(
        key="impact",
        question="What do they affect?",
        values=tuple(IMPACT_WORDS),
        help="Choose the gravest that fits.",
        strictest="credit",
    ),
    ContextQuestion(
        key="harm",
        question="Can an error harm a customer (wrong price, denied service, bias)?",
        values=YES_NO,
        help="Think of the worst single wrong output, not of the usual one.",
        strictest="yes",
    ),
    ContextQuestion(
        key="oversight",
        question="Does a person review each output before it takes effect?",
        values=("always", "sometimes", "never"),
        help="Always: nothing takes effect without a person. The log's overrides are compared with this.",
        strictest="never",
    ),
    ContextQuestion(
        key="critical",
        question="Would degradation hurt more than the experience of using the product?",
        values=YES_NO,
        help="Yes, if revenue, cost, safety or rights are touched when it gets worse.",
        strictest="yes",
    ),
    ContextQuestion(
        key="regulated_buyers",
        question="Do enterprise, regulated or public buyers ask for vendor security reviews?",
        values=YES_NO,
        help="Large companies, banks, insurers, hospitals and public bodies usually do.",
        strictest="yes",
    ),
    ContextQuestion(
        key="financial_entity",
        question="Does the company, or the buyer for this service, fall under DORA?",
        values=YES_NO,
        help="Banks, insurers, payment and investment firms in the EU, and who serves them with ICT.",
        strictest="yes",
    ),
    ContextQuestion(
        key="interactions_per_month",
        question="How many customer interactions a month, with or without the model?",
        values=(NUMBER, "unknown"),
        help="The log's decisions are divided by this; above 10 % monitoring and rollback are mandatory.",
    ),
    ContextQuestion(
        key="exemption",
        question="Is there a documented phased exemption?",
        values=("none", "entries"),
        help="Controls, reason, approver and end date are entered below; each ends on its date.",
    ),
)
TIER_QUESTIONS = tuple(question for question in QUESTIONS if question.strictest)
BY_KEY = {question.key: question for question in QUESTIONS}
#: the questions whose answer may lower what is asked
LOWERING = tuple(question.key for question in QUESTIONS if question.strictest or NUMBER in question.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextReading:
    """How the answers are read: the tier, what was assumed, and what the log says against them."""

    tier: Tier
    answers: Mapping[str, str]  # complete: the unanswered ones as they are read
    unanswered: tuple[str, ...]  # keys, in the order of the questions
    open: bool  # unanswered questions leave the gate (does it affect outcomes) or the tier open
    share: float | None  # of customer interactions; None: unknown
    share_together: float | None  # with the workspace's other systems in production; None: its own is unknown
    pulls: frozenset[str]  # what makes controls mandatory in every tier, of the catalogue's PULLS
    contradictions: tuple[Message, ...]
    notes: tuple[Message, ...]  # what was read in the stricter way, and why
    purpose_unknown: bool = False  # nobody ever said what the system is for
    sandbox: bool = False  # stated, and not contradicted by the log
    waiting: tuple[str, ...] = ()  # answers that would lower what is asked, and that one person alone gave


def check_answer(key: str, value: str) -> str:
    """The answer as it is stored; an empty one withdraws it.

    Raises:
        PlumblineError: an unknown question, or a value that is not among its answers.
    """
    question = BY_KEY.get(key)
    if question is None:
        raise PlumblineError(f"There is no context question {key!r}", todo=f"Use one of {', '.join(BY_KEY)}.")
    text = value.strip().lower()
    if not text or (text in question.values and text != NUMBER):
        return text
    if NUMBER in question.values and (number := _number(text)) is not None:
        return f"{number:.15g}" if number < 1e15 else text
    raise PlumblineError(f"{value!r} is no answer to {key}", todo=f"Use one of {', '.join(question.values)}.")


def answer_text(key: str, answer: str) -> str:
    """An answer as a person reads it: a number with its thousands set apart."""
    number = _number(answer) if NUMBER in BY_KEY[key].values else None
    return answer if number is None else decimal(number, ",.15g")


def read_context(answers: Mapping[str, str], facts: Facts, alone: Collection[str] = ()) -> ContextReading:
    """Derive the tier. What is unanswered, or contradicted by the log, is read in the stricter way.

    Args:
        alone: questions whose answer one person alone has given so far. Together they have no effect where they
            would lower what is asked: they are read as not given, until a second person approves them.

    Raises:
        PlumblineError: an answer that is none of its question's values.
    """
    stated = {key: text for key, value in answers.items() if (text := check_answer(key, value))}
    waiting = _pending_mild_answers(stated, facts, alone)
    given = {key: answer for key, answer in stated.items() if key not in waiting}
    unanswered = tuple(question.key for question in QUESTIONS if question.key not in given)
    contradictions = _sandbox_contradictions(given, facts)
    if contradictions:
        given["environment"] = "production"
    strict = {question.key: given.get(question.key, question.strictest) for question in QUESTIONS}
    tier = _tier(strict, facts)
    gate_open = any(key in unanswered for key in ("environment", "impact"))
    return ContextReading(
        tier=tier,
        answers=strict,
        unanswered=unanswered,
        open=gate_open or _mildest_tier(given, facts) is not tier,
        share=interaction_share(given, facts),
        share_together=workspace_share(given, facts),
        pulls=_mandatory_triggers(given, facts),
        contradictions=contradictions,
        notes=_notes(tier, given, unanswered, facts, waiting),
        purpose_unknown=not facts.context_answered and not any(q.key in stated for q in TIER_QUESTIONS),
        sandbox=given.get("environment") == "sandbox",
        waiting=waiting,
    )


def _pending_mild_answers(stated: Mapping[str, str], facts: Facts, alone: Collection[str]) -> tuple[str, ...]:
    """The answers of one person alone that lower what is asked; none where all of them together lower nothing."""
    mild = [
        key
        for key in LOWERING
        if key in alone and key in stated and stated[key] not in (BY_KEY[key].strictest, "unknown")
    ]
    without = {key: answer for key, answer in stated.items() if key not in mild}
    return tuple(mild) if _assessment(stated, facts) != _assessment(without, facts) else ()


def _assessment(given: Mapping[str, str], facts: Facts) -> tuple[Tier, frozenset[str], bool]:
    """What a set of answers asks for: its tier, the pulls, and whether it is a sandbox."""
    strict = {question.key: given.get(question.key, question.strictest) for question in QUESTIONS}
    sandbox = strict["environment"] == "sandbox" and not _sandbox_contradictions(given, facts)
    if not sandbox:
        strict["environment"] = "production"
    return _tier(strict, facts), _mandatory_triggers(given, facts), sandbox


def interaction_share(answers: Mapping[str, str], facts: Facts) -> float | None:
    """Decisions a month over all customer interactions a month, at most 1.

    None when either is unknown, or no interactions at all are stated: then there is nothing to share.
    """
    return volume_share(answers, facts.decisions_a_month)


def volume_share(answers: Mapping[str, str], decisions_a_month: float | None) -> float | None:
    """As ``interaction_share``, from the decisions a month alone."""
    interactions = _number(answers.get("interactions_per_month", ""))
    if not interactions or decisions_a_month is None:
        return None
    return min(decisions_a_month / interactions, 1.0)


def workspace_share(answers: Mapping[str, str], facts: Facts) -> float | None:
    """This system's share of customer interactions with that of the workspace's others, at most 1.

    Two models that each decide 8 % of what customers meet decide 16 % of it. None where its own is unknown.
    """
    share = interaction_share(answers, facts)
    return None if share is None else min(share + (facts.share_elsewhere or 0.0), 1.0)


def _mandatory_triggers(answers: Mapping[str, str], facts: Facts) -> frozenset[str]:
    """What makes controls mandatory whatever the tier. What nobody knows or looked at counts as given."""
    together = workspace_share(answers, facts)
    pulls = {"share"} if together is None or together > SHARE_LIMIT else set()
    if facts.personal_detected is None or facts.personal_detected or facts.personal_declared:
        pulls.add("personal data")
    return frozenset(pulls)


def requirement(control: Control, reading: ContextReading) -> Requirement:
    """What a control is for this system: its tier's letter, or mandatory by what the log holds or reaches."""
    if reading.tier is Tier.EXEMPT:
        return Requirement.NOT_ASKED
    if reading.pulls.intersection(control.mandatory_with):
        return Requirement.MANDATORY
    return control.requirements[reading.tier]


def _tier(answers: Mapping[str, str], facts: Facts) -> Tier:
    if answers["environment"] == "sandbox" and answers["impact"] == "none":
        return Tier.EXEMPT
    if any(answers[key] == "yes" for key in REGULATED_BY) or _high_risk(answers["impact"], facts):
        return Tier.REGULATED
    mild = answers["impact"] in LIGHT_IMPACTS and answers["critical"] == "no"
    return Tier.LIGHT if mild and answers["oversight"] == "always" else Tier.FULL


def _high_risk(impact: str, facts: Facts) -> bool:
    if facts.ai_act_class is not None:
        return facts.ai_act_class in HIGH_RISK_CLASSES
    return impact in HIGH_RISK_IMPACTS


def _mildest_tier(given: Mapping[str, str], facts: Facts) -> Tier:
    """The tier if every unanswered question had its most favourable answer."""
    mild = {"environment": "sandbox", "impact": "none", "harm": "no", "oversight": "always", "critical": "no",
            "regulated_buyers": "no", "financial_entity": "no"}  # fmt: skip
    return _tier({**mild, **given}, facts)


def _sandbox_contradictions(given: Mapping[str, str], facts: Facts) -> tuple[Message, ...]:
    """What in the log does not fit a sandbox.

    Outcomes count only where they were observed after the decision, in the world: an experiment on old
    data has outcomes as well.
    """
    if given.get("environment") != "sandbox":
        return ()
    notes = []
    reach = interaction_share(given, facts)
    if reach is not None and reach > SHARE_LIMIT:
        notes.append(message("its decisions are {share} of all customer interactions", share=share(reach)))
    if facts.overrides_90_days or (facts.override_rate or 0) > 0:
        notes.append(message("people overrule its outputs"))
    if facts.outcomes_arrive_later:
        notes.append(message("outcomes of its decisions come back from the world"))
    if not notes:
        return ()
    against = message(
        "Declared a sandbox, but in the log {signs}: it is read as production.", signs=enumeration(notes)
    )
    return (against,)


def _notes(
    tier: Tier,
    given: Mapping[str, str],
    unanswered: tuple[str, ...],
    facts: Facts,
    waiting: tuple[str, ...],
) -> tuple[Message, ...]:
    notes = []
    if waiting:
        notes.append(
            message(
                "{answers} by one person alone would lower what is asked ({keys}): the stricter reading stands until a "
                "second person approves.",
                answers=plural(len(waiting), "answer"),
                keys=", ".join(waiting),
            )
        )
    tier_keys = [q.key for q in TIER_QUESTIONS if q.key in unanswered and q.key not in waiting]
    if tier_keys:
        notes.append(
            message(
                "{questions} unanswered ({keys}): read as the stricter tier, {tier}.",
                questions=plural(len(tier_keys), "context question"),
                keys=", ".join(tier_keys),
                tier=TIER_WORDS[tier],
            )
        )
    if tier is not Tier.EXEMPT and interaction_share(given, facts) is None:
        notes.append(
            message(
                "The share of customer interactions is unknown and read as above 10 %: "
                "monitoring and rollback are mandatory."
            )
        )
    impact = given.get("impact", "")
    if tier is Tier.REGULATED and facts.ai_act_class is None and impact in HIGH_RISK_IMPACTS:
        notes.append(
            message(
                "{impact:capital} is read as high risk under the AI Act until its class is set.",
                impact=IMPACT_WORDS[impact],
            )
        )
    return tuple(notes)


def _number(text: str) -> float | None:
    digits = text.replace(",", "").replace(" ", "").replace("_", "")
    try:
        value = float(digits)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def reach_sentence(reading: ContextReading, facts: Facts) -> Message:
    """The measured share of customer interactions in words."""
    if reading.share is None or reading.share_together is None:
        return message("The share of customer interactions is unknown.")
    sentence = message(
        "{decisions} decisions a month are {share} of all customer interactions.",
        decisions=count(facts.decisions_a_month or 0),
        share=share(reading.share),
    )
    if reading.share_together == reading.share:
        return sentence
    if reading.share_together < 1:
        others = message(
            "Added to the shares of the other systems in production it is {share}.",
            share=share(reading.share_together),
        )
    else:  # each system states its own total, so that a sum can pass the whole
        others = message("The shares of the systems in production add up to all of them.")
    return sequence([sentence, others])

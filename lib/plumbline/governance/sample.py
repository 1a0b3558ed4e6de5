"""The window and sample that a sentence of evidence rests on."""

from __future__ import annotations

from plumbline.domain.messages import Day, Message, message
from plumbline.governance.facts import Facts
from plumbline.wording.quantities import plural


def window(facts: Facts) -> Message:
    """The log's span and sample: ``60,000 decisions, 1 January 2026 to 30 June 2026``."""
    decisions = plural(facts.decisions, "decision")
    if facts.first_decision is None or facts.last_decision is None:
        return message("{decisions}", decisions=decisions)
    first, last = Day(facts.first_decision), Day(facts.last_decision)
    return message("{decisions}, {first} to {last}", decisions=decisions, first=first, last=last)

"""What to do next: the open questions, the controls that do not pass, and the exemptions that end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from plumbline.domain import ControlResult, Scorecard, Status, Tier
from plumbline.domain.messages import Day, word
from plumbline.governance.catalogue import catalogue
from plumbline.governance.verdict import rank_open_controls


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAction:
    """One thing to do next. ``control`` is ``Context`` for the open questions; ``until`` ends an exemption."""

    control: str
    title: str
    words: str
    page: str
    until: date | None = None

    def __str__(self) -> str:
        head = f"{self.control} (exempt until {Day(self.until)})" if self.until else self.control
        return f"{head}: {self.words}"


def next_actions(card: Scorecard) -> tuple[NextAction, ...]:
    """The three things to do next, at most, each with the control or question it serves."""
    actions = []
    if not card.context_complete and card.tier is not Tier.EXEMPT:
        words = word("Answer the open questions on the Governance page.", "action")
        if card.waiting:
            words = word("Have a second person approve the answers on the Governance page.", "action")
        actions.append(
            NextAction(control="Context", title="What the system is for", words=words, page="governance")
        )
    actions += [
        NextAction(control=r.id, title=r.title, words=r.next_action, page=_next_page(r))
        for r in rank_open_controls(card.controls)
        if r.next_action
    ]
    soon = [(r.evidence.until, r) for r in card.controls if r.status is Status.EXEMPT and r.evidence.until]
    for until, r in sorted(soon, key=lambda pair: pair[0]):
        actions.append(
            NextAction(control=r.id, title=r.title, words=r.next_action, page=_next_page(r), until=until)
        )
    return tuple(actions[:3])


def _next_page(result: ControlResult) -> str:
    """Where the next step can be done: the catalogue's own page for it, or the one that shows the evidence."""
    return catalogue().control(result.id).next_page or result.evidence.page

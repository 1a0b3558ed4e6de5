"""Messages that the past would have sent, as they are shown and printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plumbline.domain import Result, json_value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedMessage:
    """One message that would have gone out.

    ``rule``: the signal, ``trigger NAME`` or ``guardrail``. ``verdict``: ``true`` where a realised loss was there or
    followed, ``false`` where none did by the log's end, ``other`` where it speaks of none. ``earlier_days``: before the
    loss was proved. ``money``: of a rollback, what the version that it would have left cost beyond the
    reference from then on.
    """

    at: datetime
    channel: str
    event: str
    rule: str
    severity: str
    sentence: str
    verdict: str
    earlier_days: float | None = None
    money: float | None = None
    version: str = ""  # of a guardrail: the one that it watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Result):
    """What a stretch of the past would have sent, in order of time.

    ``by``: ``week`` or ``day``, whose ends were played; a message bears the first of them that would have sent it.
    """

    COLUMNS = ("at", "channel", "event", "rule", "severity", "verdict", "earlier_days", "money", "sentence")

    system: str
    start: datetime
    end: datetime
    by: str
    messages: tuple[ReplayedMessage, ...]
    money: dict[str, Any] = field(default_factory=dict)

    @property
    def true_count(self) -> int:
        """Beginnings that a realised loss went with or followed."""
        return sum(m.verdict == "true" for m in self.messages)

    @property
    def false_count(self) -> int:
        """Beginnings that no loss followed."""
        return sum(m.verdict == "false" for m in self.messages)

    @property
    def earlier_days(self) -> float | None:
        """Days by which the first true message came before the loss was proved, the most of any."""
        return max((m.earlier_days for m in self.messages if m.earlier_days is not None), default=None)

    @property
    def sentence(self) -> str:
        """How many, and how many of them were worth it."""
        many = f"{len(self.messages)} messages" if len(self.messages) != 1 else "One message"
        text = (
            f"{many} from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}: {self.true_count} went with a realised loss, "
            f"{self.false_count} with none."
        )
        if self.by == "week" and self.messages:
            text += " Only the ends of weeks were played: each may have come up to seven days before its time here."
        if self.earlier_days:
            text += f" The earliest came {self.earlier_days:.0f} days before the loss was proved."
        if self.money:
            text += f" From then on {self.money['amount']:,.0f} {self.money['currency']} were lost."
        return text

    def rows(self) -> list[dict[str, Any]]:
        """One a message."""
        return [{name: getattr(m, name) for name in self.COLUMNS} for m in self.messages]

    def _json_values(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        fields: dict[str, Any] = json_value(
            {
                "system": self.system,
                "sentence": self.sentence,
                "start": self.start,
                "end": self.end,
                "by": self.by,
                "messages": self.messages,
                "true": self.true_count,
                "false": self.false_count,
                "earlier_days": self.earlier_days,
                "money": self.money or None,
            }
        )
        return fields

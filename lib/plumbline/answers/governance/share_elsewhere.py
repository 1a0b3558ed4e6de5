"""How much of all customer interactions the workspace's other systems in production decide."""

from __future__ import annotations

from plumbline.answers.question import log_span
from plumbline.domain import System
from plumbline.governance.context import SHARE_LIMIT, volume_share
from plumbline.store import statements, systems
from plumbline.store.workspace import Cursor

DAYS_A_MONTH = 30.44


def decisions_a_month(n: int, seconds: float) -> float:
    """Decisions a month of a log of ``n`` decisions over so many seconds; less than a day counts as one."""
    return n / max(seconds / 86400, 1.0) * DAYS_A_MONTH


def share_of_other_systems(cursor: Cursor, system: System) -> float | None:
    """The sum of the other systems' shares, to three digits; None where no share is known of any.

    A system counts unless two people say that it is a sandbox and it is as small as one: at most a tenth. Digits beyond
    the third would make each load of one system a change of all the others.
    """
    shares = [
        share
        for other in systems.list_systems(cursor)
        if other.key != system.key and (share := _share(cursor, other)) is not None
    ]
    return round(sum(shares), 3) if shares else None


def _share(cursor: Cursor, system: System) -> float | None:
    answers = statements.context_answers(cursor, system.key)
    span = log_span(cursor, system) if answers.get("interactions_per_month") else None
    if span is None:
        return None
    share = volume_share(answers, decisions_a_month(span.n, (span.last - span.first).total_seconds()))
    sandbox = answers.get("environment") == "sandbox"
    sandbox &= "environment" not in statements.unapproved_answers(cursor, system.key)
    return None if share is None or (sandbox and share <= SHARE_LIMIT) else share

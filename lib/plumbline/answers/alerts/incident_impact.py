"""What the log knows about an incident that a finding led to: DORA's criteria, filled in before a person decides.

The thresholds are those of Delegated Regulation (EU) 2024/1772, Article 9 (``law.toml``). A hint is never a
classification: what the log cannot tell is said to be unknown, and a person confirms the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plumbline.answers.alerts.transactions import transaction_share
from plumbline.answers.question import log_span, reporting_date
from plumbline.domain import Slice, System
from plumbline.domain.messages import Day
from plumbline.governance.ai_act import law
from plumbline.governance.context import interaction_share
from plumbline.governance.facts import Facts
from plumbline.profile.scan.exact import count_persons
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import statements
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import count, plural, share

CLIENTS, CLIENT_SHARE, HOURS, EUROS = 100_000, 0.10, 24, 100_000
DAYS_A_MONTH = 30.44
CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class CriterionHint:
    """One criterion as far as the log knows. ``met`` None: a person has to say."""

    key: str  # of the criterion, or ``critical`` for the service
    met: bool | None
    sentence: str


def hints(cursor: Cursor, system: System, record: FindingRecord) -> tuple[CriterionHint, ...]:
    """Each criterion, in the order of the law, and whether the service is critical."""
    finding = record.finding
    span = log_span(cursor, system)
    end = finding.until or reporting_date(system, span)
    since = finding.since or (finding.known_at or end)
    known = {
        "clients": _clients(cursor, system, since, end, finding.until is not None),
        "duration": _duration(since, end, finding.until is not None),
        "economic": _money(record),
    }
    hints = [
        known.get(str(c["key"])) or CriterionHint(str(c["key"]), None, "The log cannot tell.")
        for c in law().criteria
    ]
    return (*hints, _critical(statements.context_answers(cursor, system.key)))


def _clients(cursor: Cursor, system: System, since: datetime, end: datetime, over: bool) -> CriterionHint:
    """Persons hit, and their share of all persons in the log; where it names none, decisions alone.

    A slice ends before its end, so one that goes on is left open: the log's last decision counts too.
    """
    if sampled := sample_reason(cursor, system):
        return CriterionHint("clients", None, sampled)
    affected = Slice(start=since, end=end if over else None)
    n, persons = count_persons(cursor, system, affected)
    transactions = transaction_share(cursor, system, affected, n)
    decisions = f"{plural(n, 'decision')} from {Day(since)} to {Day(end)}"
    if persons is None:
        monthly = n / max((end - since).total_seconds() / 86400, 1.0) * DAYS_A_MONTH
        facts = Facts(as_of=end, decisions_a_month=monthly)
        part = interaction_share(statements.context_answers(cursor, system.key), facts)
        text = f", about {share(part)} of all customer interactions" if part is not None else ""
        words = f"{decisions}{text}. The log names no clients. {transactions}"
        return CriterionHint("clients", None, words)
    everybody = count_persons(cursor, system)[1] or 0
    part = persons / everybody if everybody else 0.0
    who = f"{count(persons)} of the {count(everybody)} persons in the log"
    met = (
        persons > CLIENTS or part > CLIENT_SHARE or None
    )  # the limbs of transactions are for a person to judge
    words = f"{decisions}, about {who} ({share(part)}). {transactions}"
    return CriterionHint("clients", met, words)


def _duration(since: datetime, end: datetime, over: bool) -> CriterionHint:
    hours = max((end - since).total_seconds() / 3600, 0.0)
    long = f"{plural(hours, 'hour')}" if hours < 72 else plural(hours / 24, "day")
    until = f"to {Day(end)}, when it ended" if over else f"to {Day(end)}, and it goes on"
    return CriterionHint("duration", hours > HOURS, f"{long}, from {Day(since)} {until}.")


def _money(record: FindingRecord) -> CriterionHint:
    cost = record.finding.figures.get("cost")
    if not isinstance(cost, dict):
        return CriterionHint("economic", None, "No cost is known of this finding, so the log cannot tell.")
    amount, currency = float(cost["amount"]), str(cost.get("currency", ""))
    text = f"{currency} {count(amount)} so far, as far as decisions alone show."
    if amount <= EUROS:
        return CriterionHint("economic", None, f"{text} Other costs are not known here.")
    met = True if currency == "EUR" else None
    return CriterionHint("economic", met, text)


def _critical(context: dict[str, str]) -> CriterionHint:
    answer = context.get("critical", "")
    if answer not in ("yes", "no"):
        return CriterionHint(CRITICAL, None, "The context does not say whether degradation would hurt.")
    criticality = (
        "would hurt more than the experience of using the product" if answer == "yes" else "would hurt little"
    )
    return CriterionHint(CRITICAL, answer == "yes", f"As the context has it, degradation {criticality}.")

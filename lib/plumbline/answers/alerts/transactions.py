"""How many transactions an incident touched, and how much money: DORA's limbs of transactions, from the log.

A decision may be a transaction, and a column may hold its amount; no log says either for sure, so a person judges.
"""

from __future__ import annotations

import re

from plumbline.answers.question import log_span
from plumbline.domain import Kind, Slice, System
from plumbline.logs.values.currency import format_currency
from plumbline.profile.scan.exact import total_amount
from plumbline.store import systems
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import count, share

#: of the daily average, by number and by amount: Delegated Regulation (EU) 2024/1772, Article 9(1)
TRANSACTION_SHARE = 0.10
#: what a column of a transaction's amount is called, where no currency in its cells tells
_NAMED = re.compile(r"((transaction|payment|order|purchase|tx)_?)?(amount|betrag)(_(eur|usd|gbp|chf))?")


def transaction_share(cursor: Cursor, system: System, part: Slice, n: int) -> str:
    """The ``n`` decisions of a slice against the daily average of the log, by number and, where known, by amount."""
    span = log_span(cursor, system)
    if span is None:
        return ""
    days = max((span.last - span.first).total_seconds() / 86_400, 1.0)
    daily = span.n / days
    by_number = (
        f"If each decision is a transaction: {share(n / daily)} of the daily average of {count(daily)} in the log, "
        f"{_over(n / daily)}."
    )
    return f"{by_number} {_by_amount(cursor, system, part, days)}"


def _over(part: float) -> str:
    return f"{'over' if part > TRANSACTION_SHARE else 'not over'} {share(TRANSACTION_SHARE)}"


def _by_amount(cursor: Cursor, system: System, part: Slice, days: float) -> str:
    columns = amount_columns(cursor, system)
    if not columns:
        return "Amounts are not known here."
    if len(columns) > 1:
        named = ", ".join(source for _, source, _ in columns[:5])
        return f"Several columns hold amounts ({named}): which is a transaction's, a person has to say."
    column, source, currency = columns[0]
    daily = total_amount(cursor, system, column) / days
    if not daily:
        return f"Amounts are not known here: {source} holds none."
    touched = total_amount(cursor, system, column, part)
    money = f"{currency} {count(daily)}".lstrip()
    return (
        f"By amount, as {source} has it: {share(touched / daily)} of the daily average of {money} in the log, "
        f"{_over(touched / daily)}."
    )


def amount_columns(cursor: Cursor, system: System) -> list[tuple[str, str, str]]:
    """The columns that hold amounts: name in the decision table, name in the log, currency where its cells tell.

    Those whose cells carry a currency; where there are none, those that are called an amount.
    """
    mapping = systems.saved_mapping(cursor, system.key)
    forms = {item.column: item.format for item in mapping.columns} if mapping else {}
    numeric = [
        (c.name, c.source, format_currency(forms.get(c.source, "")))
        for c in systems.decision_columns(cursor, system.key)
        if c.kind is Kind.NUMERIC and c.role.role in ("feature", "segment")
    ]
    with_currency = [item for item in numeric if item[2]]
    return with_currency or [item for item in numeric if _NAMED.fullmatch(item[1].strip().lower())]

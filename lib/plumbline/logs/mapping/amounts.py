"""What is said of amounts of money: which mark was taken away, and which were left as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.messages import Message, enumeration, message
from plumbline.logs.values.currency import detect_currency, format_currency, unread_currencies

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

_LOOK = 500


def notes(draft: Draft) -> list[Message]:
    """One sentence a currency that was read, and one a column whose amounts could not be."""
    read: dict[str, list[str]] = {}
    left: list[Message] = []
    for column in draft.columns:
        here = detect_currency(column.present[:_LOOK])
        for code in {format_currency(m.format) for m in draft.maps[column.name]} - {""}:
            read.setdefault(code, []).append(column.name)
            if here and here != code:
                left.append(
                    message(
                        "{column} was in {before} in earlier logs and is in {here} here: these amounts are no numbers "
                        "of that column. Convert them, or give them a name of their own.",
                        column=column.name,
                        before=code,
                        here=here,
                    )
                )
        some = unread_currencies(column.present[:_LOOK])
        if len(some) > 1:
            left.append(
                message(
                    "{column} holds amounts in {currencies}, which do not compare: they are not read as numbers. "
                    "Export them in one currency.",
                    column=column.name,
                    currencies=enumeration(some[:3]),
                )
            )
        elif some:
            left.append(
                message(
                    "Only some amounts of {column} carry a currency ({currency}): they are not read as numbers. "
                    "Export all of them with it, or none.",
                    column=column.name,
                    currency=some[0],
                )
            )
    lines: list[Message] = [
        message(
            "Amounts in {currency} are read as numbers, their mark is taken away: {columns}.",
            currency=code,
            columns=", ".join(names),
        )
        for code, names in read.items()
    ]
    return lines + left

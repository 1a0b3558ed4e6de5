"""What is said of amounts of money: which mark was taken away, and which were left as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.logs.values.currency import detect_currency, format_currency, unread_currencies

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

_LOOK = 500


def notes(draft: Draft) -> list[str]:
    """One sentence a currency that was read, and one a column whose amounts could not be."""
    read: dict[str, list[str]] = {}
    left = []
    for column in draft.columns:
        here = detect_currency(column.present[:_LOOK])
        for code in {format_currency(m.format) for m in draft.maps[column.name]} - {""}:
            read.setdefault(code, []).append(column.name)
            if here and here != code:
                left.append(
                    f"{column.name} was in {code} in earlier logs and is in {here} here: these amounts are no numbers "
                    "of that column. Convert them, or give them a name of their own."
                )
        some = unread_currencies(column.present[:_LOOK])
        if len(some) > 1:
            left.append(
                f"{column.name} holds amounts in {' and '.join(some[:3])}, which do not compare: they are not read as "
                "numbers. Export them in one currency."
            )
        elif some:
            left.append(
                f"Only some amounts of {column.name} carry a currency ({some[0]}): they are not read as numbers. "
                "Export all of them with it, or none."
            )
    lines = [
        f"Amounts in {code} are read as numbers, their mark is taken away: {', '.join(names)}."
        for code, names in read.items()
    ]
    return lines + left

"""An entry's detail in words: what counts first, digests last and short."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from plumbline.wording import numbers
from plumbline.wording.language import phrase

MOST = 3  # of a list, beyond which only its ends are told
_DIGEST = re.compile(r"^[0-9a-f]{40,64}$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")


def say_detail(detail: Mapping[str, object]) -> str:
    """``file shop.csv; rows loaded 60,000; sha256 5ef22edc2712…``; what is empty is left out."""
    told = [(str(name), _value(value)) for name, value in detail.items()]
    told.sort(key=lambda item: item[1].endswith("…") and len(item[1]) == 13)
    return "; ".join(f"{name.replace('_', ' ')} {words}".strip() for name, words in told if words)


def _value(value: object) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return phrase("yes") if value else phrase("no")
    if isinstance(value, int):
        return numbers.count(value)
    if isinstance(value, float):
        return numbers.cell_value(value)
    if isinstance(value, Mapping):
        return f"({say_detail(value)})"
    if isinstance(value, str):
        return _text(value)
    return _list(value) if isinstance(value, Sequence) else str(value)


def _text(value: str) -> str:
    if _DIGEST.match(value):
        return value[:12] + "…"
    if _MOMENT.match(value):
        try:
            return numbers.moment(datetime.fromisoformat(value)).replace("UTC+00:00", "UTC")
        except ValueError:
            return value
    return value


def _list(value: Sequence[object]) -> str:
    words = [_value(item) for item in value]
    if len(words) <= MOST:
        return ", ".join(words)
    if max(map(len, words)) > 40:
        return phrase("{count} of them, the first: {first}", count=len(words), first=words[0])
    return phrase("{first} to {last} ({count})", first=words[0], last=words[-1], count=len(words))

"""Whether day or month comes first in a log's dates: never guessed, asked once, remembered in the mapping's format."""

from __future__ import annotations

from dataclasses import replace

from plumbline.domain import Mapping, PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.values.month_names import LANGUAGES
from plumbline.logs.values.times import date_order_of, swap_day_and_month

#: as a person says it -> what comes first
ORDERS = {"dmy": "day", "mdy": "month", "excel": "excel"}


def read_order(text: str | None) -> str:
    """How dates are written: ``dmy`` or ``mdy`` as ``day`` or ``month``, ``excel`` for its serial numbers, or the
    language of the months' names; empty where nothing was said.

    Raises:
        PlumblineError: it is neither.
    """
    if not text:
        return ""
    if text.lower() in LANGUAGES:
        return text.lower()
    if text.lower() not in ORDERS:
        raise PlumblineError(
            message("{text} is no order of dates", text=repr(text)),
            todo="Use dmy (day first), mdy (month first), excel (days since 1900), or a language such as hr.",
        )
    return ORDERS[text.lower()]


def apply_date_order(form: str, order: str) -> str:
    """The format with the order that was said, where it has one."""
    known = order in ("day", "month")
    return swap_day_and_month(form) if known and date_order_of(form) not in ("", order) else form


def apply_order(mapping: Mapping, order: str) -> Mapping:
    """The mapping with the order that was said in every format that has one."""
    if not order:
        return mapping
    columns = tuple(replace(c, format=apply_date_order(c.format, order)) for c in mapping.columns)
    return replace(mapping, columns=columns)

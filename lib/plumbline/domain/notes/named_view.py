"""A page under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedView:
    """A page as somebody set it up: the parameters of its address, ``(name, value)`` each."""

    name: str
    system: str
    page: str
    query: tuple[tuple[str, str], ...]
    by: str
    at: datetime

"""What is written beneath a decision or a finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote beneath a decision or a finding."""

    at: datetime
    by: str
    text: str

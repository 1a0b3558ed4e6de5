"""How much a caller may ask for, from the environment."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from plumbline.sandbox.limits import amount, number

#: callers that are counted at a time
_CALLERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """``body``: bytes of one; ``file``: of a file that a command reads; ``seconds``: for which a body may take to come,
    and the disk to answer; ``rate``: requests of a token a second; ``every``: seconds between two loads of what was
    pushed; ``answers``: questions that are worked out at a time."""

    body: int
    file: int
    seconds: float
    rate: float
    every: float
    answers: int = 4


def limits() -> RequestLimits:
    """The limits that the environment sets, or the usual ones.

    Raises:
        PlumblineError: a setting is no amount or no number.
    """
    return RequestLimits(
        body=amount("PLUMBLINE_REQUEST_BODY", "16MB"),
        file=amount("PLUMBLINE_REQUEST_FILE", "200MB"),
        seconds=number("PLUMBLINE_REQUEST_SECONDS", 30),
        rate=number("PLUMBLINE_REQUEST_RATE", 300),
        every=number("PLUMBLINE_PUSH_SECONDS", 3),
    )


class TokenBucket:
    """A bucket a caller: ``rate`` requests a second, and twice as many at once."""

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, max(1.0, 2 * rate)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._guard = threading.Lock()

    def allows(self, caller: str) -> bool:
        """Whether a caller may go on; counts the request."""
        at = time.monotonic()
        with self._guard:
            left, seen = self._buckets.pop(caller, (self._most, at))
            left = min(self._most, left + (at - seen) * self._rate)
            self._buckets[caller] = (left - 1 if left >= 1 else left, at)
            if len(self._buckets) > _CALLERS:
                self._buckets.popitem(last=False)
        return left >= 1

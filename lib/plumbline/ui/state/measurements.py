"""Questions that are measured beside the pages, in threads of their own: a page can be left while it waits for one.

Whoever asks the same meanwhile waits for the same measurement. One that nobody waits for any more is not begun. Few are
at work at once: many that share a processor all end late, one after the other most end early.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from time import monotonic
from typing import Any

#: measurements at once that began within the last ``YOUNG`` seconds, and at all: a long one holds up nobody for ever
AT_ONCE = max(os.cpu_count() or 1, 2)
YOUNG = 3.0
MOST = 16
#: seconds after which nobody waits any more who has not asked again
FORGOTTEN = 15.0
#: a measurement lets others go first that are asked within so many times its own length
PRECEDENCE = 2.0
#: lengths that are remembered
MOST_KINDS = 1000
#: results that nobody came for
MOST_RESULTS = 64


class Measurement:
    """One question. ``result``: its answer, or what it failed with; ``seconds``: since it was first asked; ``later``:
    after all that pages wait for as a whole."""

    def __init__(self, name: Hashable, work: Callable[[], Any], kind: Hashable, *, later: bool) -> None:
        self.name, self.kind, self.later = name, kind, later
        self.result: Future[Any] = Future()
        self.begun: float | None = None
        self._work = work
        self._first = self._asked = monotonic()

    @property
    def seconds(self) -> float:
        return monotonic() - self._first

    @property
    def is_young(self) -> bool:
        return self.begun is not None and monotonic() - self.begun < YOUNG

    @property
    def is_wanted(self) -> bool:
        return monotonic() - self._asked < FORGOTTEN

    def want(self) -> None:
        """Say that somebody waits still."""
        self._asked = monotonic()

    def run(self) -> None:
        """Measure, in the thread that calls."""
        try:
            answer = self._work()
        except Exception as error:
            self.result.set_exception(error)
        else:
            self.result.set_result(answer)


class Measurements:
    """All questions at work in this process, by name."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Measurement] = OrderedDict()
        self._waiting: list[tuple[bool, float, int, Measurement]] = []
        self._running: list[Measurement] = []
        self._took: dict[Hashable, float] = {}
        self._asked = 0
        self._lock = threading.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is measured, and nothing waits for it."""
        with self._lock:
            return not self._running and not self._waiting

    def find_begun(self, name: Hashable) -> Measurement | None:
        """The measurement of this name that is at work, or whose result nobody took yet."""
        with self._lock:
            known = self._known.get(name)
        return known if known is not None and known.begun is not None else None

    def ask(
        self, name: Hashable, work: Callable[[], Any], *, kind: Hashable = None, later: bool = False
    ) -> Measurement:
        """The measurement of this name: the one that is there, else a new one.

        Args:
            kind: what took about as long before: a short one goes before a long one that was asked a little earlier.
            later: after all that pages wait for as a whole, and one at a time, so that they have the processor.
        """
        with self._lock:
            measurement = self._known.get(name)
            if measurement is None:
                measurement = self._known[name] = Measurement(name, work, kind, later=later)
                self._enqueue(measurement)
            elif measurement.later and not later and measurement.begun is None:
                measurement.later = False  # its older place in the queue is passed over
                self._enqueue(measurement)
            measurement.want()
            self._begin()
        return measurement

    def _enqueue(self, measurement: Measurement) -> None:
        self._asked += 1
        due = monotonic() + PRECEDENCE * self._took.get(measurement.kind, 0.0)
        heapq.heappush(self._waiting, (measurement.later, due, self._asked, measurement))

    def want(self, measurement: Measurement) -> None:
        """Say that somebody waits still; what waits behind a long one is begun."""
        with self._lock:
            measurement.want()
            self._begin()

    def drop(self, measurement: Measurement) -> None:
        """Forget one whose result is kept elsewhere now, or that failed."""
        with self._lock:
            self._drop(measurement)

    def _drop(self, measurement: Measurement) -> None:
        if self._known.get(measurement.name) is measurement:
            del self._known[measurement.name]

    def _begin(self) -> None:
        while self._waiting and self._has_room(later=self._waiting[0][0]):
            *_, measurement = heapq.heappop(self._waiting)
            if measurement.begun is not None:
                continue
            if not measurement.is_wanted:
                self._drop(measurement)
                continue
            measurement.begun = monotonic()
            self._running.append(measurement)
            threading.Thread(
                target=self._run, args=(measurement,), daemon=True, name="plumbline-measure"
            ).start()

    def _has_room(self, *, later: bool) -> bool:
        young = [one for one in self._running if one.is_young]
        if later and any(one.later for one in young):
            return False
        return len(self._running) < MOST and len(young) < AT_ONCE

    def _run(self, measurement: Measurement) -> None:
        measurement.run()
        with self._lock:
            self._running.remove(measurement)
            self._took[measurement.kind] = monotonic() - (measurement.begun or 0.0)
            while len(self._took) > MOST_KINDS:
                del self._took[next(iter(self._took))]
            ended = [known for known in self._known.values() if known.result.done()]
            for known in ended[: max(len(ended) - MOST_RESULTS, 0)]:
                self._drop(known)
            self._begin()

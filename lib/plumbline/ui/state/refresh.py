"""Which state of a system pages show: while the figures of new rows are measured, those before them.

Every change has all figures measured anew, which takes seconds. Where it only brought rows, or what a check found,
pages keep to the state before it until what they asked lately is measured of the new one, and then turn to it as a
whole. What a person did is shown at once.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from plumbline.sandbox.limits import number
from plumbline.store.workspace import Changes

#: has a question measured of a state; what it returns waits so many seconds for it at most
Begin = Callable[[Changes], Callable[[float], object]]

LOG = logging.getLogger("plumbline")
#: seconds after which a page shows the new state, measured or not
REFRESH_SECONDS = 15.0
#: what was asked within so many seconds is measured of the new state, at most so many questions of each system
RECENT, MOST_QUESTIONS = 300.0, 100
#: systems that are remembered
MOST_SYSTEMS = 256
#: rows that arrive all the time: how many times as long as a measuring took no other begins, and seconds at most
REST, LONGEST_REST = 9.0, 60.0


@dataclass(frozen=True, slots=True)
class State:
    """What a page shows. ``is_newest``: whether nothing came after it."""

    changes: Changes
    is_newest: bool = True


class Refresh:
    """One system's state on the pages, or that of all systems together."""

    def __init__(self, name: str, changes: Changes) -> None:
        self.name, self.changes = name, changes
        self._newest = changes
        self._questions: OrderedDict[Hashable, tuple[float, Begin]] = OrderedDict()
        self._lock = threading.Lock()
        self._at_work = False
        self._ended, self._took = float("-inf"), 0.0

    def note(self, question: Hashable, begin: Begin) -> None:
        """Remember what a page asked."""
        with self._lock:
            self._questions[question] = (monotonic(), begin)
            self._questions.move_to_end(question)
            while len(self._questions) > MOST_QUESTIONS:
                self._questions.popitem(last=False)

    def state(self, newest: Changes, seen: int = 0) -> State:
        """The state to show.

        Args:
            newest: of the workspace now.
            seen: the change that who asks made: nothing older is shown.
        """
        longest = number("PLUMBLINE_REFRESH_SECONDS", REFRESH_SECONDS, least=0)
        with self._lock:
            if newest.every <= self.changes.every:
                return State(self.changes)
            self._newest = max(self._newest, newest, key=lambda changes: changes.every)
            questions = self._recent()
            if longest == 0 or not questions or newest.people > self.changes.every:
                self._turn_to(newest)
                return State(newest)
            if seen > self.changes.every:
                return State(newest)
            rested = monotonic() - self._ended >= min(REST * self._took, LONGEST_REST)
            if not self._at_work and (rested or newest.figures == self.changes.figures):
                self._at_work = True
                threading.Thread(
                    target=self._run, args=(newest, questions, longest), daemon=True, name="plumbline-refresh"
                ).start()
            return State(self.changes, is_newest=False)

    def _recent(self) -> list[Begin]:
        return [begin for asked, begin in self._questions.values() if monotonic() - asked < RECENT]

    def _is_followed_up(self, changes: Changes) -> bool:
        """Whether a check has looked at these rows meanwhile: pages turn to both at once."""
        return self._newest.every > changes.every and self._newest.figures == changes.figures

    def _turn_to(self, newest: Changes) -> None:
        if newest.every > self.changes.every:
            self.changes = newest

    @contextmanager
    def _warning(self) -> Iterator[None]:
        """What fails holds up nothing else: who asks next is told."""
        try:
            yield
        except Exception as error:
            LOG.warning("%s: not measured before it is asked: %r", self.name, error)

    def _run(
        self,
        newest: Changes,
        questions: Sequence[Begin],
        longest: float,
    ) -> None:
        begun = monotonic()
        while True:
            waits = []
            for begin in questions:
                with self._warning():
                    waits.append(begin(newest))
            for wait in waits:
                with self._warning():
                    wait(begun + longest - monotonic())
            with self._lock:
                if self._is_followed_up(newest) and monotonic() - begun < longest:
                    newest, questions = self._newest, self._recent()
                    continue
                self._turn_to(newest)
                self._at_work = False
                self._ended, self._took = monotonic(), monotonic() - begun
            break
        LOG.info("%s: figures of change %d after %.1f s", self.name, newest.every, self._took)


class Refreshes:
    """Of every system of each workspace that pages show, by the workspace's path and the system's key."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Refresh] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, path: str, system: str, newest: Changes) -> Refresh:
        """The one of a system; of all systems together where the key is empty."""
        with self._lock:
            refresh = self._known.get((path, system))
            if refresh is None:
                refresh = self._known[path, system] = Refresh(system or "all systems", newest)
            self._known.move_to_end((path, system))
            while len(self._known) > MOST_SYSTEMS:
                self._known.popitem(last=False)
            return refresh

    def known(self, path: str, system: str) -> Refresh | None:
        """The one of a system that a page has shown."""
        with self._lock:
            return self._known.get((path, system))

"""Answers that stay in a process's memory: the ones asked for last, at most so many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Answers by a name that says all that they rest on; shared by threads.

    Two who ask for the same at the same time may both make it: whoever must not holds a lock of their own.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        """The answer of that name, made now where it is not there."""
        with self._lock:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
        made = make()
        self.put(name, made)
        return made

    def put(self, name: Hashable, answer: T) -> None:
        """Hold an answer, and let go of those asked for longest ago."""
        with self._lock:
            self._held[name] = answer
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()

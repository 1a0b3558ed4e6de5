"""The requests that wait to be loaded: who is told when, and which key named which request."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from plumbline.domain import PlumblineError
from plumbline.logs.push.journal import Done
from plumbline.logs.push.receipts import PushReceipt

#: bytes that may wait on the disk to be loaded
BACKLOG = 512 * 2**20
#: names of requests that are remembered
KEYS = 200_000
_Named = tuple[str, str, str, str]


class ReusedKey(PlumblineError):
    """A request's key was used before, for another body."""


class Backlog(PlumblineError):
    """So much waits to be loaded that no more is taken."""


class Queue:
    """Requests from when they are read until they are loaded. Used by many threads."""

    def __init__(self) -> None:
        self.backlog = 0  #: bytes that wait to be loaded
        self._waiting: dict[str, PushReceipt] = {}
        self._writing: dict[str, list[Done]] = {}
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._keys: OrderedDict[_Named, tuple[str, str, int]] = OrderedDict()
        self._guard = threading.Lock()

    def find_request(self, name: _Named, digest: str) -> tuple[str, int] | None:
        """(receipt, rows) of the request of that name; None where there is none, or it is not on the disk yet.

        Args:
            name: actor, system, kind and key.
            digest: SHA-256 of the body that came under it now.

        Raises:
            OtherBody: it had another body.
        """
        with self._guard:
            before = self._keys.get(name) if name[-1] else None
            writing = before is not None and before[1] in self._writing
        if before is None:
            return None
        if before[0] != digest:
            raise ReusedKey(
                "This Idempotency-Key was used for another request",
                todo="Give each request a key of its own.",
            )
        return None if writing else before[1:]

    def begin(self, receipt: PushReceipt, size: int, done: Done) -> str:
        """Take a request up, which is then to be written; or return the receipt of the one that it repeats.

        Raises:
            Behind: too much waits.
        """
        with self._guard:
            before = self._keys.get(request_name(receipt)) if receipt.key else None
            if before is not None:  # came while this one was read
                if before[1] in self._writing:
                    self._writing[before[1]].append(done)
                else:
                    done(None)
                return before[1]
            if self.backlog + size > BACKLOG:
                raise Backlog("Too much waits to be loaded", todo="Try again in a minute.")
            self._waiting[receipt.id], self._writing[receipt.id] = receipt, [done]
            self.backlog += size
            self._remember(receipt)
        return receipt.id

    def confirm_write(self, receipt: PushReceipt, size: int, error: OSError | None) -> None:
        """A request is on the disk, or cannot be."""
        with self._guard:
            waits = self._writing.pop(receipt.id)
            if error is not None:
                self._waiting.pop(receipt.id, None)
                self._keys.pop(request_name(receipt), None)
                self.backlog -= size
        for done in waits:
            done(error)

    def restore(self, receipt: PushReceipt, size: int, *, loaded: bool) -> None:
        """Take up what an earlier process left on the disk."""
        with self._guard:
            self._remember(receipt)
            self.backlog += size
            if not loaded:
                self._waiting[receipt.id] = receipt

    def remember(self, receipt: PushReceipt) -> None:
        """Keep the name of a request that was loaded."""
        with self._guard:
            self._remember(receipt)

    def receipt(self, number: str) -> PushReceipt | None:
        """The receipt of a request that waits."""
        with self._guard:
            return self._waiting.get(number)

    def watch(self, number: str, settled: Callable[[], None]) -> None:
        """Call ``settled``, from another thread, when a request waits no more; at once where it does not."""
        with self._guard:
            if number in self._waiting:
                self._watchers.setdefault(number, []).append(settled)
                return
        settled()

    def settle(self, numbers: Sequence[str]) -> None:
        """Requests wait no more."""
        with self._guard:
            calls = [call for number in numbers for call in self._watchers.pop(number, ())]
            for number in numbers:
                self._waiting.pop(number, None)
        for call in calls:
            with suppress(RuntimeError):  # the loop that waited is closed
                call()

    def shrink(self, size: int) -> None:
        """So much less waits."""
        with self._guard:
            self.backlog -= size

    def _remember(self, receipt: PushReceipt) -> None:
        if receipt.key:
            self._keys[request_name(receipt)] = (receipt.digest, receipt.id, receipt.rows_read)
            while len(self._keys) > KEYS:
                self._keys.popitem(last=False)


def request_name(receipt: PushReceipt) -> _Named:
    """What a request is known by: two tokens may use one key."""
    return receipt.actor, receipt.system, receipt.kind, receipt.key

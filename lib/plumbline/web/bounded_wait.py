"""Waiting for a disk: as long as a request may, for it can stall.

DuckDB gives nobody a transaction while it syncs the workspace, so what looks something up there may wait with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from anyio import to_thread

from plumbline.web.problems import ProblemDocument

T = TypeVar("T")
#: threads that may wait for the workspace at once; the server has forty
_THREADS = 16
_AFTER = 5


class BoundedWait:
    """What requests look up or write, each for a number of seconds at most."""

    def __init__(self, seconds: float, threads: int = _THREADS) -> None:
        self._seconds, self._room = seconds, asyncio.Semaphore(threads)

    async def look_up(self, read: Callable[[], T]) -> T:
        """What a function that reads the workspace returns. One that takes longer ends by itself, unheard.

        Raises:
            ProblemDocument: 503: it did not come in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._room.acquire()
                task = asyncio.ensure_future(to_thread.run_sync(read))
                task.add_done_callback(self._end)
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise ProblemDocument(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"The workspace does not answer within {self._time}; its disk is slow or full.",
                after=_AFTER,
            ) from error

    async def written(self, done: asyncio.Future[T]) -> T:
        """What became of rows that are on their way to the disk.

        Raises:
            ProblemDocument: 503: it is not known in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(done)
        except TimeoutError as error:
            raise ProblemDocument(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"The disk did not take the rows within {self._time}; it still may. "
                "Send them again under the same Idempotency-Key, and they count once.",
                after=_AFTER,
            ) from error

    @property
    def _time(self) -> str:
        return f"{self._seconds:g} second{'s' if self._seconds != 1 else ''}"

    def _end(self, task: asyncio.Future[T]) -> None:
        self._room.release()
        if not task.cancelled():
            task.exception()  # of one that nobody waits for any more

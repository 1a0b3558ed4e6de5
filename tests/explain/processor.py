"""Processor time instead of time on the clock: what a busy machine does not lengthen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processor_seconds(most: float) -> Iterator[None]:
    """Fail where the block uses more processor time in this thread than ``most`` seconds."""
    begin = time.thread_time()
    yield
    assert time.thread_time() - begin < most

"""The one cache of answers about a system's decisions: in the workspace, or in this process's memory.

Both find an answer under the fingerprint of the decisions (``store/cache/fingerprint.py``), so that it is measured once
after each change of them. A sign-off, a finding or a restart changes no decision and empties nothing; memory also
minds the system's settings.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from plumbline.domain import PlumblineError, System
from plumbline.governance import canonical_json
from plumbline.store.cache import answer_cache
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.workspace import Cursor, Workspace

T = TypeVar("T")

_GUARD = threading.Lock()
_LOCKS: WeakValueDictionary[Hashable, Any] = (
    WeakValueDictionary()
)  # an answer's name -> the lock of who measures it
_MEMORIES: WeakSet[Memory[Any]] = WeakSet()
_SHORT_MEMORY: ContextVar[dict[Hashable, Any] | None] = ContextVar("short memory", default=None)


@contextmanager
def short_term_cache() -> Iterator[None]:
    """Within it, in this thread, answers stay until its end and are not written: of decisions that nobody asks about
    again. They must not change meanwhile."""
    token = _SHORT_MEMORY.set({})
    try:
        yield
    finally:
        _SHORT_MEMORY.reset(token)


def memoise(cursor: Cursor, system: System, question: str, kind: Any, make: Callable[[], T]) -> T:
    """The answer to a question about a system's decisions: read from the workspace, or measured now and stored there.

    Concurrent callers of one question wait until the first result is ready.

    Args:
        question: its name, with every parameter and setting that the answer depends on.
        kind: the answer's type, of plain values and frozen dataclasses, without rows of the log: places instead.
        make: measures it, on this cursor.
    """
    memory = _SHORT_MEMORY.get()
    if memory is not None:
        name = (system.key, question)
        if name not in memory:
            memory[name] = make()
        known: T = memory[name]
        return known
    digest = fingerprint(cursor, system)
    with _lock((system.key, digest, question)):
        text = answer_cache.find(cursor, system.key, question, digest)
        if text is not None:
            answer: T = canonical_json.read(kind, text)
            return answer
        answer = make()
        _store(cursor, system, question, kind, answer, digest)
    return answer


class Memory(Generic[T]):
    """Answers in this process alone, the ones asked for last: for what is cheap, or never written, as a fitted model.

    Args:
        most: answers that stay.
        once: concurrent callers of one question wait for the first; otherwise both measure it.
        settings: whether an answer depends on the system's settings, and not on its decisions alone.
    """

    def __init__(self, most: int, *, once: bool = False, settings: bool = True) -> None:
        self._most = most
        self._once = once
        self._settings = settings
        self._answers: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()
        _MEMORIES.add(self)

    def get(
        self, ws: Workspace, cursor: Cursor, system: System, question: Hashable, make: Callable[[], T]
    ) -> T:
        """The answer to a question about a system as it is now."""
        name = self._name(ws, cursor, system, question)
        if self._once:
            with _lock((id(self), name)):
                return self._get(name, make)
        return self._get(name, make)

    def put(self, ws: Workspace, cursor: Cursor, system: System, question: Hashable, answer: T) -> None:
        """Hold an answer that another question gave."""
        self._put(self._name(ws, cursor, system, question), answer)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._answers.clear()

    def _name(self, ws: Workspace, cursor: Cursor, system: System, question: Hashable) -> Hashable:
        settings = repr(system) if self._settings else system.key
        return str(ws.path), settings, fingerprint(cursor, system), question

    def _get(self, name: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if name in self._answers:
                self._answers.move_to_end(name)
                return self._answers[name]
        answer = make()
        self._put(name, answer)
        return answer

    def _put(self, name: Hashable, answer: T) -> None:
        with self._lock:
            self._answers[name] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)


def clear_memory() -> None:
    """Hold nothing in memory, as a new process does."""
    for memory in list(_MEMORIES):
        memory.clear()


def _store(cursor: Cursor, system: System, question: str, kind: Any, answer: Any, digest: str) -> None:
    """Store it, unless the decisions changed meanwhile or it would not read back as it is."""
    try:
        text = canonical_json.write(answer, messages=True)
        if canonical_json.read(kind, text) == answer and fingerprint(cursor, system) == digest:
            answer_cache.keep(cursor, system.key, question, digest, text)
    except PlumblineError:
        return  # a figure that JSON cannot hold: it is measured again next time


def _lock(name: Hashable) -> Any:
    with _GUARD:
        lock = _LOCKS.get(name)
        if lock is None:
            lock = _LOCKS[name] = threading.RLock()
        return lock

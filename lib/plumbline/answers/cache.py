"""Answers to scans of the decisions, kept in the workspace: measured once after each change of the decisions.

A sign-off, a finding or a setting changes no decision, so it empties nothing here, and neither does a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from plumbline.answers.recent import Recent
from plumbline.domain import PlumblineError, System
from plumbline.governance import canonical_json
from plumbline.store import answer_cache as store
from plumbline.store.workspace import Cursor, Workspace

T = TypeVar("T")

MOST_HELD = 24  # answers that stay in memory
_HELD: Recent[Any] = Recent(MOST_HELD)
_GUARD = threading.Lock()
_BUSY: WeakValueDictionary[str, Any] = (
    WeakValueDictionary()
)  # question and digest -> the lock of who measures it


def kept(cursor: Cursor, system: System, question: str, kind: Any, make: Callable[[], T]) -> T:
    """The answer to a question about a system's decisions: kept, or made now and kept.

    Two who ask the same at the same time: the second waits for the first.

    Args:
        question: its name, with every parameter and setting that the answer depends on.
        kind: the answer's type, of plain values and frozen dataclasses, without rows of the log: places instead.
        make: measures it, on this cursor.
    """
    digest = store.rests_on(cursor, system)
    with _lock(f"{system.key} {digest} {question}"):
        text = store.find(cursor, system.key, question, digest)
        if text is not None:
            found: T = canonical_json.read(kind, text)
            return found
        made = make()
        _keep(cursor, system, question, kind, made, digest)
    return made


def held(ws: Workspace, cursor: Cursor, system: System, question: str, make: Callable[[], T]) -> T:
    """As ``kept``, but in this process alone: for what is never written, such as a fitted model."""
    name = f"{ws.path} {system.key} {store.rests_on(cursor, system)} {question}"
    with _lock(name):
        found: T = _HELD.get(name, make)
    return found


def _keep(cursor: Cursor, system: System, question: str, kind: Any, answer: Any, digest: str) -> None:
    """Keep it, unless the decisions changed meanwhile or it would not read back as it is."""
    try:
        text = canonical_json.write(answer, messages=True)
        if canonical_json.read(kind, text) == answer and store.rests_on(cursor, system) == digest:
            store.keep(cursor, system.key, question, digest, text)
    except PlumblineError:
        return  # a figure that JSON cannot hold: it is measured again next time


def _lock(name: str) -> Any:
    with _GUARD:
        held = _BUSY.get(name)
        if held is None:
            held = _BUSY[name] = threading.RLock()
        return held

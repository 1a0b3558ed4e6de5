"""Erasing a person or a decision: rows, labels, quarantine, counts and bytes, with a certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plumbline.domain import System
from plumbline.logs.erase import Erased, clear_bytes, erase
from plumbline.profile import build
from plumbline.store import kept
from plumbline.store.workspace import Cursor, Workspace


def erase_person(
    ws: Workspace, key: str, *, subject: str | None = None, decision_id: str | None = None, actor: str
) -> Erased:
    """Erase and count anew in one transaction, then overwrite what the file still holds of it.

    Raises:
        PlumblineError: nothing of it is here; see ``logs.erase.erase``.
    """
    made = erase(ws, key, subject=subject, decision_id=decision_id, actor=actor, after=_count_anew)
    return replace(made, bytes_cleared=clear_bytes(ws))


def _count_anew(cursor: Cursor, system: System, loads: Sequence[int]) -> None:
    build.on_erased(cursor, system, loads)
    kept.forget(cursor, system.key)

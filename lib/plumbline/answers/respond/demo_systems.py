"""Receipts of the demo: its stand-in answered them, so they prove something of the systems that it loaded alone."""

from __future__ import annotations

from plumbline.domain.respond import DEMO
from plumbline.store import loads
from plumbline.store.workspace import Cursor


def is_of_demo(cursor: Cursor, key: str) -> bool:
    """Whether the demo alone loaded a system's log."""
    return all(load.actor == DEMO for load in loads.list_loads(cursor, key))


def is_evidence_for(by: str, of_demo: bool) -> bool:
    """Whether a receipt by that name proves something of a system; ``of_demo``: see ``is_of_demo``."""
    return of_demo or by != DEMO

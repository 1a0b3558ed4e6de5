"""One switch that stops all acting: of the workspace, or of the machine by ``PLUMBLINE_RESPOND=off``."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from plumbline.domain.acts import Act
from plumbline.governance import canonical_json
from plumbline.store import trail
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace

VARIABLE = "PLUMBLINE_RESPOND"
NAME = "kill switch"


def stopped(cursor: Cursor) -> str:
    """Who switched all acting off, in words; empty: nobody did."""
    if os.environ.get(VARIABLE, "").strip().lower() in ("off", "0", "no", "false"):
        return f"{VARIABLE} says so where Plumbline runs"
    body = settings.setting(cursor, NAME)
    if body is None:
        return ""
    held = canonical_json.read(dict[str, str], body)
    return (
        f"by {held.get('by', 'somebody')} on {held.get('at', '')[:10]}" if held.get("state") == "off" else ""
    )


def switch(ws: Workspace, *, on: bool, by: str) -> None:
    """Switch all acting off or on. Anybody who may act switches off; switching on again is an owner's."""
    state = "on" if on else "off"
    body = canonical_json.write({"state": state, "by": by, "at": datetime.now(UTC).isoformat()})
    with ws.write() as cursor:
        settings.save(cursor, NAME, body)
        trail.append(cursor, actor=by, action=Act.ACTING_ON if on else Act.ACTING_OFF, detail={"state": state})

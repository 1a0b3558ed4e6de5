"""One switch that stops all acting of a workspace: no message, no trigger, no rollback."""

from __future__ import annotations

import os

from plumbline.answers.signer import signer
from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.digests.settings_digest import STOPPED
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace, now

VARIABLE = "PLUMBLINE_RESPOND"


def reason_to_stop(cursor: Cursor) -> str:
    """Why nothing acts, as a sentence; empty where it may."""
    if os.environ.get(VARIABLE, "").strip().lower() in ("off", "0", "no", "false"):
        return f"Acting is switched off by the environment variable {VARIABLE}"
    entry = settings.setting(cursor, STOPPED)
    return f"Acting was switched off by {entry['by']} on {entry['at'][:10]}" if entry else ""


def stop(ws: Workspace, *, by: str) -> None:
    """Stop all acting; what is found meanwhile waits.

    Raises:
        PlumblineError: nobody is named.
    """
    signer(by, "Switching off")
    with ws.write() as cursor:
        settings.keep(cursor, STOPPED, {"by": by.strip(), "at": now().isoformat()})
        trail.append(cursor, actor=by.strip(), action=Act.ACTING_STOPPED)


def resume(ws: Workspace, *, by: str) -> None:
    """Let the workspace act again: an owner's act.

    Raises:
        PlumblineError: nobody is named.
    """
    signer(by, "Switching on")
    with ws.write() as cursor:
        settings.keep(cursor, STOPPED, None)
        trail.append(cursor, actor=by.strip(), action=Act.ACTING_RESUMED)

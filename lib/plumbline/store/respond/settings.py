"""What holds for the workspace as a whole: one JSON value a name."""

from __future__ import annotations

import json
import secrets
from typing import Any

import duckdb

from plumbline.store.digests import settings_digest

_WORKSPACE = "workspace id"


def setting(cursor: duckdb.DuckDBPyConnection, name: str, otherwise: Any = None) -> Any:
    """The value of that name, or ``otherwise``."""
    row = cursor.execute("SELECT body FROM respond_setting WHERE name = ?", [name]).fetchone()
    return json.loads(row[0]) if row else otherwise


def keep(cursor: duckdb.DuckDBPyConnection, name: str, value: Any) -> None:
    """Set the value of that name; None deletes it."""
    if name in settings_digest.STATED:
        settings_digest.begin(cursor, settings_digest.WORKSPACE)
    cursor.execute("DELETE FROM respond_setting WHERE name = ?", [name])
    if value is not None:
        body = json.dumps(value, sort_keys=True, separators=(",", ":"))
        cursor.execute("INSERT INTO respond_setting VALUES (?, ?)", [name, body])


def workspace_id(cursor: duckdb.DuckDBPyConnection) -> str:
    """The id by which receivers know this workspace; made with the first message, inside the caller's transaction."""
    workspace_key = setting(cursor, _WORKSPACE)
    if workspace_key is None:
        workspace_key = secrets.token_hex(8)
        keep(cursor, _WORKSPACE, workspace_key)
    return str(workspace_key)

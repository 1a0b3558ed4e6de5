"""What ties settings to the trail: what an owner set for a system or for the workspace, and how a log is read.

Whoever writes one says so first (``begin``), and the next entry of that system, or the next of all for the workspace,
takes up a digest of all its settings (``seal``, called by ``trail.append``). A setting that is changed by hand fits the
newest such entry no more; and where ``begin`` finds one so, the entry says that for good, whatever is set later.

The digests are of rows as text and hold in every version of DuckDB. A column that is empty in a row does not count
there: a later version may have brought it. A migration that rewrites what is set has to call ``begin`` before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from plumbline.domain.acts import Act

#: the scope of what holds for the workspace as a whole; all others are keys of systems
WORKSPACE = ""
#: what people set of ``respond_setting``; the rest is what machines note
STATED = (FREEZE, STOPPED, SCHEDULE, TIME_AUTHORITY) = ("freeze", "stopped", "schedule", "time authority")
#: the one of ``setting``
PLACES = "places"
#: in an entry's detail: the digest after it, and what was there before where that was not vouched for
_OF_SYSTEM, _OF_WORKSPACE = ("settings_digest", "settings_before"), ("workspace_digest", "workspace_before")
_PENDING = "settings to vouch for "
_BY_SYSTEM = {
    "system": "SELECT * FROM system WHERE key = $scope",
    "mapping": "SELECT * FROM mapping WHERE system = $scope",
    "rollback mode": "SELECT * FROM rollback_mode WHERE system = $scope",
    "trigger": "SELECT * FROM retraining_trigger WHERE system = $scope",
}
_BY_WORKSPACE = {
    # a code that is out is no setting, and is forgotten without an act
    "channel": "SELECT name, json_merge_patch(body, '{\"code\": null}') AS body FROM channel WHERE $scope = ''",
    "respond": f"SELECT * FROM respond_setting WHERE $scope = '' AND name IN {STATED!r}",
    "setting": f"SELECT * FROM setting WHERE $scope = '' AND name = '{PLACES}'",
}


@dataclass(frozen=True, slots=True)
class SettingsDifference:
    """Settings that are not what an entry vouches for. ``system``: empty for the workspace's. ``entry``: the one that
    noted it when it was written; None: they are so now."""

    system: str
    entry: int | None


def digest(cursor: duckdb.DuckDBPyConnection, scope: str) -> str:
    """SHA-256 of all that is set for a system or the workspace; empty where nothing is."""
    rows: list[str] = []
    for name, query in (_BY_SYSTEM if scope else _BY_WORKSPACE).items():
        answer = cursor.execute(query, {"scope": scope})
        columns = [str(column[0]) for column in answer.description or ()]
        for values in answer.fetchall():
            cells = {k: str(v) for k, v in zip(columns, values, strict=True) if v not in (None, "")}
            rows.append(json.dumps([name, cells], sort_keys=True))
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() if rows else ""


def begin(cursor: duckdb.DuckDBPyConnection, scope: str) -> None:
    """To be called before anything is set, inside the caller's transaction: the next entry vouches for it."""
    if _begun(cursor, scope) is not None:
        return  # this act wrote before, and what it found was looked at then
    vouched = _vouched(cursor, scope)
    now = digest(cursor, scope)
    before = now or "none" if vouched is not None and vouched != now else ""
    cursor.execute("INSERT INTO setting VALUES (?, ?)", [_PENDING + scope, before])


def seal(cursor: duckdb.DuckDBPyConnection, system: str) -> dict[str, str]:
    """What an entry has to hold of what was set since the one before it; called by ``trail.append``."""
    detail: dict[str, str] = {}
    for scope, (after, before) in {WORKSPACE: _OF_WORKSPACE, system: _names(system)}.items():
        begun = _begun(cursor, scope)
        if begun is None:
            continue
        detail |= {after: digest(cursor, scope)} | ({before: begun} if begun else {})
        cursor.execute("DELETE FROM setting WHERE name = ?", [_PENDING + scope])
    return detail


def _names(scope: str) -> tuple[str, str]:
    return _OF_SYSTEM if scope else _OF_WORKSPACE


def _begun(cursor: duckdb.DuckDBPyConnection, scope: str) -> str | None:
    row = cursor.execute("SELECT value FROM setting WHERE name = ?", [_PENDING + scope]).fetchone()
    return str(row[0]) if row else None


def _vouched(cursor: duckdb.DuckDBPyConnection, scope: str) -> str | None:
    """The digest that the newest entry vouches for; None where none does, as in a workspace of an earlier version."""
    after, _ = _names(scope)
    row = cursor.execute(
        f"""SELECT json_extract_string(detail, '$.{after}') AS noted FROM trail
            WHERE contains(detail, '"{after}"') AND noted IS NOT NULL AND ($scope = '' OR (system = $scope AND seq > (
                SELECT coalesce(max(seq), 0) FROM trail WHERE system = $scope AND action = $removed)))
            ORDER BY seq DESC LIMIT 1""",
        {"scope": scope, "removed": Act.SYSTEM_REMOVED.value},
    ).fetchone()
    return str(row[0]) if row else None


def differences(cursor: duckdb.DuckDBPyConnection) -> Iterator[SettingsDifference]:
    """Where settings were changed past the trail, and the entries that noted some so."""
    keys = cursor.execute(
        """SELECT key FROM system UNION SELECT system FROM mapping UNION SELECT system FROM rollback_mode
           UNION SELECT system FROM retraining_trigger ORDER BY 1"""
    ).fetchall()
    for scope in (WORKSPACE, *(str(key) for (key,) in keys)):
        vouched = _vouched(cursor, scope)
        if vouched is not None and vouched != digest(
            cursor, scope
        ):  # None: an earlier version vouched for nothing
            yield SettingsDifference(scope, None)
    for _, before in (_OF_WORKSPACE, _OF_SYSTEM):
        rows = cursor.execute(
            f"""SELECT system, seq FROM trail WHERE contains(detail, '"{before}"')
                AND json_extract_string(detail, '$.{before}') IS NOT NULL ORDER BY seq"""
        ).fetchall()
        for system, seq in rows:
            yield SettingsDifference("" if before == _OF_WORKSPACE[1] else str(system), int(seq))

"""Whether a workspace's file is what was written: every block, the trail's chain, and what the trail vouches for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.backup import register_digest, state_digest
from plumbline.store.database.connection import damage_sentence
from plumbline.store.digests import settings_digest
from plumbline.store.sql import ident
from plumbline.store.times import naive

_NAMED = 20  # loads listed by number


@dataclass(frozen=True, slots=True)
class IntegrityProblem:
    """What is wrong. ``kind``: file, trail, loads, people, tokens, scorecards, state, registers, profiles;
    ``where``: the table, entry, load or system."""

    kind: str
    where: str
    sentence: str


def integrity_problems(
    cursor: duckdb.DuckDBPyConnection, target: Path, head: str = ""
) -> Iterator[IntegrityProblem | state_digest.LooseLoad]:
    """What is wrong with an open workspace, but for its profiles, and which loads nothing ties to the trail; reads all
    of it.

    Args:
        head: the digest of an entry of the trail that somebody kept.
    """
    faults = list(file_problems(cursor, target))
    yield from faults
    if not faults:
        yield from chain_problems(cursor, head)
        yield from trail_problems(cursor)


def file_problems(cursor: duckdb.DuckDBPyConnection, target: Path) -> Iterator[IntegrityProblem]:
    """The tables that cannot be read; reads every block of the file."""
    for table in _tables(cursor):
        try:
            cursor.execute(
                f"SELECT bit_xor(hash(all_of)) FROM (SELECT t AS all_of FROM {ident(table)} t)"
            ).fetchall()
        except duckdb.Error as error:
            if damage_sentence(target, error) is None:
                raise
            yield IntegrityProblem(
                "file", table, f"The table {table} cannot be read: its bytes are not what was written."
            )
            if isinstance(error, duckdb.FatalException):
                return


def first_problem(cursor: duckdb.DuckDBPyConnection, target: Path) -> IntegrityProblem | None:
    """The first thing that is wrong with an open workspace, or None."""
    return next(
        (found for found in integrity_problems(cursor, target) if isinstance(found, IntegrityProblem)), None
    )


def untied_loads_note(loads: Sequence[int]) -> str:
    """Which loads nothing ties to the trail; empty where there are none."""
    if not loads:
        return ""
    named = ", ".join(str(load) for load in loads[:_NAMED]) + (" and more" if len(loads) > _NAMED else "")
    return f"Not tied to the trail without a gap, as an earlier version made or read them: load {named}."


def trail_problems(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem | state_digest.LooseLoad]:
    """Where the workspace is not what its trail vouches for, and which loads nothing ties to it; reads each decision
    and count once."""
    there = set(_tables(cursor))
    for table, check in (
        ("setting", _head),
        ("load", _loads),
        ("load", _missing_loads),
        ("person", _unexplained_roles),
        ("token", _tokens),
        ("kept", _scorecards),
        ("state_digest", _state),
        ("state_digest", _registers),
        ("respond_setting", _settings),
    ):
        if table in there:  # a copy may be of an older schema
            yield from check(cursor)
    if "state_digest" not in there and "trail" in there:
        row = cursor.execute(
            "SELECT min(seq) FROM trail WHERE json_extract_string(detail, '$.digests') IS NOT NULL"
        ).fetchone()
        if row and row[0] is not None:
            words = f"The digests of decisions and counts are no longer here, though entry {row[0]} vouches for them."
            yield IntegrityProblem("state", "state_digest", words)


def _tables(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    found = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY 1"
    return [row[0] for row in cursor.execute(found).fetchall()]


def chain_problems(cursor: duckdb.DuckDBPyConnection, head: str = "") -> Iterator[IntegrityProblem]:
    """Where the trail's chain does not hold, or lacks the digest of an entry that somebody kept (``head``)."""
    checked = trail.verify(cursor, head)
    if checked.missing_head:
        sentence = trail.head_sentence(checked.missing_head)
        yield IntegrityProblem("trail", "head", f"Of the trail, {sentence}")
    elif not checked.intact:
        where = f"entry {checked.first_broken}"
        yield IntegrityProblem("trail", where, f"The trail's chain is broken at {where}.")


def unverified_loads(
    cursor: duckdb.DuckDBPyConnection, key: str | None = None, since: datetime | None = None
) -> dict[int, tuple[str, int | None]]:
    """Loads whose file, hash or figures are not those that the trail noted: system, and the entry that says otherwise;
    None: none knows the load.

    Args:
        key: only of one system.
        since: only loads made then or later, and entries: a long trail takes seconds to read.
    """
    rows = cursor.execute(
        """WITH noted AS (
               SELECT *, row_number() OVER (PARTITION BY system, load ORDER BY seq DESC) AS nth FROM (
                   SELECT seq, system, actor, detail, CAST(json_extract_string(detail, '$.load_id') AS INTEGER) AS load
                   FROM trail WHERE action IN ($act, $merged) AND ($since::TIMESTAMP IS NULL OR made_at >= $since))),
           undone AS (
               SELECT seq, system, CAST(json_extract_string(detail, '$.load_id') AS INTEGER) AS load
               FROM trail WHERE action = $undo AND ($since::TIMESTAMP IS NULL OR made_at >= $since))
           SELECT l.load_id, l.system, t.seq FROM load l
           LEFT JOIN noted t ON t.nth = 1 AND t.system = l.system AND t.load = l.load_id
           LEFT JOIN undone u ON u.system = l.system AND u.seq > t.seq AND u.load = l.load_id
           WHERE ($key IS NULL OR l.system = $key) AND ($since::TIMESTAMP IS NULL OR l.made_at >= $since) AND (
              t.seq IS NULL OR json_extract_string(t.detail, '$.file') IS DISTINCT FROM l.file
              OR json_extract_string(t.detail, '$.sha256') IS DISTINCT FROM l.sha256
              OR json_extract_string(t.detail, '$.kind') <> l.kind
              OR coalesce(json_extract_string(t.detail, '$.pushed_by'), t.actor) <> l.actor
              OR CAST(json_extract_string(t.detail, '$.rows_read') AS BIGINT) IS DISTINCT FROM l.rows_read
              OR CAST(json_extract_string(t.detail, '$.rows_loaded') AS BIGINT) IS DISTINCT FROM l.rows_loaded
              OR CAST(json_extract_string(t.detail, '$.labels_joined') AS BIGINT) <> l.labels_joined
              OR (l.undone_at IS NULL) <> (u.seq IS NULL))
           ORDER BY 1""",
        {
            "act": Act.LOADED.value,
            "undo": Act.UNDONE.value,
            "merged": Act.PUSHES_MERGED.value,
            "key": key,
            "since": naive(since) if since else None,
        },
    ).fetchall()
    return {int(load): (str(system), seq) for load, system, seq in rows}


def _loads(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Loads whose file, hash or figures are not those that the trail noted, and those that it does not know."""
    for load, (system, seq) in unverified_loads(cursor).items():
        text = f"is not what the trail says of it in entry {seq}" if seq else "is not on the trail"
        yield IntegrityProblem("loads", f"load {load}", f"Load {load} of {system} {text}.")


def _missing_loads(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Loads that the trail noted and that the register does not know, though no entry says into which they were merged
    and their system was not deleted since."""
    rows = cursor.execute(
        """SELECT DISTINCT CAST(json_extract_string(t.detail, '$.load_id') AS INTEGER) AS load, t.system FROM trail t
           WHERE t.action IN ($act, $merged) AND load NOT IN (SELECT load_id FROM load) AND NOT EXISTS (
               SELECT 1 FROM trail r WHERE r.action = $removed AND r.system = t.system AND r.seq > t.seq)
           AND (t.system, load) NOT IN (
               SELECT system, CAST(unnest(json_extract(detail, '$.of')::VARCHAR::INTEGER[]) AS INTEGER)
               FROM trail WHERE action = $merged) ORDER BY 1""",
        {"act": Act.LOADED.value, "removed": Act.SYSTEM_REMOVED.value, "merged": Act.PUSHES_MERGED.value},
    ).fetchall()
    for load, system in rows:
        yield IntegrityProblem(
            "loads", f"load {load}", f"Load {load} of {system} is on the trail, and no longer here."
        )


def _unexplained_roles(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Roles that no entry of the trail gave or took away."""
    rows = cursor.execute(
        """WITH given AS (
               SELECT json_extract_string(detail, '$.email') AS email,
                      last(json_extract_string(detail, '$.role') ORDER BY seq) AS role,
                      last(action ORDER BY seq) AS act
               FROM trail WHERE action IN ($given, $taken) GROUP BY 1)
           SELECT coalesce(p.email, g.email), p.access FROM person p FULL JOIN given g ON p.email = g.email
           WHERE (p.email IS NULL AND g.act = $given)
              OR (p.email IS NOT NULL AND (g.email IS NULL OR g.act <> $given OR g.role <> p.access)) ORDER BY 1""",
        {"given": Act.ROLE_GIVEN.value, "taken": Act.ROLE_TAKEN.value},
    ).fetchall()
    for email, access in rows:
        if access is None:
            yield IntegrityProblem(
                "people", email, f"{email} has no role, and no entry of the trail took it away."
            )
        else:
            yield IntegrityProblem(
                "people", email, f"{email} has the role {access}, which no entry of the trail gave."
            )


def _tokens(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Tokens that no entry of the trail gave so, or that hold although one revoked them."""
    rows = cursor.execute(
        """WITH given AS (
               SELECT json_extract_string(detail, '$.name') AS name,
                      first(json_extract_string(detail, '$.role') ORDER BY seq) AS role,
                      first(json_extract_string(detail, '$.until') ORDER BY seq) AS until,
                      first(json_extract(detail, '$.systems')::VARCHAR ORDER BY seq) AS systems,
                      last(action ORDER BY seq) AS act
               FROM trail WHERE action IN ($given, $revoked) GROUP BY 1)
           SELECT t.name FROM token t LEFT JOIN given g USING (name)
           WHERE g.role IS DISTINCT FROM t.access OR g.until IS DISTINCT FROM coalesce(t.until::VARCHAR, '')
              OR replace(t.systems, ' ', '') IS DISTINCT FROM g.systems
              OR (g.act = $revoked) <> (t.revoked_at IS NOT NULL) ORDER BY 1""",
        {"given": Act.TOKEN_ADDED.value, "revoked": Act.TOKEN_REVOKED.value},
    ).fetchall()
    for (name,) in rows:
        yield IntegrityProblem("tokens", name, f"The token {name} is not what the trail says of it.")


def _scorecards(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Kept scorecards that no entry of the trail knows."""
    rows = cursor.execute(
        """SELECT s.id, s.system FROM scorecard s WHERE s.given <> '' AND NOT EXISTS (
               SELECT 1 FROM trail t WHERE t.action = $kept AND t.system = s.system
               AND json_extract_string(t.detail, '$.card') = sha256(s.body)
               AND json_extract_string(t.detail, '$.verdict') = s.verdict) ORDER BY 1""",
        {"kept": Act.SCORECARD_KEPT.value},
    ).fetchall()
    for number, system in rows:
        yield IntegrityProblem("scorecards", system, f"Scorecard {number} of {system} is not on the trail.")


_NOT_FITTING = {
    "decisions": "Decisions of load {load} of {system} are not those that the trail vouches for.",
    "counts": "The counts of load {load} of {system} are not those that the trail vouches for.",
    "grids": "The grids of {system} are not those that the trail vouches for.",
    "digests": "The digests of {system} are not those on the trail.",
    "unknown decisions": "Decisions of load {load} of {system} are there that no digest on the trail vouches for.",
    "unknown counts": "Counts of load {load} of {system} are there that no digest on the trail vouches for.",
}
_OF_NO_LOAD = {
    "unknown decisions": "Decisions of {system} are there that name no load.",
    "unknown counts": "Counts of {system} are there that name no load.",
}


def _head(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Where the trail does not end with the entry that was written last."""
    lost = trail.missing_head(cursor)
    if lost:
        words = (
            f"The trail does not end with the entry that was written last ({lost[:12]}): its end was cut off."
        )
        yield IntegrityProblem("trail", "head", words)


def _registers(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Where statements and incidents are not those that the trail vouches for."""
    for change in register_digest.differences(cursor):
        words = f"Statements or incidents of {change.system} are not those that the trail vouches for."
        if change.entry is not None:
            words = (
                f"Statements or incidents of {change.system} had been changed past the trail when entry "
                f"{change.entry} was written."
            )
        yield IntegrityProblem("registers", f"entry {change.entry}" if change.entry else change.system, words)


def _settings(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Where what is set for a system or the workspace is not what the trail vouches for."""
    for change in settings_digest.differences(cursor):
        subject = f"Settings of {change.system or 'the workspace'}"
        words = f"{subject} are not those that the trail vouches for."
        if change.entry is not None:
            words = f"{subject} had been changed past the trail when entry {change.entry} was written."
        place = f"entry {change.entry}" if change.entry else change.system or "workspace"
        yield IntegrityProblem("settings", place, words)


def _state(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem | state_digest.LooseLoad]:
    """Where decisions and counts do not fit their digests, or did not when an act changed them, and the loads that have
    none."""
    for key, seq, loads in state_digest.tamper_entries(cursor):
        named = ", ".join(map(str, loads[:_NAMED])) + (" and more" if len(loads) > _NAMED else "")
        words = f"Load {named} of {key} had been changed past the trail when entry {seq} was written."
        yield IntegrityProblem("state", f"entry {seq}", words)
    for (key,) in cursor.execute("SELECT key FROM system ORDER BY 1").fetchall():
        for difference in state_digest.differences(cursor, key):
            if isinstance(difference, state_digest.LooseLoad):
                yield difference
                continue
            sentences = _OF_NO_LOAD if difference.load_id is None else _NOT_FITTING
            words = sentences[difference.what].format(load=difference.load_id, system=key)
            yield IntegrityProblem(
                "state", f"load {difference.load_id}" if difference.load_id else key, words
            )

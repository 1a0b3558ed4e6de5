"""What ties the decisions and the counts of a workspace to its trail.

Each load has a digest of its rows and one of its counts, whatever their order. Whoever changes either marks the load,
and the act that goes on the trail for it seals the system: what is marked is digested anew, and all digests of the
system are hashed into the entry. A row that is changed by hand then fits its digest no more, a digest that is changed
by hand fits the entry no more, and an entry fits the chain.

The digests are sums of DuckDB's own hashes, which cost a few per cent of a load. They show what was changed by hand
or by a fault, not what somebody computed so that the sums stay as they are; and they hold within one version of DuckDB.
Where an act changes a load that another version digested, nobody can look at it first: the entry names it (``RETIED``),
and it stays among the loads that the trail does not vouch for without a gap.
What was changed by hand shows until an act changes the same load: it is digested as it then is, change and all. So an
act that changes rows looks at its loads first (``note_changes``), and where one is not what was digested, its entry
says so for good. Where these loads have more than 200,000 rows, that would cost too much, and is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from plumbline.domain.acts import Act
from plumbline.store.backup.wide_rows import WIDE, hash_sum
from plumbline.store.sql import decision_table, ident

#: the tables of counts, by load; of a table in a cluster also what each load has counted of it
PROFILES = (
    "profile_hour", "profile_presence", "profile_outcome", "profile_confusion", "profile_delay", "profile_feature",
    "attachment_window", "attachment_day",
)  # fmt: skip
#: the place of the grids among the loads, and of where decisions lie that are not here
GRIDS = 0
#: instead of a digest: the load was not what was digested when an act came to change it
_BY_HAND = "!"
#: in an entry's detail: the loads of which that is so
CHANGED = "changed_past_trail"
#: and those that another version of DuckDB had digested and that were digested anew as they were then
RETIED = "tied_anew"
#: rows of an act's loads up to which it looks at them first
MOST_ROWS = 200_000
_AT_ONCE = 200  # columns counted in one statement
ENGINE = duckdb.__version__


@dataclass(frozen=True, slots=True)
class LooseLoad:
    """A load that no digest ties to the trail, or that another version of DuckDB tied, now or before it was tied
    anew."""

    system: str
    load_id: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What does not fit: ``what`` is decisions, counts, grids or digests; "unknown decisions" and "unknown counts" are
    of a load that should have none. ``load_id``: 0 or less where it is no load's, None where rows name none."""

    system: str
    what: str
    load_id: int | None


def add(cursor: duckdb.DuckDBPyConnection, key: str, load_id: int) -> None:
    """Note a new load; the next seal digests it."""
    there = cursor.execute(
        "SELECT 1 FROM state_digest WHERE system = ? AND load_id = ?", [key, load_id]
    ).fetchone()
    if there is None:
        cursor.execute("INSERT INTO state_digest VALUES (?, ?, '', '', '')", [key, load_id])


def drop(cursor: duckdb.DuckDBPyConnection, key: str, *loads: int) -> None:
    """Forget loads that are taken back, or become part of another one."""
    cursor.execute(
        "DELETE FROM state_digest WHERE system = $key AND list_contains($loads::INTEGER[], load_id)",
        {"key": key, "loads": [int(load) for load in loads]},
    )


def note_changes(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int] | None = None) -> None:
    """To be called before an act changes rows of some loads, or of all: notes those that are not what was digested."""
    chosen = None if loads is None else [int(load) for load in loads]
    rows = cursor.execute(
        """SELECT load_id, decisions, profiles FROM state_digest
           WHERE system = $key AND engine = $engine AND load_id <> $grids AND decisions NOT IN ('', $hand)
           AND ($loads::INTEGER[] IS NULL OR list_contains($loads::INTEGER[], load_id))""",
        {"key": key, "engine": ENGINE, "grids": GRIDS, "hand": _BY_HAND, "loads": chosen},
    ).fetchall()
    digests = {int(load): (decisions, profiles) for load, decisions, profiles in rows}
    if not digests:
        return
    size = cursor.execute(
        f"SELECT count(*) FROM {decision_table(key)} WHERE {_load_condition(digests)}"
    ).fetchone()
    if size is None or size[0] > MOST_ROWS:
        return
    decisions, counts = _decisions(cursor, key, digests), _profiles(cursor, key, digests)
    unfit = [
        load
        for load, (rows_then, counts_then) in digests.items()
        if rows_then != decisions[load] or counts_then not in ("", counts[load])
    ]
    if unfit:
        cursor.execute(
            """UPDATE state_digest SET decisions = $hand
               WHERE system = $key AND list_contains($loads::INTEGER[], load_id)""",
            {"key": key, "hand": _BY_HAND, "loads": unfit},
        )


def mark_decisions(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int] | None = None) -> None:
    """Say that rows of some loads, or of all, are others than those that were digested."""
    _mark(cursor, "decisions", key, loads)


def mark_profiles(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int] | None = None) -> None:
    """Say that counts of some loads, or of all, are others than those that were digested."""
    _mark(cursor, "profiles", key, loads)


def _mark(cursor: duckdb.DuckDBPyConnection, what: str, key: str, loads: Collection[int] | None) -> None:
    chosen = None if loads is None else [int(load) for load in loads]
    cursor.execute(
        f"""UPDATE state_digest SET {what} = '' WHERE system = $key AND {what} NOT IN ('', '{_BY_HAND}')
            AND ($loads::INTEGER[] IS NULL OR list_contains($loads::INTEGER[], load_id))""",
        {"key": key, "loads": chosen},
    )


def seal(cursor: duckdb.DuckDBPyConnection, key: str) -> dict[str, object]:
    """Digest what is marked anew, and return what the entry of the trail has to hold; nothing where no load is tied.

    Called last of all, so that nothing changes between it and the entry.
    """
    by_hand = cursor.execute(
        "SELECT load_id FROM state_digest WHERE system = ? AND decisions = ? ORDER BY 1", [key, _BY_HAND]
    ).fetchall()
    if by_hand:
        cursor.execute(
            "UPDATE state_digest SET decisions = '' WHERE system = ? AND decisions = ?", [key, _BY_HAND]
        )
    seals = cursor.execute(
        # a digest of another engine beside one of this would pass for one of this as well
        """SELECT load_id, decisions = '' OR (moved AND profiles = ''), profiles = '' OR (moved AND decisions = '')
           FROM (SELECT *, engine <> $engine AS moved FROM state_digest) WHERE system = $key ORDER BY 1""",
        {"key": key, "engine": ENGINE},
    ).fetchall()
    if not seals:
        return {}
    retied = cursor.execute(
        """SELECT load_id FROM state_digest WHERE system = $key AND engine NOT IN ('', $engine)
           AND (decisions = '' OR profiles = '') ORDER BY 1""",
        {"key": key, "engine": ENGINE},
    ).fetchall()
    if seals[0][0] != GRIDS:
        add(cursor, key, GRIDS)
        seals.insert(0, (GRIDS, True, True))
    digests_by_part = {
        "decisions": _decisions(cursor, key, [load for load, stale, _ in seals if stale and load != GRIDS]),
        "profiles": _profiles(cursor, key, [load for load, _, stale in seals if stale]),
    }
    if any(stale for load, stale, _ in seals if load == GRIDS):
        digests_by_part["decisions"][GRIDS] = "-"
    for what, digests in digests_by_part.items():
        cursor.execute(
            f"""UPDATE state_digest AS s SET {what} = d.digest, engine = $engine
                FROM (SELECT unnest($loads::INTEGER[]) AS load_id, unnest($digests::VARCHAR[]) AS digest) d
                WHERE s.system = $key AND s.load_id = d.load_id""",
            {"key": key, "engine": ENGINE, "loads": list(digests), "digests": list(digests.values())},
        )
    noted = {CHANGED: [int(load) for (load,) in by_hand], RETIED: [int(load) for (load,) in retied]}
    return {"digests": _fold(cursor, key)} | {name: loads for name, loads in noted.items() if loads}


def _fold(cursor: duckdb.DuckDBPyConnection, key: str) -> str:
    rows = cursor.execute(
        "SELECT load_id, engine, decisions, profiles FROM state_digest WHERE system = ? ORDER BY 1", [key]
    ).fetchall()
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def _decisions(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int]) -> dict[int, str]:
    """A digest of each load's rows. A column that is empty there does not count: a later load may have brought it."""
    if not loads:
        return {}
    table = decision_table(key)
    names = sorted(str(row[0]) for row in cursor.execute(f"DESCRIBE {table}").fetchall())
    alike: dict[tuple[str, ...], list[int]] = {}
    for load, columns in _columns_with_values(cursor, table, names, loads).items():
        alike.setdefault(columns, []).append(load)
    digests = {int(load): _sha256([]) for load in loads}
    for columns in [columns for columns in alike if len(columns) > WIDE]:
        for load in alike.pop(columns):
            sums = hash_sum(cursor, f"FROM {table} WHERE {_load_condition([load])}", columns)
            digests[load] = _sha256([*columns, *sums])
    for some in _batches(alike):
        columns_of = {load: columns for columns, members in some.items() for load in members}
        hashes = " ".join(
            f"WHEN {_load_condition(members)} THEN hash({', '.join(ident(name) for name in columns)})"
            for columns, members in some.items()
        )
        rows = cursor.execute(
            f"""SELECT _load_id, count(*), sum(CASE {hashes} END) FROM {table}
                WHERE {_load_condition(columns_of)} GROUP BY 1"""
        ).fetchall()
        digests |= {int(load): _sha256([*columns_of[load], count, total]) for load, count, total in rows}
    return digests


def _batches(alike: dict[tuple[str, ...], list[int]]) -> Iterator[dict[tuple[str, ...], list[int]]]:
    """The sets of columns with their loads, as many at a time as one statement may name."""
    batch: dict[tuple[str, ...], list[int]] = {}
    for columns, loads in alike.items():
        if batch and sum(map(len, batch)) + len(columns) > _AT_ONCE:
            yield batch
            batch = {}
        batch[columns] = loads
    if batch:
        yield batch


def _load_condition(loads: Collection[int], column: str = "_load_id") -> str:
    """The SQL that a row is of one of some loads; written out, so that DuckDB leaves out what lies beside them."""
    ids = sorted(int(load) for load in loads)
    if len(ids) == 1:
        return f"{column} = {ids[0]}"
    within = f"{column} BETWEEN {ids[0]} AND {ids[-1]}"
    whole = ids[-1] - ids[0] + 1 == len(ids)
    return within if whole else f"({within} AND list_contains({ids}::INTEGER[], {column}))"


def _columns_with_values(
    cursor: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], loads: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """Of each load that has rows the columns that are not empty in all of them, in order."""
    columns_of_load: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        counts = ", ".join(f"count({ident(name)})" for name in some)
        rows = cursor.execute(
            f"SELECT _load_id, {counts} FROM {table} WHERE {_load_condition(loads)} GROUP BY 1"
        ).fetchall()
        for load, *value_counts in rows:
            more = tuple(name for name, count in zip(some, value_counts, strict=True) if count)
            columns_of_load[int(load)] = columns_of_load.get(int(load), ()) + more
    return columns_of_load


def _sha256(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


def _profiles(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int]) -> dict[int, str]:
    """A digest of each load's counts, and of the grids where they are asked for."""
    if not loads:
        return {}
    sums: dict[int, list[object]] = {int(load): [] for load in loads}
    for table in PROFILES:
        rows = cursor.execute(
            f"""SELECT load_id, count(*), sum(hash(t)) FROM {table} t
                WHERE system = $key AND {_load_condition(sums, "load_id")} GROUP BY 1""",
            {"key": key},
        ).fetchall()
        for load, count, total in rows:
            sums[int(load)] += [table, count, total]
    if GRIDS in sums:
        for table in ("profile_bin", "profile_basis"):
            row = cursor.execute(
                f"SELECT count(*), sum(hash(t)) FROM {table} t WHERE system = ?", [key]
            ).fetchone()
            sums[GRIDS] += [table, row]
        place = cursor.execute(
            "SELECT count(*), sum(hash(t)) FROM attachment t WHERE system = ?", [key]
        ).fetchone()
        if place and place[0]:
            sums[GRIDS] += ["attachment", place]
    return {load: _sha256(parts) for load, parts in sums.items()}


def tamper_entries(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, int, tuple[int, ...]]]:
    """The entries that found loads changed past the trail when they were written: system, number, loads."""
    rows = cursor.execute(
        f"""SELECT system, seq, json_extract(detail, '$.{CHANGED}')::INTEGER[] AS loads FROM trail
            WHERE contains(detail, '"{CHANGED}"') AND loads IS NOT NULL ORDER BY seq"""
    ).fetchall()
    return [(key, int(seq), tuple(loads)) for key, seq, loads in rows]


def differences(cursor: duckdb.DuckDBPyConnection, key: str) -> Iterator[Difference | LooseLoad]:
    """What of a system does not fit its digests, and these the trail; and the loads that nothing ties."""
    sealed_loads = cursor.execute(
        "SELECT load_id, engine, decisions, profiles FROM state_digest WHERE system = ? ORDER BY 1", [key]
    ).fetchall()
    row = cursor.execute(
        """SELECT json_extract_string(detail, '$.digests') AS noted FROM trail
           WHERE system = $key AND noted IS NOT NULL AND seq > (
               SELECT coalesce(max(seq), 0) FROM trail WHERE system = $key AND action = $removed)
           ORDER BY seq DESC LIMIT 1""",  # those of a system that had the key before say nothing of this one
        {"key": key, "removed": Act.SYSTEM_REMOVED.value},
    ).fetchone()
    if (row[0] if row else None) != (_fold(cursor, key) if sealed_loads or row else None):
        yield Difference(key, "digests", 0)
    comparable = [(load, rows, counts) for load, engine, rows, counts in sealed_loads if engine == ENGINE]
    decisions = _decisions(cursor, key, [load for load, _, _ in comparable if load != GRIDS]) | {GRIDS: "-"}
    profiles = _profiles(cursor, key, [load for load, _, _ in comparable])
    for load, rows, counts in comparable:
        if rows != decisions[load]:
            yield Difference(key, "decisions", load)
        if counts != profiles[load]:
            yield Difference(key, "counts" if load else "grids", load)
    yield from _undigested_state(
        cursor, key, {load: engine == ENGINE for load, engine, _, _ in sealed_loads if load != GRIDS}
    )
    yield from (LooseLoad(key, load) for load in _retied(cursor, key) & {load for load, _, _ in comparable})


def _retied(cursor: duckdb.DuckDBPyConnection, key: str) -> set[int]:
    """The loads of a system that another version of DuckDB had digested when an act digested them anew."""
    rows = cursor.execute(
        f"""SELECT json_extract(detail, '$.{RETIED}')::INTEGER[] AS loads FROM trail
            WHERE system = $key AND contains(detail, '"{RETIED}"') AND loads IS NOT NULL AND seq > (
                SELECT coalesce(max(seq), 0) FROM trail WHERE system = $key AND action = $removed)""",
        {"key": key, "removed": Act.SYSTEM_REMOVED.value},
    ).fetchall()
    return {int(load) for (loads,) in rows for load in loads if load != GRIDS}


def loads_with_other_state(cursor: duckdb.DuckDBPyConnection, key: str, loads: Collection[int]) -> set[int]:
    """Those of some loads whose decisions or counts are not what was digested, or that nothing ties to the trail."""
    rows = cursor.execute(
        """SELECT load_id, decisions, profiles FROM state_digest
           WHERE system = $key AND engine = $engine AND list_contains($loads::INTEGER[], load_id)""",
        {"key": key, "engine": ENGINE, "loads": [int(load) for load in loads]},
    ).fetchall()
    digests_by_load = {int(load): (decisions, profiles) for load, decisions, profiles in rows}
    decisions, profiles = _decisions(cursor, key, digests_by_load), _profiles(cursor, key, digests_by_load)
    fit = {load for load, digests in digests_by_load.items() if digests == (decisions[load], profiles[load])}
    return set(loads) - fit


def _undigested_state(
    cursor: duckdb.DuckDBPyConnection, key: str, tied: dict[int, bool]
) -> Iterator[Difference | LooseLoad]:
    """What no digest of this version of DuckDB covers. ``tied``: the loads with a digest, and whether it is of this."""
    decisions, counts = _loads_of_rows(cursor, key)
    earlier = _earlier_loads(cursor, key)
    for load in decisions:
        if load is None or (load not in tied and load not in earlier):
            yield Difference(key, "unknown decisions", load)
        elif not tied.get(load):
            yield LooseLoad(key, load)
    for load in counts:
        if load is None or (load not in tied and load not in earlier):
            yield Difference(key, "unknown counts", load)


def _loads_of_rows(cursor: duckdb.DuckDBPyConnection, key: str) -> tuple[list[int | None], list[int | None]]:
    """The loads that decisions name, and those that counts name, in order; None: a row that names none."""
    decisions = f"SELECT DISTINCT _load_id FROM {decision_table(key)} ORDER BY 1"
    counts = " UNION ".join(f"SELECT load_id FROM {table} WHERE system = $key" for table in PROFILES)
    return (
        [row[0] for row in cursor.execute(decisions).fetchall()],
        [row[0] for row in cursor.execute(f"{counts} ORDER BY 1", {"key": key}).fetchall()],
    )


def _earlier_loads(cursor: duckdb.DuckDBPyConnection, key: str) -> set[int]:
    """The loads that stand and that a version without digests put on the trail."""
    rows = cursor.execute(
        """SELECT load_id FROM load l WHERE system = $key AND undone_at IS NULL AND EXISTS (
               SELECT 1 FROM trail t WHERE t.action = $act AND t.system = l.system
               AND CAST(json_extract_string(t.detail, '$.load_id') AS INTEGER) = l.load_id
               AND json_extract_string(t.detail, '$.digests') IS NULL)""",
        {"key": key, "act": Act.LOADED.value},
    ).fetchall()
    return {int(row[0]) for row in rows}

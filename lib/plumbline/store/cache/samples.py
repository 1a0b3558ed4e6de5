"""Samples of a system's rows: how many of all are here where its decisions lie elsewhere, as answers have to say; and
what is kept of single decisions so that no page waits for it: random draws, and checks of model files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

import duckdb

from plumbline.domain.messages import NOTHING, Message, message
from plumbline.store.sql import decision_table, ident
from plumbline.wording.quantities import count


@dataclass(frozen=True, slots=True)
class SampleShare:
    """How many of a system's decisions are kept here, of how many that are counted where they lie, in ``item``.

    ``beyond``: about how many rows there are beyond the same share of each day and version, where they are so many that
    shares over several days or versions are shifted by them; else 0.
    """

    item: str
    rows: int
    decisions: int
    beyond: int = 0

    @property
    def sentence(self) -> Message:
        """What every page, answer and document of the system says."""
        places = {
            "item": self.item[:120], "decisions": count(self.decisions), "rows": count(self.rows)
        }  # fmt: skip
        if self.beyond:
            return message(
                "The decisions of this system lie in {item}. What is counted is counted there, over all of them; what "
                "needs single rows (examples, filters, groups, explanations) is from a sample of {rows} of {decisions} "
                "decisions, drawn by day and version. About {beyond} of its rows are there so that no day and version "
                "is without: figures of several days or versions together give these too much weight.",
                **places,
                beyond=count(self.beyond),
            )
        return message(
            "The decisions of this system lie in {item}. What is counted is counted there, over all of them; what "
            "needs single rows (examples, filters, groups, explanations) is from a sample of {rows} of {decisions} "
            "decisions, drawn by day and version.",
            **places,
        )

    @property
    def short_sentence(self) -> Message:
        """What a single figure from the sample says."""
        return message(
            "This is from a sample of {rows} of {decisions} decisions.",
            rows=count(self.rows),
            decisions=count(self.decisions),
        )

    @property
    def figures(self) -> dict[str, int]:
        """The numbers alone, for what leaves this machine."""
        return {"rows": self.rows, "decisions": self.decisions}

    def to_dict(self) -> dict[str, Any]:
        """The figures and the sentence, as JSON values."""
        return {"table": self.item, **self.figures, "sentence": str(self.sentence)}


_TEMPLATES = {SampleShare("", 0, 0, beyond).sentence.template for beyond in (0, 1)}
#: rows beyond their share that are worth a word: this part of the sample, and more than chance brings
_NOTABLE, _CHANCE = 0.02, 4.0


def sample_share(cursor: duckdb.DuckDBPyConnection, key: str) -> SampleShare | None:
    """The sample of a system whose decisions lie elsewhere; None where they lie here, or there is no such system."""
    place = cursor.execute(
        "SELECT item, share FROM attachment WHERE system = $key AND EXISTS (SELECT 1 FROM system WHERE key = $key)",
        {"key": key},
    ).fetchone()
    if place is None:
        return None
    row = cursor.execute(f"SELECT count(*) FROM {decision_table(key)}").fetchone()
    rows, decisions = int(row[0]) if row else 0, decisions_counted(cursor, key)
    beyond = rows - float(place[1]) * decisions
    is_uneven = beyond > max(_NOTABLE * rows, _CHANCE * sqrt(rows))
    return SampleShare(str(place[0]), rows, decisions, round(beyond) if is_uneven else 0)


def sample_sentence(cursor: duckdb.DuckDBPyConnection, key: str) -> Message:
    """What an answer about a system says of its sample; empty where all its decisions are here."""
    share = sample_share(cursor, key)
    return share.sentence if share else NOTHING


def sample_of(words: Iterable[str]) -> tuple[Message, ...]:
    """What is said of the sample among what is to be said."""
    return tuple(each for each in words if isinstance(each, Message) and each.template in _TEMPLATES)


def without_sample(words: Iterable[str]) -> tuple[str, ...]:
    """The rest of it, where a page or a report has spoken of the sample already."""
    return tuple(each for each in words if getattr(each, "template", "") not in _TEMPLATES)


def sample_shares(cursor: duckdb.DuckDBPyConnection) -> dict[str, SampleShare]:
    """The samples of all systems whose decisions lie elsewhere, by key."""
    keys = [row[0] for row in cursor.execute("SELECT system FROM attachment ORDER BY 1").fetchall()]
    shares = {key: sample_share(cursor, key) for key in keys}
    return {key: share for key, share in shares.items() if share}


def decisions_counted(cursor: duckdb.DuckDBPyConnection, key: str, load_id: int | None = None) -> int:
    """How many decisions are counted, of one load or of all."""
    row = cursor.execute(
        """SELECT coalesce(sum(n), 0) FROM profile_hour
           WHERE system = $system AND ($load IS NULL OR load_id = $load)""",
        {"system": key, "load": load_id},
    ).fetchone()
    return int(row[0]) if row else 0


def counted_loads(cursor: duckdb.DuckDBPyConnection, key: str) -> dict[int, tuple[int, datetime, datetime]]:
    """Of each load of a table that lies elsewhere: how many decisions are counted, and the times of the first and last
    of them on the clock of the zone. None where all decisions are here."""
    rows = cursor.execute(
        """SELECT load_id, sum(n), min(first_at), max(last_at) FROM profile_hour
           JOIN attachment_window USING (system, load_id) WHERE system = ? GROUP BY 1 ORDER BY 1""",
        [key],
    ).fetchall()
    return {int(row[0]): (int(row[1]), row[2], row[3]) for row in rows}


def draw_name(key: str) -> str:
    """The name of the table that holds a system's draws."""
    decision_table(key)  # refuses what is no key
    return f"draw_{key}"


def draw_table(key: str) -> str:
    """The same, quoted."""
    return ident(draw_name(key))


def is_drawn(cursor: duckdb.DuckDBPyConnection, key: str, version: str, basis: str) -> bool:
    """Whether a version's draw is kept, of these very loads."""
    row = cursor.execute("SELECT basis FROM draw WHERE system = ? AND version = ?", [key, version]).fetchone()
    return row is not None and row[0] == basis


def note_draw(cursor: duckdb.DuckDBPyConnection, key: str, version: str, basis: str) -> None:
    """Note of which loads a version's draw is."""
    cursor.execute("INSERT OR REPLACE INTO draw VALUES (?, ?, ?)", [key, version, basis])


def forget_draws(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Drop a system's draws: decisions that they may hold are no longer in the log, or its columns are others."""
    cursor.execute(f"DROP TABLE IF EXISTS {draw_table(key)}")
    cursor.execute("DELETE FROM draw WHERE system = ?", [key])


def read_check(
    cursor: duckdb.DuckDBPyConnection, key: str, version: str, sha256: str, basis: str
) -> dict[str, Any] | None:
    """What a version's file was found to be over these very loads, or None."""
    row = cursor.execute(
        "SELECT body FROM model_check WHERE system = ? AND version = ? AND sha256 = ? AND basis = ?",
        [key, version, sha256, basis],
    ).fetchone()
    return dict(json.loads(row[0])) if row else None


def keep_check(
    cursor: duckdb.DuckDBPyConnection, key: str, version: str, sha256: str, basis: str, body: dict[str, Any]
) -> None:
    """Keep what a version's file was found to be."""
    cursor.execute(
        "INSERT OR REPLACE INTO model_check VALUES (?, ?, ?, ?, ?)",
        [key, version, sha256, basis, json.dumps(body)],
    )

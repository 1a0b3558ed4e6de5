"""The rows of a file under a mapping: how many could not be loaded, and how sure a guess is after that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from secrets import token_hex

import duckdb

from plumbline.domain import Mapping, PlumblineError, Task
from plumbline.domain.messages import message
from plumbline.logs.files.source import Source, unreadable
from plumbline.logs.load.plan import decisions_plan, labels_plan
from plumbline.logs.load.quarantine import malformed_reason, malformed_rows
from plumbline.logs.load.staging import drop_stage, staging_query
from plumbline.wording.quantities import count, percent, whole_percent

#: share of the rows that may go to quarantine before a load asks whether that is meant
MOST_UNFIT = 0.2


@dataclass(frozen=True, slots=True)
class LoadTrial:
    """``rows``: records looked at; ``reasons``: reason -> how many of them would go to quarantine for it;
    ``repeats``: of the others, how many repeat one before them; ``whole``: the file has no further rows."""

    rows: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    repeats: int = 0
    whole: bool = False

    @property
    def unfit_rows(self) -> int:
        return sum(n for _, n in self.reasons)

    @property
    def has_too_many_unfit(self) -> bool:
        """Whether so many rows would wait in quarantine that the mapping is wrong rather than the file."""
        return self.unfit_rows > MOST_UNFIT * self.rows

    @property
    def sentence(self) -> str:
        """How many rows would wait in quarantine, and why; empty where none would."""
        return unfit_sentence(self.unfit_rows, self.rows, dict(self.reasons)) if self.unfit_rows else ""


class UnfitFile(PlumblineError):
    """The refusal of a file of which too many rows would wait in quarantine. Nothing of it is loaded."""


def refuse_unfit(file: str, records: int, reasons: dict[str, int]) -> None:
    """Refuse a file of which more than a fifth of the rows cannot be loaded.

    Raises:
        Unfit: how many, for what reason, and what to do.
    """
    bad = sum(reasons.values())
    if bad > MOST_UNFIT * records:
        raise UnfitFile(
            message(
                "Nothing was loaded: {unfit_sentence}", unfit_sentence=unfit_sentence(bad, records, reasons)
            ),
            where=file,
            todo="Correct what the columns mean; or, if the file is meant so, accept that these rows wait in "
            "quarantine; in a terminal: --accept-quarantine.",
        )


def unfit_sentence(bad: int, rows: int, reasons: dict[str, int]) -> str:
    """How many rows cannot be loaded and for what reason most of them, without a full stop."""
    reason, most = max(reasons.items(), key=lambda item: item[1])
    why = f"{reason.replace('_', ' ')}" + (f" in {count(most)}" if len(reasons) > 1 else "")
    share = whole_percent(bad / max(rows, 1))
    return f"{count(bad)} of {count(rows)} rows ({share}) cannot be loaded under this mapping: {why}"


def try_rows(
    cursor: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping, *, labels: bool, first: int
) -> LoadTrial:
    """Read the first rows as a load would; what cannot be planned at all has no trial."""
    task = mapping.task or Task.BINARY
    try:
        plan = (
            labels_plan(source, mapping, task=task)
            if labels
            else decisions_plan(source, mapping, task=task, existing=(), secret=token_hex(8))
        )
        return count_rows(cursor, source, f"({staging_query(source, plan, limit=first)})", first)
    except PlumblineError:
        return LoadTrial()
    finally:
        drop_stage(cursor)


def count_rows(
    cursor: duckdb.DuckDBPyConnection, source: Source, rows: str, first: int, *, repeats: bool = False
) -> LoadTrial:
    """The rows by reason; ``repeats``: each good one is also counted by what it holds and its time."""
    distinct = 'count(DISTINCT (_hash, "timestamp"))' if repeats else "count(*)"
    try:
        records = cursor.execute(
            f"SELECT coalesce(_reason, ''), count(*), {distinct} FROM {rows} GROUP BY 1 ORDER BY 1"
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.PermissionException) as error:
        raise unreadable(source.given, error) from error
    read = sum(int(n) for _, n, _ in records)
    reasons = {str(reason): int(n) for reason, n, _ in records if reason}
    broken = malformed_rows(cursor, source, first)
    for kind, _ in broken:
        reasons[malformed_reason(kind)] = reasons.get(malformed_reason(kind), 0) + 1
    return LoadTrial(
        rows=read + len(broken),
        reasons=tuple(sorted(reasons.items())),
        repeats=sum(int(n) - int(different) for reason, n, different in records if not reason),
        whole=read < first,
    )


def lower_confidence(mapping: Mapping, trial: LoadTrial) -> Mapping:
    """The mapping with each role less sure whose cells the first rows could not be read as."""
    roles = {reason.removeprefix("bad_"): n for reason, n in trial.reasons if reason.startswith("bad_")}
    columns = []
    for item in mapping.columns:
        n = roles.get(item.role.role, 0) if not item.role.name else 0
        if n > 0.05 * trial.rows:  # a few odd cells are the file's and not the mapping's
            share = n / trial.rows
            reason = message(
                "{reason}; but {share} of the first rows cannot be read so",
                reason=item.reason,
                share=percent(share, ".0f"),
            )
            item = replace(item, confidence=round(min(item.confidence, 1 - share), 3), reason=reason)
        columns.append(item)
    return replace(mapping, columns=tuple(columns))

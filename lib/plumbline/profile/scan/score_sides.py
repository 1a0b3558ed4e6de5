"""How often each answer was given at each score, by day and version: what a cut-off is read from.

One aggregated query a question, over cells that do not depend on the cut-off; the scores about the cut-off itself are
read exactly, and the whole log is then counted on either side of it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, Slice, System
from plumbline.profile.scope import DAY, VERSION, Scope, slice_scope

#: cells of scores in [0, 1]: so many to a unit of log-odds, as far as these log-odds; of any other range: so many
PER_UNIT, REACH, EQUAL = 50, 16, 2000


@dataclass(frozen=True, slots=True)
class Scale:
    """Cells of a score: of its log-odds where ``low`` is None, else ``EQUAL`` ones from ``low`` to ``high``."""

    low: float | None = None
    high: float = 1.0

    @property
    def sql(self) -> str:
        """The number of a score's cell, ascending with it."""
        if self.low is not None:
            place = f"floor((score - {self.low!r}) / {(self.high - self.low) / EQUAL!r})"
            return f"least(greatest({place}, -1), {EQUAL})::INTEGER"
        least = 10.0**-REACH
        odds = f"ln(greatest(score, {least!r}) / greatest(1 - score, {least!r}))"
        most = PER_UNIT * REACH
        return f"least(greatest(floor({odds} * {PER_UNIT}), {-most}), {most})::INTEGER"

    def start(self, cell: IntArray) -> FloatArray:
        """Where cells begin, (n,) to (n,)."""
        if self.low is not None:
            return np.asarray(self.low + cell * (self.high - self.low) / EQUAL, np.float64)
        return np.asarray(1 / (1 + np.exp(-cell / PER_UNIT)), np.float64)


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """Scores of decisions that have an answer: how many, how many different ones, the least and the greatest."""

    n: int
    distinct: int
    least: float
    greatest: float

    @property
    def scale(self) -> Scale:
        """The cells for such scores."""
        inside = self.least >= 0 and self.greatest <= 1
        return Scale() if inside or self.greatest <= self.least else Scale(self.least, self.greatest)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """Decisions by what they have in common, (R,) each.

    day: from ``first`` on; version: place in ``versions``; cell: of the score; above: the score reaches the cut-off
    that was asked for; yes: the answer is the positive class; n: how many.
    """

    first: np.datetime64
    versions: tuple[str, ...]
    day: IntArray
    version: IntArray
    cell: IntArray
    above: NDArray[np.bool_]
    yes: NDArray[np.bool_]
    n: IntArray


def _scored_scope(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice) -> Scope:
    scope = slice_scope(cursor, system, part)
    return scope.narrow(
        "prediction IS NOT NULL AND score IS NOT NULL AND isfinite(score)", positive=system.positive
    )


def score_range(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice) -> ScoreRange | None:
    """The scores of a slice; None where it has none."""
    scope = _scored_scope(cursor, system, part)
    scope.params.pop("positive")
    row = cursor.execute(
        f"SELECT count(*), count(DISTINCT score), min(score), max(score) {scope.rows}", scope.params
    ).fetchone()
    return ScoreRange(*row) if row and row[0] else None


def answers_by_cell(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, scale: Scale
) -> tuple[IntArray, IntArray]:
    """The cells that occur in a slice, (C,) ascending, and how often each answer was given in them, (C, 2): no, yes."""
    scope = _scored_scope(cursor, system, part)
    read = cursor.execute(
        f"""SELECT {scale.sql} AS cell, count(*) FILTER (prediction <> $positive) AS no,
                   count(*) FILTER (prediction = $positive) AS yes
            {scope.rows} GROUP BY 1 ORDER BY 1""",
        scope.params,
    ).fetchnumpy()
    return np.asarray(read["cell"], np.int64), np.stack([read["no"], read["yes"]], 1).astype(np.int64)


def answers_by_score(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, scale: Scale, cells: tuple[int, int]
) -> tuple[FloatArray, IntArray]:
    """The scores in cells from one to another, (S,) ascending, and how often each answer was given at them, (S, 2)."""
    scope = _scored_scope(cursor, system, part).narrow(
        f"{scale.sql} BETWEEN $low AND $high", low=cells[0], high=cells[1]
    )
    read = cursor.execute(
        f"""SELECT score, count(*) FILTER (prediction <> $positive) AS no,
                   count(*) FILTER (prediction = $positive) AS yes
            {scope.rows} GROUP BY 1 ORDER BY 1""",
        scope.params,
    ).fetchnumpy()
    return np.asarray(read["score"], np.float64), np.stack([read["no"], read["yes"]], 1).astype(np.int64)


def sides_by_day(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, scale: Scale, cut: float
) -> SideCounts | None:
    """The decisions of a slice on either side of a cut-off, by day, version and cell; None where it has none."""
    scope = _scored_scope(cursor, system, part)
    read: dict[str, Any] = cursor.execute(
        f"""SELECT {DAY} AS day, {VERSION} AS version, {scale.sql} AS cell, score >= $cut AS above,
                   prediction = $positive AS yes, count(*) AS n
            {scope.rows} GROUP BY ALL ORDER BY ALL""",
        scope.params | {"cut": cut},
    ).fetchnumpy()
    if not len(read["n"]):
        return None
    day = np.asarray(read["day"]).astype("datetime64[D]")
    names, version = np.unique(np.asarray(read["version"], dtype=object).astype(str), return_inverse=True)
    return SideCounts(
        first=day.min(),
        versions=tuple(names.tolist()),
        day=(day - day.min()).astype(np.int64),
        version=version.astype(np.int64),
        cell=np.asarray(read["cell"], np.int64),
        above=np.asarray(read["above"], np.bool_),
        yes=np.asarray(read["yes"], np.bool_),
        n=np.asarray(read["n"], np.int64),
    )

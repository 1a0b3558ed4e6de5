"""Counting the rows of one part of a log: Arrow batches in, one long table out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from plumbline.domain import FloatArray, IntArray
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.count.scores import KeyCounts
from plumbline.profile.count.stream import DAY, HOUR, BatchSplit, GroupTally, split_batch
from plumbline.profile.partial import rows
from plumbline.profile.partial.outcomes import ClassPart, Counted, NumberPart, ScorePart, delays
from plumbline.profile.partial.plan import PRESENCE, BinnedPart, CountPlan
from plumbline.profile.partial.texts import TextCodes

#: counts that are held before they are handed on, so that memory depends on neither rows nor versions
MOST_COUNTS = 8_000_000
#: versions, arms, predictions and labels that one part of a log can have
_MOST_TEXTS = 2**20


def partial_counts(batches: Iterable[Any], plan: CountPlan) -> Iterator[Any]:
    """Count batches of rows (see ``CountPlan``); yields tables of ``rows.schema()``, in which a key may
    stand several times.

    Raises:
        ValueError: there are more than a million versions or arms.
    """
    counter = _PartCounter(plan)
    for batch in batches:
        if batch.num_rows:
            counter.add(batch)
        if counter.size > MOST_COUNTS:
            yield counter.table()
            counter = _PartCounter(plan)
    yield counter.table()


class _LevelPart:
    """Counts a column of categories: of each group and level how many, with its place in the grid."""

    def __init__(self, column: BinnedPart) -> None:
        self.column, self.texts, self.counts = column, TextCodes(), KeyCounts()

    def add(self, split: BatchSplit, values: Any) -> None:
        code = self.texts.codes(values)
        width = len(self.texts.numbers)
        if len(split.groups) * width <= 4 * len(code):
            counts = split.counts(code, width)
            place, code = np.nonzero(counts)
            self.counts.add(split.groups[place] * 2**32 + code, counts[place, code])
        else:
            self.counts.add(*np.unique(split.groups[split.of_row] * 2**32 + code, return_counts=True))

    @property
    def size(self) -> int:
        return sum(map(len, self.counts.keys)) + len(self.texts.numbers)

    def rows(self) -> tuple[IntArray, Counted]:
        key, n = self.counts.merge()
        places: dict[str | None, int] = {name: i for i, name in enumerate(self.column.bins.levels)}
        places[None] = rows.NO_LEVEL
        texts = self.texts.texts
        place = np.array([places.get(text, rows.UNSEEN) for text in texts], np.int64)
        names = [text if at == rows.UNSEEN else None for text, at in zip(texts, place.tolist(), strict=True)]
        code = key & (2**32 - 1)
        return key >> 32, {"code": place[code], "name": [names[i] for i in code.tolist()], "n": n}


class _PartCounter:
    """The counts of the rows met so far. A group's key is its day, version and arm; see ``_MOST_TEXTS``."""

    def __init__(self, plan: CountPlan) -> None:
        self.plan = plan
        self.versions, self.arms = TextCodes(lambda text: text or ""), TextCodes(lambda text: text or "")
        self.groups: dict[int, int] = {}
        self.numbers = [Numbers(c) if c.numeric else None for c in plan.columns]
        self.levels = [None if c.numeric else _LevelPart(c) for c in plan.columns]
        self.rows, self.present, self.waits = GroupTally(), GroupTally(len(PRESENCE)), KeyCounts()
        self.predictions, self.labels = (
            TextCodes(self._canonical_spelling),
            TextCodes(self._canonical_spelling),
        )
        self.hours: dict[int, int] = {}
        self.pairs, self.sums = KeyCounts(), GroupTally(kind=np.float64)
        self.times: IntArray = np.zeros((0, 3), np.int64)  # first, last, trained
        self.outcome: ScorePart | ClassPart | NumberPart | None = None
        if plan.regression:
            self.outcome = NumberPart()
        elif plan.losses:
            self.outcome = ScorePart()
        elif plan.probabilities:
            self.outcome = ClassPart(plan.probabilities)

    @property
    def size(self) -> int:
        numbers = sum(int(each.counts.values.size) for each in self.numbers if each)
        return numbers + sum(each.size for each in self.levels if each)

    def _canonical_spelling(self, text: str | None) -> str | None:
        return None if text is None else self.plan.spelling.get(" ".join(text.split()).casefold(), text)

    def add(self, batch: Any) -> None:
        at = _integer_column(batch.column("timestamp"))
        version, arm = self.versions.codes(batch.column("version")), self.arms.codes(batch.column("arm"))
        if max(len(self.versions.numbers), len(self.arms.numbers)) > _MOST_TEXTS:
            raise ValueError("more than a million versions or arms")
        key = ((at // DAY) * _MOST_TEXTS + version) * _MOST_TEXTS + arm
        split = split_batch(key, at, self.groups)
        self.rows.add(split.groups, split.sizes())
        for column, numbers, levels in zip(self.plan.columns, self.numbers, self.levels, strict=True):
            values = batch.column(column.column)
            if numbers:
                numbers.add(split, [values])
            elif levels:
                levels.add(split, values)
        if self.plan.decided:
            self._count_outcomes(batch, split)

    def _count_outcomes(self, batch: Any, split: BatchSplit) -> None:
        flags = [_flags(batch.column(f"holds:{name}")) for name in PRESENCE]
        self.present.add(split.groups, np.stack([split.count_by_group(rows_held) for rows_held in flags], 1))
        labelled = flags[PRESENCE.index("label")]
        if self.plan.regression:
            prediction = _numbers(batch.column("prediction"))
            pair = labelled.astype(np.int64)
            self._hours(batch, split, pair, np.where(np.isfinite(prediction), prediction, 0.0))
            if isinstance(self.outcome, NumberPart):
                self.outcome.add(split, prediction, _numbers(batch.column("label")))
        else:
            label = self.labels.codes(batch.column("label"))
            pair = self.predictions.codes(batch.column("prediction")) * _MOST_TEXTS + label
            self._hours(batch, split, pair, np.zeros(len(pair)))
            texts = self.labels.texts
            if isinstance(self.outcome, ScorePart):
                true = np.array([text == self.plan.positive for text in texts])[label]
                self.outcome.add(split, _numbers(batch.column("score")), true & labelled, labelled)
            elif isinstance(self.outcome, ClassPart):
                columns = [_numbers(batch.column(f"proba:{name}")) for name in self.plan.probabilities]
                self.outcome.add(split, columns, [texts[i] for i in label.tolist()])
        wait = delays(split.at, batch.column("label_time"), labelled)
        self.waits.add(*np.unique(split.groups[split.of_row] * 2**32 + wait, return_counts=True))

    def _hours(self, batch: Any, split: BatchSplit, pair: IntArray, summed: FloatArray) -> None:
        # the key of a group has no room for the hour: its number has
        hours = split_batch(split.groups[split.of_row] * 24 + split.at // HOUR % 24, split.at, self.hours)
        self.pairs.add(*np.unique(hours.groups[hours.of_row] * 2**40 + pair, return_counts=True))
        self.sums.add(hours.groups, hours.sums(summed))
        fresh = len(self.hours) - len(self.times)
        if fresh:
            start = [rows.LATEST, rows.EARLIEST, rows.EARLIEST]
            self.times = np.concatenate([self.times, np.tile(start, (fresh, 1))])
        trained = np.asarray(batch.column("trained_at").fill_null(rows.EARLIEST).to_numpy(), np.int64)
        extremes = self.times[hours.groups]
        extremes[:, 0] = np.minimum(extremes[:, 0], hours.extremes(split.at, np.minimum))
        extremes[:, 1] = np.maximum(extremes[:, 1], hours.extremes(split.at, np.maximum))
        extremes[:, 2] = np.maximum(extremes[:, 2], hours.extremes(trained, np.maximum))
        self.times[hours.groups] = extremes

    def table(self) -> Any:
        """Everything counted, as one long table."""
        import pyarrow as pa

        parts = [self._table(part, group, columns) for part, group, columns in self._counts()]
        return pa.concat_tables([rows.schema().empty_table(), *parts])

    def _counts(self) -> Iterator[tuple[int, IntArray, Counted]]:
        everyone = np.arange(len(self.groups))
        if not len(everyone):
            return
        yield rows.ROWS, everyone, {"n": self.rows.values[: len(everyone)]}
        for place, (numbers, levels) in enumerate(zip(self.numbers, self.levels, strict=True)):
            if numbers:
                group, cell = np.nonzero(numbers.counts.values)
                yield place, group, {"code": cell, "n": numbers.counts.values[group, cell].astype(np.int64)}
                total, squares = (each.values[: len(everyone)] for each in (numbers.total, numbers.squares))
                yield place, everyone, {"code": np.full(len(everyone), rows.TOTALS), "x": total, "y": squares}
            elif levels:
                yield place, *levels.rows()
        if self.plan.decided:
            yield from self._outcome_counts()

    def _outcome_counts(self) -> Iterator[tuple[int, IntArray, Counted]]:
        group, place = np.nonzero(self.present.values)
        yield rows.PRESENT, group, {"code": place, "n": self.present.values[group, place]}
        of_hour = np.array(list(self.hours), np.int64)
        key, n = self.pairs.merge()
        hour, pair = of_hour[key >> 40], key & (2**40 - 1)
        if self.plan.regression:
            predicted, true = [None] * len(pair), [("" if labelled else None) for labelled in pair.tolist()]
        else:
            texts = self.predictions.texts, self.labels.texts
            predicted = [texts[0][i] for i in (pair // _MOST_TEXTS).tolist()]
            true = [texts[1][i] for i in (pair % _MOST_TEXTS).tolist()]
        yield rows.PAIRS, hour // 24, {"code": hour % 24, "name": predicted, "other": true, "n": n}
        first, last, trained = self.times.T
        summed = self.sums.values[: len(of_hour)]
        columns = {"code": of_hour % 24, "x": summed, "low": first, "high": last, "top": trained}
        yield rows.HOURS, of_hour // 24, columns
        key, n = self.waits.merge()
        yield rows.DELAYS, key >> 32, {"code": key & (2**32 - 1), "n": n}
        if self.outcome:
            yield from self.outcome.counts()

    def _table(self, part: int, group: IntArray, columns: Counted) -> Any:
        import pyarrow as pa

        rest, arm = np.divmod(np.array(list(self.groups), np.int64)[group], _MOST_TEXTS)
        day, version = np.divmod(rest, _MOST_TEXTS)
        n = len(group)
        defaults = {
            "code": np.zeros(n, np.int64), "name": None, "other": None, "n": np.zeros(n, np.int64),
            "x": np.zeros(n), "y": np.zeros(n), "low": np.full(n, rows.LATEST),
            "high": np.full(n, rows.EARLIEST), "top": np.full(n, rows.EARLIEST),
        }  # fmt: skip
        values = defaults | columns | {"part": np.full(n, part), "day": day}
        values["version"] = pa.array(self.versions.texts, pa.string()).take(pa.array(version))
        values["arm"] = pa.array(self.arms.texts, pa.string()).take(pa.array(arm))
        fields = [
            pa.nulls(n, field.type) if values[field.name] is None
            else pa.array(values[field.name], field.type) if not isinstance(values[field.name], pa.Array)
            else values[field.name]
            for field in rows.schema()
        ]  # fmt: skip
        return pa.Table.from_arrays(fields, schema=rows.schema())


def _integer_column(column: Any) -> IntArray:
    """Microseconds as whole numbers."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)


def _numbers(column: Any) -> FloatArray:
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _flags(column: Any) -> Any:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)

"""What a sample of a column's cells shows: numbers in which format, times, how many different values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import LARGEST_NUMBER
from plumbline.logs.mapping.classes import fold
from plumbline.logs.values.cast import MISSING
from plumbline.logs.values.currency import WORD, detect_currency, strip_currency
from plumbline.logs.values.times import TimeFacts, time_facts

# possessive throughout: what was read is not given back, so that no cell takes more than linear time
_POINT = re.compile(r"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:e[-+]?+\d++)?+", re.I)
_COMMA = re.compile(r"[-+]?(\d{1,3}([. \u00a0\u202f']\d{3})++|\d++)(,\d*+)?+")
_GROUPED_POINT = re.compile(r"[-+]?\d{1,3}(,\d{3})++(\.\d*+)?+")
_PERCENT = re.compile(r"[-+]?\d++([.,]\d++)?+[ \u00a0\u202f]?%")
_CODE = re.compile(r"0\d+")
_MISSING = frozenset(MISSING)
#: beyond that many different values they are no classes
_FEW = 400


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a column reads as numbers. ``share``: of the cells that are there; ``values``: (cells,), NaN where none.

    ``unsure``: ``1,234`` could be a thousand or a little over one.
    """

    format: str
    share: float
    values: NDArray[np.float64]
    unsure: bool = False


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """One column of the sample.

    ``kind`` is DuckDB's type, VARCHAR for text; ``comma``: the file uses decimal commas;
    ``order``: ``day``, ``month`` or ``both``, where the whole file tells what comes first in dates.
    """

    name: str
    cells: tuple[str | None, ...]
    kind: str = "VARCHAR"
    comma: bool = False
    order: str = ""

    @cached_property
    def present(self) -> list[str]:
        return [c.strip() for c in self.cells if c is not None and c.strip().lower() not in _MISSING]

    @cached_property
    def levels(self) -> Counter[str]:
        """The different values. Where they are few, case and blanks make no difference, as of classes."""
        counts = Counter(canonical_spelling(c) for c in self.present)
        if len(counts) > _FEW:
            return counts
        merged: Counter[str] = Counter()
        spelt: dict[str, str] = {}
        for level, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            merged[spelt.setdefault(fold(level), level)] += n
        return merged

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Each spelling of a value -> the one under which ``levels`` counts it."""
        folded = {fold(level): level for level in self.levels}
        return {c: folded.get(fold(c), c) for c in {canonical_spelling(c) for c in self.present}}

    @cached_property
    def numerals(self) -> Numerals:
        if self.kind == "BOOLEAN":
            return Numerals("", 0.0, np.full(len(self.cells), np.nan))
        return numerals(self.cells, comma=self.comma)

    @cached_property
    def times(self) -> TimeFacts | None:
        fractions = self.kind in ("DOUBLE", "FLOAT") or self.kind.startswith("DECIMAL")
        if self.kind == "BOOLEAN" or (fractions and self.order != "excel"):
            return None
        return time_facts(self.cells, self.order)

    def without_percent(self) -> ColumnFacts:
        """The same column with the percent signs taken away."""
        return replace(self, cells=tuple(c.strip().rstrip("% \u00a0\u202f") if c else c for c in self.cells))

    @property
    def missing_share(self) -> float:
        return 1 - len(self.present) / max(len(self.cells), 1)

    @property
    def distinct(self) -> int:
        return len(self.levels)

    @property
    def unique_share(self) -> float:
        return self.distinct / max(len(self.present), 1)

    @property
    def numeric(self) -> bool:
        """Numbers, apart from a stray word here and there; codes with leading zeros are none."""
        if self.numerals.share < 0.95 or not self.present:
            return False
        coded = sum(1 for c in self.present[:500] if _CODE.fullmatch(c))
        return coded == 0 or all(len(c) == 1 or not c.startswith("0") for c in self.present[:500])

    @property
    def is_whole(self) -> bool:
        """Whole numbers only."""
        values = self.numerals.values
        values = values[~np.isnan(values)]
        return bool(len(values)) and bool(np.all(values == np.round(values)))

    @property
    def unit(self) -> bool:
        """Numbers in [0, 1] of which some lie between."""
        values = self.numerals.values
        values = values[~np.isnan(values)]
        if not self.numeric or len(values) == 0:
            return False
        inside = float(np.mean((values >= 0) & (values <= 1)))
        return inside > 0.99 and bool(np.any((values > 0) & (values < 1)))


def canonical_spelling(text: str) -> str:
    """The spelling under which a class is kept: ``1.0`` is ``1``, ``True`` is ``true``; see ``cast``."""
    if text.endswith(".0") and _POINT.fullmatch(text):
        return text[:-2]
    return text.lower() if text.lower() in ("true", "false") else text


def numerals(cells: Sequence[str | None], *, comma: bool) -> Numerals:
    """The number format that fits most cells; a decimal comma only where the cells or the file speak for it.

    Where nearly all are amounts of one currency, its mark is taken away, and the format says so."""
    present = [c.strip() for c in cells if c is not None and c.strip().lower() not in _MISSING]
    code = detect_currency(_sample(present))
    if code:
        bare = numerals([None if c is None else strip_currency(c, code) for c in cells], comma=comma)
        return replace(bare, format=f"{WORD}{code} {bare.format}".strip())
    nothing = Numerals("", 0.0, np.full(len(cells), np.nan))
    if not present:
        return nothing
    sample = _sample(present)
    shares = {
        "": sum(bool(_POINT.fullmatch(c)) for c in sample),
        "decimal_comma": sum(bool(_COMMA.fullmatch(c)) for c in sample),
        "thousands_comma": sum(bool(_GROUPED_POINT.fullmatch(c) or _POINT.fullmatch(c)) for c in sample),
    }
    groups = sum(bool(re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+", c)) for c in sample)
    if comma and groups > 0.5 * len(sample):
        form = "decimal_comma"  # 1.234 in a file of decimal commas
    elif shares[""] >= 0.9 * len(sample):
        form = ""
    else:
        form = max(shares, key=lambda k: (shares[k], comma == (k == "decimal_comma")))
    if shares[form] < 0.5 * len(sample):
        return nothing
    both = [c for c in sample if "," in c and _GROUPED_POINT.fullmatch(c) and _COMMA.fullmatch(c)]
    unsure = form != "" and len(both) == sum("," in c for c in sample) > 0 and not comma
    values = np.array([_read(c, form) for c in cells])
    there = np.count_nonzero(~np.isnan(values))
    return Numerals(form, float(there / len(present)), values, unsure)


def _sample(present: list[str]) -> list[str]:
    return present[:: max(1, len(present) // 500)]


def is_percent(facts: ColumnFacts) -> bool:
    """Whether nearly all cells read like ``87 %``."""
    sample = facts.present[:500]
    return bool(sample) and sum(bool(_PERCENT.fullmatch(c)) for c in sample) > 0.95 * len(sample)


def _read(cell: str | None, form: str) -> float:
    if cell is None:
        return np.nan
    text = cell.strip()
    if form == "decimal_comma":
        if not _COMMA.fullmatch(text):
            return np.nan
        text = re.sub(r"[. \u00a0\u202f']", "", text).replace(",", ".")
    elif form == "thousands_comma":
        text = text.replace(",", "")
    try:
        value = float(text) if _POINT.fullmatch(text) else np.nan
    except ValueError:
        return np.nan
    return value if abs(value) <= LARGEST_NUMBER else np.nan


def uses_decimal_commas(columns: Sequence[Sequence[str | None]]) -> bool:
    """Whether a file writes decimal commas: some column has numbers that read in no other way."""
    for cells in columns:
        sample = [c.strip() for c in cells[:2000] if c and c.strip().lower() not in _MISSING]
        code = detect_currency(sample[:100])
        sample = [strip_currency(c, code) for c in sample] if code else sample
        odd = sum(
            bool(re.fullmatch(r"[-+]?((\d{1,3}(\.\d{3})+|\d+),(\d{1,2}|\d{4,})|0,\d+)", c)) for c in sample
        )
        fits = sum(bool(_COMMA.fullmatch(c)) for c in sample)
        if sample and odd > 0.2 * len(sample) and fits > 0.95 * len(sample):
            return True
    return False

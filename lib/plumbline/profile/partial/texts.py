"""Columns of text as numbers that hold over all batches of a partition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from plumbline.domain import IntArray


class TextCodes:
    """Texts by the order in which they came, a missing one as well: ``texts`` by number."""

    def __init__(self, spell: Callable[[str | None], str | None] = lambda text: text) -> None:
        self.spell = spell
        self.numbers: dict[str | None, int] = {}

    @property
    def texts(self) -> list[str | None]:
        return list(self.numbers)

    def codes(self, column: Any) -> IntArray:
        """The number of each row's text, (n,)."""
        import pyarrow as pa

        if pa.types.is_null(column.type):
            column = column.cast(pa.string())
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        names = [self.spell(name) for name in (*column.dictionary.to_pylist(), None)]
        of_name = np.array([self.numbers.setdefault(name, len(self.numbers)) for name in names], np.int64)
        places = column.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(of_name[places.astype(np.int64)], np.int64)

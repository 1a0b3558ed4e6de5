"""What every answer can be made into: JSON, a table, and what a notebook shows of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from plumbline.domain.json_values import json_value

if TYPE_CHECKING:
    import pandas as pd

#: rows of an answer's table that a notebook shows
SHOWN = 20


class RowSample(Protocol):
    """How many of a system's rows are here, and what is from them: see ``store.cache.samples``."""

    @property
    def sentence(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...


class _Answer(Protocol):
    @property
    def sample(self) -> RowSample | None: ...

    @property
    def sentence(self) -> str: ...

    def to_frame(self) -> pd.DataFrame: ...


class Result:
    """The forms of an answer, which has a ``sentence`` that says what was measured."""

    __slots__ = ("_sample",)
    _sample: RowSample
    #: the columns of its table
    COLUMNS: ClassVar[tuple[str, ...]] = ()

    @property
    def sample(self) -> RowSample | None:
        """Where only a sample of the system's rows is here: how many of how many, and what is from it."""
        return getattr(self, "_sample", None)

    def mark_sample(self, sample: RowSample) -> None:
        """Say that what needs rows is from a sample of them."""
        object.__setattr__(self, "_sample", sample)

    def _json_values(self) -> dict[str, Any]:
        """What was measured, as JSON values by name."""
        return json_value(self)  # type: ignore[no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """JSON values by name, as the command line prints them with ``--json``; ``sample`` where there is one."""
        return self._json_values() | ({"sample": self.sample.to_dict()} if self.sample else {})

    def rows(self) -> list[dict[str, Any]]:
        """The rows of its table: column -> value."""
        return []

    def to_frame(self) -> pd.DataFrame:
        """Its table, with the columns ``COLUMNS`` whether or not there are rows."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(self.COLUMNS))

    def _repr_html_(self: _Answer) -> str:
        frame = self.to_frame()
        more = f"<p>{SHOWN} of {len(frame)} rows</p>" if len(frame) > SHOWN else ""
        table = frame.head(SHOWN).to_html(index=False, escape=True, border=0) if len(frame.columns) else ""
        sample = f"<p>{escape(self.sample.sentence)}</p>" if self.sample else ""
        return f"<p><strong>{escape(self.sentence)}</strong></p>{table}{more}{sample}"

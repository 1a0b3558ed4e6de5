"""What every answer can be made into: JSON, a table, and what a notebook shows of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from plumbline.domain.json_values import json_value

if TYPE_CHECKING:
    import pandas as pd

#: rows of an answer's table that a notebook shows
SHOWN = 20


class _Answer(Protocol):
    @property
    def sentence(self) -> str: ...

    def to_frame(self) -> pd.DataFrame: ...


class Result:
    """The forms of an answer, which has a ``sentence`` that says what was measured."""

    __slots__ = ()
    #: the columns of its table
    COLUMNS: ClassVar[tuple[str, ...]] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON values by name, as the command line prints them with ``--json``."""
        return json_value(self)  # type: ignore[no-any-return]

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
        return f"<p><strong>{escape(self.sentence)}</strong></p>{table}{more}"

"""What a server answered, with the sentence, frame and dictionary that a local answer has."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from plumbline.domain.errors import PlumblineError
from plumbline.domain.result import Result

if TYPE_CHECKING:
    import pandas as pd


class RemoteAnswer(Result):
    """What a server answered: the JSON of the command line, its first level as attributes.

    ``to_frame()`` is the frame of the same answer of a local workspace.
    """

    __slots__ = ("_kind", "_values")

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self._kind, self._values = kind, values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"{self._kind} has no {name!r}: it has {', '.join(self._values)}") from None

    @property
    def sentence(self) -> str:
        """What was measured."""
        return str(self._values.get("sentence", ""))

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return self._values

    def rows(self) -> list[dict[str, Any]]:
        """The rows of its table: column -> value.

        Raises:
            PlumblineError: this answer has no table over a server.
        """
        if self._kind not in TABLES:
            raise PlumblineError(
                f"The answer {self._kind} has no table over a server", todo="Its to_dict() holds all of it."
            )
        place, columns = TABLES[self._kind]
        value = self._values[place]
        if self._kind == "findings":
            value = [
                row | row["finding"] | {"id": row["id"], "open": row["closed_at"] is None} for row in value
            ]
        return [{name: row.get(name) for name in columns} for row in value]

    def to_frame(self) -> pd.DataFrame:
        """Its table, as of a local workspace; times are aware, in UTC. Raises PlumblineError as ``rows``."""
        import pandas as pd

        frame = pd.DataFrame(self.rows(), columns=list(TABLES[self._kind][1]))
        for name in {"start", "end", "since", "until", "known_at"} & set(frame.columns):
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame

    def _repr_html_(self) -> str:
        if self._kind in TABLES:
            return super()._repr_html_()
        return f"<p><strong>{escape(self.sentence)}</strong></p>"

    def __repr__(self) -> str:
        return f"plumbline.RemoteAnswer({self._kind!r}: {self.sentence})"


#: kind of answer -> the list in it that is its table, and the table's columns
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "performance": ("series", ("metric", "start", "end", "version", "n", "value", "low", "high", "threshold",
                               "status")),
    "drift": ("features", ("feature", "method", "value", "low", "high", "threshold", "q_value", "n_reference", "n",
                           "status", "note")),
    "findings": ("findings", ("id", "signal", "sentence", "since", "until", "known_at", "severity", "open",
                              "acknowledged_by")),
    "scorecard": ("controls", ("id", "title", "status", "evidence_kind", "evidence", "requirement", "next_action")),
}  # fmt: skip

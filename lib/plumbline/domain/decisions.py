"""One logged decision, and the columns of the table that it lies in.

A column is named by its role: ``score``, or ``feature:age`` and ``protected:sex`` where a role has many columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: what stands in a cell of a role with many columns
Cell = float | str | None


def bare_name(column: str) -> str:
    """The name behind the role: ``age`` of ``feature:age``; empty where the role has one column alone."""
    return column.partition(":")[2]


def role_of(column: str) -> str:
    """The role of a column: ``feature`` of ``feature:age``, ``score`` of ``score``."""
    return column.partition(":")[0]


def columns_of_role(columns: Iterable[object], role: str) -> list[str]:
    """Those of the columns that have a role of many columns, such as ``feature``, in their order."""
    return [str(column) for column in columns if str(column).startswith(f"{role}:")]


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of a system's decision table. ``columns``: every column with its value, None where it is missing.

    Times are aware, in UTC.
    """

    columns: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What it is looked up by: its id, or ``#LOAD:LINE`` where the log has none."""
        logged = self.columns["decision_id"]
        return str(logged) if isinstance(logged, str) and logged else f"#{self.load_id}:{self.line}"

    @property
    def load_id(self) -> int:
        return int(self.columns["_load_id"])

    @property
    def line(self) -> int:
        """The record's number in the file."""
        return int(self.columns["_line"])

    @property
    def time(self) -> datetime:
        moment: datetime = self.columns["timestamp"]
        return moment

    @property
    def version(self) -> str:
        """Of the model; empty where none was logged."""
        return str(self.columns.get("version") or "")

    @property
    def arm(self) -> str:
        return str(self.columns.get("arm") or "")

    @property
    def prediction(self) -> Any:
        """The class, number or action decided."""
        return self.columns.get("prediction")

    @property
    def score(self) -> float | None:
        logged = self.columns.get("score")
        return None if logged is None else float(logged)

    @property
    def label(self) -> Any:
        """What turned out to be true."""
        return self.columns.get("label")

    @property
    def label_time(self) -> datetime | None:
        """When that was known."""
        return self.columns.get("label_time")

    @property
    def override(self) -> Any:
        """What a person decided in the end."""
        return self.columns.get("override")

    def of_role(self, role: str) -> dict[str, Cell]:
        """Name -> value of a role with many columns."""
        return {bare_name(column): self.columns[column] for column in columns_of_role(self.columns, role)}

    @property
    def features(self) -> dict[str, Cell]:
        """The model's inputs."""
        return self.of_role("feature")

    @property
    def segments(self) -> dict[str, Cell]:
        return self.of_role("segment")

    @property
    def protected(self) -> dict[str, Cell]:
        """Protected attributes."""
        return self.of_role("protected")

    @property
    def probabilities(self) -> dict[str, float]:
        """Of each class that has a column of its own and a number in it."""
        return {name: float(part) for name, part in self.of_role("proba").items() if part is not None}

    @property
    def attributions(self) -> dict[str, float]:
        """Recorded contributions of the inputs, those that are there."""
        return {name: float(part) for name, part in self.of_role("attribution").items() if part is not None}

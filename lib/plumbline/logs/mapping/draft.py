"""A mapping in the making: what each column means so far, and what is still to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from plumbline.domain import ColumnMap, Kind, Mapping, RoleName, Task
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.questions import FileQuestion


@dataclass(kw_only=True)
class Draft:
    """A guess in the making. ``maps``: column -> what it means; ``asked``: columns that a question is about."""

    columns: list[ColumnFacts]
    maps: dict[str, list[ColumnMap]] = field(default_factory=dict)
    questions: list[FileQuestion] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    zone_notes: list[str] = field(default_factory=list)  # of these, how times without a zone are read
    task: Task | None = None
    positive: str | None = None
    zone: str = "UTC"
    known: Mapping | None = None
    stated: StatedRoles = field(default_factory=StatedRoles)
    twin: ColumnFacts | None = None  # the column of the same two classes as the label

    def unmapped_columns(self) -> list[ColumnFacts]:
        """Columns without a meaning so far."""
        return [c for c in self.columns if c.name not in self.maps]

    def ask(self, question: str | FileQuestion, *columns: ColumnFacts) -> None:
        """Put a question about some columns."""
        names = tuple(c.name for c in columns)
        self.questions.append(
            FileQuestion(text=question, columns=names) if isinstance(question, str) else question
        )
        self.asked.update(names)

    def give(
        self,
        column: ColumnFacts,
        role: str,
        confidence: float,
        reason: str,
        *,
        kind: Kind | None = None,
        form: str = "",
        name: str = "",
    ) -> None:
        """Settle a column, or add a role to it."""
        spelt = RoleName(role, name)
        self.maps.setdefault(column.name, []).append(
            ColumnMap(
                column=column.name,
                role=spelt,
                kind=kind,
                format=form,
                confidence=round(confidence, 3),
                reason=reason,
            )
        )

    def has(self, role: str) -> ColumnFacts | None:
        """The column that has a single role."""
        for column in self.columns:
            if any(m.role.role == role for m in self.maps.get(column.name, ())):
                return column
        return None

    def confidence(self, role: str) -> float:
        """How sure the role's column is; 1 where none has it."""
        found = [m.confidence for maps in self.maps.values() for m in maps if m.role.role == role]
        return min(found, default=1.0)

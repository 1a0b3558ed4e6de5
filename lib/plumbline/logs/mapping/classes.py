"""The classes of a system: one spelling each, and what cannot be right about them.

``Yes``, ``YES`` and `` yes `` are one class: compared without case and without the blanks around and between words.
It keeps the spelling that the system has for it, else that of its probability column, else the one that most
predictions have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from plumbline.domain import PlumblineError, System, Task
from plumbline.domain.messages import message, word
from plumbline.logs.mapping.role_names import POSITIVE, normalise
from plumbline.store import systems
from plumbline.store.backup import state_digest
from plumbline.store.sql import decision_table, ident, literal
from plumbline.wording.quantities import count

MAX_CLASSES = 200
#: spellings of one column that are looked at
MOST_SPELLINGS = 4 * MAX_CLASSES + 1
#: two classes that are known to be the two sides of one: a short log may predict one and label the other throughout
_PAIRS = (
    "0 1, -1 1, false true, no yes, n y, f t, nein ja, n j, non oui, no si, no sí, negative positive, down up"
)
_OPPOSITES = frozenset(frozenset(pair.split()) for pair in _PAIRS.split(", "))
#: columns that hold classes, in the order in which their spelling counts
_COLUMNS = ("prediction", "label", "override")


def fold(text: str) -> str:
    """A class without case and without the blanks that do not matter."""
    return " ".join(text.split()).casefold()


def _no_rows() -> dict[str, dict[str, int]]:
    return {column: {} for column in _COLUMNS}


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """The classes of decisions as they are written.

    ``rows``: of prediction, label and override the classes that it holds, with how many decisions have them.
    ``scores``: of each class that was predicted, or came true where nothing was, the sum of the scores and how many.
    """

    rows: dict[str, dict[str, int]] = field(default_factory=_no_rows)
    scores: dict[str, tuple[float, int]] = field(default_factory=dict)

    def holds(self, name: str | None) -> bool:
        """Whether a class was predicted or came true, however it is written."""
        return name is not None and any(
            fold(each) == fold(name) for role in ("prediction", "label") for each in self.rows[role]
        )

    def plus(self, other: ClassCounts) -> ClassCounts:
        """Those of both together."""
        rows = {
            column: {
                name: self.rows[column].get(name, 0) + other.rows[column].get(name, 0)
                for name in {**self.rows[column], **other.rows[column]}
            }
            for column in _COLUMNS
        }
        none = (0.0, 0)
        scores = {
            name: (
                self.scores.get(name, none)[0] + other.scores.get(name, none)[0],
                self.scores.get(name, none)[1] + other.scores.get(name, none)[1],
            )
            for name in {**self.scores, **other.scores}
        }
        return ClassCounts(rows, scores)


@dataclass(frozen=True, slots=True)
class ClassProblem:
    """What cannot be right about the classes of predictions and labels: a question, and what to do about it."""

    question: str
    todo: str
    topic: str  # many | apart


def trouble(
    predictions: Iterable[str], labels: Iterable[str], task: Task | None, *, output: str = "", label: str = ""
) -> ClassProblem | None:
    """What cannot be right about some classes, or None.

    Args:
        predictions, labels: the classes that each holds; either may be empty.
        output, label: the columns of the file that hold them, where they are known.
    """
    if task is Task.REGRESSION or task is None:
        return None
    here = {fold(c): c for c in predictions}
    true = {fold(c): c for c in labels}
    both = here | true
    text = message("the predictions ({column})", column=output) if output else word("the predictions")
    came = message("the labels ({column})", column=label) if label else word("the labels")
    if task is Task.BINARY and len(both) > 2:
        return ClassProblem(
            message(
                "Which two classes are meant? {predictions:capital} and {labels} hold {n}: {classes}",
                predictions=text,
                labels=came,
                n=count(len(both)),
                classes=_class_list(both.values()),
            ),
            "Give another column the role prediction or label, or say that there are several classes; "
            "in a terminal: --map COLUMN=ROLE, or --task multiclass.",
            "many",
        )
    shared = len(here.keys() & true.keys())
    grades = (
        shared == 1 and sorted((len(here), len(true)))[0] == 2 and len(both) > 4
    )  # deciles beside yes and no
    if here and true and (grades or (not shared and frozenset(both) not in _OPPOSITES)):
        return ClassProblem(
            message(
                "Do both mean the same? {predictions:capital} hold {classes}, {labels} hold {others}: they share "
                "{shared}",
                predictions=text,
                classes=_class_list(here.values()),
                labels=came,
                others=_class_list(true.values()),
                shared=word("only 1 class") if shared else word("no class"),
            ),
            "Give another column the role label, or ignore this one, or write both alike in the export; "
            "in a terminal: --map COLUMN=label, or --map COLUMN=ignore.",
            "apart",
        )
    return None


def _class_list(classes: Iterable[str]) -> str:
    names = sorted(classes)
    first = ", ".join(c[:40] for c in names[:6])
    return (
        message("{first} and {rest} more", first=first, rest=count(len(names) - 6))
        if len(names) > 6
        else first
    )


def settle_classes(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    *,
    file: str | None = None,
    counted: ClassCounts | None = None,
) -> System:
    """Give each class one spelling, and set the system's classes to those of its decisions and labels, sorted.

    Args:
        file: what was loaded, where it is to be refused if its classes cannot be right.
        counted: the classes of all decisions, where only a sample of them is in the table.

    Raises:
        PlumblineError: a classification with more than MAX_CLASSES classes; and of a load see ``trouble``.
    """
    if system.task is Task.REGRESSION:
        return system
    spellings = counted.rows if counted else _class_counts(cursor, system)
    known = [
        *system.classes,
        *(c.role.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "proba"),
    ]
    spelling = _spelling(spellings, known)
    _respell(cursor, system, spellings, spelling)
    by_role = {role: {spelling[fold(c)] for c in spellings[role]} for role in _COLUMNS}
    classes = by_role["prediction"] | by_role["label"]
    if len(classes) > MAX_CLASSES:
        raise PlumblineError(
            message(
                "The predictions hold more than {max_classes} classes, so they are not classes",
                max_classes=str(MAX_CLASSES),
            ),
            todo="If they are numbers, load them as regression; otherwise map another column as prediction.",
        )
    wrong = trouble(by_role["prediction"], by_role["label"], system.task) if file is not None else None
    if wrong:
        raise PlumblineError(wrong.question, where=file or "", todo=wrong.todo)
    changed = replace(
        system, classes=tuple(sorted(classes)), positive=_known_spelling(system.positive, classes)
    )
    if system.task is Task.BINARY and changed.positive not in changed.classes and len(changed.classes) == 2:
        changed = replace(changed, positive=_guess_positive(cursor, changed, counted, spelling))
    if changed != system:
        systems.update_system(cursor, changed)
    return changed


def spell_staged_classes(
    cursor: duckdb.DuckDBPyConnection, system: System, table: str, columns: Sequence[str]
) -> None:
    """Write the classes of staged rows as the system has them, so that a label in capitals is no other label."""
    if system.task is Task.REGRESSION or not system.classes:
        return
    known = {fold(c): c for c in system.classes}
    for column in columns:
        rows = cursor.execute(
            f"SELECT DISTINCT {ident(column)} FROM {table} WHERE {ident(column)} IS NOT NULL LIMIT {4 * MAX_CLASSES}"
        ).fetchall()
        _update(cursor, table, column, {c: known[fold(c)] for (c,) in rows if known.get(fold(c), c) != c})


def _class_counts(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[str, dict[str, int]]:
    """Of each column the classes in the table, with how many rows have them; a little more than are allowed."""
    table = decision_table(system.key)
    return {
        column: {
            str(c): int(n)
            for c, n in cursor.execute(
                f"""SELECT {column}, count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY ALL
                    LIMIT {MOST_SPELLINGS}"""
            ).fetchall()
        }
        for column in _COLUMNS
    }


def _spelling(spellings: dict[str, dict[str, int]], known: Sequence[str]) -> dict[str, str]:
    """Folded class -> how it is written."""
    chosen: dict[str, str] = {}
    for c in known:
        chosen.setdefault(fold(c), c)
    there = {c for role in _COLUMNS for c in spellings[role]}
    for role in _COLUMNS:
        for c, _ in sorted(spellings[role].items(), key=lambda item: (-item[1], item[0])):
            chosen.setdefault(fold(c), c)
    return {fold(c): chosen[fold(c)] for c in there}


def _respell(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    spellings: dict[str, dict[str, int]],
    spelling: dict[str, str],
) -> None:
    table = decision_table(system.key)
    for role in _COLUMNS:
        other = {c: spelling[fold(c)] for c in spellings[role] if spelling[fold(c)] != c}
        if other:
            state_digest.note_changes(cursor, system.key)
        _update(cursor, table, role, other)
        if other:
            state_digest.mark_decisions(cursor, system.key)
    rows = cursor.execute(
        "SELECT DISTINCT label FROM label_claim WHERE system = ? AND label IS NOT NULL LIMIT 1000",
        [system.key],
    ).fetchall()
    other = {c: spelling[fold(c)] for (c,) in rows if spelling.get(fold(c), c) != c}
    _update(cursor, "label_claim", "label", other, f" AND system = {literal(system.key)}")


def _update(
    cursor: duckdb.DuckDBPyConnection, table: str, column: str, other: dict[str, str], where: str = ""
) -> None:
    if other:
        cursor.execute(
            f"UPDATE {table} SET {ident(column)} = MAP($was::VARCHAR[], $now::VARCHAR[])[{ident(column)}] "
            f"WHERE list_contains($was::VARCHAR[], {ident(column)}){where}",
            {"was": list(other), "now": list(other.values())},
        )


def _known_spelling(positive: str | None, classes: Iterable[str]) -> str | None:
    """The positive class as the system writes it."""
    if positive is None:
        return None
    return next((c for c in classes if fold(c) == fold(positive)), positive)


def _guess_positive(
    cursor: duckdb.DuckDBPyConnection, system: System, counted: ClassCounts | None, spelling: dict[str, str]
) -> str:
    """The class with the higher mean score, else the one whose name says so, else the last."""
    scores = counted.scores if counted else _scores(cursor, system)
    totals: dict[str, tuple[float, int]] = {}
    for name, (total, n) in scores.items():
        spelt = spelling.get(fold(name), name)
        before = totals.get(spelt, (0.0, 0))
        totals[spelt] = (before[0] + total, before[1] + n)
    means = {name: totals[name][0] / totals[name][1] for name in system.classes if name in totals}
    if means:
        return max(means, key=lambda name: means[name])
    return next((c for c in system.classes if normalise(c) in POSITIVE), system.classes[-1])


def _scores(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[str, tuple[float, int]]:
    """See ``ClassCounts.scores``, of the decisions in the table."""
    rows = cursor.execute(
        f"""SELECT coalesce(prediction, label) AS c, sum(score), count(*) FROM {decision_table(system.key)}
            WHERE score IS NOT NULL AND c IS NOT NULL GROUP BY c"""
    ).fetchall()
    return {str(c): (float(total), int(n)) for c, total, n in rows}

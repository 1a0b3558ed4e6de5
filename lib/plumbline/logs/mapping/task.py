"""What kind of task the columns make, which class is the positive one, and what only a person can say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import PlumblineError, System, Task
from plumbline.domain.messages import Message, message, sequence, word
from plumbline.logs.mapping.association import auc_of_column, classes_of
from plumbline.logs.mapping.classes import ClassProblem, fold, trouble
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.questions import FileQuestion, positive_question
from plumbline.logs.mapping.role_names import POSITIVE, normalise
from plumbline.wording.quantities import count, decimal

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

FEW_CLASSES = 200
_PREDICTS = {
    Task.BINARY: word("two classes"),
    Task.MULTICLASS: word("several classes"),
    Task.REGRESSION: word("a number"),
}


def other_task(task: Task, system: System) -> PlumblineError:
    """The refusal of a file of one task for a system of another."""
    return PlumblineError(
        message(
            "The file predicts {file}, but the system {key} predicts {system}",
            file=_PREDICTS[task],
            key=system.key,
            system=_PREDICTS[system.task or task],
        ),
        todo="Load it into a system of its own, or correct the mapping.",
    )


def settle(draft: Draft) -> None:
    """Settle task and positive class, as the columns stand."""
    _task(draft)
    _settle_positive(draft)


def _task(draft: Draft) -> None:
    output = draft.has("prediction") or draft.has("label")
    if draft.stated.task:
        draft.task = draft.stated.task
    elif draft.has("proba"):
        draft.task = Task.MULTICLASS
    elif draft.has("score") and (output is None or output.distinct <= 2):
        draft.task = Task.BINARY
    elif output is None:
        draft.task = Task.BINARY if draft.has("score") else None
    elif output.distinct <= 2:
        draft.task = Task.BINARY
    elif output.numeric and (not output.is_whole or output.distinct > 20):
        draft.task = Task.REGRESSION
    else:
        draft.task = Task.MULTICLASS
        if output.numeric and not (draft.known and draft.known.task):
            draft.ask(
                FileQuestion(
                    text=message(
                        "Are the {n} different numbers of {column} classes? They were taken for classes.",
                        n=count(output.distinct),
                        column=repr(output.name),
                    ),
                    topic="task",
                    columns=(output.name,),
                    options=(Task.MULTICLASS.value, Task.REGRESSION.value),
                    taken=Task.MULTICLASS.value,
                    say="--task multiclass, or regression",
                )
            )


def _settle_positive(draft: Draft) -> None:
    """The class whose probability the score is: the one with the higher scores."""
    if draft.task is not Task.BINARY:
        return
    score, prediction, label = draft.has("score"), draft.has("prediction"), draft.has("label")
    for column in (prediction, label):
        if score and column and column.distinct == 2:
            classes = classes_of(column)
            first, second = sorted(column.levels)
            area = auc_of_column(score.numerals.values, classes, second)
            draft.positive = second if area >= 0.5 else first
            if abs(area - 0.5) < 0.05:
                question = word("Which class is the score the probability of?")
                _ask_positive(draft, question, (first, second))
            return
    levels = sorted({*(prediction.levels if prediction else ()), *(label.levels if label else ())})
    wordy = [v for v in levels if normalise(v) in POSITIVE]
    draft.positive = wordy[0] if wordy else levels[-1] if levels else None
    if draft.positive and len(wordy) != 1:
        _ask_positive(draft, word("Which class is the positive one?"), tuple(levels))


def _ask_positive(draft: Draft, question: Message, levels: tuple[str, ...]) -> None:
    """Ask for the positive class, unless an earlier log settled it."""
    settled = draft.known.positive if draft.known else None
    if draft.positive and settled not in levels:
        taken = message("{positive} was taken.", positive=repr(draft.positive))
        draft.ask(positive_question(sequence([question, taken]), levels, draft.positive))


def ask(draft: Draft) -> None:
    """Questions that only a log of decisions raises."""
    output, label = draft.has("prediction"), draft.has("label")
    if output is None and not draft.has("score") and not draft.has("proba"):
        draft.ask(
            FileQuestion(
                text=word("Which column holds the prediction or the score?"),
                must=True,
                say="--map COLUMN=prediction",
            )
        )
    score = draft.has("score")
    if (
        score
        and output is None
        and not score.unit
        and not draft.has("proba")
        and not _is_in_percent(draft, score)
    ):
        draft.notes.append(
            message(
                "{column} is no probability (it runs from {least} to {most}), and no column gives the prediction: how "
                "often the model is right, and for whom, stays unknown. Map the decision as prediction.",
                column=score.name,
                least=decimal(float(np.nanmin(score.numerals.values)), "g"),
                most=decimal(float(np.nanmax(score.numerals.values)), "g"),
            )
        )
    if output and label:
        wrong = trouble(output.levels, label.levels, draft.task, output=output.name, label=label.name)
        if wrong:
            draft.ask(_class_question(wrong, output, label), label)
    for column in (output, label) if draft.task is not Task.REGRESSION else ():
        spelt = (
            {spelling for spelling, level in column.spellings.items() if spelling != level}
            if column
            else set()
        )
        if column and len(spelt) > 0 and column.distinct <= FEW_CLASSES:
            draft.notes.append(
                message(
                    "Classes of {column} that differ only in capitals or blanks count as one: {spellings}.",
                    column=column.name,
                    spellings=_spellings(column),
                )
            )


def _is_in_percent(draft: Draft, score: ColumnFacts) -> bool:
    return any("percent" in m.format.split() for m in draft.maps.get(score.name, ()))


def _class_question(wrong: ClassProblem, output: ColumnFacts, label: ColumnFacts) -> FileQuestion:
    many = wrong.topic == "many"
    say = (
        "--map COLUMN=ROLE, or --task multiclass"
        if many
        else f"--map COLUMN=label, or --map '{label.name}=ignore'"
    )
    return FileQuestion(
        text=message("{question}.", question=wrong.question),
        topic="task" if many else "role",
        columns=(output.name, label.name),
        options=(Task.BINARY.value, Task.MULTICLASS.value) if many else (),
        must=True,
        say=say,
    )


def folded_values(column: ColumnFacts) -> set[str]:
    """The values of a column, as classes are compared."""
    return {fold(level) for level in column.levels}


def _spellings(column: ColumnFacts) -> str:
    """The spellings of the classes that have several, e.g. ``Yes = YES = yes``."""
    several: dict[str, list[str]] = {}
    for spelling, level in sorted(column.spellings.items()):
        if spelling != level:
            several.setdefault(level, [level]).append(spelling)
    return ", ".join(" = ".join(names[:4]) for names in list(several.values())[:4])

"""Which columns are score, probabilities, prediction and label, and what kind of task they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import Kind, Task
from plumbline.logs.classes import Trouble, fold, trouble
from plumbline.logs.facts import Facts, is_percent
from plumbline.logs.questions import Question, positive
from plumbline.logs.roles import POSITIVE, PROBABILITY, name_strength, normalise
from plumbline.logs.separation import (
    area_under_curve,
    classes_by_argmax,
    classes_of,
    correlation,
    same_scale,
    separates,
    sum_to_one,
)

if TYPE_CHECKING:
    from plumbline.logs.guess import Draft

_CUT = 0.99
_FEW_CLASSES = 200


def find(draft: Draft) -> None:
    """Give out proba, score, prediction and label, and settle task and positive class."""
    if not draft.has("proba"):
        _probabilities(draft)
    if not draft.has("score") and not draft.has("proba"):
        _score(draft)
    if not draft.has("prediction"):
        _prediction(draft)
    if not draft.has("label"):
        _label(draft)
    if not draft.has("prediction") and not draft.has("score") and not draft.has("proba"):
        _two_numbers(draft)
    _task(draft)
    _positive(draft)


def _strength(column: Facts, role: str) -> float:
    return name_strength(column.name).get(role, 0.0)


def _classlike(column: Facts) -> bool:
    """Could hold classes: at least two different values, few, and no fractions."""
    return 2 <= column.distinct <= min(_FEW_CLASSES, max(2, len(column.present) // 4)) and (
        not column.numeric or (column.whole and column.distinct <= 20)
    )


def _form(column: Facts) -> str:
    return column.numerals.format if column.numeric else ""


def _probabilities(draft: Draft) -> None:
    usable = [c for c in draft.free() if c.unit]
    named = [c for c in usable if PROBABILITY.fullmatch(normalise(c.name))]
    chosen = sum_to_one(named) or sum_to_one(usable)
    if len(chosen) < 2:
        return
    classes, agreed = _class_names(draft, chosen)
    if len(chosen) == 2:
        _two_probabilities(draft, chosen, classes)
        return
    sure = 0.95 if agreed > _CUT else 0.85 if all(c in named for c in chosen) else 0.6
    for column in chosen:
        name = classes.get(column.name, column.name)
        draft.give(column, "proba", sure, f"adds up to 1 with its neighbours; the probability of {name}",
                   kind=Kind.NUMERIC, form=_form(column), name=name)  # fmt: skip
    if sure < 0.8:
        draft.ask(
            f"Are {', '.join(repr(c.name) for c in chosen)} the probabilities of the classes? They add up to 1.",
            *chosen,
        )


def _class_names(draft: Draft, chosen: tuple[Facts, ...]) -> tuple[dict[str, str], float]:
    """Which class each probability column is for: by the class predicted where it is largest, or by its name."""
    best: tuple[dict[str, str], float] = ({}, 0.0)
    for column in draft.free():
        if _classlike(column) and column.distinct <= len(chosen) and column not in chosen:
            found = classes_by_argmax(chosen, column)
            if found[1] > best[1]:
                best = found
    if best[1] > _CUT:
        return best
    names = {}
    for column in chosen:
        match = PROBABILITY.fullmatch(normalise(column.name))
        names[column.name] = (match["name"] or match["name2"]) if match else column.name
    return names, 0.0


def _two_probabilities(draft: Draft, chosen: tuple[Facts, ...], classes: dict[str, str]) -> None:
    """Two probabilities that add up to 1: the positive class's is the score, the other says nothing new."""
    words = {c.name: normalise(classes.get(c.name, c.name)) for c in chosen}
    positive = next((c for c in chosen if words[c.name] in POSITIVE), chosen[-1])
    other = next(c for c in chosen if c is not positive)
    draft.give(
        positive, "score", 0.85, f"a probability, with {other.name} adding up to 1", form=_form(positive)
    )
    draft.give(other, "ignore", 0.85, f"1 less {positive.name}")


def _score(draft: Draft) -> None:
    draft.columns = [
        c.without_percent() if _strength(c, "score") == 1 and is_percent(c) else c for c in draft.columns
    ]
    candidates = []
    for column in draft.free():
        strength = _strength(column, "score")
        if not column.numeric or column.distinct < 3:
            continue
        percent = not column.unit and strength == 1 and _percents(column)
        if not column.unit and not percent and strength < 1:
            continue
        cut, _ = _best_cut(draft, column)
        if strength or cut > _CUT:
            candidates.append(
                (strength * (1.0 if column.unit or percent else 0.3) + 2 * (cut > _CUT), column, percent, cut)
            )
    if not candidates:
        return
    weight, column, percent, cut = max(candidates, key=lambda item: item[0])
    strength = _strength(column, "score")
    if weight < 0.3 or (not column.unit and not percent and cut <= _CUT and _rival_names(draft)):
        return
    reasons = (["its name"] if strength else []) + (["numbers from 0 to 1"] if column.unit else [])
    if cut > _CUT:
        reasons.append("a cut of it tells two classes apart")
    sure = (
        0.97 if strength == 1 and cut > _CUT else 0.9 if strength == 1 or (strength and cut > _CUT) else 0.85
    )
    if strength < 1 and cut <= _CUT:
        sure = 0.7
    if not column.unit and not percent:
        sure = min(sure, 0.7)
    form = " ".join([*(["percent"] if percent else []), _form(column)]).strip()
    draft.give(column, "score", sure, ", ".join(reasons), form=form)


def _rival_names(draft: Draft) -> bool:
    """Whether a number is called a prediction, so that a raw score would be a feature: regression."""
    return any(_strength(c, "prediction") == 1 and c.numeric and c.distinct > 20 for c in draft.free())


def _percents(column: Facts) -> bool:
    values = column.numerals.values[~np.isnan(column.numerals.values)]
    return bool(len(values) and values.min() >= 0 and 1 < values.max() <= 100)


def _best_cut(draft: Draft, score: Facts) -> tuple[float, Facts | None]:
    """The two-valued column that a cut of the score tells apart best, and how well."""
    best: tuple[float, Facts | None] = (0.0, None)
    for column in draft.columns:
        given = draft.maps.get(column.name)
        if given and given[0].role.role not in ("prediction", "label"):
            continue
        if column is not score and column.distinct == 2:
            right, _ = separates(score.numerals.values, classes_of(column))
            # a constant guess is right as often as its class is frequent: ask for more than that
            common = column.levels.most_common(1)[0][1] / max(len(column.present), 1)
            if right > best[0] and right > common + 0.5 * (1 - common):
                best = (right, column)
    return best


def _prediction(draft: Draft) -> None:
    score = draft.has("score")
    if score:
        right, column = _best_cut(draft, score)
        if column is not None and column.name not in draft.maps and right > _CUT:
            named = _strength(column, "prediction")
            sure = 0.97 if named else 0.6 if _strength(column, "label") == 1 else 0.85
            draft.give(
                column, "prediction", sure, f"{score.name} beyond a cut" + (", and its name" if named else "")
            )
            return
    probas = [c for c in draft.columns if any(m.role.role == "proba" for m in draft.maps.get(c.name, ()))]
    if probas:
        ranked = [(classes_by_argmax(probas, c)[1], c) for c in draft.free() if _classlike(c)]
        if ranked:
            agreed, column = max(ranked, key=lambda item: item[0] + 0.001 * _strength(item[1], "prediction"))
            if agreed > _CUT:
                draft.give(column, "prediction", 0.97, "the class with the largest probability")
                return
    named_columns = [c for c in draft.free() if _strength(c, "prediction") and _could_be_output(c)]
    if not named_columns:
        return
    column = max(named_columns, key=lambda c: (_strength(c, "prediction"), _strength(c, "label") == 0))
    sure = 0.93 if _strength(column, "prediction") == 1 else 0.7
    draft.give(column, "prediction", sure, "its name", form="" if _classlike(column) else _form(column))


def _could_be_output(column: Facts) -> bool:
    return column.distinct >= 1 and (_classlike(column) or column.numeric or column.distinct == 1)


def _label(draft: Draft) -> None:
    output = draft.has("prediction")
    ranked = []
    for column in draft.free():
        strength = _strength(column, "label")
        if strength < 1 and _strength(column, "override") == 1:
            continue  # what a person decided looks like an outcome: as one it would make every model accurate
        alike = output is not None and bool(column.present) and _same_values(output, column)
        if not column.present and strength == 1:  # labels that are all still to come
            ranked.append((1.5, strength, False, 0.0, column))
            continue
        if not (strength or alike) or not _could_be_output(column):
            continue
        follows = _follows(draft, column) if alike or _classlike(column) else 0.0
        fits = alike or output is None or (not _classlike(output) and column.numeric)
        ranked.append(
            (2 * strength + 1.0 * alike + 0.5 * follows - 1.5 * (not fits), strength, alike, follows, column)
        )
    if not ranked:
        return
    weight, strength, alike, follows, column = max(ranked, key=lambda item: item[0])
    if weight < 0.5:
        return
    if strength == 1:
        sure = (
            0.85
            if not column.present
            else 0.95
            if alike or (output is not None and not _classlike(output)) or output is None
            else 0.7
        )
    else:
        sure = 0.75 if alike and (strength or follows) else 0.6
    reasons = (["its name"] if strength else []) + (["the same values as the prediction"] if alike else [])
    reasons += ["it goes along with the score"] if follows else []
    form = _form(column) if output is None or not _classlike(output) else ""
    draft.give(column, "label", sure, ", ".join(reasons), form=form)


def _same_values(output: Facts, column: Facts) -> bool:
    """The same classes (one may lack a rare one), or numbers of the same size that go together."""
    if _classlike(output) or output.distinct <= 2:
        a, b = folded(output), folded(column)
        return len(a & b) >= 1 and (a <= b or b <= a) and len(b) <= _FEW_CLASSES
    return (
        output.numeric and column.numeric and same_scale(output, column) and correlation(output, column) > 0.7
    )


def _follows(draft: Draft, column: Facts) -> float:
    """1 where the score is higher for one of the column's two classes than for the other."""
    score = draft.has("score")
    if score is None or column.distinct != 2:
        return 0.0
    area = area_under_curve(score.numerals.values, classes_of(column), sorted(column.levels)[1])
    return float(abs(area - 0.5) > 0.1)


def _two_numbers(draft: Draft) -> None:
    """Without names: two columns of numbers that go together could be what was predicted and what came true."""
    numbers = [
        c for c in draft.free() if c.numeric and c.distinct > 20 and not c.times and c.unique_share > 0.05
    ]
    best: tuple[float, Facts | None, Facts | None] = (0.7, None, None)
    for i, a in enumerate(numbers):
        for b in numbers[i + 1 :]:
            size = abs(correlation(a, b)) if same_scale(a, b) else 0.0
            if size > best[0]:
                best = (size, a, b)
    _, first, second = best
    if first is None or second is None:
        return
    a, b = first, second
    if a.missing_share > b.missing_share or _strength(b, "prediction"):
        a, b = b, a
    draft.give(a, "prediction", 0.5, f"a number that goes along with {b.name}", form=_form(a))
    draft.give(b, "label", 0.5, f"a number that goes along with {a.name}", form=_form(b))
    draft.ask(
        Question(
            f"Which is the prediction and which came true: {a.name!r} or {b.name!r}?",
            columns=(a.name, b.name), must=True,
            say=f"--map '{a.name}=prediction' --map '{b.name}=label', or the other way round",
        ),
        a, b,
    )  # fmt: skip


def _task(draft: Draft) -> None:
    output = draft.has("prediction") or draft.has("label")
    if draft.has("proba"):
        draft.task = Task.MULTICLASS
    elif draft.has("score") and (output is None or output.distinct <= 2):
        draft.task = Task.BINARY
    elif output is None:
        draft.task = Task.BINARY if draft.has("score") else None
    elif output.distinct <= 2:
        draft.task = Task.BINARY
    elif output.numeric and (not output.whole or output.distinct > 20):
        draft.task = Task.REGRESSION
    else:
        draft.task = Task.MULTICLASS
        if output.numeric and not (draft.known and draft.known.task):
            draft.ask(
                Question(
                    f"Are the {output.distinct} different numbers of {output.name!r} classes? "
                    "They were taken for classes.",
                    "task", (output.name,), (Task.MULTICLASS.value, Task.REGRESSION.value), Task.MULTICLASS.value,
                    say="--task multiclass, or regression",
                )
            )  # fmt: skip


def _positive(draft: Draft) -> None:
    """The class whose probability the score is: the one with the higher scores."""
    if draft.task is not Task.BINARY:
        return
    score, prediction, label = draft.has("score"), draft.has("prediction"), draft.has("label")
    for column in (prediction, label):
        if score and column and column.distinct == 2:
            classes = classes_of(column)
            first, second = sorted(column.levels)
            area = area_under_curve(score.numerals.values, classes, second)
            draft.positive = second if area >= 0.5 else first
            if abs(area - 0.5) < 0.05:
                _ask_positive(draft, "Which class is the score the probability of?", (first, second))
            return
    levels = sorted({*(prediction.levels if prediction else ()), *(label.levels if label else ())})
    wordy = [v for v in levels if normalise(v) in POSITIVE]
    draft.positive = wordy[0] if wordy else levels[-1] if levels else None
    if draft.positive and len(wordy) != 1:
        _ask_positive(draft, "Which class is the positive one?", tuple(levels))


def _ask_positive(draft: Draft, question: str, levels: tuple[str, ...]) -> None:
    """Ask for the positive class, unless an earlier log settled it."""
    settled = draft.known.positive if draft.known else None
    if draft.positive and settled not in levels:
        draft.ask(positive(f"{question} {draft.positive!r} was taken.", levels, draft.positive))


def ask(draft: Draft) -> None:
    """Questions that only a log of decisions raises."""
    output, label = draft.has("prediction"), draft.has("label")
    if output is None and not draft.has("score") and not draft.has("proba"):
        draft.ask(
            Question(
                "Which column holds the prediction or the score?", must=True, say="--map COLUMN=prediction"
            )
        )
    if output and label:
        wrong = trouble(output.levels, label.levels, draft.task, output=output.name, label=label.name)
        if wrong:
            draft.ask(_about_classes(wrong, output, label), label)
    for column in (output, label) if draft.task is not Task.REGRESSION else ():
        spelt = {own for own, level in column.spellings.items() if own != level} if column else set()
        if column and len(spelt) > 0 and column.distinct <= _FEW_CLASSES:
            draft.notes.append(
                f"Classes of {column.name} that differ only in capitals or blanks count as one: {_spellings(column)}."
            )


def _about_classes(wrong: Trouble, output: Facts, label: Facts) -> Question:
    many = wrong.topic == "many"
    say = (
        "--map COLUMN=ROLE, or --task multiclass"
        if many
        else f"--map COLUMN=label, or --map '{label.name}=ignore'"
    )
    return Question(
        f"{wrong.question}.", "task" if many else "role", (output.name, label.name),
        (Task.BINARY.value, Task.MULTICLASS.value) if many else (), must=True, say=say,
    )  # fmt: skip


def folded(column: Facts) -> set[str]:
    """The values of a column, as classes are compared."""
    return {fold(level) for level in column.levels}


def _spellings(column: Facts) -> str:
    """The spellings of the classes that have several, e.g. ``Yes = YES = yes``."""
    several: dict[str, list[str]] = {}
    for own, level in sorted(column.spellings.items()):
        if own != level:
            several.setdefault(level, [level]).append(own)
    return ", ".join(" = ".join(names[:4]) for names in list(several.values())[:4])

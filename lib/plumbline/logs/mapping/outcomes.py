"""Which columns are score, probabilities, prediction and label, and what kind of task they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain import Kind
from plumbline.domain.messages import message, sequence, word
from plumbline.logs.mapping import task
from plumbline.logs.mapping.association import (
    agreement,
    auc_of_column,
    classes_by_argmax,
    classes_of,
    correlation,
    is_same_scale,
    probability_columns,
    separation,
)
from plumbline.logs.mapping.calendar import is_calendar_column
from plumbline.logs.mapping.column_facts import ColumnFacts, is_percent
from plumbline.logs.mapping.given_roles import percents
from plumbline.logs.mapping.questions import FileQuestion
from plumbline.logs.mapping.role_names import POSITIVE, PROBABILITY, name_strength, normalise
from plumbline.logs.mapping.task import folded_values

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft

_CUT = 0.99
_NAMED = word("and its name")
#: words of two classes that any column may hold
_PLAIN = frozenset(
    ("0", "1", "true", "false", "yes", "no", "y", "n", "t", "f", "ja", "nein", "oui", "non", "si", "sí")
)
_FEW_CLASSES = task.FEW_CLASSES


def find(draft: Draft) -> None:
    """Give out proba, score, prediction and label, and settle task and positive class."""
    if not draft.has("proba"):
        _probabilities(draft)
    draft.twin = None if draft.has("prediction") or draft.has("proba") else _column_like_label(draft)
    if not draft.has("score") and not draft.has("proba"):
        _score(draft)
    if not draft.has("prediction"):
        _prediction(draft)
    if not draft.has("label"):
        _label(draft)
    if not draft.has("prediction") and not draft.has("score") and not draft.has("proba"):
        _two_numbers(draft)
    task.settle(draft)


def _strength(column: ColumnFacts, role: str) -> float:
    return name_strength(column.name).get(role, 0.0)


def _classlike(column: ColumnFacts) -> bool:
    """Could hold classes: at least two different values, few, and no fractions."""
    return 2 <= column.distinct <= min(_FEW_CLASSES, max(2, len(column.present) // 4)) and (
        not column.numeric or (column.is_whole and column.distinct <= 20)
    )


def _form(column: ColumnFacts) -> str:
    return column.numerals.format if column.numeric else ""


def _probabilities(draft: Draft) -> None:
    usable = [c for c in draft.unmapped_columns() if c.unit]
    named = [c for c in usable if PROBABILITY.fullmatch(normalise(c.name))]
    chosen = probability_columns(named) or probability_columns(usable)
    if len(chosen) < 2:
        return
    classes, agreed = _class_names(draft, chosen)
    if len(chosen) == 2:
        _two_probabilities(draft, chosen, classes)
        return
    sure = 0.95 if agreed > _CUT else 0.85 if all(c in named for c in chosen) else 0.6
    for column in chosen:
        name = classes.get(column.name, column.name)
        draft.give(
            column,
            "proba",
            sure,
            message("adds up to 1 with its neighbours; the probability of {name}", name=name),
            kind=Kind.NUMERIC,
            form=_form(column),
            name=name,
        )
    if sure < 0.8:
        draft.ask(
            message(
                "Are {columns} the probabilities of the classes? They add up to 1.",
                columns=", ".join(repr(c.name) for c in chosen),
            ),
            *chosen,
        )


def _class_names(draft: Draft, chosen: tuple[ColumnFacts, ...]) -> tuple[dict[str, str], float]:
    """Which class each probability column is for: by the class predicted where it is largest, or by its name."""
    best: tuple[dict[str, str], float] = ({}, 0.0)
    for column in draft.unmapped_columns():
        if _classlike(column) and column.distinct <= len(chosen) and column not in chosen:
            classes_named = classes_by_argmax(chosen, column)
            if classes_named[1] > best[1]:
                best = classes_named
    if best[1] > _CUT:
        return best
    names = {}
    for column in chosen:
        match = PROBABILITY.fullmatch(normalise(column.name))
        names[column.name] = (match["name"] or match["name2"]) if match else column.name
    return names, 0.0


def _two_probabilities(draft: Draft, chosen: tuple[ColumnFacts, ...], classes: dict[str, str]) -> None:
    """Two probabilities that add up to 1: the positive class's is the score, the other says nothing new."""
    words = {c.name: normalise(classes.get(c.name, c.name)) for c in chosen}
    positive = next((c for c in chosen if words[c.name] in POSITIVE), chosen[-1])
    other = next(c for c in chosen if c is not positive)
    why = message("a probability, with {other} adding up to 1", other=other.name)
    draft.give(positive, "score", 0.85, why, form=_form(positive))
    draft.give(other, "ignore", 0.85, message("1 less {column}", column=positive.name))


def _score(draft: Draft) -> None:
    draft.columns = [
        c.without_percent() if _strength(c, "score") and is_percent(c) else c for c in draft.columns
    ]
    candidates = []
    for column in draft.unmapped_columns():
        strength = _strength(column, "score")
        if not column.numeric or column.distinct < 3:
            continue
        hundred = not column.unit and percents(column)
        if not column.unit and not hundred and strength < 1:
            continue
        cut, decided = _best_cut(draft, column)
        named = decided is not None and (_strength(decided, "prediction") > 0 or decided is draft.twin)
        percent = hundred and (strength == 1 or (cut > _CUT and (strength > 0 or named)))
        if not column.unit and not percent and strength < 1:
            continue
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
    reasons = [word("its name")] if strength else []
    if column.unit:
        reasons.append(word("numbers from 0 to 1"))
    if cut > _CUT:
        reasons.append(word("a cut of it tells two classes apart"))
    sure = (
        0.97 if strength == 1 and cut > _CUT else 0.9 if strength == 1 or (strength and cut > _CUT) else 0.85
    )
    if strength < 1 and cut <= _CUT:
        sure = 0.7
    if not column.unit and not percent:
        sure = min(sure, 0.7)
    form = " ".join([*(["percent"] if percent else []), _form(column)]).strip()
    draft.give(column, "score", sure, sequence(reasons, ", "), form=form)


def _rival_names(draft: Draft) -> bool:
    """Whether a number is called a prediction, so that a raw score would be a feature: regression."""
    return draft.twin is None and any(
        _strength(c, "prediction") == 1 and c.numeric and c.distinct > 20 for c in draft.unmapped_columns()
    )


def _best_cut(draft: Draft, score: ColumnFacts) -> tuple[float, ColumnFacts | None]:
    """The two-valued column that a cut of the score tells apart best, and how well."""
    best: tuple[float, ColumnFacts | None] = (0.0, None)
    for column in draft.columns:
        maps = draft.maps.get(column.name)
        if maps and maps[0].role.role not in ("prediction", "label"):
            continue
        if column is not score and column.distinct == 2:
            right, _ = separation(score.numerals.values, classes_of(column))
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
            why = message("{score} beyond a cut", score=score.name)
            draft.give(column, "prediction", sure, sequence([why, *([_NAMED] if named else [])], ", "))
            return
    probas = [c for c in draft.columns if any(m.role.role == "proba" for m in draft.maps.get(c.name, ()))]
    if probas:
        ranked = [(classes_by_argmax(probas, c)[1], c) for c in draft.unmapped_columns() if _classlike(c)]
        if ranked:
            agreed, column = max(ranked, key=lambda item: item[0] + 0.001 * _strength(item[1], "prediction"))
            if agreed > _CUT:
                draft.give(column, "prediction", 0.97, word("the class with the largest probability"))
                return
    if draft.twin is not None and draft.twin.name not in draft.maps:
        label = _two_class_label(draft)
        why = message("the same two classes as {label}", label=label.name) if label else word("two classes")
        named = bool(_strength(draft.twin, "prediction"))
        sure = 0.95 if named else 0.85
        draft.give(draft.twin, "prediction", sure, sequence([why, *([_NAMED] if named else [])], ", "))
        return
    named_columns = [
        c for c in draft.unmapped_columns() if _strength(c, "prediction") and _could_be_output(c)
    ]
    if not named_columns:
        return
    column = max(named_columns, key=lambda c: (_strength(c, "prediction"), _strength(c, "label") == 0))
    sure = 0.93 if _strength(column, "prediction") == 1 else 0.7
    form = "" if _classlike(column) else _form(column)
    draft.give(column, "prediction", sure, word("its name"), form=form)


def _two_class_label(draft: Draft) -> ColumnFacts | None:
    """The column of two classes that is the label, or whose name says so."""
    facts = draft.has("label")
    if facts is not None:
        return facts if facts.distinct == 2 else None
    named = [c for c in draft.unmapped_columns() if c.distinct == 2 and _strength(c, "label")]
    return max(named, key=lambda c: (_strength(c, "label"), _strength(c, "prediction") == 0), default=None)


def _column_like_label(draft: Draft) -> ColumnFacts | None:
    """The column of the same two classes as the label: what was predicted, whatever another column is called.

    Its own name, or what its words and values share with the label, must speak for it: a feature of 0 and 1 beside a
    label of 0 and 1 is none.
    """
    label = _two_class_label(draft)
    if label is None:
        return _prediction_by_name(draft)
    best: tuple[float, ColumnFacts | None] = (0.0, None)
    for column in draft.unmapped_columns():
        if column is label or column.distinct != 2 or folded_values(column) != folded_values(label):
            continue
        if _strength(column, "override") == 1:
            continue
        together = agreement(column, label)
        plain = folded_values(column) <= _PLAIN
        weight = 2 * _strength(column, "prediction") + (together > (0.4 if plain else 0.1)) + max(together, 0)
        least = 1.4 if plain else 1.1
        if weight > max(best[0], least):
            best = (weight, column)
    return best[1]


def _prediction_by_name(draft: Draft) -> ColumnFacts | None:
    """A column of two classes that is called a prediction, beside another one that says much the same."""
    for column in draft.unmapped_columns():
        if column.distinct == 2 and _strength(column, "prediction"):
            others = (
                c
                for c in draft.unmapped_columns()
                if c is not column and c.distinct == 2 and folded_values(c) == folded_values(column)
            )
            if any(agreement(column, other) > 0.4 for other in others):
                return column
    return None


def _could_be_output(column: ColumnFacts) -> bool:
    return column.distinct >= 1 and (_classlike(column) or column.numeric or column.distinct == 1)


def _label(draft: Draft) -> None:
    output = draft.has("prediction")
    ranked = []
    for column in draft.unmapped_columns():
        strength = _strength(column, "label")
        if is_calendar_column(column) or (not strength and _has_other_name(column)):
            continue  # a day of the week comes true of nothing, nor does a version
        if strength < 1 and _strength(column, "override") == 1:
            continue  # what a person decided looks like an outcome: as one it would make every model accurate
        alike = (
            output is not None
            and column.distinct > (0 if strength else 1)
            and _has_same_values(output, column)
        )
        if not column.present and strength == 1:  # labels that are all still to come
            ranked.append((1.5, strength, False, 0.0, column))
            continue
        if not (strength or alike) or not _could_be_output(column):
            continue
        follows = _score_separation(draft, column) if alike or _classlike(column) else 0.0
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
    reasons = [word("its name")] if strength else []
    reasons += [word("the same values as the prediction")] if alike else []
    reasons += [word("it goes along with the score")] if follows else []
    form = _form(column) if output is None or not _classlike(output) else ""
    draft.give(column, "label", sure, sequence(reasons, ", "), form=form)


def _has_other_name(column: ColumnFacts) -> bool:
    """Whether a column's name says that it is something else than an outcome."""
    names = name_strength(column.name)
    return any(
        names.get(role) == 1 for role in ("version", "arm", "subject", "decision_id", "protected", "segment")
    )


def _has_same_values(output: ColumnFacts, column: ColumnFacts) -> bool:
    """The same classes (one may lack a rare one), or numbers of the same size that go together."""
    if _classlike(output) or output.distinct <= 2:
        a, b = folded_values(output), folded_values(column)
        return len(a & b) >= 1 and (a <= b or b <= a) and len(b) <= min(2 * len(a) - 1, _FEW_CLASSES)
    return (
        output.numeric
        and column.numeric
        and is_same_scale(output, column)
        and correlation(output, column) > 0.7
    )


def _score_separation(draft: Draft, column: ColumnFacts) -> float:
    """1 where the score is higher for one of the column's two classes than for the other."""
    score = draft.has("score")
    if score is None or column.distinct != 2:
        return 0.0
    area = auc_of_column(score.numerals.values, classes_of(column), sorted(column.levels)[1])
    return float(abs(area - 0.5) > 0.1)


def _two_numbers(draft: Draft) -> None:
    """Without names: two columns of numbers that go together could be what was predicted and what came true."""
    numbers = [
        c
        for c in draft.unmapped_columns()
        if c.numeric and c.distinct > 20 and not c.times and c.unique_share > 0.05
    ]
    best: tuple[float, ColumnFacts | None, ColumnFacts | None] = (0.7, None, None)
    for i, a in enumerate(numbers):
        for b in numbers[i + 1 :]:
            size = abs(correlation(a, b)) if is_same_scale(a, b) else 0.0
            if size > best[0]:
                best = (size, a, b)
    _, first, second = best
    if first is None or second is None:
        return
    a, b = first, second
    if a.missing_share > b.missing_share or _strength(b, "prediction"):
        a, b = b, a
    for column, role, other in ((a, "prediction", b), (b, "label", a)):
        why = message("a number that goes along with {column}", column=other.name)
        draft.give(column, role, 0.5, why, form=_form(column))
    draft.ask(
        FileQuestion(
            text=message(
                "Which is the prediction and which came true: {first} or {second}?",
                first=repr(a.name),
                second=repr(b.name),
            ),
            columns=(a.name, b.name),
            must=True,
            say=f"--map '{a.name}=prediction' --map '{b.name}=label', or the other way round",
        ),
        a,
        b,
    )

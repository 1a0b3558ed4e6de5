"""What each column of a log means, guessed from its name and its content, with a confidence and a reason.

Names alone decide nothing that the content contradicts, and content decides where names say nothing. What is
unsure becomes a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plumbline.domain import IGNORE, Kind, Mapping
from plumbline.domain.messages import message, word
from plumbline.logs.files import sagemaker
from plumbline.logs.mapping import amounts, complaints, given_roles, outcomes, times, versions
from plumbline.logs.mapping import task as guess_task
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.column_facts import ColumnFacts, is_percent
from plumbline.logs.mapping.date_order import apply_date_order
from plumbline.logs.mapping.draft import Draft
from plumbline.logs.mapping.inputs import reason_out
from plumbline.logs.mapping.questions import FileQuestion
from plumbline.logs.mapping.role_names import (
    AGE,
    ARMS,
    ATTRIBUTION,
    BASE,
    CALLER,
    WEIGHT,
    name_strength,
    normalise,
)
from plumbline.logs.values import currency
from plumbline.logs.values.times import date_order_of
from plumbline.wording.quantities import count

SURE = 0.8
RECALLED = word("as in earlier loads")
_TURNED = word("numbers in earlier loads, text here: kept as text beside them")
#: the roles on which the most depends, as a question names them
_CRITICAL = {
    "timestamp": word("timestamp"),
    "prediction": word("prediction"),
    "score": word("score"),
    "label": word("label"),
    "decision_id": word("decision id"),
}
#: what comes first in a date
_FIRST = {"day": word("day"), "month": word("month")}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingGuess:
    """``kind``: decisions or labels."""

    mapping: Mapping
    kind: str
    questions: tuple[FileQuestion, ...]
    notes: tuple[str, ...]
    zone_notes: tuple[str, ...] = ()  # of these, how times without a zone are read


def guess_mapping(
    columns: Sequence[ColumnFacts], known: Mapping | None = None, stated: StatedRoles | None = None
) -> MappingGuess:
    """Guess what the columns mean.

    Args:
        columns: facts of every column of the file, in file order.
        known: what earlier loads settled; the other columns are guessed around it.
        stated: what a person said of this file, which comes before all else.

    Raises:
        PlumblineError: what a person said cannot be; see ``guess_choices``.
    """
    draft = Draft(columns=list(columns), known=known, stated=stated or StatedRoles())
    given_roles.take(draft)
    if known:
        _recall(draft, known)
    complaints.find(draft)
    times.find(draft)
    outcomes.find(draft)
    _identifiers(draft)
    kind = _kind(draft)
    if kind == "labels":
        _map_labels_file(draft)
    else:
        guess_task.ask(draft)
        _map_other_columns(draft)
    _ask_critical(draft, kind)
    maps = tuple(m for c in draft.columns for m in draft.maps[c.name])
    zone = known.timezone if known else draft.zone
    task = draft.stated.task or (known.task if known and known.task else draft.task)
    positive = known.positive if known and known.positive else draft.positive
    mapping = Mapping(maps, task, positive, zone)
    notes = [*draft.notes, *amounts.notes(draft)]
    return MappingGuess(
        mapping=mapping,
        kind=kind,
        questions=tuple(dict.fromkeys(draft.questions)),
        notes=tuple(notes),
        zone_notes=tuple(draft.zone_notes),
    )


#: roles whose kind is what the column holds
_BY_CONTENT = ("feature", "segment", "protected")


def _recall(draft: Draft, known: Mapping) -> None:
    """Take over what earlier logs settled, with the number format of this file."""
    taken = {str(m.role) for maps in draft.maps.values() for m in maps}
    for column in draft.unmapped_columns():
        for item in (m for m in known.columns if m.column == column.name and str(m.role) not in taken):
            form = item.format
            if item.role.role in ("timestamp", "label_time", "trained_at"):
                form = _recall_time_format(draft, column, form)
            elif column.numeric and column.numerals.share > 0.95:
                # amounts of another currency do not become its numbers
                known_currency = currency.format_currency(form)
                format_words = [
                    w
                    for w in column.numerals.format.split()
                    if not known_currency or not w.startswith(currency.WORD)
                ]
                words = [w for w in form.split() if w == "percent" or w.startswith(currency.WORD)]
                form = " ".join(dict.fromkeys((*words, *format_words)))
            kind = item.kind
            if kind is None and item.role.role == "feature":
                kind = Kind.NUMERIC if column.numeric else Kind.CATEGORICAL
            texts = column.present and not _strip_percent(column).numeric
            if kind is Kind.NUMERIC and item.role.role in _BY_CONTENT and texts:
                kind = Kind.CATEGORICAL  # numbers before, text now: a change to be told of
            turned = item.kind is Kind.NUMERIC and kind is Kind.CATEGORICAL
            draft.give(
                column,
                item.role.role,
                1.0,
                _TURNED if turned else RECALLED,
                kind=kind,
                form=form,
                name=item.role.name,
            )


def _recall_time_format(draft: Draft, column: ColumnFacts, known: str) -> str:
    """This file's own format, with the order of day and month that an earlier log settled."""
    if column.times is None:
        return known
    if not column.times.ambiguous:
        return column.times.format
    order = date_order_of(known)
    if not order:
        times.ask_order(draft, column)
    elif column.times.mixed:
        draft.notes.append(
            message(
                "Some dates of {column} have the day first and some the month; {order} first is taken, as before.",
                column=column.name,
                order=_FIRST.get(order, order),
            )
        )
    return apply_date_order(column.times.format, order)


def _identifiers(draft: Draft) -> None:
    """Decision id, version, arm, subject, override and logged attributions."""
    if not draft.has("decision_id"):
        _decision_id(draft)
    version = versions.find(draft)
    for column in draft.unmapped_columns():
        names = name_strength(column.name)
        if column is version:
            named = names.get("version", 0) == 1
            reason = (
                word("its name, and few different values")
                if named
                else word("values that each hold for a stretch of the log")
            )
            draft.give(column, "version", 0.95 if named else 0.8, reason)
        elif names.get("arm", 0) == 1 and 1 <= column.distinct <= 20 and not draft.has("arm"):
            known = {normalise(v) for v in column.levels} & ARMS
            draft.give(
                column,
                "arm",
                0.95 if known else 0.7,
                message("its name, and values such as {example}", example=min(known))
                if known
                else word("its name"),
            )
        elif names.get("subject", 0) == 1 and column.distinct > 1 and not draft.has("subject"):
            draft.give(column, "subject", 0.9, word("its name: a person; kept as a keyed hash"))
        elif names.get("override", 0) == 1 and not draft.has("override"):
            draft.give(column, "override", 0.9, word("its name: a person's own decision"))
        elif CALLER.fullmatch(normalise(column.name)) and column.distinct > 0:
            draft.give(
                column,
                "segment",
                0.85,
                word("its name: who sent the request"),
                kind=Kind.CATEGORICAL,
                name=column.name,
            )
        elif WEIGHT.fullmatch(normalise(column.name)) and column.numeric:
            draft.give(
                column,
                "weight",
                0.9,
                word("its name: how many decisions a row stands for"),
                kind=Kind.NUMERIC,
                form=column.numerals.format,
                name=column.name,
            )
        elif BASE.fullmatch(normalise(column.name)):
            continue
        elif (match := ATTRIBUTION.fullmatch(normalise(column.name))) and column.numeric:
            name = _original(column.name, match["name"] or match["name2"], draft)
            draft.give(
                column,
                "attribution",
                0.9,
                message("its name: the attribution of {name}", name=name),
                kind=Kind.NUMERIC,
                form=column.numerals.format,
                name=name,
            )
    versions.guess_version(draft)
    _base_values(draft)


def _base_values(draft: Draft) -> None:
    """From where logged attributions start: a number beside them, and no input of the model."""
    if draft.has("attribution"):
        for column in draft.unmapped_columns():
            if column.numeric and BASE.fullmatch(normalise(column.name)):
                why = word("its name: where the attributions start from, and no input")
                draft.give(column, IGNORE, 0.9, why)


def _original(column: str, suffix: str, draft: Draft) -> str:
    """The feature that an attribution column speaks of, as it is called in the file."""
    return next((c.name for c in draft.columns if normalise(c.name) == suffix and c.name != column), suffix)


def _decision_id(draft: Draft) -> None:
    best, best_score = None, 0.0
    # in a log of decisions the number of a person names the person, even where each has decided once
    person = len(draft.columns) > 3 and any(draft.has(role) for role in ("prediction", "score", "proba"))
    for column in draft.unmapped_columns():
        whole = not column.numeric or (column.is_whole and column.kind not in ("DOUBLE", "FLOAT"))
        if (
            len(column.present) == 0
            or (column.numeric and currency.format_currency(column.numerals.format))
            or column.unique_share < 0.9
            or not whole
            or (column.times and not column.numeric)
            or (person and name_strength(column.name).get("subject", 0) == 1)
        ):
            continue
        if column.missing_share > 0.2 or max(map(len, column.present[:200])) > 80:
            continue
        strength = name_strength(column.name).get("decision_id", 0.0)
        if column.distinct < 20 and strength < 1:
            continue
        values = column.numerals.values
        steps = column.numeric and bool(np.mean(np.diff(values[~np.isnan(values)]) > 0) > 0.95)
        spaces = sum(" " in c for c in column.present[:200]) > 20
        alone = len(draft.columns) <= 3  # an id beside a label, in any order
        content = 0.0 if spaces else 0.5 if steps or alone or not column.numeric else 0.1
        if strength + content > best_score:
            best, best_score = column, strength + content
    if best is None or best_score < 0.4:
        return
    strength = name_strength(best.name).get("decision_id", 0.0)
    named = {1.0: 0.97, 0.5: 0.9}.get(strength, 0.8)
    why = word("different in every row, and its name") if strength else word("different in every row")
    draft.give(best, "decision_id", named, why)


def _kind(draft: Draft) -> str:
    """A labels file has an id and a label, and neither prediction nor score nor time of decision."""
    outputs = [c for c in (draft.has(role) for role in ("prediction", "score", "proba")) if c]
    recalled = any(m.reason == RECALLED for c in outputs for m in draft.maps[c.name])
    if recalled or not draft.has("decision_id"):
        return "decisions"
    if not draft.has("timestamp"):
        return "labels" if not outputs or len(draft.columns) <= 3 else "decisions"
    return "labels" if not outputs and len(draft.columns) <= 4 and draft.has("label") else "decisions"


def _map_labels_file(draft: Draft) -> None:
    """An id, a label, perhaps a time; the rest is left out."""
    when = draft.has("timestamp")
    if when:
        (old,) = draft.maps.pop(when.name)
        draft.give(when, "label_time", 0.85, word("the only time in a file of labels"), form=old.format)
    for role in ("prediction", "score"):
        column = draft.has(role)
        if column and not draft.has("label"):
            draft.maps.pop(column.name)
            why = word("beside an id, the only value in the file")
            draft.give(column, "label", 0.85, why, form=_form(column))
    rest = draft.unmapped_columns()
    if not draft.has("label") and rest:
        strong = [c for c in rest if name_strength(c.name).get("label")]
        column = (strong or rest)[0]
        sure = 0.9 if strong or len(rest) == 1 else 0.5
        draft.give(column, "label", sure, word("the value beside the id"), form=_form(column))
    for column in draft.unmapped_columns():
        draft.give(column, IGNORE, 0.8, word("a labels file needs an id, a label and perhaps its time"))
    draft.task, draft.positive = None, None


def _form(column: ColumnFacts) -> str:
    return column.numerals.format if column.numeric else ""


def _strip_percent(column: ColumnFacts) -> ColumnFacts:
    """A column of ``87 %`` without the signs; any other as it is."""
    return column.without_percent() if not column.numeric and is_percent(column) else column


def _map_other_columns(draft: Draft) -> None:
    """Everything else is a feature, perhaps a protected attribute or a segment as well."""
    ages, known = [], {c.name for c in draft.columns}
    for column in draft.unmapped_columns():
        names = name_strength(column.name)
        left_out = reason_out(draft, column)
        if left_out:
            draft.give(column, IGNORE, *left_out)
            continue
        bare = _strip_percent(column)
        kind = Kind.NUMERIC if bare.numeric else Kind.CATEGORICAL
        code = currency.format_currency(bare.numerals.format) if bare.numeric else ""
        reason = (
            word("the same value in every row")
            if column.distinct == 1
            else message("{n} different values", n=count(column.distinct))
        )
        if bare.numeric:
            reason = message("amounts in {currency}", currency=code) if code else word("numbers")
        form = _form(bare)
        if bare is not column:
            form, reason = f"percent {form}".strip(), word("percentages: 12 % is read as 0.12")
        name = sagemaker.input_name(column.name, known)
        draft.give(column, "feature", 0.9, reason, kind=kind, form=form, name=name)
        if names.get("protected") and column.distinct <= 50:
            draft.give(
                column,
                "protected",
                0.9,
                word("its name: an attribute that the law protects"),
                kind=Kind.CATEGORICAL,
                name=name,
            )
        elif names.get("segment") and column.distinct <= 50:
            draft.give(column, "segment", 0.85, word("its name"), kind=Kind.CATEGORICAL, name=name)
        if AGE.fullmatch(normalise(column.name)) and column.numeric:
            ages.append(column.name)
        if column.numeric and column.numerals.unsure:
            draft.ask(
                message(
                    "Are the numbers of {column}, such as {example}, thousands with a comma or decimals?",
                    column=repr(column.name),
                    example=column.present[0],
                ),
                column,
            )
    if ages:
        draft.notes.append(
            message(
                "{columns}: if this is a person's age, a column with age bands as protected:age lets fairness by age "
                "be checked.",
                columns=", ".join(ages),
            )
        )


def _ask_critical(draft: Draft, kind: str) -> None:
    for column in draft.columns:
        for item in draft.maps[column.name]:
            if item.role.role in _CRITICAL and item.confidence < SURE and column.name not in draft.asked:
                draft.ask(
                    message(
                        "Is {column} the {role}? It was taken for it because of: {reason}.",
                        column=repr(column.name),
                        role=_CRITICAL[item.role.role],
                        reason=item.reason,
                    ),
                    column,
                )
    if kind == "labels" and not draft.has("decision_id"):
        draft.ask(word("Which column identifies the decision that each label belongs to?"))

"""Which of the columns that are left are no inputs of the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from plumbline.domain.messages import Message, message, word
from plumbline.logs.files import sagemaker
from plumbline.logs.mapping.column_facts import ColumnFacts, is_percent
from plumbline.logs.mapping.personal_names import halves, personal_data_by_name
from plumbline.logs.mapping.role_names import name_strength

if TYPE_CHECKING:
    from plumbline.logs.mapping.draft import Draft


def reason_out(draft: Draft, column: ColumnFacts) -> tuple[float, Message] | None:
    """How sure it is that a column is no input of the model, and why; None where it may be one."""
    private = personal_data_by_name(column.name) or (
        "" if column.numeric or column.times else halves([c.name for c in draft.columns]).get(column.name, "")
    )
    if private and not column.unit:
        return 0.85, message("its name: {private}, which is personal data", private=private)
    if _partition(column):
        draft.notes.append(
            message(
                "{column} parts the log ({parts}) and is left out; which decisions count as healthy is said by the "
                "reference.",
                column=column.name,
                parts=", ".join(sorted(column.levels)[:3]),
            )
        )
        return 0.85, word("says which part of the log a row belongs to, and is no input")
    if _is_identifier(column):
        return 0.7, word("nearly every value differs: an identifier or free text")
    if column.times and column.times.share > 0.9 and not column.numeric:
        return 0.75, word("a date, which is not compared as a feature")
    if not column.present:
        return 0.9, word("empty in every row looked at")
    if sagemaker.is_envelope(column.name) and column.distinct <= 20:
        return 0.9, word("says how the capture was written")
    return None


#: what the parts of a log are called that was cut for monitoring or for training
_PARTS = re.compile(
    r"reference|analysis|production|monitor(ing|ed)|baseline|current|train(ing)?|test(ing)?|valid(ation)?|holdout|serving|"
    r"referenz|analyse"
)


def _partition(column: ColumnFacts) -> bool:
    """Whether a column says reference or analysis in each row, or train and test."""
    words = {level.lower() for level in column.levels}
    return (
        bool(words)
        and all(map(_PARTS.fullmatch, words))
        and (len(words) > 1 or words <= {"reference", "analysis"})
    )


def _is_identifier(column: ColumnFacts) -> bool:
    texts = not column.numeric and column.distinct > 50 and column.unique_share > 0.5
    numbered = (
        column.numeric
        and column.is_whole
        and column.unique_share > 0.98
        and column.distinct > 50
        and name_strength(column.name).get("decision_id", 0) >= 0.5
    )
    return (texts and not is_percent(column)) or numbered

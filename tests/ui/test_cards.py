"""A finding's first clause is a whole one, brackets closed."""

from __future__ import annotations

import pytest

from plumbline.ui.parts.cards import reason


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("EXP-1 Decisions can be explained: fail. 0 % are explained (needed 99 %; 22 decisions, 1 to 5 May). More.",
         "0 % are explained (needed 99 %)."),
        ("MON-4 Performance holds: fail. Accuracy fell; open since 29 July (at most 7).", "Accuracy fell."),
        ("REL-5 Guardrails: fail. It has 1 finding that nobody has handled. Roll back.",
         "It has 1 finding that nobody has handled."),
    ],
)  # fmt: skip
def test_a_first_clause_ends_where_a_sentence_may(words: str, said: str) -> None:
    text, _, mark = reason(words, clause=True).replace("\\", "").partition(" :red[")
    assert text.replace("\xa0", " ") == said
    assert words[:5] in mark

"""A finding's first clause is a whole one, brackets closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plumbline.domain import Status
from plumbline.domain.messages import as_message
from plumbline.governance.verdict import verdict_reason
from plumbline.ui.parts.cards import reason
from tests.governance.cases import judge, thin_facts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("0 % are explained (needed 99 %; 22 decisions, 1 to 5 May). More.",
         "0 % are explained (needed 99 %)."),
        ("Accuracy fell; open since 29 July (at most 7).", "Accuracy fell."),
        ("It has 1 finding that nobody has handled. Roll back.",
         "It has 1 finding that nobody has handled."),
    ],
)  # fmt: skip
def test_a_first_clause_ends_where_a_sentence_may(words: str, said: str) -> None:
    failed = replace(judge(thin_facts(), {}).controls[0], id="MON-4", status=Status.FAIL)
    failed = replace(failed, evidence=replace(failed.evidence, sentence=as_message(words)))
    text, _, mark = reason(verdict_reason(failed), clause=True).replace("\\", "").partition(" :red[")
    assert text.replace("\xa0", " ") == said
    assert "MON-4" in mark
    assert reason(as_message(words), clause=True).replace("\\", "").replace("\xa0", " ") == said

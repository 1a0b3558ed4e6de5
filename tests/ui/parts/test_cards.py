"""A finding's first clause is a whole one, brackets closed; a cell is what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plumbline.domain import Status
from plumbline.domain.messages import as_message
from plumbline.governance.verdict import verdict_reason
from plumbline.ui.parts import cards
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


def test_a_german_day_that_begins_a_cell_is_no_numbered_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one it stood outside of its cell, its figures cut."""
    shown: list[list[object]] = []
    monkeypatch.setattr(cards.st, "table", lambda frame, **_: shown.extend(frame.to_numpy().tolist()))
    cards.table([{"Since": "10. Juni 2025", "n": 3}, {"Since": "3 March 2026, 1. of 2", "n": 4}], alt="x")
    assert shown == [["10\\. Juni 2025", 3], ["3 March 2026, 1. of 2", 4]]

"""What a file is asked about, why each column was understood as it was, and what is noted: as messages, which come
from the reader's process whole and are read in German."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.domain.messages import PLACE, Message
from plumbline.logs.inspect import COSTS, Inspection, inspect_in_folder
from plumbline.ui.language import reader
from plumbline.wording.language import address, localise

_TIMES = [f"2026-03-{1 + i % 28:02d} {i % 24:02d}:00:00" for i in range(120)]
_DAYS = [f"{1 + i % 9:02d}/{1 + i % 9:02d}/2026" for i in range(120)]
#: name -> columns of a log that raises questions
LOGS = {
    "dates that could be both": {
        "when": _DAYS,
        "score": [f"{i * 37 % 100 / 100}" for i in range(120)],
        "label": ["yes" if i % 3 else "no" for i in range(120)],
        "surname": [f"Name{i}" for i in range(120)],
    },
    "two numbers": {
        "at": _TIMES,
        "a": [f"{i + 0.5}" for i in range(120)],
        "b": [f"{i + 0.75}" for i in range(120)],
        "Alter": [f"{20 + i % 40}" for i in range(120)],
    },
    "numbers that may be classes": {
        "at": _TIMES,
        "prediction": [f"{i % 5}" for i in range(120)],
        "actual": [f"{(i + i % 2) % 5}" for i in range(120)],
        "amount": [f"EUR {i}" for i in range(120)],
    },
    "no prediction": {"at": _TIMES, "region": ["north" if i % 2 else "south" for i in range(120)]},
}


@pytest.fixture
def german() -> Iterator[None]:
    address(reader("de"))
    yield
    address(None)


def _look(columns: dict[str, list[str]], folder: Path) -> Inspection:
    path = folder / "log.csv"
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines))
    return inspect_in_folder(folder / "inbox", path)


@pytest.mark.parametrize("name", LOGS)
def test_each_question_reason_and_note_is_read_in_german(name: str, tmp_path: Path, german: None) -> None:
    looked = _look(LOGS[name], tmp_path)
    reasons = [column.reason for column in looked.mapping.columns]
    notes = [note for note in looked.notes if note not in COSTS.values()]
    assert looked.asked
    for text in (*looked.questions, *reasons, *notes):
        assert isinstance(text, Message), text
        if any(letter.isalpha() for letter in PLACE.sub("", text.template)):
            assert localise(text) != text
        assert "{" not in localise(text)


def test_a_question_says_the_same_in_english_and_names_the_columns(tmp_path: Path, german: None) -> None:
    looked = _look(LOGS["dates that could be both"], tmp_path)
    (order,) = (question for question in looked.asked if question.topic == "date_order")
    assert order.text == "Are the dates of 'when' (such as 01/01/2026) day first or month first?"
    assert (
        localise(order.text)
        == "Steht in den Daten von 'when' (etwa 01/01/2026) der Tag oder der Monat zuerst?"
    )

"""Messages are their English text, and keep what other languages are made from."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain.message_json import message_json, read_message, stored_message
from plumbline.domain.messages import (
    NOTHING,
    Day,
    Message,
    Number,
    Quantity,
    QuotedText,
    Title,
    as_message,
    enumeration,
    message,
    sequence,
    word,
)

EXAMPLE = message(
    "{who} saw {alerts} on {day}: {state:capital} ({title}).",
    who="Ada {day} %s",
    alerts=Quantity("1,204", "alert"),
    day=Day(date(2026, 3, 1)),
    state=sequence([word("partial", "status"), message("over {n} %", n=Number("99.99"))], "; "),
    title=Title("control", "MON-1", "Accuracy is tracked"),
)
ENGLISH = "Ada {day} %s saw 1,204 alerts on 1 March 2026: Partial; over 99.99 % (Accuracy is tracked)."


def test_a_message_is_its_english_text() -> None:
    assert EXAMPLE == ENGLISH
    assert json.dumps(EXAMPLE) == json.dumps(ENGLISH)
    assert {EXAMPLE: 1}[ENGLISH] == 1
    assert f"{EXAMPLE}" == ENGLISH
    assert not NOTHING


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_keeps_template_and_values(copied) -> None:
    other = copied(EXAMPLE)
    assert type(other) is Message
    assert (other, other.template) == (ENGLISH, EXAMPLE.template)
    assert message_json(other) == message_json(EXAMPLE)
    assert isinstance(copied(QuotedText("as it is")), QuotedText)


def test_json_keeps_every_kind_of_value() -> None:
    text = json.dumps(message_json(EXAMPLE))
    other = read_message(json.loads(text))
    assert other == ENGLISH
    assert message_json(other) == message_json(EXAMPLE)
    assert isinstance(stored_message(ENGLISH, json.loads(text)), Message)


@pytest.mark.parametrize(
    "beside",
    [
        None,
        [],
        {},
        {"template": "Something else.", "values": {}},
        {"template": "{who}", "values": {}},
        {"number": "3"},
        {"day": "yesterday"},
        3,
    ],
)
def test_a_message_that_does_not_say_the_kept_text_is_not_believed(beside: object) -> None:
    kept = stored_message("The guardrail is off.", beside)
    assert kept == "The guardrail is off."
    assert isinstance(kept, QuotedText)


@given(st.lists(st.text(max_size=8), max_size=5))
@settings(max_examples=60)
def test_composition_reads_as_joining_strings_does(items: list[str]) -> None:
    assert sequence(items) == " ".join(filter(None, items))
    assert sequence(items, "; ") == "; ".join(filter(None, items))
    named = [item or "x" for item in items]
    most, last = named[:-1], named[-1:]
    assert enumeration(named) == " and ".join(filter(None, (", ".join(most), *last)))


def test_a_quoted_text_stays_one_and_a_message_is_not_quoted() -> None:
    assert as_message(EXAMPLE) is EXAMPLE
    assert isinstance(as_message("as it is"), QuotedText)
    assert as_message("") == NOTHING


@pytest.mark.parametrize("text", ["1,234.50", "-0.3", "−0.3", "+36.5", "9.4e-09", "0"])
def test_a_number_knows_its_value(text: str) -> None:
    plain = text.replace(",", "").replace("−", "-")
    assert float(Number(text).value) == float(plain)

"""The gettext catalogues beside the code: every template has its entry, no entry is left over, and places agree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from plumbline.domain.messages import PLACE
from tests.report.templates import HOME, Template, templates

#: language -> the forms that a place of its entries may ask for
FORMS = {
    "de": {"", "capital", "within", "dative"},
    "fr": {"", "capital", "within"},
    "en": {"", "capital", "within"},
}
#: what words an explanation, which the records of decisions print in every language
EXPLANATIONS = ("explain/", "answers/decisions/background.py", "answers/decisions/explain.py")


@cache
def catalogue(code: str) -> Catalog:
    with (HOME / "report" / "texts" / f"{code}.po").open("rb") as lines:
        return read_po(lines, locale=code, abort_invalid=True)


def entries(code: str) -> Iterator[Message]:
    return (entry for entry in catalogue(code) if entry.id)


def key(entry: Message) -> tuple[str, str]:
    return (entry.id if isinstance(entry.id, str) else entry.id[0], entry.context or "")


def worded(code: str) -> list[Template]:
    """Templates with words that a language needs; places and marks alone are the same in every language."""
    needed = {
        "de": templates(),
        "fr": [t for t in templates() if t.file.startswith(EXPLANATIONS)],
        "en": [],  # printed as it is but for a few words
    }
    return [t for t in needed[code] if any(letter.isalpha() for letter in PLACE.sub("", t.text))]


@pytest.mark.parametrize(("code", "fewest"), [("de", 550), ("fr", 55), ("en", 0)])
def test_every_template_has_its_entry_and_none_is_left_over(code: str, fewest: int) -> None:
    needed = {(t.text, t.context) for t in worded(code)}
    kept = {key(entry) for entry in entries(code)}
    assert sorted(needed - kept) == []
    assert sorted(k for k in kept - {(t.text, t.context) for t in templates()} if k[1] != "dative") == []
    assert len(needed) >= fewest


@pytest.mark.parametrize("code", FORMS)
def test_places_agree_and_every_form_is_one_of_the_language(code: str) -> None:
    for entry in entries(code):
        english = entry.id if isinstance(entry.id, str) else entry.id[0]
        texts = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(texts), english
        for text in texts:
            assert {p[1] for p in PLACE.finditer(text)} == {p[1] for p in PLACE.finditer(english)}, english
            assert {p[2] or "" for p in PLACE.finditer(text)} <= FORMS[code], english
            assert text.count("{") == len(PLACE.findall(text)), english


@pytest.mark.parametrize("code", FORMS)
def test_nouns_have_both_numbers(code: str) -> None:
    plurals = {(t.text, t.plural) for t in worded(code) if t.plural}
    for noun, many in plurals:
        entry = catalogue(code).get(noun)
        assert entry is not None, noun
        assert entry.id == (noun, many)
        assert len(entry.string) == 2

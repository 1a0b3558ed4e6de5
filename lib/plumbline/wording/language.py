"""The language that a screen is read in: English unless the run that draws it chose another.

A room that draws asks for each text by its English template (``phrase``), or marks it where it stands and renders it
where it is drawn (``screen_text``, ``localise``). What is measured, kept or written to a file is English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from plumbline.domain.messages import Message

SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads this run: the language, and how a message is rendered in it."""

    code: str
    render: Callable[[str], str]


_ENGLISH = Reader(SOURCE, str)
_READER: ContextVar[Reader] = ContextVar("plumbline_reader", default=_ENGLISH)
#: language -> what it writes for the comma and the point of an English number
_MARKS = {"de": str.maketrans(",.", ".,")}


def address(reader: Reader | None) -> None:
    """Write for this reader from now on; None: in English."""
    _READER.set(reader or _ENGLISH)


@contextmanager
def english_reader() -> Iterator[None]:
    """Whatever is written inside is in English: answers are kept for every reader."""
    before = _READER.set(_ENGLISH)
    try:
        yield
    finally:
        _READER.reset(before)


def code() -> str:
    """The language of this run, as the CLDR has it."""
    return _READER.get().code


def phrase(template: str, /, **values: object) -> str:
    """A text of ours in the reader's language.

    Args:
        template: the English text, written out where it is asked for, with ``{places}``.
        values: of its places. Messages, numbers, counts and days are written in the language; any other is a name.
    """
    strings = {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    return _READER.get().render(Message(template, strings))


def screen_text(text: str, context: str = "") -> str:
    """A text of ours that stands in a table of the code: as it is, for ``localise`` where it is drawn."""
    return text


def localise(text: str, context: str = "") -> str:
    """A message, or a text that ``screen_text`` marked, in the reader's language; what has no entry there stays.

    Args:
        context: tells entries of one spelling apart, as ``msgctxt`` does in gettext.
    """
    reader = _READER.get()
    if reader.code == SOURCE:
        return str(text)
    if isinstance(text, Message):
        return reader.render(text)
    return str(text) if "{" in text else reader.render(Message(text, None, context))


def capital(text: str) -> str:
    """A message or marked text in the reader's language, as a sentence begins with it."""
    words = localise(text)
    return words[:1].upper() + words[1:]


def digits(written: str) -> str:
    """The digits of an English number with the marks of the reader's language: ``1.234,5``."""
    marks = _MARKS.get(code())
    return written.translate(marks) if marks else written

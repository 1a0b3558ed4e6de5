"""Messages: English sentences that remember their template and their values.

A message *is* its English text, so whatever stores, hashes or prints a sentence does it as for any string. Beside
the text it keeps the template it was made from, which is its key in every other language (``msgid`` of gettext), and
the values of its places. A value is a message itself, a number, a count with its noun, a day, or a plain string: the
words of a person or a name from a log, which stay as they are in every language.

A place is ``{name}`` or ``{name:form}``. ``capital`` writes its first letter large; ``within`` a name as it stands
within a sentence: *the Brier score*, but *ROC AUC*. Templates of other languages have forms of their own, such as the
dative.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

PLACE = re.compile(r"\{([a-z_][a-z_0-9]*)(?::([a-z]+))?\}")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@lru_cache(4_096)
def _parse_template(template: str) -> tuple[tuple[tuple[str, str, str], ...], str]:
    """A template's places, each after the text before it: (text, name, form); and the text after the last."""
    parts = PLACE.split(template)
    return tuple(zip(parts[:-1:3], parts[1::3], (form or "" for form in parts[2::3]), strict=True)), parts[-1]


def fill(template: str, value: Callable[[str, str], str]) -> str:
    """A template with its places filled: ``value`` is given the name and the form of each."""
    places, end = _parse_template(template)
    return "".join([text + value(name, form) for text, name, form in places]) + end


def in_form(text: str, form: str) -> str:
    """A text in the form that a place asks for."""
    if form == "capital":
        return text[:1].upper() + text[1:]
    if form == "within" and not (text[1:2].isupper() or text[1:2].isdigit()):
        return text[:1].lower() + text[1:]
    return text


class Message(str):
    """A text with the template and the values it was made from.

    ``context`` tells entries of one spelling apart, as ``msgctxt`` does in gettext.
    """

    __slots__ = ("context", "template", "values")
    template: str
    values: Mapping[str, str]
    context: str

    def __new__(cls, template: str, values: Mapping[str, str] | None = None, context: str = "") -> Message:
        values = values or {}
        places, end = _parse_template(template)
        filled = [
            text + (in_form(values[name], form) if form else values[name]) for text, name, form in places
        ]
        message = super().__new__(cls, "".join(filled) + end)
        message.template, message.values, message.context = template, values, context
        return message

    def __getnewargs__(self) -> Any:
        return (self.template, self.values, self.context)


class QuotedText(Message):
    """A text whose template is not known: kept before messages were, or written by somebody else."""

    __slots__ = ()

    def __new__(cls, text: str) -> QuotedText:
        made = str.__new__(cls, text)
        made.template, made.values, made.context = "", {}, ""
        return made

    def __getnewargs__(self) -> Any:
        return (str(self),)


class Number(str):
    """A number as English writes it: ``1,234.50``, ``-0.3``, ``9.4e-09``."""

    __slots__ = ()

    @property
    def value(self) -> Decimal:
        """The number, with as many digits as are written."""
        return Decimal(self.replace(",", "").replace("\N{MINUS SIGN}", "-"))


class Quantity(str):
    """A count with its noun: ``1 day``, ``2 days``. ``many``: the plural, where it is not the noun with an s."""

    __slots__ = ("many", "noun", "number")
    number: Number
    noun: str
    many: str

    def __new__(cls, number: str, noun: str, many: str = "") -> Quantity:
        many = many or f"{noun}s"
        made = super().__new__(cls, f"{number} {noun if number == '1' else many}")
        made.number, made.noun, made.many = Number(number), noun, many
        return made

    def __getnewargs__(self) -> Any:
        return (str(self.number), self.noun, self.many)


class Day(str):
    """A day of the calendar: ``3 March 2026``."""

    __slots__ = ("day",)
    day: date

    def __new__(cls, day: date) -> Day:
        made = super().__new__(cls, f"{day.day} {MONTHS[day.month - 1]} {day.year}")
        made.day = day.date() if isinstance(day, datetime) else day
        return made

    def __getnewargs__(self) -> Any:
        return (self.day,)


class Title(str):
    """A title of the catalogue, which other languages have under its section and key."""

    __slots__ = ("key", "section")
    section: str
    key: str

    def __new__(cls, section: str, key: str, text: str) -> Title:
        made = super().__new__(cls, text)
        made.section, made.key = section, key
        return made

    def __getnewargs__(self) -> Any:
        return (self.section, self.key, str(self))


#: what stands where nothing is to be said
NOTHING = Message("")


def message(template: str, /, **values: str) -> Message:
    """A message from its template, which is written out where it is made, and the values of its places."""
    return Message(
        template, {name: value if isinstance(value, str) else str(value) for name, value in values.items()}
    )


def word(text: str, context: str = "") -> Message:
    """A word or name of a fixed vocabulary, which other languages have their own for."""
    return Message(text, None, context)


def as_message(text: str) -> Message:
    """A text as a message; one that has no template is quoted in every language."""
    return text if isinstance(text, Message) else QuotedText(text) if text else NOTHING


_PART = "part_"  # how the places of a sequence begin


def sequence(items: Sequence[str], separator: str = " ") -> Message:
    """The items that say something, one after the other: sentences, or parts of one."""
    parts = [item for item in items if item]
    if not parts:
        return NOTHING
    if len(parts) == 1 and isinstance(parts[0], Message):
        return parts[0]
    names = [f"{_PART}{number}" for number in range(len(parts))]
    return Message(separator.join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))


def items_of(text: str) -> tuple[str, ...]:
    """The items of a ``sequence``; any other text is its only one."""
    if isinstance(text, Message) and text.values and all(name.startswith(_PART) for name in text.values):
        return tuple(text.values.values())
    return (text,) if text else ()


def has_template(text: str, part: Message) -> bool:
    """Whether a message is another one, whatever its values, or has it among its parts."""
    if not isinstance(text, Message):
        return False
    same = bool(part.template) and (text.template, text.context) == (part.template, part.context)
    return same or any(has_template(value, part) for value in text.values.values())


def enumeration(items: Sequence[str]) -> Message:
    """``a, b and c``."""
    if len(items) < 2:
        return sequence(items)
    return message("{most} and {last}", most=sequence(items[:-1], ", "), last=items[-1])

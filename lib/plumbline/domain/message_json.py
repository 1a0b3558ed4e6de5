"""Messages as JSON values and back, for places that keep a message beside or instead of its English text."""

from __future__ import annotations

from datetime import date
from typing import Any

from plumbline.domain.messages import Day, Message, Number, Quantity, QuotedText, Title


def message_json(text: str) -> Any:
    """A message or a value of one as a JSON value: an object by its kind, a plain string as it is."""
    if isinstance(text, QuotedText):
        return {"quoted": str(text)}
    if isinstance(text, Message):
        values = {name: message_json(value) for name, value in text.values.items()}
        more = {"context": text.context} if text.context else {}
        return {"template": text.template, "values": values, **more}
    if isinstance(text, Quantity):
        return {"count": str(text.number), "noun": text.noun, "many": text.many}
    if isinstance(text, Number):
        return {"number": str(text)}
    if isinstance(text, Day):
        return {"day": text.day.isoformat()}
    if isinstance(text, Title):
        return {"section": text.section, "key": text.key, "title": str(text)}
    return str(text)


def read_message(value: Any) -> str:
    """The message or value that a JSON value stands for.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it stands for none.
    """
    if isinstance(value, str):
        return value
    if "template" in value:
        values = {str(name): read_message(item) for name, item in value["values"].items()}
        return Message(str(value["template"]), values, str(value.get("context", "")))
    if "count" in value:
        return Quantity(str(value["count"]), str(value["noun"]), str(value["many"]))
    if "number" in value:
        return Number(value["number"])
    if "day" in value:
        return Day(date.fromisoformat(value["day"]))
    if "title" in value:
        return Title(str(value["section"]), str(value["key"]), str(value["title"]))
    return QuotedText(str(value["quoted"]))


def stored_message(text: str, value: Any) -> Message:
    """A kept text as the message kept beside it; quoted where that says anything else, or is none.

    The text is what was hashed and signed, so a message that does not say the same to the byte is not believed.
    """
    try:
        stored_text = read_message(value) if value is not None else text
    except (KeyError, TypeError, ValueError, AttributeError):
        stored_text = text
    return stored_text if isinstance(stored_text, Message) and stored_text == text else QuotedText(text)

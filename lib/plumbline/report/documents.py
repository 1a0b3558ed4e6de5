"""The outlines that buyers and authorities ask for, filled with what is known and marked where it is not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from plumbline.report.gather import Material
from plumbline.report.known_facts import fact
from plumbline.report.language import Language, language
from plumbline.report.scorecard_report import frame
from plumbline.report.typeset import typeset


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a document. ``value`` is empty where it is not known; ``source`` then says who can tell."""

    name: str
    value: str
    source: str

    known: bool


@cache
def outlines() -> Mapping[str, Any]:
    """The outlines by key: sections of items, each with its name in every language."""
    text = (resources.files("plumbline.report") / "documents.toml").read_text("utf-8")
    return {entry["key"]: entry for entry in tomllib.loads(text)["document"]}


def filled(material: Material, key: str, speech: Language) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """A document's sections with their items, in their order."""
    return tuple(
        (section[speech.code], tuple(_item(material, entry, speech) for entry in section["items"]))
        for section in outlines()[key]["section"]
    )


def document_pdf(material: Material, key: str, code: str) -> bytes:
    """One document as PDF, dated at the scorecard's moment.

    Raises:
        PlumblineError: there are no documents in that language.
    """
    speech = language(code)
    sections = filled(material, key, speech)
    items = [item for _, rows in sections for item in rows]
    kind = speech.say(key, "document")
    return typeset(
        "document",
        {
            **frame(material, speech, kind),
            "heading": f"{kind}: {material.answer.system.title}",
            "note": speech.say(f"{key}_note", "document"),
            "known": speech.say("known", "document", known=sum(item.known for item in items), all=len(items)),
            "head": [speech.say("item", "table"), speech.say("value", "table")],
            "sections": [
                {
                    "title": title,
                    "rows": [
                        {"name": i.name, "value": i.value, "source": i.source, "known": i.known} for i in rows
                    ],
                }
                for title, rows in sections
            ],
        },
    )


def _item(material: Material, entry: Mapping[str, str], speech: Language) -> Item:
    found = fact(material, entry["value"], speech) if "value" in entry else None
    if found is None:
        who = speech.say(entry["who"], "document")
        return Item(entry[speech.code], "", speech.say("missing", "document", who=who), False)
    source = speech.say("source", "document", source=speech.say(found.source, "document"))
    return Item(entry[speech.code], found.text, source, True)

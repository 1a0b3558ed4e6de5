"""The outlines that buyers and authorities ask for, filled with what is known and marked where it is not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from plumbline.answers.governance.documents import document_texts, save_texts
from plumbline.domain import PlumblineError
from plumbline.report.document_facts import fact, window
from plumbline.report.language import Language, language
from plumbline.report.material import Material, gather
from plumbline.report.scorecard_report import frame
from plumbline.report.typeset import typeset
from plumbline.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a document. ``value`` is empty where it is not known; ``source`` then says who can tell."""

    key: str
    name: str
    value: str
    source: str
    known: bool
    stated: str = ""  # what a person says, where somebody does; it stands beside what is measured


#: titles of sections with their items
Sections = tuple[tuple[str, tuple[Item, ...]], ...]


@cache
def outlines() -> Mapping[str, Any]:
    """The outlines by key: sections of items, each with its name in every language."""
    text = (resources.files("plumbline.report") / "documents.toml").read_text("utf-8")
    return {entry["key"]: entry for entry in tomllib.loads(text)["document"]}


def fill_document(material: Material, key: str, speech: Language) -> Sections:
    """A document's sections with their items, in their order."""
    return tuple(
        (section[speech.code], tuple(_item(material, entry, speech) for entry in section["items"]))
        for section in outlines()[key]["section"]
    )


def outline(ws: Workspace, key: str, kind: str, code: str) -> Sections:
    """One document of a system as sections of items.

    Raises:
        PlumblineError: no such system or language.
    """
    return fill_document(gather(ws, key), kind, language(code))


def fill_documents(ws: Workspace, key: str, code: str) -> dict[str, Sections]:
    """Every document of a system as sections of items, by its kind.

    Raises:
        PlumblineError: no such system or language.
    """
    material, speech = gather(ws, key), language(code)
    return {kind: fill_document(material, kind, speech) for kind in outlines()}


def document_pdf(material: Material, key: str, code: str) -> bytes:
    """One document as PDF, dated at the scorecard's moment.

    Raises:
        PlumblineError: there are no documents in that language.
    """
    speech = language(code)
    kind, note = speech.say(key, "document"), speech.say(f"{key}_note", "document")
    return sections_pdf(material, kind, note, fill_document(material, key, speech), speech)


def sections_pdf(material: Material, kind: str, note: str, sections: Sections, speech: Language) -> bytes:
    """Sections of items as PDF, each with where it comes from or who can fill it in."""
    known, items = tally(sections)
    return typeset(
        "document",
        {
            **frame(material, speech, kind),
            "heading": f"{kind}: {material.answer.system.title}",
            "note": note,
            "known": speech.say("known", "document", known=known, all=items),
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


def tally(sections: Sections) -> tuple[int, int]:
    """Known items, and all."""
    items = [item for _, rows in sections for item in rows]
    return sum(item.known for item in items), len(items)


def item_keys() -> frozenset[str]:
    """The keys of every item of every document, under which texts are kept."""
    return frozenset(
        item["key"] for entry in outlines().values() for part in entry["section"] for item in part["items"]
    )


def save_statements(ws: Workspace, key: str, texts: Mapping[str, str], *, by: str) -> None:
    """Keep what a person says about items of the documents; an empty text takes one back.

    Raises:
        PlumblineError: no such item or system, or nobody signs.
    """
    wrong = sorted(set(texts) - item_keys())
    if wrong:
        raise PlumblineError(f"No document has an item {wrong[0]!r}", todo="See `plumbline document S KIND`.")
    save_texts(ws, key, texts, by=by)


def _item(material: Material, entry: Mapping[str, str], speech: Language) -> Item:
    document_fact = fact(material, entry["value"], speech) if "value" in entry else None
    statement = document_texts(material.answer.system).get(entry["key"])
    stated = statement.text if statement else ""
    sources = []
    if document_fact:
        rests = window(material, speech) if document_fact.whole_log else ""
        words = speech.say(document_fact.source, "document") + (f" ({rests})" if rests else "")
        sources = [speech.say("source", "document", source=words)]
    if statement:
        sources.append(speech.say("stated_by", "document", by=statement.by, day=speech.day(statement.on)))
    if not sources:
        who = speech.say(entry["who"], "document")
        missing = speech.say("missing", "document", who=who)
        return Item(key=entry["key"], name=entry[speech.code], value="", source=missing, known=False)
    value = "\n".join(text for text in (document_fact.text if document_fact else "", stated) if text)
    return Item(
        key=entry["key"],
        name=entry[speech.code],
        value=value,
        source=" ".join(sources),
        known=True,
        stated=stated,
    )

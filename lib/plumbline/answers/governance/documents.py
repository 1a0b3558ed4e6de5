"""The outlined documents of a system: what people add to them, which versions were made, and who reviewed one.

A version is the PDF as it was made: kept in the workspace by its SHA-256, so that what was reviewed can be shown
later. A review names that hash; nobody can review a version that was not made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from plumbline.answers.signer import signer
from plumbline.answers.statements import change_settings, evidence_file
from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.store import statements, systems, trail
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count

TECHNICAL = "annex_iv"  # whose review answers CMP-3
LONGEST = 4000  # characters of one text


@dataclass(frozen=True, slots=True)
class DocumentStatement:
    """What a person says where the log cannot know."""

    text: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody read one version and stands for it."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One document as it was made. ``open``: items that nobody has filled in."""

    kind: str
    sha256: str
    language: str
    made_at: datetime
    made_by: str
    items: int
    open: int
    reviews: tuple[Review, ...] = ()  # the newest first


def document_texts(system: System) -> dict[str, DocumentStatement]:
    """The texts that people gave, by the item's key."""
    held = system.settings.documents
    return {
        key: DocumentStatement(e["text"], e["by"], date.fromisoformat(e["on"])) for key, e in held.items()
    }


def save_texts(ws: Workspace, key: str, texts: Mapping[str, str], *, by: str, on: date | None = None) -> None:
    """Keep what a person says about items of the documents; an empty text takes one back.

    Raises:
        PlumblineError: no such system, no name, or a text that is too long.
    """
    signer(by, "A text", "Say who states it.")
    long = next((name for name, text in texts.items() if len(text) > LONGEST), None)
    if long is not None:
        raise PlumblineError(
            message("The text is longer than {longest} characters", longest=count(LONGEST)), where=long
        )
    with ws.read() as cursor:
        stored_texts = dict(systems.get_system(cursor, key).settings.documents)
    day = (on or datetime.now(UTC).date()).isoformat()
    for name, text in texts.items():
        words = text.strip()
        if not words:
            stored_texts.pop(name, None)
        elif name not in stored_texts or words != stored_texts[name]["text"]:
            stored_texts[name] = {"text": words, "by": by.strip(), "on": day}
    change_settings(ws, key, {"documents": stored_texts or None}, by=by.strip())


def keep_version(
    ws: Workspace,
    key: str,
    kind: str,
    content: bytes,
    *,
    name: str,
    language: str,
    items: int,
    left: int,
    actor: str,
) -> str:
    """Keep a document that was just made, and put it on the trail; its SHA-256.

    Raises:
        PlumblineError: no such system.
    """
    digest = hashlib.sha256(content).hexdigest()
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        statements.keep_file(cursor, digest, name, content, actor)
        detail = {"kind": kind, "sha256": digest, "language": language, "items": items, "open": left}
        trail.append(cursor, actor=actor, action=Act.DOCUMENT_ISSUED, system=key, detail=detail)
    return digest


def review(ws: Workspace, key: str, sha256: str, *, by: str) -> Version:
    """Say that a version was read and is right.

    Args:
        sha256: of a version made here; its first twelve digits are enough.

    Raises:
        PlumblineError: no name, no such version, or its file was altered since.
    """
    signer(by, "A review", "Say who reviewed it.")
    version = next((v for v in versions(ws, key) if len(sha256) >= 12 and v.sha256.startswith(sha256)), None)
    if version is None:
        raise PlumblineError(
            message(
                "No version {sha256} of a document of {key} was made here", sha256=repr(sha256[:12]), key=key
            ),
            todo="Make the document first.",
        )
    evidence_file(ws, version.sha256)
    with ws.write() as cursor:
        detail = {"kind": version.kind, "sha256": version.sha256, "open": version.open}
        trail.append(cursor, actor=by.strip(), action=Act.DOCUMENT_REVIEWED, system=key, detail=detail)
    return next(v for v in versions(ws, key) if v.sha256 == version.sha256)


def versions(ws: Workspace, key: str) -> tuple[Version, ...]:
    """Every version that was made, the newest first; one made twice counts from the last time.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        return read_versions(cursor, key)


def read_versions(cursor: Cursor, key: str) -> tuple[Version, ...]:
    """The same, on a cursor that is open already."""
    versions: dict[str, Version] = {}
    reviews: dict[str, list[Review]] = {}
    for entry in trail.entries(cursor, system=key, limit=100_000):  # the newest first
        detail = entry.detail
        digest = str(detail.get("sha256", ""))
        if entry.action == Act.DOCUMENT_REVIEWED:
            reviews.setdefault(digest, []).append(Review(entry.actor, entry.at))
        if entry.action == Act.DOCUMENT_ISSUED and "items" in detail and digest not in versions:
            versions[digest] = Version(
                kind=str(detail["kind"]),
                sha256=digest,
                language=str(detail["language"]),
                made_at=entry.at,
                made_by=entry.actor,
                items=int(detail["items"]),
                open=int(detail["open"]),
                reviews=tuple(reviews.get(digest, ())),
            )
    return tuple(versions.values())


def review_facts(cursor: Cursor, key: str) -> dict[str, Any]:
    """The fields of ``Facts`` that the last review of the technical documentation settles."""
    reviews = [(r, v) for v in read_versions(cursor, key) if v.kind == TECHNICAL for r in v.reviews]
    if not reviews:
        return {}
    last, version = max(reviews, key=lambda pair: pair[0].at)
    return {
        "technical_file_reviewed": last.at.date(), "technical_file_by": last.by, "technical_file_gaps": version.open,
    }  # fmt: skip

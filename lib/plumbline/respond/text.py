"""A message as a person reads it: subject, text and HTML, from the payload that every channel gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from plumbline.respond.events import TYPES
from plumbline.respond.http import strip_control_characters

_BLANKS = re.compile(r"\s+")
#: type -> how a subject begins
MARKS = {
    "finding.opened": "New", "finding.worsened": "Worse", "finding.reminder": "Still open", "finding.resolved": "Over",
    "finding.merged": "Part of another", "finding.withdrawn": "Taken back", "channel.test": "Test",
    "digest": "Digest", "summary": "Missed",
}  # fmt: skip


def event_type(payload: Mapping[str, Any]) -> str:
    """``finding.opened`` of ``plumbline.finding.opened.v1``."""
    return str(payload["type"]).removeprefix("plumbline.").rpartition(".v")[0]


def line(text: object, most: int = 200) -> str:
    """One line of a foreign text: no control characters, no line ends, cut."""
    flat = _BLANKS.sub(" ", strip_control_characters(str(text).replace("\n", " ").replace("\r", " "))).strip()
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def subject(payload: Mapping[str, Any]) -> str:
    """E.g. ``[Plumbline] New, high: credit: Accuracy went to 71 %``."""
    data, kind = payload["data"], event_type(payload)
    mark = MARKS.get(kind, TYPES.get(kind, kind))
    rank = (
        f", {data['severity']}" if kind in ("finding.opened", "finding.worsened", "finding.reminder") else ""
    )
    system = f" {line(data['system'], 60)}:" if data.get("system") else ""
    test = "Test: " if data.get("test") and kind != "channel.test" else ""
    whole = f"[Plumbline] {test}{mark}{rank}:{system} {line(data['sentence'], 110)}"
    return whole.replace("=?", "= ?")  # no encoded word of a mail's header by a foreign text


def paragraphs(payload: Mapping[str, Any]) -> list[str]:
    """What a message says, a paragraph each, the first one what it is about."""
    data, kind = payload["data"], event_type(payload)
    lines = [line(data["sentence"], 1000)]
    if kind == "finding.withdrawn":
        lines.append("We told you of it, and are sorry: it was not so.")
    if money := data.get("money"):
        lines.append(f"Cost so far: {line(money.get('amount'), 30)} {line(money.get('currency', ''), 10)}.")
    if data.get("since"):
        lines.append(f"Since {line(data['since'], 16).replace('T', ' ')} UTC.")
    listed = data.get("also", [])
    if listed:
        count = data.get("also_count", len(listed))
        lines.append("It holds:" if kind in ("digest", "summary") else "Also:")
        lines += [
            f"- {line(finding.get('system', ''), 60)}, {finding['severity']}: {line(finding['sentence'], 400)}"
            for finding in listed
        ]
        if count > len(listed):
            lines.append(f"and {count - len(listed)} more.")
    if see := data.get("links", {}).get("see"):
        lines.append(f"See it: {line(see, 500)}")
    if link := data.get("links", {}).get("acknowledge"):
        lines.append(f"Acknowledge it (sign in; the link counts once, for a week): {line(link, 700)}")
    if data.get("finding") is not None:
        words = f"plumbline acknowledge {line(data['system'], 80)} {int(data['finding'])} --by NAME"
        lines.append(f"Or by command: {words}")
    return lines


def plain_text(payload: Mapping[str, Any]) -> str:
    """The text part."""
    return "\n\n".join(paragraphs(payload)) + "\n"


def html(payload: Mapping[str, Any]) -> str:
    """The HTML part: paragraphs of escaped text, no picture, no script, nothing fetched."""
    title = escape(subject(payload))
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs(payload))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font-family: sans-serif; max-width: 40em">{body}</body></html>'
    )

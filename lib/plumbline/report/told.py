"""What measuring says of itself in English, put into the language of a record: sentence by sentence, from a table."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from plumbline.report.language import Language, typographic

#: what a place of a sentence can hold; every other place holds any text and stays as it is
_NUMBER = r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_KINDS = {name: _NUMBER for name in ("number", "near", "count", "base", "gap")} | {
    "share": rf"{_NUMBER} ?%",
    "sha": r"[0-9a-f]+",
    "seed": r"[0-9a-f]{12}",
    "space": r"log-odds|probability|value|log of the value",
}
_PLACE = re.compile(r"{(\w+)}")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def told(text: str, speech: Language) -> tuple[str, bool]:
    """The text in the language, and whether all of it could be put so; what is not in the table stays English."""
    found = _parsed(" ".join(text.split()), speech)
    return (text, False) if found is None else (found, True)


def number(text: str, speech: Language) -> str:
    """A number as English code writes it (``1,000``, ``99.5%``, ``9.4e-09``), as the language writes it."""
    share = text.endswith("%")
    mantissa, _, power = text.rstrip("% ").partition("e")
    swap = {",": str(speech.texts["thousands"]), ".": str(speech.texts["decimal"]), "-": "−"}
    written = "".join(swap.get(mark, mark) for mark in mantissa)
    if power:
        times = "×" if speech.code != "de" else "·"
        written += f"\u00a0{times}\u00a010{str(int(power)).translate(_RAISED)}"
    return f"{written}\u00a0%" if share else written


@cache
def _table() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    """The longest sentences first: a longer one is never read as a shorter one and a rest."""
    text = (resources.files("plumbline.report") / "texts" / "told.toml").read_text("utf-8")
    entries: list[dict[str, str]] = sorted(tomllib.loads(text)["told"], key=lambda e: -len(e["en"]))
    return tuple((_pattern(entry["en"]), entry) for entry in entries)


def _pattern(sentence: str) -> re.Pattern[str]:
    parts, at = [], 0
    for place in _PLACE.finditer(sentence):
        parts.append(re.escape(sentence[at : place.start()]))
        parts.append(f"(?P<{place[1]}>{_KINDS.get(place[1], '.+?')})")
        at = place.end()
    return re.compile("".join(parts) + re.escape(sentence[at:]) + r"(?:\s+(?P<rest>.+))?")


def _parsed(text: str, speech: Language) -> str | None:
    for pattern, entry in _table():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        held = {k: _place(k, v, speech) for k, v in found.groupdict(default="").items() if k != "rest"}
        rest = found["rest"]
        after = _parsed(rest, speech) if rest else ""
        if after is None or None in held.values():
            continue
        made = typographic(entry[speech.code], speech.code).format(**held)
        return f"{made} {after}".rstrip()
    return None


def _place(kind: str, text: str, speech: Language) -> str | None:
    if kind == "method":
        return _parsed(text, speech)
    if kind == "space":
        return str(speech.texts["space"].get(text, text))
    known = _KINDS.get(kind, "")
    return number(text, speech) if _NUMBER in known else text

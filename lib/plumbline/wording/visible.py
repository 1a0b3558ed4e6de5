"""Text without characters that nobody sees and a terminal, a drawing or a reader's eye obeys."""

from __future__ import annotations

import json
import re
from typing import Any

#: control characters but the tab and the end of a line; marks that hide text or turn it round; what XML forbids
_STEERING = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text with a space in the place of each such character."""
    return _STEERING.sub(" ", text)


def visible_json(value: Any) -> str:
    """A JSON text in which each such character stands as its escape: the same value, and safe to print."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Text from a log, a file name or a person, made safe to show.

Markdown is a way out: an image in a table cell is fetched by the reader's browser. So whatever did not come
from our own source code passes through ``escape`` before any Streamlit call that reads Markdown.
"""

from __future__ import annotations

import re
from string import punctuation

from plumbline.domain.messages import Message
from plumbline.wording.language import localise

_MARKS = re.compile("([" + re.escape(punctuation) + "])")
_SPACES = re.compile(r"\s+")
#: where a line must not break: before the per cent of a number, and after the currency of one
_TOGETHER = re.compile(r"(?<=\d) (?=\\?%)|(?<=\b[A-Z]{3}) (?=−?\d)")
_SENTENCE_END = re.compile(r"(?<!\b\d)(?<!\b\d\d)\.(?= )")  # the point of a German day, 1. März, ends none
_MINUS = re.compile(r"(?<![^\s(])-(?=\d)")  # what is kept is plain English, -0.3; what is read has a minus
#: invisible characters that turn text around or hide it
_TRICKS = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def escape(value: object, longest: int = 0) -> str:
    """Any value as Markdown that shows just its characters, on one line.

    Every ASCII punctuation mark is escaped (CommonMark, section 2.4), so no emphasis, link, image, autolink,
    HTML, mathematics, colour or emoji directive remains. Cut to ``longest`` characters first, where given.
    """
    words = one_line(value, longest)
    return _MARKS.sub(r"\\\1", words)


def code(value: object, longest: int = 160) -> str:
    """Any value as Markdown's code: an address in it is no link."""
    return f"`{one_line(value, longest).replace('`', chr(39))}`"


def prose(value: object, longest: int = 0) -> str:
    """A sentence as ``escape``, but with what stands between backticks as code.

    Code is never parsed any further, so it needs no escapes; an odd backtick is shown as it is.
    """
    parts = _cut_at_sentence(one_line(value), longest).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    words = "".join(
        f"`{part}`" if i % 2 and part.strip() else _MARKS.sub(r"\\\1", _MINUS.sub("−", part))
        for i, part in enumerate(parts)
    )
    return _TOGETHER.sub("\u00a0", words)


def _cut_at_sentence(words: str, longest: int) -> str:
    """As many whole sentences as fit, where they tell a good part; else cut between words, before an open bracket."""
    if not longest or len(words) <= longest:
        return words
    head = words[: longest - 1]
    open_bracket = head.rfind("(") if head.count("(") > head.count(")") else -1
    whole = max(
        (end.end() for end in _SENTENCE_END.finditer(head) if not 0 <= open_bracket < end.start()), default=0
    )
    ends = ((whole, longest / 3), (open_bracket, longest / 2), (head.rfind(" "), longest / 2))
    for end, least in ends:
        if end > least:
            return f"{words[:end].rstrip()} …" if words[:end].endswith(".") else f"{words[:end].rstrip()}…"
    return one_line(words, longest)


def one_line(value: object, longest: int = 0) -> str:
    """Any value as bare text on one line without control or direction marks, for places without Markdown.

    A message is said in the reader's language.
    """
    text = localise(value) if isinstance(value, Message) else str(value)
    words = _SPACES.sub(" ", _TRICKS.sub(" ", text)).strip()
    if longest and len(words) > longest:
        words = words[: longest - 1].rstrip() + "…"
    return words

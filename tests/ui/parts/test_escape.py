"""Nothing from a log is read as Markdown, HTML or a directive."""

from __future__ import annotations

import re
from string import punctuation

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.ui.parts.escape import escape, one_line, prose

ESCAPED = re.compile(r"\\([" + re.escape(punctuation) + r"])")


@given(st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_every_mark_is_escaped_and_nothing_else_changes(value: str) -> None:
    shown = escape(value)
    assert ESCAPED.sub(r"\1", shown) == one_line(value)
    assert not set(ESCAPED.sub("", shown)) & set(punctuation)
    assert "\n" not in shown
    assert shown == shown.strip()


@pytest.mark.parametrize(
    "value",
    [
        "![x](http://host/pixel)", "[x](javascript:alert(1))", "<img src=x onerror=y>", ":red[x]", "$x$",
        ":material/home:", "http://host/", "www.host.org", "a@b.org", "    code", "# title", "1. one",
        "a\n\nb", "```x```", "| a | b |", "- a", "&lt;b&gt;", "~~x~~", "a -> b",
    ],
)  # fmt: skip
def test_markdown_tricks_become_text(value: str) -> None:
    assert not set(ESCAPED.sub("", escape(value))) & set(punctuation)


def test_direction_marks_and_control_characters_vanish() -> None:
    assert one_line("a\u202eb\x00c\u200bd") == "a b c d"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert escape("*" * 10, 4) == r"\*\*\*…"
    assert one_line("short", 10) == "short"


@given(st.text(alphabet="`a![](:red*\n<", max_size=24))
@settings(max_examples=50, deadline=None)
def test_prose_keeps_every_character_and_escapes_all_outside_of_code(value: str) -> None:
    shown = prose(value)
    code = re.findall(r"`([^`]+)`", re.sub(r"\\`", "", shown))
    outside = re.sub(r"`[^`]+`", "", re.sub(r"\\`", "", shown))
    assert not set(ESCAPED.sub("", outside)) & set(punctuation)
    assert all("\n" not in part for part in code)


def test_a_name_between_backticks_is_code_and_an_odd_backtick_is_itself() -> None:
    assert prose("`season_index` moved") == "`season_index` moved"
    assert prose("a ` b") == r"a \` b"
    assert prose("`![x](http://h/p)` and ![y](z)") == r"`![x](http://h/p)` and \!\[y\]\(z\)"


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("(95 % interval EUR -18,800 to EUR 37,500)", "(95 % interval EUR −18,800 to EUR 37,500)"),
        ("bias -0.3", "bias −0.3"),
        ("since 2026-10-01, MON-4", "since 2026-10-01, MON-4"),
        ("`--lag -3`", "`--lag -3`"),
    ],
)
def test_a_sentence_is_kept_in_ascii_and_read_with_a_minus_and_whole_amounts(kept: str, read: str) -> None:
    assert prose(kept).replace("\\", "") == read


@pytest.mark.parametrize(
    ("words", "longest", "shown"),
    [
        ("It fell. Nobody looked at it for weeks.", 30, "It fell. Nobody looked at it…"),
        ("It fell by a third. Nobody looked at it.", 30, "It fell by a third. …"),
        ("Frauen bekommen es seltener (900 Fälle, 1. März 2025).", 46, "Frauen bekommen es seltener…"),
        (
            "Seltener seit dem 1. März 2025 und auch noch danach.",
            46,
            "Seltener seit dem 1. März 2025 und auch noch…",
        ),
    ],
)
def test_a_sentence_too_long_ends_with_a_sentence_or_a_word(words, longest, shown):
    assert prose(words, longest).replace("\\", "").replace("\u00a0", " ") == shown


def test_a_sentence_is_not_cut_within_its_brackets() -> None:
    words = "Group A = b gets what it wants half as often as the most favoured one (0.14 to 0.32, n = 1,075)"
    assert prose(words, 90).replace("\\", "") == (
        "Group A = b gets what it wants half as often as the most favoured one…"
    )
    # where the bracket comes too early to tell anything before it, it is cut between words
    early = "Accuracy (of the last complete week, with the outcomes that are known by now and all others left out)"
    assert prose(early, 60).replace("\\", "") == "Accuracy (of the last complete week, with the outcomes…"

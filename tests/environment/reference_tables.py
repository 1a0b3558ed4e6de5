"""Tables of Markdown, and the line that says that a page is made."""

from __future__ import annotations

MADE = "Made by `make reference`; do not edit."


def cell(text: str) -> str:
    """Text as the cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; each cell is quoted."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)

"""Every word that the screens use as the name of a column or of a figure is in the glossary, or plain English."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from plumbline.domain import Verdict
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.ui.parts.glossary import help_for, terms
from plumbline.wording import numbers

LIB = Path(__file__).parents[3] / "lib" / "plumbline"
#: calls that draw rows or figures with names of ours
DRAWN = ("grid", "table", "Figure")
#: names that say all there is to say to somebody who has never met them
PLAIN = frozenset(
    (
        "Answered", "As of", "Change (points)", "Check", "Chunks", "Code", "Controls", "Framework", "Holds",
        "Inputs changed",
        "Is", "New version", "Roles", "SHA-256", "Says", "Score with these values", "Step", "What happened",
        "About", "After", "Also named", "Approved by", "Asked for by", "By",
        "Cause", "Change", "Channel", "Claim", "Closed (UTC)", "Column", "Compared", "Data", "Dated", "Days",
        "Days earlier", "Days to cured", "Days to fire", "Days to seen", "Decisions", "Described", "Detail",
        "Document", "Due", "Due (UTC)", "E-mail", "Evidence now", "Evidence then", "Feature",
        "File", "First seen", "Format", "From", "From (UTC)", "Given by", "Group", "Handled", "Holds until", "Hours",
        "How sure", "Human decision", "Id", "In charge for", "In the reference", "Kept its performance",
        "Kind", "Known (UTC)", "Known by", "Labels joined", "Language",
        "Last pull (UTC)", "Last seen", "Law", "Left for you", "Line", "Load", "Loaded", "Made",
        "Masked example", "Meaning",
        "Measure", "Message", "Metric", "Minutes", "Name", "No.", "Not covered", "Note", "Off by", "Open items",
        "Outcome", "Overruled", "Parameters", "Quantile", "Rate", "Read", "Read up to", "Reason",
        "Receipt, or why not", "Refused", "Registered", "Reviewed", "Role", "Row", "Rows", "Rows read", "Rule",
        "Share", "Since", "Since (UTC)", "Source", "Started", "State", "Table or query", "Text",
        "To", "To (UTC)", "Told apart by", "Too small to judge", "Trained", "Tries",
        "Turned out to be", "Until", "Usual, at that hour and weekday", "Value", "Version or month",
        "Versions", "Was", "What", "What it says", "When", "When (UTC)", "Where", "Who", "Word",
        "Written (UTC)",
    )
)  # fmt: skip


def _drawn() -> Iterator[tuple[str, str]]:
    """(name, module) of each column and figure that a page draws, as it stands in the source."""
    for path in (LIB / "ui").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in DRAWN:
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Dict):
                    for key in part.keys:
                        if isinstance(key, ast.Constant) and str(key.value)[:1].isupper():
                            yield key.value, path.stem
            for option in node.keywords:
                if option.arg == "name" and isinstance(option.value, ast.Constant):
                    yield str(option.value.value), path.stem
        yield from _rows(tree, path.stem)


def _rows(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Names in the functions that make one row: they return a dictionary with capitals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
            for key in node.value.keys:
                if isinstance(key, ast.Constant) and str(key.value)[:1].isupper():
                    yield str(key.value), module


def test_every_column_and_figure_is_in_the_glossary_or_plain() -> None:
    drawn = dict(_drawn())
    assert len(drawn) > 150  # the names are found at all
    missing = {name: where for name, where in drawn.items() if help_for(name) is None and name not in PLAIN}
    assert missing == {}
    assert sorted(name for name in PLAIN if help_for(name)) == []  # in one place or in the other


def test_every_metric_and_verdict_is_in_it() -> None:
    known = {term.name for term in terms()}
    assert {numbers.name(metric) for metric in METRICS} <= known
    assert {verdict.words for verdict in Verdict} <= known


def test_each_word_is_there_once_in_whole_sentences_and_in_german() -> None:
    names = [term.name for term in terms()]
    assert len(set(names)) == len(names)
    for term in terms():
        assert term.says.endswith("."), term.name
        assert term.german_says.endswith("."), term.name
        assert term.german, term.name
        assert " Log " not in term.german_says, term.name  # the documents say Protokoll


def test_the_german_word_is_the_documents_word() -> None:
    with (LIB / "report" / "texts" / "de.po").open("rb") as lines:
        kept = {entry.id: entry.string for entry in read_po(lines, locale="de") if isinstance(entry.id, str)}
    told = {term.name: term.german for term in terms() if term.name in kept}
    assert told
    assert told == {name: kept[name] for name in told}

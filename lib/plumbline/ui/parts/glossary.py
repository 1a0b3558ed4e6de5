"""What the words on the screens mean, in English and in German: the one table behind tooltips and the glossary."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from plumbline.monitor.metrics.metrics import METRICS
from plumbline.wording import numbers
from plumbline.wording.language import code, english_reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word as a page spells it, with what it means in a sentence or two, and the same in German."""

    section: str
    name: str
    says: str
    german: str
    german_says: str


@cache
def terms() -> tuple[Term, ...]:
    """Every word of the glossary, by section."""
    text = resources.files("plumbline.ui.parts").joinpath("glossary.toml").read_text("utf-8")
    with english_reader():
        meanings = {numbers.name(name): metric.says for name, metric in METRICS.items()}
    return tuple(
        Term(
            section=section.replace("_", " ").capitalize(),
            name=name,
            says=says or meanings[name],
            german=german,
            german_says=german_says,
        )
        for section, words in tomllib.loads(text).items()
        for name, (german, says, german_says) in words.items()
    )


@cache
def _meanings(language: str) -> dict[str, str]:
    return {term.name: term.german_says if language == "de" else term.says for term in terms()}


def help_for(term: str) -> str | None:
    """The tooltip of a measure, by its English name; None where the word needs none."""
    meanings = _meanings(code())
    return meanings.get(term) or meanings.get(term.partition(",")[0])


def help_for_metric(metric: str) -> str | None:
    """What a performance metric measures, by its name in the JSON."""
    name = metric.partition(":")[0]
    if name not in METRICS:
        return None
    with english_reader():
        term = numbers.name(name)
    return help_for(term) or str(METRICS[name].says)

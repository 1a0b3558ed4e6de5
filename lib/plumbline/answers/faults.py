"""What goes wrong with one system is said in one sentence, and stands in no other system's way."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from plumbline.domain import PlumblineError, System
from plumbline.store.database.engine import MemoryShortage, is_memory_shortage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SystemFault:
    """A system of which something could not be worked out, and the sentence that says why."""

    system: str
    title: str
    sentence: str


def sentence(error: Exception) -> str:
    """What an error says to a person; one that nobody foresaw is named by its kind."""
    if os.environ.get("PLUMBLINE_DEBUG"):
        traceback.print_exception(error)
    return str(error) if isinstance(error, PlumblineError) else unforeseen(error)


def unforeseen(error: Exception) -> str:
    """The sentence for an error that is our own fault."""
    if is_memory_shortage(error):
        return str(MemoryShortage())
    return (
        f"Something went wrong inside Plumbline: {type(error).__name__}. Set PLUMBLINE_DEBUG=1 for its trace."
    )


def answer_systems(
    systems: Iterable[System], answer: Callable[[System], T]
) -> tuple[tuple[T, ...], tuple[SystemFault, ...]]:
    """The answer for each system, and the systems for which there is none."""
    results: list[T] = []
    faults: list[SystemFault] = []
    for system in systems:
        try:
            results.append(answer(system))
        except Exception as error:  # whatever it is: the other systems are told all the same
            faults.append(SystemFault(system.key, system.title, sentence(error)))
    return tuple(results), tuple(faults)

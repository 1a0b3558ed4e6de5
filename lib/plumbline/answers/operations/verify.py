"""Whether a workspace is what was written: its file, its trail, and its counts against the rows that they count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plumbline.domain import System
from plumbline.profile import build
from plumbline.profile.recount import differences
from plumbline.store import systems
from plumbline.store.backup.integrity import (
    IntegrityProblem,
    chain_problems,
    file_problems,
    trail_problems,
    untied_loads_note,
)
from plumbline.store.backup.state_digest import LooseLoad
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import plural


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at and what is wrong; ``intact``: nothing is. ``untied``: loads whose rows no digest on the trail
    vouches for, as an earlier version made them."""

    systems: int
    loads: int
    problems: tuple[IntegrityProblem, ...]
    untied: tuple[int, ...] = ()

    @property
    def intact(self) -> bool:
        return not self.problems

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        if self.intact:
            looked = f"{plural(self.loads, 'load')} of {plural(self.systems, 'system')}"
            return f"The workspace is intact: its file, its trail, and the counts of {looked} against their rows."
        return f"{plural(len(self.problems), 'problem')} found."

    @property
    def note(self) -> str:
        """Which loads the trail does not vouch for; empty where it does for all."""
        return untied_loads_note(self.untied)

    def to_dict(self) -> dict[str, Any]:
        """``intact``, ``problems``, and how much was looked at."""
        return {
            "intact": self.intact,
            "problems": list(self.problems),
            "systems": self.systems,
            "loads": self.loads,
            "untied": list(self.untied),
        }


class _TrialCount(Exception):
    """Takes the counting of one load back."""


def verify(
    ws: Workspace, progress: Callable[[str, float], None] | None = None, *, head: str = ""
) -> Verification:
    """Read all of a workspace, and count every load anew beside the counts that are stored; changes nothing.

    Loads are counted one at a time, so that others can write in between.

    Args:
        head: the digest of an entry of the trail that somebody kept: the chain has to hold it.
    """
    with ws.read() as cursor:  # a table that cannot be read would end a transaction
        faults = tuple(file_problems(cursor, ws.path))
    if faults:
        return Verification(0, 0, faults)
    with ws.read_consistently() as cursor:
        looked = [*chain_problems(cursor, head), *trail_problems(cursor)]
        problems = [item for item in looked if isinstance(item, IntegrityProblem)]
        untied = tuple(item.load_id for item in looked if isinstance(item, LooseLoad))
        known = systems.list_systems(cursor)
        loads = [(system, load) for system in known for load in build.loads_present(cursor, system)]
    for place, (system, load) in enumerate(loads):
        if progress:
            progress(f"Counting {system.key} again", place / len(loads))
        problems += _load(ws, system, load)
    if progress and loads:
        progress("Counted again", 1.0)
    return Verification(len(known), len(loads), tuple(problems), untied)


def _load(ws: Workspace, system: System, load: int) -> list[IntegrityProblem]:
    problems: list[IntegrityProblem] = []
    try:
        with ws.write(by_itself=True) as cursor:
            if load in build.loads_present(cursor, system):  # it was not undone meanwhile
                problems = [
                    IntegrityProblem(
                        "profiles",
                        f"{system.key}, load {load}",
                        f"The counts of load {load} of {system.key} are not those of its rows ({table}).",
                    )
                    for table in differences(cursor, system, load)[:1]
                ]
            raise _TrialCount
    except _TrialCount:
        return problems

"""The record of everything done, with the state of its chain."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain import TrailEntry
from plumbline.store import trail as chain
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.backup.state_digest import LooseLoad
from plumbline.store.trail import clock_sentence, head_sentence
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAnswer:
    """The newest entries first; all else speaks of the whole trail, as ``store.trail.TrailCheck`` does.

    ``problems``: where the workspace is not what the trail vouches for; ``untied``: loads that it does not vouch for.
    """

    entries: tuple[TrailEntry, ...]
    count: int
    intact: bool
    first_broken: int | None
    head: str
    missing_head: str = ""
    set_back: int | None = None
    problems: tuple[IntegrityProblem, ...] = ()
    untied: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the chain holds, and the workspace is what it vouches for, as far as that was looked at."""
        return self.intact and not self.problems

    @property
    def sentence(self) -> str:
        """The state of the chain, in one line."""
        counted = plural(self.count, "entry", "entries")
        if self.first_broken is not None:
            return f"{counted}; the chain is broken at entry {self.first_broken}."
        if self.missing_head:
            return f"{counted}; {head_sentence(self.missing_head)}"
        return f"{counted}; the chain is intact."

    @property
    def clock(self) -> str:
        """A sentence where time went back, else nothing."""
        return "" if self.set_back is None else clock_sentence(self.set_back)


def trail(
    ws: Workspace,
    *,
    system: str | None = None,
    limit: int = 200,
    before: int | None = None,
    head: str = "",
    with_state: bool = False,
) -> TrailAnswer:
    """Entries of one system or all, and whether the whole chain holds.

    Args:
        head: the digest of an entry that somebody kept: the chain has to hold it.
        with_state: whether loads, decisions, counts, roles and scorecards are compared with the trail as well.
    """
    with ws.read_consistently() as cursor:
        check = chain.verify(cursor, head)
        state = list(trail_problems(cursor)) if with_state else []
        entries = chain.entries(cursor, system=system, limit=limit, before=before)
    return TrailAnswer(
        entries=tuple(entries),
        count=check.entries,
        intact=check.intact,
        first_broken=check.first_broken,
        head=check.head,
        missing_head=check.missing_head,
        set_back=check.set_back,
        problems=tuple(item for item in state if isinstance(item, IntegrityProblem)),
        untied=tuple(item.load_id for item in state if isinstance(item, LooseLoad)),
    )

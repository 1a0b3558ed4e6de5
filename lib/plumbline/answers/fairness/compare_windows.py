"""Protected groups in two windows: who fares otherwise, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.answers.fairness.favourable import reading
from plumbline.answers.fairness.groups import chosen, reason_against
from plumbline.answers.performance.headline import missing_outcomes_note
from plumbline.answers.performance.outcomes import default_windows, overlap
from plumbline.answers.question import resolve_filters
from plumbline.domain import Result, Slice, System, json_object, json_value
from plumbline.monitor.fairness.compare_windows import RATIO, GroupChange, changes
from plumbline.monitor.fairness.groups import FOUR_FIFTHS, LEAST_ROWS
from plumbline.profile.scan import protected_groups as counting
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import say_span


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessWindows(Result):
    """Every group and pair of groups in both windows, corrected together."""

    COLUMNS = (
        "group",
        "measure",
        "first",
        "second",
        "change",
        "q",
        "verdict",
    )

    system: System
    first: Slice
    second: Slice
    favourable: str
    groups: tuple[GroupChange, ...]
    sentence: str
    why_not: str = ""

    @property
    def comparison_count(self) -> int:
        """Comparisons that were corrected together."""
        return sum(len(g.moved) for g in self.groups)

    def _json_values(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        return json_object(
            {
                "system": self.system.key,
                "sentence": self.sentence,
                "favourable": self.favourable,
                "first": self.first,
                "second": self.second,
                "comparisons": self.comparison_count,
                "groups": [
                    {
                        "group": g.name,
                        "attributes": g.attributes,
                        "levels": g.levels,
                        "n_first": g.n_first,
                        "n_second": g.n_second,
                        "best": g.best,
                        "moved": g.moved,
                    }
                    for g in self.groups
                ],
                "why_not": self.why_not,
            }
        )

    def lines(self) -> list[str]:
        """The same for a terminal."""
        lines = [self.sentence]
        for g in self.groups:
            for name, m in g.moved.items():
                change = f"x {m.change:.2f}" if name == RATIO else f"{100 * m.change:+.1f} points"
                lines.append(
                    f"{g.name:<44} {name:<20} {m.first:.3f} -> {m.second:.3f}  {change:<14} "
                    f"n={m.n_first}, {m.n_second}  q={m.q:.3g}  {m.verdict}"
                )
        return lines

    def rows(self) -> list[dict[str, Any]]:
        """One a group and measure."""
        return [
            {"group": g.name, "measure": name, **json_value(moved)}
            for g in self.groups
            for name, moved in g.moved.items()
        ]


def fairness_windows(
    ws: Workspace,
    key: str,
    *,
    first: Slice | None = None,
    second: Slice | None = None,
    within: Slice | None = None,
    by: Sequence[str] = (),
    favourable: str | None = None,
) -> FairnessWindows:
    """Compare protected groups between two windows. Numbers are cut at the quartiles of the first.

    Args:
        first: None: the reference. second: None: the last 30 days of the log.
        within: the version and the filters of a window that is not named.

    Raises:
        PlumblineError: no such system, column or class, or no reference to stand in for the first window.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        a, b = default_windows(cursor, system, first, second, within)
        spans = [resolve_filters(cursor, system, part) for part in (a, b)]
        attributes = chosen(counting.attributes(cursor, system, spans[0]), by, system)
        wanted = reading(system, systems.saved_mapping(cursor, key), favourable).wanted
        counts = [
            counting.count_by_group(cursor, system, part, attributes, over_time=False) for part in spans
        ]
        none = missing_outcomes_note(cursor, system)
    moved = changes(*counts, favourable=wanted == system.positive, errors=not none)
    reason = reason_against(system, bool(attributes))
    text = _sentence(wanted, a, b, moved, reason)
    return FairnessWindows(
        system=system,
        first=a,
        second=b,
        favourable=wanted,
        groups=moved,
        sentence=text if reason else f"{text} {none}".rstrip(),
        why_not=reason,
    )


def _sentence(wanted: str, a: Slice, b: Slice, groups: Sequence[GroupChange], reason: str) -> str:
    if reason:
        return f"{reason[:-1]}, so two windows cannot be compared by group."
    spans = f"({say_span(b.start, b.end)} against {say_span(a.start, a.end)})"
    ratios = [(g, g.moved[RATIO]) for g in groups if RATIO in g.moved]
    if not ratios:
        return f"No group has {LEAST_ROWS} decisions in both windows beside another {spans}."
    shared = overlap(a, b)
    fell = [(g, m) for g, m in ratios if m.verdict == "further"]
    if fell:
        group, m = min(fell, key=lambda found: found[1].change)
        best = next(g.name for g in groups if g.best and g.attributes == group.attributes)
        below = ", below the four-fifths line" if m.second < FOUR_FIFTHS else ""
        more = f" {len(fell) - 1} more fell behind." if len(fell) > 1 else ""
        return (
            f"{group.name} fell further behind {best}: it is decided {wanted} {m.second:.2f} times as often, after "
            f"{m.first:.2f}{below} {spans}.{more}{shared}"
        )
    closer = sum(m.verdict == "closer" for _, m in ratios)
    gained = f"{closer} came closer to the most favoured one, none" if closer else "None"
    return f"{gained} of {len(ratios)} groups fell further behind beyond chance {spans}.{shared}"

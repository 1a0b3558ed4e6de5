"""Are groups treated alike, who has the last word, and how far do the decisions reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plumbline.answers.fairness.favourable import reading
from plumbline.answers.fairness.sentence import NO_ATTRIBUTE, TWO_CLASSES, say_fairness, say_oversight
from plumbline.answers.performance.headline import missing_outcomes_note
from plumbline.answers.question import fairness_lines, log_span, reporting_date, resolve_filters
from plumbline.domain import (
    PlumblineError,
    Point,
    PointStatus,
    Result,
    Slice,
    System,
    Task,
    json_object,
)
from plumbline.domain.messages import NOTHING, message
from plumbline.governance.context import SHARE_LIMIT, interaction_share
from plumbline.governance.facts import Facts
from plumbline.monitor.chunks import chunk_index
from plumbline.monitor.fairness.groups import LEAST_ROWS, GroupResult, judge
from plumbline.monitor.fairness.human_oversight import Oversight, oversight, oversight_by_key
from plumbline.profile.scan import protected_groups as counting
from plumbline.profile.scan.weights import weights_note
from plumbline.store import statements, systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count, decimal

DAYS_A_MONTH = 30.44


@dataclass(frozen=True, slots=True)
class InteractionShare:
    """Decisions a month as a share of all customer interactions; None where nobody said how many those are."""

    decisions_a_month: float
    share: float | None
    limit: float = SHARE_LIMIT

    @property
    def sentence(self) -> str:
        """In words."""
        monthly = count(self.decisions_a_month)
        if self.share is None:
            return message(
                "{n} decisions a month; how many customer interactions there are is not stated, so the share is "
                "unknown.",
                n=monthly,
            )
        values = {
            "n": monthly,
            "share": decimal(100 * self.share, ".1f"),
            "limit": decimal(100 * self.limit, ".0f"),
        }
        if self.share > self.limit:
            return message(
                "{n} decisions a month are {share} % of all customer interactions, over the {limit} % from which "
                "monitoring and rollback are mandatory.",
                **values,
            )
        return message(
            "{n} decisions a month are {share} % of all customer interactions, within the {limit} % from which "
            "monitoring and rollback are mandatory.",
            **values,
        )


@dataclass(frozen=True, slots=True)
class FairnessAnswer(Result):
    """Groups and their pairs, corrected together; the same by month and version; oversight and reach.

    ``favourable``: the class that people want; ``source``: who says so (see ``favourable.Reading``).
    ``why_not``: why groups cannot be compared, where they cannot.
    """

    COLUMNS = (
        "group",
        "n",
        "favourable_rate",
        "ratio",
        "low",
        "high",
        "status",
    )

    system: System
    attributes: tuple[str, ...]
    favourable: str
    groups: tuple[GroupResult, ...]
    pairs: tuple[GroupResult, ...]
    by_month: tuple[tuple[str, Point], ...]  # (attribute, the group's favourable rate in the month)
    by_version: tuple[tuple[str, GroupResult], ...]  # (version, group)
    oversight: Oversight | None
    oversight_by_month: tuple[Oversight, ...]
    oversight_by_version: tuple[Oversight, ...]
    reach: InteractionShare | None
    why_not: str = ""
    source: str = "owner"
    #: the column of each attribute whose groups are values, not ranges of numbers: rows can be asked for by it
    columns: Mapping[str, str] = field(default_factory=dict)
    #: that outcomes are known for one kind of decision only, so that error rates are unknown
    selected: str = ""

    @property
    def small_groups(self) -> tuple[GroupResult, ...]:
        """Groups and pairs with too few rows to judge."""
        return tuple(g for g in (*self.groups, *self.pairs) if g.is_small)

    @property
    def comparison_count(self) -> int:
        """Comparisons that were corrected together."""
        judged = (*self.groups, *self.pairs)
        return sum((g.ratio is not None) + len(g.gaps) for g in judged)

    @property
    def sentence(self) -> str:
        """The finding: the worst group first."""
        return say_fairness(self)

    def _json_values(self) -> dict[str, Any]:
        """The keys that the command line prints."""
        return json_object(
            {
                "system": self.system.key,
                "sentence": self.sentence,
                "attributes": self.attributes,
                "favourable": self.favourable,
                "favourable_source": self.source,
                "comparisons": self.comparison_count,
                "groups": [_group_dict(g) for g in self.groups],
                "intersections": [_group_dict(g) for g in self.pairs],
                "too_small": [{"group": g.name, "n": g.n} for g in self.small_groups],
                "by_version": [{"version": v, **_group_dict(g)} for v, g in self.by_version],
                "by_month": [
                    {
                        "attribute": a,
                        "group": p.version,
                        "start": p.start,
                        "value": p.value,
                        "low": p.low,
                        "high": p.high,
                        "n": p.n,
                    }
                    for a, p in self.by_month
                ],
                "oversight": self.oversight,
                "oversight_by_month": self.oversight_by_month,
                "oversight_by_version": self.oversight_by_version,
                "reach": self.reach,
                "why_not": self.why_not,
                "whose_outcomes": self.selected,
            }
        )

    def lines(self) -> list[str]:
        """The same for a terminal."""
        lines = [self.sentence, *([self.selected] if self.selected else [])]
        for g in (*self.groups, *self.pairs):
            ratio = "most favoured" if g.best else f"too few rows (n = {g.n})" if g.is_small else ""
            if g.ratio is not None:
                ratio = f"ratio {g.ratio.value:.2f} ({g.ratio.low:.2f} to {g.ratio.high:.2f})  {g.status}"
                if g.adverse is not None:
                    ratio += f"  otherwise {g.adverse.value:.1f} times as often"
            lines.append(f"{g.name:<44} {100 * g.favourable.value:5.1f} %  n={g.n}  {ratio}".rstrip())
        if self.oversight is not None:
            lines.append(say_oversight(self.oversight))
        return [*lines, self.reach.sentence] if self.reach is not None else lines

    def rows(self) -> list[dict[str, Any]]:
        """One a group or pair of groups; ``ratio`` of its favourable rate to the most favoured group's."""
        return [
            {
                "group": g.name,
                "n": g.n,
                "favourable_rate": g.favourable.value,
                "ratio": g.ratio.value if g.ratio else None,
                "low": g.ratio.low if g.ratio else None,
                "high": g.ratio.high if g.ratio else None,
                "status": g.ratio.status.value if g.ratio else "most favoured" if g.best else "too few rows",
            }
            for g in (*self.groups, *self.pairs)
        ]


def fairness(
    ws: Workspace,
    key: str,
    *,
    window: Slice | None = None,
    by: Sequence[str] = (),
    favourable: str | None = None,
) -> FairnessAnswer:
    """Compare protected groups over a window, and say who decided.

    Args:
        by: protected attributes, with or without ``protected:``; none: all, and every pair of them.
        favourable: the class that people want; None: the owner's setting, else what names of classes and columns
            tell, else the positive class, with the sentence that nobody says.

    Raises:
        PlumblineError: no such system, column or class.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        part = resolve_filters(cursor, system, window or Slice())
        sampled = weights_note(cursor, system)
        attributes = () if sampled else chosen(counting.attributes(cursor, system, part), by, system)
        read = reading(system, systems.saved_mapping(cursor, system.key), favourable)
        counts = counting.count_by_group(cursor, system, part, attributes)
        people, reach = _oversight(cursor, system, part), _interaction_share(cursor, system)
        none = missing_outcomes_note(cursor, system)
    wanted, lines = read.wanted, fairness_lines(system)
    good = wanted == system.positive
    whole = [c for c in counts if c.version is None and c.month is None]
    judged = judge(whole, favourable=good, lines=lines, errors=not none)
    versions = [c for c in counts if c.version is not None]
    return FairnessAnswer(
        system, tuple(a.name for a in attributes), wanted,
        tuple(g for g in judged if len(g.attributes) == 1), tuple(g for g in judged if len(g.attributes) > 1),
        _monthly_rates([c for c in counts if c.month is not None], good),
        tuple(zip((c.version or "" for c in versions),
                  judge(versions, favourable=good, lines=lines, errors=not none), strict=True)),
        *people, reach, sampled or reason_against(system, bool(attributes)), read.source,
        {a.name: a.column for a in attributes if not a.banded}, none,
    )  # fmt: skip


def chosen(
    attributes: Sequence[counting.Attribute], by: Sequence[str], system: System
) -> tuple[counting.Attribute, ...]:
    """The attributes that were asked for, all of them where none was."""
    wanted = [name.removeprefix("protected:") for name in by]
    known = {a.name: a for a in attributes}
    for name in wanted:
        if name not in known:
            has = f"It has: {', '.join(known)}." if known else "Map one: COLUMN=protected:NAME."
            raise PlumblineError(
                message("{key} has no protected attribute {name}", key=system.key, name=repr(name)), todo=has
            )
    return tuple(known[name] for name in wanted) if wanted else tuple(attributes)


def reason_against(system: System, mapped: bool) -> str:
    """Why groups cannot be compared; empty where they can."""
    if system.task is not Task.BINARY or system.positive is None:
        return TWO_CLASSES
    return "" if mapped else NO_ATTRIBUTE


def _monthly_rates(counts: Sequence[counting.GroupCounts], good: bool) -> tuple[tuple[str, Point], ...]:
    """Favourable rates by month; a month with under 30 rows of a group has no value."""
    points = []
    for part, group in zip(counts, judge(counts, favourable=good), strict=True):
        assert part.month is not None
        (start,), (end,), _ = chunk_index([part.month], "month")
        rate = group.favourable
        known = not group.is_small
        points.append(
            (
                part.attributes[0],
                Point(
                    metric="positive_rate", start=start, end=end, n=group.n, value=rate.value if known else None,
                    low=rate.low if known else None, high=rate.high if known else None, threshold=None,
                    status=PointStatus.OK if known else PointStatus.UNKNOWN, version=part.levels[0],
                    note=NOTHING if known else message("{n} rows are needed", n=decimal(LEAST_ROWS, "d")),
                ),
            )
        )  # fmt: skip
    return tuple(sorted(points, key=lambda p: (p[0], p[1].version or "", p[1].start)))


def _oversight(
    cursor: Cursor, system: System, part: Slice
) -> tuple[Oversight | None, tuple[Oversight, ...], tuple[Oversight, ...]]:
    mapping = systems.saved_mapping(cursor, system.key)
    if mapping is None or mapping.column_of("override") is None:
        return None, (), ()
    counts = counting.hands(cursor, system, part)
    if not counts:
        return None, (), ()
    months = oversight_by_key(counts, lambda h: f"{h.month:%Y-%m}")
    return oversight(counts), months, oversight_by_key(counts, lambda h: h.version)


def _interaction_share(cursor: Cursor, system: System) -> InteractionShare | None:
    span = log_span(cursor, system)
    if span is None:
        return None
    days = max((span.last - span.first).total_seconds() / 86400, 1.0)
    monthly = span.n / days * DAYS_A_MONTH
    facts = Facts(as_of=reporting_date(system, span), decisions_a_month=monthly)
    return InteractionShare(monthly, interaction_share(statements.context_answers(cursor, system.key), facts))


def _group_dict(g: GroupResult) -> dict[str, Any]:
    return {
        "group": g.name, "attributes": g.attributes, "levels": g.levels, "n": g.n, "labelled": g.labelled,
        "best": g.best, "rates": g.rates, "favourable": g.favourable, "ratio": g.ratio, "gaps": g.gaps,
        "adverse": g.adverse, "calibration": g.calibration, "ece": g.ece, "status": g.status,
    }  # fmt: skip

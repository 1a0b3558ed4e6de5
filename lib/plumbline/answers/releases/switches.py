"""What a release changed: versions side by side, and each switch split into the release's part and the world's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.answers.cache import memoise
from plumbline.domain import FloatArray, System, Task
from plumbline.domain.decisions import bare_name
from plumbline.monitor.releases.ab_test import Comparison, compare, metric_names
from plumbline.monitor.releases.champion import ChampionPeriod
from plumbline.monitor.releases.history import Overlap, Releases, Switch
from plumbline.monitor.releases.shift_attribution import ShiftAttribution, splits
from plumbline.monitor.statistics.proportions import Difference, difference, mean_difference
from plumbline.monitor.statistics.sequential_test import ArmSums
from plumbline.profile.scan import arms, group_outcomes
from plumbline.store import systems
from plumbline.store.workspace import Cursor

#: each side of a switch that is compared, as ``monitor.releases.history.AROUND``
AROUND = timedelta(days=28)
#: decisions a side that are reweighted, and the features that they are reweighted by
SAMPLED, FEATURES = 8_000, 15
#: overlaps that are compared, the newest, and what makes one worth it
COMPARED, LEAST, SHORTEST = 12, 30, timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchShift:
    """What changed at a switch: the output and the loss, plainly and split; and whether outcomes moved too.

    ``output``, ``loss``: differences over up to 28 days on either side (rates, or means of numbers).
    ``outcome``: the split of the outcome itself; where its release part is beyond chance, the same inputs came
    to have other outcomes, so the loss cannot be split. ``by``: the features that were balanced.
    """

    switch: Switch
    metrics: tuple[str, str]
    output: Difference | None
    loss: Difference | None
    output_split: ShiftAttribution
    loss_split: ShiftAttribution
    outcome: ShiftAttribution
    by: tuple[str, ...]
    sentence: str = ""

    @property
    def has_concept_shift(self) -> bool:
        """Whether the same inputs came to have other outcomes."""
        part = self.outcome.release
        return part is not None and part.is_beyond_chance


def comparisons(
    cursor: Cursor, system: System, releases: Releases, share: float | None = None
) -> tuple[Comparison, ...]:
    """Every overlap worth comparing, the newest first.

    Args:
        share: the intended share of the newcomer's decisions; None: the owner's setting, if any.
    """
    worth = [o for o in releases.overlaps if min(o.n) >= LEAST and o.end - o.start >= SHORTEST]
    stated = system.settings.split
    intended = share if share is not None else float(stated) if isinstance(stated, (int, float)) else None

    def make() -> tuple[Comparison, ...]:
        return tuple(
            _compare_overlap(cursor, system, _order_by_charge(o, releases.spans), intended)
            for o in sorted(worth, key=lambda o: o.start, reverse=True)[:COMPARED]
        )

    return memoise(cursor, system, f"side by side, dealt {intended}", tuple[Comparison, ...], make)


def _order_by_charge(overlap: Overlap, spans: Sequence[ChampionPeriod]) -> Overlap:
    in_charge = next((s.version for s in reversed(spans) if s.start <= overlap.start), overlap.versions[0])
    if in_charge != overlap.versions[1]:
        return overlap
    turned = (overlap.versions[1], overlap.versions[0])
    return Overlap(
        versions=turned,
        start=overlap.start,
        end=overlap.end,
        n=(overlap.n[1], overlap.n[0]),
        shadow=overlap.shadow,
    )


def _compare_overlap(cursor: Cursor, system: System, overlap: Overlap, share: float | None) -> Comparison:
    side = arms.compare_arms(cursor, system, overlap.versions, overlap.start, overlap.end)
    usual = arms.compare_arms(
        cursor,
        system,
        overlap.versions,
        overlap.start - AROUND,
        overlap.start - timedelta(microseconds=1),
        shadow=False,
    )
    who = arms.subject_looks(cursor, system, overlap.versions, overlap.start, overlap.end)
    both = arms.agreement(cursor, system, overlap.versions, overlap.start, overlap.end)
    classes = system.task is not Task.REGRESSION
    names = metric_names(system.task or Task.BINARY, system.positive or next(iter(system.classes), ""))
    quantities = tuple(
        (name, _moments(now, who.first if who else None, spread), _moments(then).sum_looks(), classes)
        for name, now, then, spread in (
            (names[0], side.output, usual.output, who.output if who else None),
            (names[1], side.loss, usual.loss, who.loss if who else None),
        )
    )
    return compare(
        overlap,
        side.hours,
        quantities,
        share=share,
        both=both.n,
        same=both.same,
        crossed=who.crossed if who else None,
    )


def _moments(
    of: arms.HourMoments, subjects: FloatArray | None = None, spread: FloatArray | None = None
) -> ArmSums:
    return ArmSums(of.n, of.total, of.squares, subjects, spread)


def shifts(cursor: Cursor, system: System, releases: Releases) -> tuple[SwitchShift, ...]:
    """Every switch, split, in order of time."""

    def make() -> tuple[SwitchShift, ...]:
        features = balance_columns(cursor, system)
        return tuple(_shift(cursor, system, releases.spans, s, features) for s in releases.switches)

    return memoise(cursor, system, "switches", tuple[SwitchShift, ...], make)


def balance_columns(cursor: Cursor, system: System) -> tuple[str, ...]:
    """The feature columns that inputs are compared by: the most important where contributions are logged."""
    columns = systems.decision_columns(cursor, system.key)
    features = [c.name for c in columns if c.role.role == "feature"]
    logged = [c.name for c in columns if c.role.role == "attribution"]
    weight = group_outcomes.mean_attributions(cursor, system, logged)
    ranked = sorted(features, key=lambda name: -weight.get(bare_name(name), 0.0))
    return tuple(ranked[:FEATURES])


def _shift(
    cursor: Cursor, system: System, spans: Sequence[ChampionPeriod], switch: Switch, features: tuple[str, ...]
) -> SwitchShift:
    start, end = comparison_window(spans, switch)
    old = arms.inputs(cursor, system, switch.previous, start, switch.at, features, SAMPLED)
    new = arms.inputs(cursor, system, switch.version, switch.at, end, features, SAMPLED)
    pairs = (old.output, new.output), (old.loss, new.loss), (old.outcome, new.outcome)
    output, loss, outcome = splits(old.cells, new.cells, pairs)
    names = metric_names(system.task or Task.BINARY, system.positive or next(iter(system.classes), ""))
    plain = _unadjusted_changes(cursor, system, switch, start, end)
    return SwitchShift(
        switch=switch,
        metrics=names,
        output=plain[0],
        loss=plain[1],
        output_split=output,
        loss_split=loss,
        outcome=outcome,
        by=tuple(bare_name(f) for f in features),
    )


def comparison_window(spans: Sequence[ChampionPeriod], switch: Switch) -> tuple[datetime, datetime]:
    """The days that a switch is judged by: 28 on either side, as long as the versions were in charge."""
    before = next((s for s in reversed(spans) if s.version == switch.previous and s.start < switch.at), None)
    after = next((s for s in spans if s.version == switch.version and s.start >= switch.at), None)
    start = max(before.start, switch.at - AROUND) if before else switch.at - AROUND
    last = (after.end if after else switch.at + AROUND) + timedelta(microseconds=1)
    return start, min(last, switch.at + AROUND)


def _unadjusted_changes(
    cursor: Cursor, system: System, switch: Switch, start: datetime, end: datetime
) -> tuple[Difference | None, ...]:
    """The change of output and loss over every decision of the two spans, not only those that were sampled."""
    pair = (switch.previous, switch.version)
    edge = timedelta(microseconds=1)
    sides = [
        arms.compare_arms(cursor, system, pair, a, b - edge, shadow=False)
        for a, b in ((start, switch.at), (switch.at, end))
    ]
    return tuple(
        _difference(system, [_moments(part).sum_looks() for part in parts])
        for parts in ([s.output for s in sides], [s.loss for s in sides])
    )


def _difference(system: System, sides: Sequence[ArmSums]) -> Difference | None:
    n = [float(sides[i].n[i]) for i in (0, 1)]
    total = [float(sides[i].total[i]) for i in (0, 1)]
    if system.task is Task.REGRESSION:
        return mean_difference(n, total, [float(sides[i].squares[i]) for i in (0, 1)])
    return difference(round(total[0]), int(n[0]), round(total[1]), int(n[1]))

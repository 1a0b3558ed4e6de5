"""Who decides: how often people look, how often they decide otherwise, and whether they were right to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plumbline.monitor.fairness.groups import GroupRate, rate
from plumbline.profile.scan.protected_groups import OversightCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """Of some decisions: the share overruled (of those a person looked at), the share without any person's own
    decision on record, and, where outcomes are known, the share in which the person came out right: of the
    overruled, and of the confirmed. None: no rows."""

    label: str
    n: int
    reviewed: int
    overruled: int
    override_rate: GroupRate | None
    automation_rate: GroupRate | None
    right_to_overrule: GroupRate | None
    right_to_confirm: GroupRate | None


def oversight(hands: Sequence[OversightCounts], label: str = "all") -> Oversight:
    """All given months and versions together."""
    n, reviewed = sum(h.n for h in hands), sum(h.reviewed for h in hands)
    overruled = sum(h.overruled for h in hands)
    return Oversight(
        label=label,
        n=n,
        reviewed=reviewed,
        overruled=overruled,
        override_rate=rate(overruled, reviewed),
        automation_rate=rate(n - reviewed, n),
        right_to_overrule=rate(sum(h.overruled_right for h in hands), sum(h.overruled_known for h in hands)),
        right_to_confirm=rate(sum(h.confirmed_right for h in hands), sum(h.confirmed_known for h in hands)),
    )


def oversight_by_key(
    hands: Sequence[OversightCounts], key: Callable[[OversightCounts], str]
) -> tuple[Oversight, ...]:
    """The same by month, version or what else ``key`` names, in the order of first sight."""
    labels = dict.fromkeys(key(h) for h in hands)
    return tuple(oversight([h for h in hands if key(h) == label], label) for label in labels)

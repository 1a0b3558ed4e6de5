"""Which channels know of a finding's present episode, from what went through the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.store.respond.deliveries import INSIDE, Delivery

BEGINNINGS = ("finding.opened", "finding.worsened", "source.silent")
ENDS = ("finding.resolved", "finding.withdrawn", "finding.merged")


def channels_aware(own: Sequence[Delivery]) -> list[str]:
    """The channels on which a finding's present episode was or will be told.

    Args:
        own: every message about the finding, in order of time.
    """
    names: list[str] = []
    for delivery in own:
        if delivery.event in ENDS:
            names = [name for name in names if name != delivery.channel]
        elif delivery.event in BEGINNINGS and delivery.channel not in names and reaches(delivery):
            names.append(delivery.channel)
    return names


def reaches(delivery: Delivery) -> bool:
    """Whether a message went out or still will, by itself or inside another one."""
    return delivery.state != "suppressed" or delivery.reason.startswith(INSIDE)

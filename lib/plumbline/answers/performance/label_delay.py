"""How long labels take, for the signals: by day of decision, and of the positive class alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from plumbline.answers.cache import memoise
from plumbline.answers.scans import ask_cluster
from plumbline.domain import DelayProfile, Slice, System, Task
from plumbline.profile.read import profiles
from plumbline.store.workspace import Cursor


def delays(cursor: Cursor, system: System) -> DelayProfile:
    """Label delays of the whole log; those of positives are counted where labels come later than their decisions.

    Profiles do not tell delays by class, so that part is a scan, kept until the decisions change; of a table in a
    cluster there, over all its rows, and left out while it cannot be asked.
    """
    profile = profiles.delays(cursor, system, Slice())
    positive = system.positive
    if system.task is not Task.BINARY or positive is None or not profile.counts[:, 1:].any():
        return profile

    def count() -> tuple[tuple[str, int, int], ...]:
        return tuple(
            (day.isoformat(), k, n) for day, k, n in profiles.positive_delays(cursor, system, positive)
        )

    question = "delays of positive labels"
    rows = ask_cluster(
        cursor, system, lambda: memoise(cursor, system, question, tuple[tuple[str, int, int], ...], count)
    )
    if rows is None:
        return profile  # their cluster cannot be asked now
    place = {day: i for i, day in enumerate(profile.days)}
    counts = np.zeros_like(profile.counts)
    for day, k, n in rows:
        counts[place[date.fromisoformat(day)], k] = n
    return replace(profile, positives=counts)

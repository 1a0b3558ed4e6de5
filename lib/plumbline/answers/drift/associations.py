"""Which inputs stopped going together, from a bounded sample of rows, kept until the decisions change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from plumbline.answers.cache import memoise
from plumbline.domain import FeatureProfile, Kind, System
from plumbline.monitor.chunks import midnight
from plumbline.monitor.drift.association import AssociationChange, lost_associations, moments
from plumbline.profile.scan import exact
from plumbline.store.workspace import Cursor

ROWS = 100_000  # of the whole log, sampled by hash beyond
COLUMNS = 12  # numbers looked at, the score among them


def find_lost_associations(
    cursor: Cursor, system: System, features: Sequence[FeatureProfile], until: datetime
) -> tuple[AssociationChange, ...]:
    """Pairs of numeric inputs, or of one and the score, whose rank correlation of the reference was lost."""
    reference = system.reference
    numeric = [p for p in features if p.bins.kind is Kind.NUMERIC and len(p.bins.edges) > 2]
    numeric = [p for p in numeric if p.bins.feature not in ("label", "prediction")][:COLUMNS]
    if reference is None or len(numeric) < 2:
        return ()

    def make() -> tuple[AssociationChange, ...]:
        names = [p.bins.feature for p in numeric]
        day, values = exact.sample_values(cursor, system, names, ROWS)
        if not len(day):
            return ()
        ranks = np.column_stack(
            [
                np.where(np.isfinite(v), np.searchsorted(p.bins.edges, v) / len(p.bins.edges), np.nan)
                for v, p in zip(values.T, numeric, strict=True)
            ]
        )
        first = midnight(day.min().item())
        sums = moments(first, (day - day.min()).astype(np.int64), names, ranks)
        return lost_associations(sums, reference=reference, until=until)

    question = f"associations of {[t.isoformat() for t in reference]} until {until.isoformat()}"
    return memoise(cursor, system, question, tuple[AssociationChange, ...], make)

"""A log of thousands of features: its chunks are gone through a few times, not once a feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from plumbline.domain import FeatureDrift, Finding, Kind, PointStatus
from plumbline.monitor.drift.findings import drift_findings, presence_findings

START, WEEK = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=7)


class Passes(list[FeatureDrift]):
    """Chunks that count how often somebody goes through them."""

    passes = 0

    def __iter__(self) -> Iterator[FeatureDrift]:
        self.passes += 1
        return super().__iter__()


def chunks(features: int) -> Passes:
    """Five weeks of each feature; every third one leaves its reference in the fourth."""
    return Passes(
        FeatureDrift(
            feature=f"f{feature}", kind=Kind.NUMERIC, method="js", value=0.3 if out else 0.02, threshold=0.1,
            p_value=0.0 if out else 0.5, q_value=0.001 if out else 0.5, drifted=out,
            status=PointStatus.BREACH if out else PointStatus.OK, n_reference=1000, n=200, missing_share=0.0,
            missing_share_reference=0.0, start=START + week * WEEK, end=START + (week + 1) * WEEK,
        )
        for week in range(5) for feature in range(features) for out in (week > 2 and feature % 3 == 0,)
    )  # fmt: skip


def by_drift(series: Sequence[FeatureDrift]) -> list[Finding]:
    return drift_findings("s", series, sudden=series)


def by_presence(series: Sequence[FeatureDrift]) -> list[Finding]:
    return presence_findings("s", "missing", series)


@pytest.mark.parametrize("findings", [by_drift, by_presence])
def test_a_feature_more_is_no_pass_more(findings: Callable[[Sequence[FeatureDrift]], list[Finding]]) -> None:
    few, many = chunks(3), chunks(60)
    assert len(findings(few)) == 1
    found = findings(many)
    assert [one.figures["feature"] for one in found] == [f"f{i}" for i in range(0, 60, 3)]
    assert few.passes == many.passes

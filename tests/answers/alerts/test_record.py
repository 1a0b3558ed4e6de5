"""What was always so is a property of a log; what fell since the reference is a finding."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np

from plumbline.answers.alerts.record import _has_less_presence
from plumbline.domain import CompletenessProfile

START = datetime(2026, 1, 5, tzinfo=UTC)


def held(present: list[int]) -> CompletenessProfile:
    """Forty days of 100 decisions, of which so many hold all inputs."""
    days = tuple(date(2026, 1, 5) + timedelta(days=i) for i in range(40))
    n = np.full(40, 100)
    return CompletenessProfile(
        days=days,
        versions=("1",) * 40,
        n=n,
        present={"features": np.array(present)},
        hours=np.ones((40, 24), int),
    )


def test_inputs_that_were_never_all_there_are_no_finding_and_those_that_went_are() -> None:
    m: Any = SimpleNamespace(system=SimpleNamespace(reference=(START, START + timedelta(days=14))))
    assert not _has_less_presence(m, held([89] * 40), "features")
    assert not _has_less_presence(m, held([89] * 20 + [87] * 20), "features")
    assert _has_less_presence(m, held([89] * 14 + [70] * 26), "features")
    unset: Any = SimpleNamespace(system=SimpleNamespace(reference=None))
    assert not _has_less_presence(unset, held([89] * 40), "features")

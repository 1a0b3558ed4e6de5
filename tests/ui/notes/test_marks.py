"""What is marked on every picture of time."""

from __future__ import annotations

from datetime import UTC, datetime

from plumbline.monitor.releases.champion import ChampionPeriod
from plumbline.ui.notes.marks import release_marks

START = datetime(2026, 1, 5, tzinfo=UTC)


def _periods(*versions: str) -> list[ChampionPeriod]:
    return [ChampionPeriod(version=version, start=START, end=START, n=1) for version in versions]


def test_a_log_without_versions_has_no_release_on_its_pictures() -> None:
    assert release_marks(_periods("")) == []
    assert release_marks([]) == []


def test_each_version_is_marked_and_one_without_a_name_between_them() -> None:
    assert [mark.version for mark in release_marks(_periods("1.0", "", "2.0"))] == [
        "1.0",
        "no version",
        "2.0",
    ]

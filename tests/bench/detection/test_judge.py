"""What counts as found, and what as a false alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bench.detection import judge, run


def result(*alarms: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    told = [{"signal": s, "since": since, "known_at": known, "figures": {}} for s, since, known in alarms]
    return {
        "story": "fleet-demand", "change": "2025-10-31", "reference_end": "2025-10-31", "first": "2024-10-31",
        "last": "2026-10-30", "rows": 730, "findings": told, **more,
    }  # fmt: skip


def test_only_an_alarm_on_what_the_change_moved_finds_it() -> None:
    weekday = ("drift.x_weekday", "2025-10-27", "2025-11-03")
    lockers = ("drift.x_rival_lockers", "2025-11-03", "2025-11-10")
    assert judge.first_true(result(weekday)) is None
    assert judge.beside(result(weekday, lockers)) == 1
    row = judge.summary([result(weekday, lockers)])["fleet-demand"]
    assert (row["found"], row["median_delay_days"]) == (1, 10.0)


def test_a_peers_week_cut_by_the_references_end_does_not_find_it() -> None:
    cut = ("performance.mae", "2025-10-27", "2025-11-03")
    assert judge.first_true(result(cut, version="0.13.1")) is None
    assert judge.first_true(result(cut)) is not None


def test_a_part_of_the_logs_is_run_by_name(tmp_path: Path) -> None:
    def named(*only: str) -> list[str]:
        return [name for name, _ in run._logs(tmp_path, 2, 3, 0, only)]

    assert named("quiet", "card-fraud") == [
        "quiet-00-steady", "quiet-01-seasonal", "quiet-02-growing", "card-fraud-00", "card-fraud-01",
    ]  # fmt: skip
    assert len(set(named())) == len(named()) >= 3 + 2 * 7


def test_a_change_point_is_judged_by_its_distance_either_way() -> None:
    assert judge.dating_error(result(change_point="2025-10-29")) == pytest.approx(2.0)
    assert judge.dating_error(result(change_point=None)) is None


def test_a_warning_before_the_change_is_false_although_a_breach_after_it_took_it_up() -> None:
    held = result(("performance.mae", "2025-11-02", "2025-11-20"), reference_end="2025-09-01")
    assert judge.false_alarms(held) == []
    held["findings"][0]["figures"] = {"warning_known_at": "2025-10-20"}
    assert len(judge.false_alarms(held)) == 1

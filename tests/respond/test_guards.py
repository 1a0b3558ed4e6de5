"""Each guard of a trigger broken alone holds the fire back, with its own sentence; runs go on as the log shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plumbline.domain.respond import RunState, TriggerRun
from plumbline.respond.guards import GuardCase, guards, may_fire
from plumbline.respond.run_states import VersionSight, days_from_breach, follow

NOW = datetime(2026, 6, 10, tzinfo=UTC)
FREE = GuardCase(now=NOW, cooldown_days=7, labels_needed=500, monthly=2, labels=900)

BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("switch", {"stopped": "Acting was switched off by Ada on 2026-06-01"}, "switched off by Ada"),
    ("one at a time", {"in_flight": "nightly, running"}, "under way: nightly"),
    ("cool-down", {"fires": (NOW - timedelta(days=6),)}, "next may follow from 2026-06-11"),
    ("no hold", {"hold": "incident 4 is open"}, "incident 4"),
    ("labels", {"labels": 140}, "140 of 500 labels"),
    ("labels", {"labels": None}, "not known"),
    (
        "cause",
        {"release_did_it": "The guardrail tripped at the release of version 2."},
        "rolling it back does",
    ),
    ("budget", {"fires": (NOW - timedelta(days=9), NOW - timedelta(days=20))}, "2 are allowed"),
    ("approval", {"approval": True}, "not approved"),
]


def test_with_nothing_in_the_way_it_may_fire() -> None:
    assert may_fire(guards(FREE))


@pytest.mark.parametrize(
    ("name", "broken", "words"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)]
)
def test_each_guard_alone_holds_it_back_with_its_own_sentence(
    name: str, broken: dict[str, Any], words: str
) -> None:
    found = guards(replace(FREE, **broken))
    shut = [guard for guard in found if not guard.holds]
    assert [guard.name for guard in shut] == [name]
    assert words in shut[0].sentence
    assert not may_fire(found)


def test_an_approval_opens_what_waits_for_one() -> None:
    assert may_fire(guards(replace(FREE, approval=True, approved_by="Ada")))


def test_fires_of_long_ago_count_no_more() -> None:
    assert may_fire(guards(replace(FREE, fires=(NOW - timedelta(days=31), NOW - timedelta(days=8)))))


def run(**more: Any) -> TriggerRun:
    held: dict[str, Any] = {
        "id": "r", "system": "s", "trigger": "t", "state": RunState.FIRED, "due_at": NOW, "onset": NOW, "known_at": NOW,
        "fired_at": NOW, "versions": ("1",),
    }  # fmt: skip
    return TriggerRun(**held | more)


def log(version: str, days: float, trained: float | None = None) -> VersionSight:
    at = None if trained is None else NOW + timedelta(days=trained)
    return VersionSight(version=version, where="log", first=NOW + timedelta(days=days), trained=at)


def after(held: TriggerRun, days: float, *seen: VersionSight, still_open: bool = True) -> TriggerRun:
    return follow(held, NOW + timedelta(days=days), seen, still_open=still_open, label_days=2)


def test_a_version_trained_after_the_fire_is_seen_and_then_cures_or_not() -> None:
    seen = after(run(), 5, log("2", 4, 3))
    assert (seen.state, seen.seen_version, seen.seen_where) == (RunState.SEEN, "2", "log")
    assert days_from_breach(seen, seen.seen_at) == 4
    assert after(seen, 20, log("2", 4, 3)) == seen
    cured = after(seen, 20, log("2", 4, 3), still_open=False)
    assert (cured.state, days_from_breach(cured, cured.cured_at)) == (RunState.CURED, 20)
    lost = after(seen, 4 + 31, log("2", 4, 3))
    assert lost.state is RunState.NOT_CURED


@pytest.mark.parametrize(
    "sight",
    [log("1", 5, 4), log("2", 5, -1), log("2", -1), log("old", -3, -9)],
    ids=["known before", "trained before", "decided before", "old"],
)
def test_a_version_that_was_there_before_is_not_taken_for_the_new_one(sight: VersionSight) -> None:
    assert after(run(), 6, sight).state is RunState.FIRED


def test_a_training_date_alone_counts_from_the_day_of_the_fire() -> None:
    midday = run(fired_at=NOW + timedelta(hours=12))
    assert after(midday, 2, log("2", 1, 0)).state is RunState.SEEN


def test_the_registry_shows_it_first_and_the_log_decides_whether_it_cured() -> None:
    there = VersionSight(version="7", where="registry", first=NOW + timedelta(days=1))
    seen = after(run(), 2, there)
    assert (seen.state, seen.seen_where) == (RunState.SEEN, "registry")
    assert (
        after(seen, 40, there, still_open=False) == seen
    )  # over, but nothing shows that this version did it
    decided = after(seen, 41, there, log("2", 40, 2), still_open=False)
    assert (decided.state, decided.seen_version) == (RunState.CURED, "2")


def test_what_is_not_seen_in_fourteen_days_is_out_of_time_and_may_come_late() -> None:
    late = after(run(), 14.5)
    assert late.state is RunState.TIMED_OUT
    assert after(late, 30, log("2", 29, 3)).state is RunState.SEEN
    assert after(run(), 13.9).state is RunState.FIRED


def test_what_is_over_before_it_was_fired_is_withdrawn_and_a_test_stays_what_it_is() -> None:
    assert after(run(state=RunState.DUE, fired_at=None), 1, still_open=False).state is RunState.WITHDRAWN
    tested = run(state=RunState.TESTED, test=True)
    assert after(tested, 90, log("2", 1, 1), still_open=False) == tested

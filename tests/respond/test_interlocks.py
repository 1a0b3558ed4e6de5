"""Each interlock of a rollback broken alone refuses, and unknown alone leaves it to a person, each in its own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plumbline.domain.respond import Mode, RollbackState
from plumbline.respond.interlocks import NAMES, PastRollback, Situation, decide, interlocks

NOW = datetime(2026, 10, 21, 9, 4, tzinfo=UTC)
WHOLE = Situation(
    now=NOW, version="4.2", to="4.1", switched_at=NOW - timedelta(minutes=4), fired="57 % of the first 7 were so.",
    last_decision=NOW - timedelta(minutes=1), pause=timedelta(minutes=10), to_decisions=60_000, to_ready=True,
    to_where="its model file is registered", world=0.01, world_high=0.05, pointed="4.2",
)  # fmt: skip

BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("guardrail", {"fired": ""}, "No guardrail has tripped"),
    ("guardrail", {"acquitted": "fewer were wrong."}, "Outcomes spoke for version 4.2"),
    ("recent switch", {"switched_at": NOW - timedelta(days=15)}, "15 days ago"),
    ("fresh log", {"last_decision": NOW - timedelta(minutes=31)}, "at most 30 minutes are usual"),
    ("fresh log", {"unfinished": "load 7 was not checked"}, "load 7"),
    ("way back", {"to": ""}, "no version to go back to"),
    ("way back", {"to_decisions": 499}, "499 decisions before; 500"),
    ("way back", {"to_breach": "Accuracy was 0.6."}, "in breach itself"),
    ("way back", {"to_ready": False, "to_where": "the registry does not show it"}, "cannot be had"),
    ("way back", {"inputs_lost": "column age is gone"}, "column age is gone"),
    ("the release did it", {"world": 0.7, "world_high": 0.8}, "the world changed"),
    ("no ping-pong", {"past": (PastRollback(NOW - timedelta(days=40), "4.1", "4.0"),)}, "was itself rolled back"),
    ("no ping-pong", {"past": (PastRollback(NOW - timedelta(hours=23), "4.0", "3"),)}, "within 24 hours"),
    ("no ping-pong", {"past": tuple(PastRollback(NOW - timedelta(days=d), "4.0", "3") for d in (2, 29))}, "were 2"),
    ("no freeze", {"freeze": "until Monday, the audit"}, "frozen: until Monday"),
    ("no freeze", {"others": ("5.0",)}, "version 5.0"),
    ("registry agrees", {"pointed": "4.1"}, "points to version 4.1, not to 4.2"),
    ("registry agrees", {"pointed": ""}, "no version"),
]  # fmt: skip
UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("recent switch", {"switched_at": None}), ("fresh log", {"pause": None}), ("way back", {"to_ready": None}),
    ("the release did it", {"world": None}), ("the release did it", {"world": 0.2, "world_high": 0.9}),
    ("registry agrees", {"pointed": None}),
]  # fmt: skip


def test_where_all_eight_hold_the_mode_decides() -> None:
    locks = interlocks(WHOLE)
    assert tuple(lock.name for lock in locks) == NAMES
    assert all(lock.holds for lock in locks)
    assert decide(Mode.AUTOMATIC, locks) is RollbackState.ACTING
    assert decide(Mode.DRY_RUN, locks) is RollbackState.DRY
    assert decide(Mode.PROPOSE, locks) is decide(Mode.OFF, locks) is RollbackState.PROPOSED


@pytest.mark.parametrize(
    ("name", "broken", "words"), BROKEN, ids=[f"{b[0]}-{i}" for i, b in enumerate(BROKEN)]
)
def test_each_broken_alone_refuses_in_its_own_words(name: str, broken: dict[str, Any], words: str) -> None:
    locks = interlocks(replace(WHOLE, **broken))
    shut = [lock for lock in locks if not lock.holds]
    assert [(lock.name, lock.holds) for lock in shut] == [(name, False)]
    assert words in shut[0].sentence
    assert all(decide(mode, locks) is RollbackState.REFUSED for mode in Mode)


@pytest.mark.parametrize(("name", "unknown"), UNKNOWN, ids=[f"{u[0]}-{i}" for i, u in enumerate(UNKNOWN)])
def test_what_is_not_known_is_never_yes(name: str, unknown: dict[str, Any]) -> None:
    locks = interlocks(replace(WHOLE, **unknown))
    assert [(lock.name, lock.holds) for lock in locks if not lock.holds] == [(name, None)]
    assert decide(Mode.AUTOMATIC, locks) is RollbackState.PROPOSED


def test_every_interlock_has_sentences_of_its_own() -> None:
    said = [
        next(lock.sentence for lock in interlocks(replace(WHOLE, **broken)) if lock.holds is False)
        for _, broken, _ in BROKEN
    ]
    assert len(set(said)) == len(said)


def test_the_edges_count_as_written() -> None:
    assert interlocks(replace(WHOLE, switched_at=NOW - timedelta(days=14)))[1].holds
    assert interlocks(replace(WHOLE, last_decision=NOW - timedelta(minutes=30)))[2].holds
    assert interlocks(replace(WHOLE, to_decisions=500))[3].holds
    assert interlocks(replace(WHOLE, past=(PastRollback(NOW - timedelta(hours=24), "4.0", "3"),)))[5].holds
    berlin = replace(WHOLE, past=(PastRollback(NOW - timedelta(hours=2), "4.0", "3"),), zone="Europe/Berlin")
    assert interlocks(berlin)[5].sentence.endswith("2026-10-21, 07:04 Europe/Berlin.")
    assert interlocks(replace(WHOLE, past=(PastRollback(NOW + timedelta(hours=1), "4.1", "3"),)))[5].holds

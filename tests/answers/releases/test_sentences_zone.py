"""Sentences that name a moment of a system name its own clock, and never UTC beside what another clock shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.releases import sentences
from plumbline.answers.releases.gate import _rollback_note
from plumbline.answers.releases.history import releases
from plumbline.answers.respond.rollback import progress
from plumbline.domain import System
from plumbline.domain.respond import RollbackState
from plumbline.monitor.releases.history import Rollback
from plumbline.report.language import language
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording import numbers
from tests.factory.decisions import HEADER, decisions, write

CLOCK = datetime(2026, 7, 3, 9, 4, tzinfo=UTC)  # what the clock of the system shows
BERLIN = "Europe/Berlin"


def _back(end: datetime) -> Rollback:
    return Rollback(**{name: 0 for name in Rollback.__dataclass_fields__} | {
        "bad_version": "2", "back_to": "1", "start": CLOCK, "end": end, "minutes": 10.0})  # type: ignore[arg-type]  # fmt: skip


def test_every_form_names_the_clock() -> None:
    assert sentences.moment(CLOCK, BERLIN) == "3 July 2026, 09:04 Europe/Berlin"
    assert sentences.moment(CLOCK, "UTC") == "3 July 2026, 09:04 UTC"
    assert _rollback_note(_back(CLOCK), BERLIN).endswith("on 3 July 2026, 09:04 Europe/Berlin.")
    assert language("de").moment(CLOCK, BERLIN) == "3. Juli 2026, 09:04 Europe/Berlin"
    assert language("en").moment(CLOCK) == "3 July 2026, 09:04 UTC"
    hours = numbers.span(CLOCK, CLOCK.replace(hour=11), BERLIN)
    assert hours.endswith("09:04–11:04 Europe/Berlin")
    assert "UTC" not in numbers.span(CLOCK, CLOCK.replace(hour=11))  # whose clock it is says the page


@pytest.mark.parametrize(("zone", "hours"), [(BERLIN, 2), ("America/New_York", -4)])
def test_a_rollback_is_seen_at_its_moment_whatever_the_clock(
    monkeypatch: pytest.MonkeyPatch, zone: str, hours: int
) -> None:
    """The alias moved at 09:00 UTC, and at 09:04 the earlier version decided again."""
    acted = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
    shown = datetime(2026, 7, 3, 9 + hours, 4, tzinfo=UTC)
    answer = SimpleNamespace(
        releases=SimpleNamespace(spans=[SimpleNamespace(version="1", end=shown)], rollbacks=[_back(shown)])
    )
    run = SimpleNamespace(acted_at=acted, version="2", to="1")
    monkeypatch.setattr(progress, "replace", lambda run, **changes: SimpleNamespace(**vars(run) | changes))
    system = SimpleNamespace(timezone=zone)
    seen = progress._follow_effect(None, system, run, answer, acted)  # type: ignore[arg-type]
    assert seen.state is RollbackState.SEEN
    assert (seen.seen_at, seen.minutes) == (datetime(2026, 7, 3, 9, 4, tzinfo=UTC), 4.0)
    assert seen.note.endswith(f"since 3 July 2026, {9 + hours:02d}:04 {zone}.")


def test_no_sentence_of_releases_says_utc_where_the_clock_is_another(
    workspace: Workspace, tmp_path: Path
) -> None:
    cells = [[*row, "1" if i < 400 else "2"] for i, row in enumerate(decisions(650))]
    for row in cells[400:]:
        row[2:4] = ["0.99", "yes"]
    load_file(
        workspace, write(tmp_path / "log.csv", cells, (*HEADER, "version")), title="s", actor="t",
        maps=[("version", "version")], timezone=BERLIN,
    )  # fmt: skip
    with workspace.write() as cursor:
        system: System = systems.get_system(cursor, "s")
        systems.update_system(cursor, replace(system, timezone=BERLIN))
    answer = releases(workspace, "s")
    lines = [*answer.lines(), *(str(g.sentence) for g in answer.guardrails)]
    assert any(g.fired for g in answer.guardrails)
    assert [line for line in lines if "UTC" in line or "Z to " in line] == []
    assert sum(BERLIN in line for line in lines) >= 2


def test_what_was_rolled_back_is_not_asked_for_again() -> None:
    """The title says that it came late, and since when that was known; nobody is told to do what is done."""
    watch = SimpleNamespace(
        at=CLOCK,
        since=None,
        previous="1",
        version="2",
        signal="error rate",
        found=SimpleNamespace(at_decision=55),
    )
    asked = sentences.rollback_advice(watch, "UTC")  # type: ignore[arg-type]
    assert asked == "Roll back to 1: known at 3 July 2026, 09:04 UTC after 55 decisions."
    known = sentences.rollback_advice(watch, "UTC", done=True)  # type: ignore[arg-type]
    assert known == "This was known at 3 July 2026, 09:04 UTC after 55 decisions."

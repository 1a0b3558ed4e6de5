"""Evidence of a period: only what happened in it, counted as it is listed, and signed like a pack."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers import events
from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.events import EVENTS
from plumbline.answers.governance import access
from plumbline.answers.governance.period import Period, _access, period
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.domain import PlumblineError, TrailEntry
from plumbline.domain.acts import Access, Act
from plumbline.report import verify
from plumbline.report.buyers.period_evidence import period_pack, summary
from plumbline.report.issue import issue_period
from plumbline.report.language import language
from plumbline.report.material import gather
from plumbline.report.signature import public_key
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.conftest import Ran
from tests.report.test_pack import packed, read, unpacked

NOW = datetime.now(UTC)


def _entry(ws: Workspace, act: Act, detail: dict[str, object], system: str = "") -> None:
    with ws.write() as cursor:
        trail.append(cursor, actor="Ana", action=act, system=system, detail=detail)


@pytest.fixture(scope="module")
def told(held: Workspace) -> Period:
    scorecard_answer(held, "offers")
    access.give(held, "Ana@x.org", Access.OWNER, by="Ana")
    access.give(held, "bob@x.org", Access.VIEWER, by="Ana")
    access.give(held, "bob@x.org", Access.ANALYST, by="Ana")
    access.take(held, "bob@x.org", by="Ana")
    events.record(held, "offers", "rollback rehearsed", by="Ana", note="=HYPERLINK(1)")
    for event in EVENTS:
        events.record(held, "other", event, by="Ana")
    _entry(held, Act.BACKED_UP, {})
    _entry(held, Act.CHANNEL_CONFIRMED, {})
    _entry(held, Act.RESTORE_REHEARSED, {})
    for state in ("failed", "drilled"):  # noted before it is tried, and after
        _entry(held, Act.ROLLBACK_DRILLED, {"run": "drl_1", "state": state}, system="other")
        _entry(held, Act.TRIGGER_TESTED, {"run": "run_1", "state": state}, system="other")
    open_incident(held, "offers", "Refused everybody", by="Ana")
    scorecard_answer(held, "offers")  # the rehearsal changes REL-3
    return period(held, "offers", NOW - timedelta(days=1), NOW + timedelta(days=1))


def test_a_period_holds_what_happened_in_it_and_nothing_else(held: Workspace, told: Period) -> None:
    assert {"load", "settings changed", "control attested"} <= {e.action for e in told.changes}
    assert all(e.system in ("", "offers") for e in told.changes)
    assert next(e.action for e in told.rehearsals) == "recorded: rollback rehearsed"
    assert [i.title for i in told.incidents] == ["Refused everybody"]
    assert len([s for s in told.spells if s.control == "REL-3"]) == 2
    assert told.known_from is not None
    before = period(held, "offers", NOW - timedelta(days=30), NOW - timedelta(days=10))
    assert (before.changes, before.incidents, before.spells, before.known_from, before.checks) == (
        (),
        (),
        (),
        None,
        (),
    )
    assert before.longest_pause is None


def test_rehearsals_are_what_was_rehearsed_and_no_backup_and_no_real_event(
    held: Workspace, told: Period
) -> None:
    shown = period(held, "other", NOW - timedelta(days=1), NOW + timedelta(days=1)).rehearsals
    assert sorted(e.action for e in shown) == sorted(
        [
            "recorded: rollback rehearsed",
            "recorded: automatic rollback tested",
            "recorded: restore rehearsed",
            "recorded: retraining tested",
            "recorded: alert tested",
            "restore of a copy rehearsed",
            "rollback drilled",
            "trigger tested",
        ]
    )
    assert next(e for e in shown if e.action == Act.ROLLBACK_DRILLED).detail["state"] == "drilled"


def test_access_is_played_from_the_trail(told: Period) -> None:
    held = {a.who: a for a in told.access}
    assert (held["ana@x.org"].at_start, held["ana@x.org"].at_end) == ("", "owner")
    assert [change for _, _, change in held["bob@x.org"].changes] == [
        "none to viewer", "viewer to analyst", "analyst to none",
    ]  # fmt: skip
    assert held["bob@x.org"].at_end == ""


def _token(day: int, act: Act, **detail: object) -> TrailEntry:
    return TrailEntry(seq=day, at=datetime(2026, 3, day, 9, tzinfo=UTC), actor="Ana", action=act.value, system="",
                      detail=detail, previous="", digest="")  # fmt: skip


def test_a_token_is_none_from_the_day_after_its_last_and_for_other_systems_no_access() -> None:
    added = {"role": "analyst", "systems": [], "until": ""}
    entries = [
        _token(1, Act.TOKEN_ADDED, **added | {"name": "old", "until": "2026-03-02"}),
        _token(2, Act.TOKEN_ADDED, **added | {"name": "ends", "until": "2026-03-12"}),
        _token(3, Act.TOKEN_ADDED, **added | {"name": "later", "until": "2026-03-20"}),
        _token(4, Act.TOKEN_ADDED, **added | {"name": "elsewhere", "systems": ["other"]}),
        _token(5, Act.TOKEN_ADDED, **added | {"name": "here", "systems": ["other", "offers"]}),
        _token(6, Act.TOKEN_ADDED, **added | {"name": "withdrawn", "until": "2026-03-12"}),
        _token(11, Act.TOKEN_REVOKED, name="withdrawn"),
        _token(12, Act.TOKEN_REVOKED, name="elsewhere"),
        _token(14, Act.TOKEN_REVOKED, name="ends"),
    ]
    moments = [datetime(2026, 3, day, tzinfo=UTC) for day in (10, 20)]
    shown = {a.who.removeprefix("token "): a for a in _access(entries, "offers", *moments)}
    assert {who: (a.at_start, a.at_end) for who, a in shown.items()} == {
        "ends": ("analyst", ""),
        "later": ("analyst", "analyst"),
        "here": ("analyst", "analyst"),
        "withdrawn": ("analyst", ""),
    }
    assert shown["ends"].changes == ((datetime(2026, 3, 13, tzinfo=UTC), "", "analyst to none, expired"),)
    assert [change for _, _, change in shown["withdrawn"].changes] == ["analyst to none"]


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_summary_counts_the_tables_and_leaves_open_what_nobody_stated(
    held: Workspace, told: Period, code: str
) -> None:
    material, speech = gather(held, "offers"), language(code)
    files = unpacked(period_pack(material, told, code))
    items = {i.key: i for _, part in summary(material, told, speech) for i in part}
    for key, table in (("changes", "changes"), ("incidents", "incidents"), ("rehearsals", "rehearsals"),
                       ("checks", "checks"), ("findings", "findings"), ("releases", "releases")):  # fmt: skip
        assert items[key].value == speech.number(len(read(files[f"{table}.csv"]))), key
    for key in ("approvals", "release_tests", "reviews"):
        assert (items[key].known, items[key].value) == (False, "")
    rows = read(files["releases.csv"])
    assert all(row["approved_by"] == row["tests"] == "" for row in rows)
    assert "'=HYPERLINK" not in files["changes.csv"].decode("utf-8-sig")  # within JSON it begins no cell


def test_controls_follow_each_other_without_a_gap(told: Period) -> None:
    by_control: dict[str, list[object]] = {}
    for spell in told.spells:
        by_control.setdefault(spell.control, []).append(spell)
    for spells in by_control.values():
        assert spells[-1].until is None
        for one, after in itertools.pairwise(spells):
            assert one.until == after.since


def test_it_is_signed_like_a_pack_and_stands_on_the_trail(held: Workspace, tmp_path: Path) -> None:
    made = issue_period(held, "offers", NOW - timedelta(days=1), NOW + timedelta(days=1), actor="Ana")
    assert verify.check(packed(unpacked(made.content), tmp_path / "p.zip"), public_key().public_key) == []
    assert made.time.startswith("No time stamp")


@pytest.mark.parametrize(
    ("start", "end"), [(None, NOW), (NOW, None), (NOW + timedelta(days=2), NOW + timedelta(days=3))]
)
def test_what_is_no_period_is_a_sentence(
    held: Workspace, start: datetime | None, end: datetime | None
) -> None:
    with pytest.raises(PlumblineError, match="period"):
        period(held, "offers", start, end)


def test_the_command_wants_a_zip(plumbline: Callable[..., Ran], tmp_path: Path) -> None:
    ran = plumbline("report", "s", "--out", tmp_path / "r.pdf", "--period", "2026-01-01..2026-02-01",
                    "--workspace", tmp_path / "w.duckdb")  # fmt: skip
    assert (ran.code, "is a .zip" in ran.err) == (2, True)

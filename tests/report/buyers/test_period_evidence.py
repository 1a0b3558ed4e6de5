"""Evidence of a period: only what happened in it, counted as it is listed, and signed like a pack."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers import events
from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.events import EVENTS, REHEARSAL_EVENTS
from plumbline.answers.governance import access
from plumbline.answers.governance.period import CHANGES, REHEARSALS, Period, _access, period
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.domain import (
    Attestation,
    EvidenceKind,
    Exemption,
    PlumblineError,
    Requirement,
    Severity,
    Status,
    TrailEntry,
)
from plumbline.domain.acts import Access, Act
from plumbline.governance.incident_deadlines import FLAGS, notices
from plumbline.report import verify
from plumbline.report.buyers.access_rows import access_rows, change_words
from plumbline.report.buyers.period_evidence import _statements, period_pack, summary
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
        events.record(held, "other", event, by="Ana", note="C-1")
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
    assert [change_words(change, language("en")) for change in held["bob@x.org"].changes] == [
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
    assert [(c.at, c.by, change_words(c, language("en"))) for c in shown["ends"].changes] == [
        (datetime(2026, 3, 13, tzinfo=UTC), "", "analyst to none, expired")
    ]
    assert [change_words(change, language("en")) for change in shown["withdrawn"].changes] == [
        "analyst to none"
    ]
    german = {row[0]: row[-1] for row in access_rows(_access(entries, "offers", *moments), language("de"))}
    assert german["Token ends"] == "von auswerten zu keine, abgelaufen"


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
    rows, columns = read(files["releases.csv"]), speech.texts.get("column", {})
    unknown = [columns.get(name, name) for name in ("approved_by", "tests")]
    assert all(row[name] == "" for row in rows for name in unknown)
    assert "'=HYPERLINK" not in files["changes.csv"].decode("utf-8-sig")  # within JSON it begins no cell


@pytest.mark.parametrize("four_eyes", [True, False])
def test_an_exemption_is_in_force_from_its_approval(held: Workspace, told: Period, four_eyes: bool) -> None:
    material, day, year = gather(held, "offers"), NOW.date(), timedelta(days=200)

    def given(reason: str, asked: int, approved: int | None, approver: str, link: str = "x") -> Exemption:
        at = day - timedelta(days=asked)
        on = day - timedelta(days=approved) if approved is not None else None
        return Exemption("offers", "CMP-1", reason, approver, day + year, at, "Bob", on, link)

    exempted = (
        given("approved", 20, 10, "Ana"),
        given("waits", 20, None, ""),
        given("approved after the period", 20, -5, "Ana"),
        given("no document", 20, 10, "Ana", link=""),
        replace(given("ended long ago", 600, 590, "Ana"), until=day + year),
        replace(given("by one person", 20, None, "Bob"), proposer=""),
    )
    stated = (
        Attestation("offers", "CMP-7", Status.PASS, "waits too", "Ada", day - timedelta(days=30), day + year),
        replace(Attestation("offers", "CMP-8", Status.PASS, "two", "Ada", day - timedelta(days=30), day + year),
                approved_by="Bob", approved_on=day - timedelta(days=3)),
    )  # fmt: skip
    system = material.answer.system
    system = replace(system, settings=replace(system.settings, four_eyes=four_eyes))
    statements = replace(material.statements, attestations=stated, exemptions=exempted)
    material = replace(material, answer=replace(material.answer, system=system), statements=statements)
    rows = {row["statement"]: row["from"] for row in read(_statements(material, told, language("en")))}
    ago = {n: str(day - timedelta(days=n)) for n in (3, 10, 20, 30)}
    one_is_enough = {"by one person": ago[20], "waits too": ago[30], "two": ago[30]}
    assert rows == {"approved": ago[10]} | ({"two": ago[3]} if four_eyes else one_is_enough)


def test_what_is_owed_without_undue_delay_and_not_given_is_counted_by_itself(
    held: Workspace, told: Period
) -> None:
    incident = replace(
        told.incidents[0],
        classified_at=told.incidents[0].opened_at,
        role="deployer",
        flags=("high_risk", "serious"),
    )
    evidence = replace(told, incidents=(incident,))
    owed = [n for n in notices(incident, told.at) if n.undue]
    assert owed
    items = {
        i.key: i.value for _, part in summary(gather(held, "offers"), evidence, language("en")) for i in part
    }
    assert (items["late"], items["not_given"]) == ("0", str(len(owed)))
    given = replace(incident, sent={n.key: told.at for n in owed[:1]})
    items = {
        i.key: i.value
        for _, part in summary(gather(held, "offers"), replace(told, incidents=(given,)), language("en"))
        for i in part
    }
    assert items["not_given"] == str(len(owed) - 1)


def test_changes_are_every_act_that_says_who_is_told_and_what_is_counted() -> None:
    assert {
        Act.FINDING_MUTED, Act.CHANNEL_GONE, Act.CHANNEL_CONFIRMED, Act.COUNTED_ANEW, Act.PUSHES_MERGED,
        Act.COLUMNS_GROUPED,
    } <= set(CHANGES)  # fmt: skip
    acts = [
        act for act in Act if act.changes_decisions and act is not Act.SYSTEM_REMOVED
    ]  # then there is no evidence
    assert set(acts) <= set(CHANGES)


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


def test_a_german_pack_says_columns_and_fixed_words_in_german(held: Workspace, told: Period) -> None:
    """Whatever a table may hold of a fixed set: an act, a flag, a status. Names and identifiers stay."""
    german = language("de").texts
    fixed = {act.value for act in (*CHANGES, *REHEARSALS)} | {
        f"recorded: {event}" for event in REHEARSAL_EVENTS
    }
    fixed |= {*FLAGS, *Severity, *Access, "workspace", "log", "attestation", "exemption", "True", "False"}
    fixed |= {*(s.value for s in Status), *(r.value for r in Requirement), *(k.value for k in EvidenceKind)}
    assert fixed - set(german["cell"]) == set()
    files = unpacked(period_pack(gather(held, "offers"), told, "de"))
    english = unpacked(period_pack(gather(held, "offers"), told, "en"))
    for name in (name for name in files if name.endswith(".csv")):
        header = files[name].decode("utf-8-sig").splitlines()[0].split(",")
        then = english[name].decode("utf-8-sig").splitlines()[0].split(",")
        assert [german["column"][column] for column in then] == header, name
    acts = {row["Handlung"] for row in read(files["changes.csv"])}
    assert "Datei geladen" in acts
    assert not acts & fixed
    assert {row["betrifft"] for row in read(files["changes.csv"])} <= {"Arbeitsbereich", "offers"}

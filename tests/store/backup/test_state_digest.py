"""The trail vouches for decisions, counts, loads and roles: each act keeps that so, and a change by hand shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers import statements
from plumbline.answers.alerts import incidents
from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file, set_reference, undo_load
from plumbline.answers.data.roles import change_roles, undo_roles
from plumbline.answers.governance.trail import trail
from plumbline.answers.operations.verify import verify
from plumbline.answers.proof import proof
from plumbline.domain import Attestation, Exemption, Status
from plumbline.domain.acts import Act
from plumbline.store import trail as chain
from plumbline.store.backup import state_digest
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.trail import append
from plumbline.store.workspace import Cursor, Workspace, open_workspace
from tests.conftest import Ran
from tests.store.backup.conftest import START, problem_sentences, taken_back, write_labels, write_log


def _whole(ws: Workspace) -> None:
    told = trail(ws, with_state=True)
    assert (told.intact, told.problems, told.untied) == (True, (), ())


def test_every_act_that_changes_decisions_or_counts_keeps_them_tied(ws: Workspace, tmp_path: Path) -> None:
    folder = ws.path.parent
    _whole(ws)
    repeated = load_file(
        ws,
        write_log(folder / "r.csv", range(40, 42), repeats=10),
        title="Shop",
        maps=[("customer", "subject")],
        actor="Ana",
    )
    assert repeated.labels_joined == 10
    _whole(ws)
    undo_load(ws, repeated.load_id, actor="Ana")
    _whole(ws)
    louder = load_file(
        ws,
        write_log(folder / "y.csv", range(42, 60), spelt="YES"),
        title="Shop",
        maps=[("customer", "subject")],
        actor="Ana",
    )
    _whole(ws)
    undo_load(ws, louder.load_id, actor="Ana")
    _whole(ws)
    erase_person(ws, "shop", subject="c3", actor="Ana")
    _whole(ws)
    change_roles(ws, "shop", ["age=protected"], actor="Ana")
    _whole(ws)
    undo_roles(ws, "shop", actor="Ana")
    _whole(ws)
    start = START.replace(tzinfo=UTC)
    set_reference(ws, "shop", start, start + timedelta(days=14), actor="Ana")
    _whole(ws)
    labels = next(load for load in _loads(ws) if load[1] == "labels")
    undo_load(ws, labels[0], actor="Ana")
    _whole(ws)
    assert verify(ws).intact


def _loads(ws: Workspace) -> list[tuple[int, str]]:
    with ws.read() as cursor:
        return cursor.execute("SELECT load_id, kind FROM load WHERE undone_at IS NULL").fetchall()


#: what somebody does to the file -> what is said of it
BY_HAND = {
    "UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0005'": "Decisions of load 1 of shop",
    "UPDATE decision_shop SET label = NULL WHERE decision_id = 'D0020'": "Decisions of load 1 of shop",
    "UPDATE decision_shop SET \"feature:region\" = 'south' WHERE decision_id = 'D0004'": "Decisions of load 1 of shop",
    "DELETE FROM decision_shop WHERE decision_id = 'D0005'": "Decisions of load 1 of shop",
    "DELETE FROM decision_other": "Decisions of load 3 of other",
    "INSERT INTO decision_shop BY NAME SELECT 99 AS _load_id, * EXCLUDE (_load_id) FROM decision_other LIMIT 1":
        "Decisions of load 99 of shop are there that no digest",
    "UPDATE decision_shop SET _load_id = 0 WHERE decision_id = 'D0005'": "Decisions of load 0 of shop are there",
    "UPDATE decision_shop SET _load_id = -1 WHERE decision_id = 'D0005'": "Decisions of load -1 of shop are there",
    "UPDATE decision_shop SET _load_id = NULL WHERE decision_id = 'D0005'":
        "Decisions of shop are there that name no load",
    "INSERT INTO decision_other BY NAME SELECT 1 AS _load_id, * EXCLUDE (_load_id) FROM decision_other LIMIT 1":
        "Decisions of load 1 of other are there",
    "INSERT INTO profile_outcome BY NAME SELECT 999 AS load_id, * EXCLUDE (load_id) FROM profile_outcome"
    " WHERE system = 'shop' LIMIT 1":
        "Counts of load 999 of shop are there",
    "INSERT INTO profile_hour BY NAME SELECT 0 AS load_id, * EXCLUDE (load_id) FROM profile_hour"
    " WHERE system = 'shop' LIMIT 1":
        "Counts of load 0 of shop are there",
    "UPDATE decision_shop SET _load_id = 2 WHERE decision_id = 'D0005'": "Decisions of load 1 of shop",
    "UPDATE profile_outcome SET n = n + 1 WHERE load_id = 3": "The counts of load 3 of other",
    "DELETE FROM profile_hour WHERE load_id = 3": "The counts of load 3 of other",
    "UPDATE profile_feature SET total = total + 1 WHERE load_id = 1": "The counts of load 1 of shop",
    "UPDATE profile_bin SET rows_used = rows_used + 1 WHERE system = 'shop'": "The grids of shop",
    "UPDATE state_digest SET decisions = repeat('0', 64) WHERE load_id = 1": "The digests of shop",
    "UPDATE state_digest SET engine = '1.0.0' WHERE load_id = 1": "The digests of shop",
    "DROP TABLE state_digest": "The digests of decisions and counts are no longer here",
    "DELETE FROM state_digest": "The digests of shop",
    "UPDATE load SET sha256 = '0' WHERE load_id = 1": "Load 1 of shop is not what",
    "UPDATE load SET actor = 'Mallory' WHERE load_id = 1": "Load 1 of shop is not what",
    "UPDATE load SET undone_at = made_at WHERE load_id = 1": "Load 1 of shop is not what",
    "DELETE FROM load WHERE load_id = 3": "Load 3 of other is on the trail, and no longer here",
    "INSERT INTO person SELECT 'eve@x.org', 'owner', 'Ana', now()::TIMESTAMP": "eve@x.org has the role owner",
    "DELETE FROM person": "ana@x.org has no role",
    "UPDATE scorecard SET verdict = 'MATURE'": "is not on the trail",
    "DELETE FROM trail": "is not on the trail",
    "DELETE FROM trail WHERE seq = (SELECT max(seq) FROM trail)": "its end was cut off",
    "UPDATE context SET answer = 'no' WHERE question = 'harm'": "Statements or incidents of shop",
    "UPDATE context SET approved_by = 'Bo'": "Statements or incidents of shop",
    "DELETE FROM context": "Statements or incidents of shop",
    "UPDATE attestation SET expires = expires + INTERVAL 90 DAY": "Statements or incidents of shop",
    "INSERT INTO context SELECT * REPLACE ('other' AS system) FROM context": "Statements or incidents of other",
    "UPDATE incident SET body = replace(body, 'Wrong', 'Right')": "Statements or incidents of shop",
    "DELETE FROM incident": "Statements or incidents of shop",
}  # fmt: skip


@pytest.mark.parametrize("statement", BY_HAND)
def test_what_is_changed_by_hand_shows(ws: Workspace, statement: str) -> None:
    with taken_back(ws) as cursor:
        cursor.execute(statement)
        found = [one.sentence for one in trail_problems(cursor) if isinstance(one, IntegrityProblem)]
        assert any(BY_HAND[statement] in sentence for sentence in found), found


def test_every_act_on_statements_and_incidents_keeps_them_tied(ws: Workspace) -> None:
    day, later = date.today(), date.today() + timedelta(days=20)
    number = incidents.open_incident(ws, "shop", "Late prices", by="Bo").id
    _whole(ws)
    statements.approve_context(ws, "shop", by="Bo")
    statements.save_context(ws, "shop", {"harm": "", "impact": "pricing"}, by="Bo")
    _whole(ws)
    statements.change_settings(ws, "shop", {"four_eyes": True}, by="Ana")
    statements.attest(ws, Attestation("shop", "SEC-2", Status.PASS, "By key.", "Ana", day, later))
    statements.exempt(ws, Exemption("shop", "EXP-1", "phase", "Ana", later, day, link="dms/1"))
    _whole(ws)
    attestations, exemptions = statements.pending_approvals(statements.statements(ws, "shop"), day)
    statements.approve(ws, "shop", attestations[0].id, by="Bo", on=day)
    statements.approve_exemption(ws, "shop", exemptions[0].id, by="Bo", on=day)
    _whole(ws)
    incidents.classify(ws, "shop", number, by="Bo", flags=[])
    incidents.plan(ws, "shop", number, by="Bo", cause="a join", owner="Bo", due=later)
    incidents.close_incident(ws, "shop", number, by="Bo", cause="a join, mended")
    _whole(ws)


def test_a_statement_changed_by_hand_stays_to_be_seen_whatever_act_follows(
    ws: Workspace, tmp_path: Path
) -> None:
    with ws.read() as cursor:
        cursor.execute("CHECKPOINT")
    shutil.copy(ws.path, tmp_path / "w.duckdb")
    other = open_workspace(tmp_path / "w.duckdb")
    with other.write() as cursor:
        cursor.execute("UPDATE attestation SET status = 'fail' WHERE system = 'shop'")
    statements.save_context(other, "shop", {"critical": "yes"}, by="Ana")
    statements.save_context(other, "shop", {"critical": "no"}, by="Ana")
    problems = trail(other, with_state=True).problems
    entry = next(e.seq for e in trail(other).entries if "registers_before" in e.detail)
    assert [p.sentence for p in problems] == [
        f"Statements or incidents of shop had been changed past the trail when entry {entry} was written."
    ]
    other.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda ws, folder: load_file(ws, write_labels(folder / "l2.csv", "no"), title="Shop", actor="Ana"),
        lambda ws, folder: erase_person(ws, "shop", subject="c5", actor="Ana"),
        lambda ws, folder: change_roles(ws, "shop", ["age=protected"], actor="Ana"),
    ],
    ids=["labels", "erasure", "roles"],
)
def test_a_decision_changed_by_hand_stays_to_be_seen_whatever_act_follows(
    ws: Workspace, tmp_path: Path, act: Callable[[Workspace, Path], Any]
) -> None:
    with ws.read() as cursor:
        cursor.execute("CHECKPOINT")
    shutil.copy(ws.path, tmp_path / "w.duckdb")
    other = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    with other.write() as cursor:
        cursor.execute("UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0110'")
    act(other, tmp_path)
    entry = next(e for e in trail(other).entries if "changed_past_trail" in e.detail)
    assert entry.detail["changed_past_trail"] == [1]
    with other.write() as cursor:  # nothing that follows covers it up
        append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop")
    said = [p.sentence for p in trail(other, with_state=True).problems]
    assert said == [f"Load 1 of shop had been changed past the trail when entry {entry.seq} was written."]
    other.close()


def test_counts_changed_by_hand_stay_to_be_seen_when_a_load_brings_a_new_column(
    tmp_path: Path,
) -> None:
    made = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    maps = [("customer", "subject")]
    load_file(
        made, write_log(tmp_path / "a.csv", range(30)), title="Shop", positive="yes", maps=maps, actor="Ana"
    )
    with made.write() as cursor:
        cursor.execute("UPDATE profile_feature SET total = total + 1 WHERE load_id = 1")
    maps.append(("region", "feature"))
    load_file(
        made, write_log(tmp_path / "b.csv", range(30, 40), more=True), title="Shop", maps=maps, actor="Ana"
    )
    entry = next(e for e in trail(made).entries if "changed_past_trail" in e.detail)
    assert entry.detail["changed_past_trail"] == [1]
    said = [p.sentence for p in trail(made, with_state=True).problems]
    assert said == [f"Load 1 of shop had been changed past the trail when entry {entry.seq} was written."]
    made.close()


def test_loads_too_large_to_look_at_first_are_changed_as_before(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_digest, "MOST_ROWS", 10)
    with taken_back(ws) as cursor:
        cursor.execute("UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0110'")
        state_digest.note_changes(cursor, "shop")
        state_digest.mark_decisions(cursor, "shop", [1])
        assert set(state_digest.seal(cursor, "shop")) == {"digests"}


class _Recorder:
    """A cursor that remembers its statements."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor, self.statements = cursor, list[str]()

    def execute(self, statement: str, *values: Any) -> Cursor:
        self.statements.append(statement)
        return self.cursor.execute(statement, *values)


def test_a_seal_reads_the_rows_of_its_loads_once_for_all_sets_of_columns(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_back(ws) as cursor:
        stored = cursor.execute(
            "SELECT load_id, decisions FROM state_digest WHERE system = 'shop'"
        ).fetchall()
        state_digest.mark_decisions(cursor, "shop", [1, 2])  # load 2 has a column of its own
        recorder: Any = _Recorder(cursor)
        state_digest.seal(recorder, "shop")
        reads = [s for s in recorder.statements if "FROM decision_shop" in s.replace('"', "")]
        assert len(reads) == 2  # which columns are not empty, and the sums
        assert all("_load_id BETWEEN 1 AND 2" in s for s in reads)  # DuckDB skips what lies beside constants
        for at_once in (200, 1):  # however many columns a statement names, the digests are the same
            monkeypatch.setattr(state_digest, "_AT_ONCE", at_once)
            state_digest.mark_decisions(cursor, "shop", [2])
            recorder.statements.clear()
            state_digest.seal(recorder, "shop")
            reads = [s for s in recorder.statements if "FROM decision_shop" in s.replace('"', "")]
            assert all("_load_id = 2" in s for s in reads)
            again = "SELECT load_id, decisions FROM state_digest WHERE system = 'shop'"
            assert sorted(cursor.execute(again).fetchall()) == sorted(stored)


def test_a_system_that_is_made_again_is_not_held_against_the_digests_of_the_old_one(ws: Workspace) -> None:
    with taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        cursor.execute("DELETE FROM decision_other")
        cursor.execute("DELETE FROM load WHERE system = 'other'")
        for table in state_digest.PROFILES:
            cursor.execute(f"DELETE FROM {table} WHERE system = 'other'")
        append(cursor, actor="Ana", action=Act.SYSTEM_REMOVED, system="other")
        assert not problem_sentences(cursor)


def test_what_is_written_while_the_trail_is_read_is_no_false_alarm(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold, verify_chain, pushes = state_digest._fold, chain.verify, list[int]()

    def push(cursor: Cursor, key: str) -> str:
        if key == "shop" and not pushes:
            pushes.append(0)
            file, maps = write_log(ws.path.parent / "m.csv", range(60, 62)), [("customer", "subject")]
            pushes[0] = load_file(ws, file, title="Shop", maps=maps, actor="Ana").load_id
        return fold(cursor, key)

    def entry_after(cursor: Cursor, *head: str) -> chain.TrailCheck:
        check = verify_chain(cursor, *head)
        with ws.write() as other:
            append(other, actor="Ana", action="tried")
        return check

    for look in (lambda: trail(ws, with_state=True).problems, lambda: verify(ws).problems):
        pushes.clear()
        with monkeypatch.context() as patch:
            patch.setattr(state_digest, "_fold", push)
            assert look() == ()
        undo_load(ws, pushes[0], actor="Ana")
    with monkeypatch.context() as patch:
        patch.setattr(chain, "verify", entry_after)
        links = proof(ws, "shop").links
    assert [link["seq"] for link in links] == list(range(1, len(links) + 1))


def test_the_command_says_what_does_not_fit(
    ws: Workspace, plumbline: Callable[..., Ran], tmp_path: Path
) -> None:
    with ws.read() as cursor:
        cursor.execute("CHECKPOINT")
    shutil.copy(ws.path, tmp_path / "w.duckdb")
    assert plumbline("trail", "--verify", "--workspace", tmp_path / "w.duckdb").code == 0
    other = open_workspace(tmp_path / "w.duckdb")
    with other.write() as cursor:
        cursor.execute("UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0005'")
    other.close()
    for command in (("trail", "--verify"), ("verify",)):
        ran = plumbline(*command, "--workspace", tmp_path / "w.duckdb")
        assert ran.code == 1
        assert "Decisions of load 1 of shop are not those that the trail vouches for." in ran.out

"""The trail vouches for decisions, counts, loads and roles: each act keeps that so, and a change by hand shows."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers import statements
from plumbline.answers.alerts import incidents
from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file, set_reference, undo_load
from plumbline.answers.data.roles import change_roles, undo_roles
from plumbline.answers.governance import access
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.governance.trail import trail
from plumbline.answers.operations.verify import verify
from plumbline.answers.proof import proof
from plumbline.domain import Attestation, Exemption, Status
from plumbline.domain.acts import Access, Act
from plumbline.store import trail as chain
from plumbline.store.backup import register_digest, state_digest
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.trail import append
from plumbline.store.workspace import Cursor, Workspace, open_workspace
from tests.conftest import Ran

START = datetime(2026, 1, 5)


def _log(path: Path, days: range, *, more: bool = False, spelt: str = "yes", repeats: int = 0) -> Path:
    """Twenty decisions a day, without labels for the odd ones; ``more``: with a column of its own."""
    with path.open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow(
            ["id", "time", "customer", "score", "prediction", "label", "age", *(["region"] if more else [])]
        )
        for day in days:
            for i in range(20):
                n = day * 20 + i
                row = [f"D{n:04d}", f"{(START + timedelta(days=day, minutes=i)).isoformat()}Z", f"c{n % 7}",
                       (n * 37 % 100) / 100, spelt if n * 37 % 100 >= 50 else "no",
                       "" if n % 2 else spelt if n % 3 else "no", 20 + n % 50,
                       *(["north" if i % 3 else "south"] if more else [])]  # fmt: skip
                write.writerow(row)
        for n in range(repeats):  # the same decisions, now with their labels
            write.writerow([f"D{2 * n + 1:04d}", f"{(START + timedelta(minutes=2 * n + 1)).isoformat()}Z",
                            f"c{(2 * n + 1) % 7}", ((2 * n + 1) * 37 % 100) / 100,
                            spelt if (2 * n + 1) * 37 % 100 >= 50 else "no", "no", 20 + (2 * n + 1) % 50])  # fmt: skip
    return path


def _labels(path: Path, spelt: str = "yes") -> Path:
    with path.open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow(["id", "label"])
        write.writerows([f"D{n:04d}", spelt if n % 4 else "no"] for n in range(100, 140))
    return path


def _whole(ws: Workspace) -> None:
    told = trail(ws, with_state=True)
    assert (told.intact, told.problems, told.untied) == (True, (), ())


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three loads of two systems, late labels, a role, a kept scorecard."""
    folder = tmp_path_factory.mktemp("tied")
    made = open_workspace(folder / "w.duckdb", read_from=[folder])
    maps = [("customer", "subject")]
    load_file(made, _log(folder / "a.csv", range(30)), title="Shop", positive="yes", maps=maps, actor="Ana")
    more = [*maps, ("region", "feature")]
    load_file(made, _log(folder / "b.csv", range(30, 40), more=True), title="Shop", maps=more, actor="Ana")
    load_file(made, _log(folder / "c.csv", range(20)), title="Other", positive="yes", maps=maps, actor="Ana")
    load_file(made, _labels(folder / "l.csv"), title="Shop", actor="Ana")
    access.give(made, "ana@x.org", Access.OWNER, by="Ana")
    scorecard_answer(made, "shop")
    statements.save_context(made, "shop", {"harm": "yes", "critical": "no"}, by="Ana")
    day = date.today()
    statements.attest(
        made, Attestation("shop", "SEC-1", Status.PASS, "By role.", "Ana", day, day + timedelta(days=9))
    )
    incidents.open_incident(made, "shop", "Wrong prices", by="Ana")
    with made.write() as cursor:  # an entry that vouches for no state
        append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop")
    yield made
    made.close()


def test_every_act_that_changes_decisions_or_counts_keeps_them_tied(ws: Workspace, tmp_path: Path) -> None:
    folder = ws.path.parent
    _whole(ws)
    repeated = load_file(
        ws,
        _log(folder / "r.csv", range(40, 42), repeats=10),
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
        _log(folder / "y.csv", range(42, 60), spelt="YES"),
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


class _Undone(Exception):
    """Takes a transaction back."""


@contextmanager
def _taken_back(ws: Workspace) -> Iterator[Cursor]:
    """A transaction that leaves nothing."""
    with suppress(_Undone), ws.write() as cursor:
        yield cursor
        raise _Undone


@pytest.mark.parametrize("statement", BY_HAND)
def test_what_is_changed_by_hand_shows(ws: Workspace, statement: str) -> None:
    with _taken_back(ws) as cursor:
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
        lambda ws, folder: load_file(ws, _labels(folder / "l2.csv", "no"), title="Shop", actor="Ana"),
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
    load_file(made, _log(tmp_path / "a.csv", range(30)), title="Shop", positive="yes", maps=maps, actor="Ana")
    with made.write() as cursor:
        cursor.execute("UPDATE profile_feature SET total = total + 1 WHERE load_id = 1")
    maps.append(("region", "feature"))
    load_file(made, _log(tmp_path / "b.csv", range(30, 40), more=True), title="Shop", maps=maps, actor="Ana")
    entry = next(e for e in trail(made).entries if "changed_past_trail" in e.detail)
    assert entry.detail["changed_past_trail"] == [1]
    said = [p.sentence for p in trail(made, with_state=True).problems]
    assert said == [f"Load 1 of shop had been changed past the trail when entry {entry.seq} was written."]
    made.close()


def test_loads_too_large_to_look_at_first_are_changed_as_before(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_digest, "MOST_ROWS", 10)
    with _taken_back(ws) as cursor:
        cursor.execute("UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0110'")
        state_digest.note_changes(cursor, "shop")
        state_digest.mark_decisions(cursor, "shop", [1])
        assert set(state_digest.seal(cursor, "shop")) == {"digests"}


def test_registers_of_an_earlier_version_are_no_problem_until_an_act_vouches_for_them(ws: Workspace) -> None:
    with _taken_back(ws) as cursor:
        cursor.execute("UPDATE trail SET detail = json_merge_patch(detail, '{\"registers\": null}')")
        assert list(register_digest.differences(cursor)) == []
        begun = register_digest.begin(cursor, "shop")
        assert begun == ""
        assert set(register_digest.seal(cursor, "shop", begun)) == {"registers"}


def test_loads_of_an_earlier_version_are_said_to_be_untied_and_no_problem(ws: Workspace) -> None:
    with _taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        cursor.execute(
            "UPDATE trail SET detail = json_merge_patch(detail, '{\"digests\": null}') WHERE system = 'other'"
        )
        found = list(trail_problems(cursor))
        assert found == [state_digest.LooseLoad("other", 3)]
        assert not [one for one in found if isinstance(one, IntegrityProblem)]


def _problems(cursor: Cursor) -> list[str]:
    return [one.sentence for one in trail_problems(cursor) if isinstance(one, IntegrityProblem)]


def _seal(cursor: Cursor, key: str) -> None:
    """What an act does last."""
    append(cursor, actor="Ana", action="tried", system=key, detail=dict(state_digest.seal(cursor, key)))


def test_a_load_whose_entry_has_digests_is_not_taken_for_one_of_an_earlier_version(ws: Workspace) -> None:
    with _taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        sentence = "Decisions of load 3 of other are there that no digest on the trail vouches for."
        assert sentence in _problems(cursor)


def test_loads_that_another_version_of_duckdb_digested_are_untied_and_no_problem(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_digest, "ENGINE", "99.0.0")
    with _taken_back(ws) as cursor:
        assert list(trail_problems(cursor)) == [
            state_digest.LooseLoad("other", 3),
            state_digest.LooseLoad("shop", 1),
            state_digest.LooseLoad("shop", 2),
        ]


@pytest.mark.parametrize("mark", [state_digest.mark_decisions, state_digest.mark_profiles])
def test_an_act_digests_both_halves_of_a_load_of_another_version(
    ws: Workspace, mark: Callable[[Cursor, str, list[int]], None]
) -> None:
    with _taken_back(ws) as cursor:
        cursor.execute(
            """UPDATE state_digest SET engine = '0.9.0', decisions = repeat('a', 64), profiles = repeat('b', 64)
               WHERE system = 'shop'"""
        )  # as a version whose hashes are others left them
        mark(cursor, "shop", [state_digest.GRIDS, 1])
        _seal(cursor, "shop")
        untied = [state_digest.LooseLoad("shop", 2), state_digest.LooseLoad("shop", 1)]
        assert list(trail_problems(cursor)) == untied  # 1 is tied anew, as it was then
        assert cursor.execute(
            "SELECT json_extract(detail, '$.tied_anew')::VARCHAR FROM trail ORDER BY seq DESC LIMIT 1"
        ).fetchone() == ("[0,1]",)
        _seal(cursor, "shop")
        assert list(trail_problems(cursor)) == untied  # and stays so
        cursor.execute("UPDATE decision_shop SET prediction = 'no' WHERE decision_id = 'D0005'")
        assert _problems(cursor) == ["Decisions of load 1 of shop are not those that the trail vouches for."]


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
    with _taken_back(ws) as cursor:
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
    with _taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        cursor.execute("DELETE FROM decision_other")
        cursor.execute("DELETE FROM load WHERE system = 'other'")
        for table in state_digest.PROFILES:
            cursor.execute(f"DELETE FROM {table} WHERE system = 'other'")
        append(cursor, actor="Ana", action=Act.SYSTEM_REMOVED, system="other")
        assert not _problems(cursor)


def test_what_is_written_while_the_trail_is_read_is_no_false_alarm(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold, verify_chain, pushes = state_digest._fold, chain.verify, list[int]()

    def push(cursor: Cursor, key: str) -> str:
        if key == "shop" and not pushes:
            pushes.append(0)
            file, maps = _log(ws.path.parent / "m.csv", range(60, 62)), [("customer", "subject")]
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


@pytest.mark.parametrize("number", [4, 13, 20, 22, 23])
def test_a_copy_of_an_older_schema_is_whole(number: int, tmp_path: Path) -> None:
    from plumbline.store.backup.restoration import verify_copy
    from tests.store.stored import unpack

    path = unpack(number, tmp_path / "ws.duckdb")
    assert len(verify_copy(path, path).head) == 64

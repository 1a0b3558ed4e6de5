"""Digests of another version of Plumbline or DuckDB: loads are untied and no problem, until an act vouches for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.store.backup import register_digest, state_digest
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.trail import append
from plumbline.store.workspace import Cursor, Workspace
from tests.store.backup.conftest import problem_sentences, taken_back


def test_registers_of_an_earlier_version_are_no_problem_until_an_act_vouches_for_them(ws: Workspace) -> None:
    with taken_back(ws) as cursor:
        cursor.execute("UPDATE trail SET detail = json_merge_patch(detail, '{\"registers\": null}')")
        assert list(register_digest.differences(cursor)) == []
        begun = register_digest.begin(cursor, "shop")
        assert begun == ""
        assert set(register_digest.seal(cursor, "shop", begun)) == {"registers"}


def test_loads_of_an_earlier_version_are_said_to_be_untied_and_no_problem(ws: Workspace) -> None:
    with taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        cursor.execute(
            "UPDATE trail SET detail = json_merge_patch(detail, '{\"digests\": null}') WHERE system = 'other'"
        )
        found = list(trail_problems(cursor))
        assert found == [state_digest.LooseLoad("other", 3)]
        assert not [one for one in found if isinstance(one, IntegrityProblem)]


def _seal(cursor: Cursor, key: str) -> None:
    """What an act does last."""
    append(cursor, actor="Ana", action="tried", system=key, detail=dict(state_digest.seal(cursor, key)))


def test_a_load_whose_entry_has_digests_is_not_taken_for_one_of_an_earlier_version(ws: Workspace) -> None:
    with taken_back(ws) as cursor:
        cursor.execute("DELETE FROM state_digest WHERE system = 'other'")
        sentence = "Decisions of load 3 of other are there that no digest on the trail vouches for."
        assert sentence in problem_sentences(cursor)


def test_loads_that_another_version_of_duckdb_digested_are_untied_and_no_problem(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_digest, "ENGINE", "99.0.0")
    with taken_back(ws) as cursor:
        assert list(trail_problems(cursor)) == [
            state_digest.LooseLoad("other", 3),
            state_digest.LooseLoad("shop", 1),
            state_digest.LooseLoad("shop", 2),
        ]


@pytest.mark.parametrize("mark", [state_digest.mark_decisions, state_digest.mark_profiles])
def test_an_act_digests_both_halves_of_a_load_of_another_version(
    ws: Workspace, mark: Callable[[Cursor, str, list[int]], None]
) -> None:
    with taken_back(ws) as cursor:
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
        assert problem_sentences(cursor) == [
            "Decisions of load 1 of shop are not those that the trail vouches for."
        ]


@pytest.mark.parametrize("number", [4, 13, 20, 22, 23])
def test_a_copy_of_an_older_schema_is_whole(number: int, tmp_path: Path) -> None:
    from plumbline.store.backup.restoration import verify_copy
    from tests.store.stored import unpack

    path = unpack(number, tmp_path / "ws.duckdb")
    assert len(verify_copy(path, path).head) == 64

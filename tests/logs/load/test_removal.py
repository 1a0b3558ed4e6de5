"""A system that holds nothing can be deleted, and what it predicts is not settled for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.data.removal import is_removable, remove_system
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Act, role_for
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace
from tests.conftest import Ran
from tests.factory.decisions import decisions, row, state, write

Run = Callable[..., Ran]


def test_what_holds_decisions_stays(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, write(tmp_path / "a.csv", decisions(120)), title="s", actor="t")
    before = state(workspace)
    with pytest.raises(PlumblineError, match="holds 120 decisions"):
        remove_system(workspace, "s", actor="t")
    assert state(workspace) == before


def test_an_emptied_system_goes_with_all_that_is_its_own(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, write(tmp_path / "a.csv", decisions(120)), title="other", actor="t")
    before = state(workspace)
    made = load_file(workspace, write(tmp_path / "b.csv", decisions(120, age=7)), title="s", actor="t")
    undo_load(workspace, made.load_id, actor="t")
    assert is_removable(workspace, "s")
    remove_system(workspace, "s", actor="the owner")
    assert state(workspace) == before
    with workspace.read() as cursor:
        (entry,) = trail.entries(cursor, system="s", limit=1)
        assert trail.verify(cursor).intact
        assert systems.find_system(cursor, "s") is None
    assert (entry.action, entry.actor, role_for(entry.action)) == (
        Act.SYSTEM_REMOVED,
        "the owner",
        Access.OWNER,
    )
    load_file(workspace, write(tmp_path / "c.csv", decisions(120, age=8)), title="s", actor="t")


def test_a_deletion_prints_its_certificate_and_needs_a_name(plumbline: Run, tmp_path: Path) -> None:
    made = plumbline("load", write(tmp_path / "a.csv", decisions(120)), "--system", "s", "--json").json
    assert plumbline("system", "delete", "s", "--by", "Ana").code == 2  # it holds decisions
    plumbline("undo", made["load_id"])
    assert plumbline("system", "delete", "s").code == 2  # by whom
    told = plumbline("system", "delete", "s", "--by", "Ana", "--json").json["certificate"]
    assert (told["system"], told["by"]) == ("s", "Ana")
    assert len(told["entry_sha256"]) == 64
    assert plumbline("system", "delete", "s", "--by", "Ana").code == 2  # it is gone


def test_after_the_last_undo_the_next_log_says_the_task(plumbline: Run, tmp_path: Path) -> None:
    made = plumbline("load", write(tmp_path / "a.csv", decisions(120)), "--system", "s", "--json").json
    plumbline("undo", made["load_id"])
    numbers = [
        row(i, pred=f"{100 + i * 1.7:.2f}", label=f"{101 + i * 1.6:.2f}", score="") for i in range(120)
    ]
    path = write(tmp_path / "n.csv", numbers)
    assert (
        plumbline("load", path, "--system", "s", "--task", "regression", "--json").json["rows_loaded"] == 120
    )
    refused = plumbline("remove", "s")
    assert refused.code == 2
    plumbline("undo", 2)
    assert plumbline("remove", "s").code == 0
    assert plumbline("systems", "--json").json["systems"] == []

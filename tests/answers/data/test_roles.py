"""Roles that are changed in place: how far the work is, and what is said where it ends badly."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.answers.alerts import check
from plumbline.answers.data.load import load_file
from plumbline.answers.data.roles import change_roles, roles_of
from plumbline.domain import PlumblineError
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write


@pytest.fixture
def loaded(workspace: Workspace, tmp_path: Path) -> Workspace:
    load_file(workspace, write(tmp_path / "log.csv", decisions(300)), title="s", actor="test")
    return workspace


def test_a_change_says_how_far_it_is(loaded: Workspace) -> None:
    said: list[tuple[str, float]] = []
    change_roles(loaded, "s", ["region=segment"], actor="test", progress=lambda *one: said.append(one))
    assert [share for _, share in said] == sorted(share for _, share in said)
    assert said[-1] == ("Checking every period", 1.0)


def test_a_change_that_is_stopped_before_its_commit_leaves_everything(loaded: Workspace) -> None:
    def stop(_phrase: str, share: float) -> None:
        if share == 1.0:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_roles(loaded, "s", ["region=segment"], actor="test", progress=stop)
    assert roles_of(loaded, "s")["region"] == ("feature:region",)


def test_a_check_that_fails_is_said_of_a_change_that_stands(
    loaded: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(check, "check", fail)
    with pytest.raises(PlumblineError, match="The roles are changed, but"):
        change_roles(loaded, "s", ["region=segment"], actor="test")
    assert roles_of(loaded, "s")["region"] == ("segment:region",)

"""What a kept scorecard's proof and a kept answer rest on: no module may drop out by being moved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.governance import history
from plumbline.store.cache import fingerprint

PACKAGE = Path(history.__file__).parents[1]
#: what shows a figure and never makes one
SHOWS = {"ui", "charts", "commands", "report", "demo"}


def imported(path: Path) -> Iterator[Path]:
    """The modules of the package that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plumbline"):
            for name in [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]:
                place = PACKAGE.parent / name.replace(".", "/")
                if place.with_suffix(".py").is_file():
                    yield place.with_suffix(".py")


def test_the_rules_of_a_verdict_are_all_modules_that_it_can_come_from() -> None:
    covered = set(history.rule_files())
    rules = {path for path in covered if path.is_relative_to(PACKAGE / "governance")}
    assert rules == set((PACKAGE / "governance").rglob("*.py"))
    assert len(rules) >= 22
    assert {called for path in rules for called in imported(path)} <= covered


def test_a_rule_in_a_folder_of_its_own_is_still_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "governance/evidence").mkdir(parents=True)
    (tmp_path / "governance/verdict.py").write_text("A = 1\n")
    monkeypatch.setattr(history, "HOME", tmp_path)
    monkeypatch.setattr(history, "HERE", tmp_path / "governance")
    monkeypatch.setattr(history, "CALLED", ())
    proofs = set()
    for place, text in (("evidence/a", "B = 1\n"), ("evidence/a", "B = 2\n"), ("evidence/b", "B = 2\n")):
        path = tmp_path / f"governance/{place}.py"
        path.write_text(text)
        history.rules_hash.cache_clear()
        proofs.add(history.rules_hash())
        path.unlink()
    history.rules_hash.cache_clear()
    assert len(proofs) == 3


def test_a_kept_answer_rests_on_every_module_that_can_make_a_figure() -> None:
    covered = {path.relative_to(PACKAGE) for path in fingerprint.code_files()}
    every = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    assert {path.parts[0] for path in every - covered} == SHOWS
    assert {path.parts[0] for path in covered} >= {
        "answers",
        "governance",
        "monitor",
        "profile",
        "logs",
        "store",
    }
    assert not {path.parts[0] for path in covered} & SHOWS

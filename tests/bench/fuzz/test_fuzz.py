"""The bench of broken files: the same cases by the same seed, sound files load, and what goes wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.fuzz import files
from tests.bench.fuzz.mutations import broken


@pytest.fixture(scope="module")
def sound() -> dict[str, bytes]:
    return files.bases()


def test_a_seed_gives_its_cases_again_and_another_gives_others(sound: dict[str, bytes]) -> None:
    numbers = range(len(sound), 4 * len(sound))
    drawn = {seed: [files.case_of(number, seed, sound) for number in numbers] for seed in (1, 2)}
    assert drawn[1] == [files.case_of(number, 1, sound) for number in numbers]
    assert sum(a != b for a, b in zip(drawn[1], drawn[2], strict=True)) > 0.9 * len(numbers)
    changed = [body != sound[kind] for kind, body in drawn[1]]
    assert sum(changed) > 0.9 * len(changed)


def test_what_goes_wrong_is_told(
    sound: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files.run_case(sound["csv"], ".csv", tmp_path) == ("loaded", "")
    assert files.run_case(b"\x00" * 50, ".csv", tmp_path) == ("refused", "")
    monkeypatch.setattr("plumbline.answers.data.load.load_file", lambda *_, **__: 1 / 0)
    how, fault = files.run_case(sound["csv"], ".csv", tmp_path)
    assert (how, "ZeroDivisionError" in fault) == ("failed", True)
    monkeypatch.setattr("plumbline.answers.data.load.load_file", lambda *_, **__: files._late())
    assert "more than 60 s" in files.run_case(sound["csv"], ".csv", tmp_path)[1]
    monkeypatch.undo()
    monkeypatch.setattr("plumbline.store.workspace.Workspace.close", lambda _: files._late())
    assert files.run_case(sound["csv"], ".csv", tmp_path) == ("failed", "more than 60 s")
    assert list(tmp_path.iterdir()) == []


def test_a_change_leaves_the_body_that_it_was_given(sound: dict[str, bytes]) -> None:
    import random

    before = bytes(sound["csv"])
    for seed in range(200):
        broken(random.Random(seed), sound["csv"], list(sound.values()), numbers=True)
    assert sound["csv"] == before

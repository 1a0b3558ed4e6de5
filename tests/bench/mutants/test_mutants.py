"""The runner itself: a fault that a test sees is killed, any other survives, and an equivalent one is never drawn."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.mutants import reach
from tests.bench.mutants import run as runner
from tests.bench.mutants.sites import Mutant, mutants_of

SOURCE = '''"""A module."""


def larger(a: int, b: int) -> bool:
    """Whether a is."""
    return a > b


def unseen(a: int) -> int:
    return a + 1
'''
TEST = """from plumbline.monitor.toy import larger


def test_larger() -> None:
    assert larger(2, 1)
    assert not larger(1, 1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> runner.Checkout:
    """A package of one module and one test."""
    for folder in ("lib/plumbline/monitor", "tests/monitor"):
        (tmp_path / folder).mkdir(parents=True)
    for package in ("plumbline", "plumbline/monitor"):
        (tmp_path / "lib" / package / "__init__.py").write_text("")
    (tmp_path / "lib/plumbline/monitor/toy.py").write_text(SOURCE)
    (tmp_path / "tests/monitor/test_toy.py").write_text(TEST)
    return runner.Checkout.of(tmp_path)


def _mutants() -> dict[tuple[str, str], Mutant]:
    return {(one.operator, one.after): one for one in mutants_of("monitor/toy.py", SOURCE)}


def test_every_operator_finds_its_places() -> None:
    source = "def f(x, y):\n    if not x < y and x:\n        y += 1\n        g(min(x, y))\n    return h(x - 2, y)\n"
    found = {(one.operator, one.after) for one in mutants_of("m.py", source)}
    assert {
        ("comparison", "if not (x >= y) and x:"), ("edge", "if not (x <= y) and x:"),
        ("and/or", "if (not x < y or x):"), ("arithmetic", "return h((x + 2), y)"),
        ("negation", "if (x < y) and x:"), ("negation", "if (not (not x < y and x)):"), ("left out", "pass"),
        ("constant", "y += 2"), ("constant", "y += 0"), ("extreme", "g(max(x, y))"),
        ("argument", "return (x - 2)"), ("constant", "return h(x - 3, y)"), ("constant", "return h(x - 4, y)"),
    } <= found  # fmt: skip
    for one in mutants_of("m.py", source):
        ast.parse(one.applied(source.encode()))
    assert not mutants_of("m.py", 'X: int\n\n\ndef f(a: "int > 2") -> None:\n    """More than 3."""\n')


def test_a_fault_that_a_test_sees_is_killed_and_what_is_known_is_not_run_again(
    checkout: runner.Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = _mutants()
    chosen = [
        faults["comparison", "return (a <= b)"],
        faults["edge", "return (a >= b)"],
        faults["arithmetic", "return (a - 1)"],
    ]
    found = runner.run(checkout, chosen, tmp_path / "out", workers=1)
    assert [one["killed"] for one in found] == [True, True, False]
    assert "test_larger" in found[0]["by"]
    assert runner.summary(found, 1).startswith(
        "3 mutants: 2 killed, 1 survived; share killed 0.67 [0.09, 0.99]; 1 equivalent"
    )
    assert (checkout.lib / "plumbline/monitor/toy.py").read_text() == SOURCE

    monkeypatch.setattr(runner, "Copy", lambda *_: None)  # nothing is left to run
    assert runner.run(checkout, chosen, tmp_path / "out", workers=1) == found


def test_a_changed_test_is_held_against_the_fault_anew(checkout: runner.Checkout, tmp_path: Path) -> None:
    fault = _mutants()["arithmetic", "return (a - 1)"]
    out = tmp_path / "out"
    out.mkdir()
    old = {"killed": False, "within": 999, **checkout.digests(fault.module)}
    (out / f"{fault.name}.json").write_text(json.dumps(old))
    more = "\n\ndef test_unseen() -> None:\n    from plumbline.monitor.toy import unseen\n\n    assert unseen(1) == 2\n"
    with (checkout.tests / "monitor/test_toy.py").open("a") as file:
        file.write(more)
    (found,) = runner.run(checkout, [fault], out, workers=1)
    assert found["killed"]


def test_what_never_ends_is_killed(
    checkout: runner.Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LEAST", 3.0)
    monkeypatch.setattr(runner, "SLACK", 0.0)
    source = SOURCE + "\n\nn = 0\nwhile n > 0:\n    n = 0\n"
    (checkout.lib / "plumbline/monitor/toy.py").write_text(source)
    endless = next(m for m in mutants_of("monitor/toy.py", source) if m.after == "while (n >= 0):")
    (found,) = runner.run(checkout, [endless], tmp_path / "out", workers=1)
    assert "no end" in found["by"]


def test_tests_that_take_as_long_without_a_fault_kill_nothing_by_that(
    checkout: runner.Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LEAST", 1.0)
    monkeypatch.setattr(runner, "SLACK", 0.0)
    slow = """

def test_slow() -> None:
    import time

    from plumbline.monitor.toy import unseen

    unseen(1)
    time.sleep(1.5)
"""
    with (checkout.tests / "monitor/test_toy.py").open("a") as file:
        file.write(slow)
    (found,) = runner.run(checkout, [_mutants()["arithmetic", "return (a - 1)"]], tmp_path / "out", workers=1)
    assert not found["killed"]


def test_the_tests_that_run_a_function_are_run_the_quick_ones_first_and_no_others(
    checkout: runner.Checkout,
) -> None:
    file = checkout.tests / "monitor/test_toy.py"
    ids = {name: f"tests/monitor/test_toy.py::test_{name}" for name in ("slow", "quick", "other")}
    known = {
        file: reach.Reach(
            {ids["slow"]: 9.0, ids["quick"]: 0.1, ids["other"]: 0.2},
            {
                ids["slow"]: frozenset({"monitor/toy.py:larger"}),
                ids["quick"]: frozenset({"monitor/toy.py:larger"}),
                ids["other"]: frozenset({"monitor/toy.py:unseen"}),
            },
        )
    }
    fault = _mutants()["edge", "return (a >= b)"]
    assert fault.function == "larger"
    assert checkout.chosen(fault, known, 60) == ([ids["quick"], ids["slow"]], 9.1)
    assert checkout.chosen(fault, known, 5) == ([ids["quick"]], 0.1)
    whole = replace(known[file], functions={reach.WHOLE: frozenset({"monitor/toy.py:larger"})})
    assert checkout.chosen(fault, {file: whole}, 60)[0] == [ids["quick"], ids["other"], ids["slow"]]
    assert checkout.chosen(replace(fault, function=None), known, 60)[0] == [
        ids["quick"],
        ids["other"],
        ids["slow"],
    ]


def test_an_equivalent_mutant_is_not_drawn_and_the_draw_is_that_of_its_seed(tmp_path: Path) -> None:
    every = list(_mutants().values())
    one = every[0]
    listed = tmp_path / "equivalent.toml"
    listed.write_text(
        f"[[mutant]]\nmodule = {one.module!r}\nbefore = {one.before!r}\nafter = {one.after!r}\n"
        "reason = 'It is the same.'\n"
    )
    same = runner.equivalents(listed)
    taken, passed = runner.drawn(every, 3, len(every), same)
    assert passed == [one]
    assert one not in taken
    assert len(taken) == len(every) - 1
    assert runner.drawn(every, 3, 3, set()) == runner.drawn(every, 3, 3, set())
    assert runner.drawn(every, 3, 3, set()) != runner.drawn(every, 4, 3, set())


def test_every_mutant_of_a_room_is_valid_code() -> None:
    package = runner.ROOT / "lib" / "plumbline"
    every = runner.mutants_in(package, ("monitor",))
    assert len(every) > 5000
    for one in runner.drawn(every, 1, 60, set())[0]:
        source = (package / one.module).read_bytes()
        ast.parse(one.applied(source))
        assert source.decode().splitlines()[one.line - 1].strip() == one.before
        if "\n" not in source[one.start : one.end].decode():
            assert one.applied(source).decode().splitlines()[one.line - 1].strip() == one.after


def test_the_list_of_equivalent_mutants_names_lines_that_are_there() -> None:
    package = runner.ROOT / "lib" / "plumbline"
    for module, before, after in runner.equivalents():
        known = {(m.before, m.after) for m in mutants_of(module, (package / module).read_text("utf-8"))}
        assert (before, after) in known, (module, before)

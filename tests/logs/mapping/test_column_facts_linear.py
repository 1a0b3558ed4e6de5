"""No cell and no name of a column takes more than linear time in its length."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from plumbline.answers.data.load import inspect_file, load_file
from plumbline.logs.mapping.column_facts import numerals
from plumbline.logs.mapping.role_names import name_strength
from plumbline.logs.values.currency import strip_currency
from plumbline.store.workspace import Workspace
from tests.factory.decisions import row, write

ROOT = Path(__file__).parents[3]


def test_no_pattern_of_the_package_takes_more_than_linear_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{_LIMIT}; from tests.logs import pattern_growth as p; sys.exit(p.main())"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"the last one never ended: {done.stderr.splitlines()[-1:]}"
    *slow, last = done.stdout.splitlines()
    assert not slow, "\n".join(slow)
    assert int(last.split()[1]) > 100  # so many uses there are at least


#: a pattern that never comes back ends its process
_LIMIT = "import sys, resource; resource.setrlimit(resource.RLIMIT_CPU, (150, 150))"


def test_a_pattern_that_is_quadratic_would_be_seen() -> None:
    import re

    from tests.logs.pattern_growth import slow

    assert slow(re.compile(r"\d+\.?\d*x"), "fullmatch")
    assert not slow(re.compile(r"\d++\.?+\d*+x"), "fullmatch")


@pytest.mark.parametrize(
    "cell", ["2" * 30 + "x", "1" + " " * 30 + "x", "1." * 15, "e1" * 15, "€ " * 15, ",111" * 7 + "x"]
)
def test_reading_numbers_takes_time_in_proportion_to_the_cell(cell: str) -> None:
    def seconds(times: int) -> float:
        held: list[str | None] = [cell * times] * 3
        best = float("inf")
        for _ in range(3):
            begun = time.thread_time()
            numerals(held, comma=False)
            strip_currency(cell * times, "EUR")
            best = min(best, time.thread_time() - begun)
        return best

    assert seconds(800) < 12 * max(
        seconds(200), 0.002
    )  # four times the text; sixteen times would be quadratic


def test_names_are_told_apart_in_time_in_proportion_to_their_length() -> None:
    def seconds(length: int) -> float:
        best = float("inf")
        for i in range(3):
            begun = time.thread_time()
            name_strength("a" * length + f"{i}{length}")
            best = min(best, time.thread_time() - begun)
        return best

    assert seconds(64_000) < 12 * max(seconds(16_000), 0.002)


def test_a_file_with_one_endless_number_is_inspected_and_loaded(tmp_path: Path, workspace: Workspace) -> None:
    rows = [row(i, when="2" * 60_000 + "x") if i == 20 else row(i) for i in range(40)]
    path = write(tmp_path / "long.csv", rows)
    found = inspect_file(path, ws=workspace)
    assert {str(c.role) for c in found.mapping.columns} >= {"timestamp", "score"}
    assert max(len(cell or "") for line in found.preview for cell in line) <= 1_000
    made = load_file(workspace, path, title="s", timezone="UTC", actor="test")
    assert (made.rows_loaded, made.reasons) == (39, {"bad_timestamp": 1})

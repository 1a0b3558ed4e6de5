"""A limit on address space: what is refused below it says so while Python can, and what it asks for is enough."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.domain import PlumblineError
from plumbline.sandbox import limits
from tests.environment import product
from tests.factory.decisions import decisions, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing else caps address space")
CORES = limits.CORE_SPACE * (os.cpu_count() or 1)


def _limited(megabytes: int, *words: str | Path, workspace: Path) -> subprocess.CompletedProcess[str]:
    """A command in an address space of so many MB."""
    command = [product.python(), "-m", "plumbline.cli", *map(str, words)]
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit -v {megabytes * 1024} && exec "$@"', "sh", *command],
        capture_output=True, text=True, env=product.paths() | {"PLUMBLINE_WORKSPACE": str(workspace)},
    )  # fmt: skip


@pytest.mark.parametrize("megabytes", [300, 800])
@pytest.mark.parametrize("words", ["check", "systems --json", "load a.csv --system s", "serve --port 1"])
def test_too_little_address_space_is_one_sentence(words: str, megabytes: int, tmp_path: Path) -> None:
    ran = _limited(megabytes, *words.split(), workspace=tmp_path / "w.duckdb")
    assert ran.returncode == 2
    assert ran.stdout == ""
    least = limits.SERVER_SPACE if words.startswith("serve") else limits.COMMAND_SPACE
    begins = f"plumbline: The address space is limited to {megabytes} MB, and this needs {least + CORES} MB at least."
    assert ran.stderr.startswith(begins)
    assert len(ran.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_help_takes_little(tmp_path: Path) -> None:
    ran = _limited(300, "--help", workspace=tmp_path / "w.duckdb")
    assert ran.returncode == 0
    assert "plumbline load" in ran.stdout


def test_what_it_asks_for_is_enough_for_a_load(tmp_path: Path) -> None:
    log = write(tmp_path / "a.csv", decisions(400))
    words = ("load", log, "--system", "s", "--timezone", "UTC")
    ran = _limited(limits.COMMAND_SPACE + CORES, *words, workspace=tmp_path / "w.duckdb")
    assert ran.returncode == 0, ran.stderr
    assert "400 loaded" in ran.stdout


def test_no_limit_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for space in (0, limits.COMMAND_SPACE + CORES):
        monkeypatch.setattr(limits, "address_space", lambda space=space: space)
        limits.refuse_small_address_space()
    monkeypatch.setattr(limits, "address_space", lambda: limits.COMMAND_SPACE + CORES - 1)
    with pytest.raises(PlumblineError, match="address space"):
        limits.refuse_small_address_space()

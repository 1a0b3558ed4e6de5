"""The commands of docs/tutorial.md run as they stand there, end as it says, and print what it shows."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from tests.conftest import Ran
from tests.environment.product import ROOT

TEXT = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def _steps() -> Iterator[tuple[str, list[str]]]:
    """Each command of a console, and the lines shown below it."""
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = step.splitlines()
            yield command, shown


def _run(plumbline: Callable[..., Ran], command: str) -> Ran:
    """Run a line of the document; ``# exits 1`` behind it says how it ends."""
    soon = (date.today() + timedelta(days=14)).isoformat()
    name, *arguments = shlex.split(command.replace("$(date -d '+14 days' +%F)", soon), comments=True)
    assert name == "plumbline", command
    ran = plumbline(*arguments)
    expected = re.search(r"# exits (\d)", command)
    assert ran.code == (int(expected.group(1)) if expected else 0), (command, ran.out, ran.err)
    return ran


def _appears(shown: list[str], out: str) -> bool:
    """Whether the lines stand in the output in this order, ``...`` being whatever is left out."""
    pattern = "\n".join(shown)
    parts = [re.escape(part) for part in re.split(r"(?m)^\.\.\.\n?|\.\.\.", pattern)]
    return re.fullmatch(r"\s*" + r"(?s:.*?)".join(parts) + r"\s*", out) is not None


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_of_the_tutorial_does_what_is_shown(
    plumbline: Callable[..., Ran], samples: Path
) -> None:
    steps = list(_steps())
    assert len(steps) >= 14
    for command, shown in steps:
        ran = _run(plumbline, command)
        assert _appears(shown, ran.out), f"{command}\n{ran.out}"
    assert (samples / "shop.pdf").read_bytes().startswith(b"%PDF")


def test_the_check_in_ci_stops_where_it_says(plumbline: Callable[..., Ran], samples: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert block
    steps = yaml.safe_load(block.group(1))["jobs"]["model-check"]["steps"]
    ends = [line for line in block.group(1).splitlines() if "- run:" in line]
    assert len(steps) == len(ends) == 4
    for line in ends:
        _run(plumbline, line.partition("- run: ")[2])


def test_an_output_that_is_not_the_one_shown_is_noticed() -> None:
    assert _appears(["a", "...", "  c ..."], "a\nb\n  c d\n")
    assert not _appears(["a", "...", "  c ..."], "a\nb\n  x d\n")
    assert not _appears(["a"], "a\nb\n")

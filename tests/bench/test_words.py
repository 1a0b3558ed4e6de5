"""``make bench-words``: the first screens of the demo and of the real logs, word by word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.words import count_words
from tests.conftest import REAL_LOGS, Ran
from tests.test_real_logs import LOGS

#: words that a leader reads in a minute, and looks at the picture
MOST = 210


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_the_first_screen_of_every_scorecard(plumbline: Callable[..., Ran], tmp_path: Path) -> None:
    workspace = tmp_path / "workspace.duckdb"
    plumbline("demo", "--workspace", workspace)
    for name, files in LOGS.items() if REAL_LOGS.is_dir() else ():
        for file, options in files:
            plumbline("load", REAL_LOGS / name / file, "--system", name, *options, "--workspace", workspace)
    counts = count_words(workspace)
    assert {key: n for key, of_widths in counts.items() for n in of_widths.values() if n > MOST} == {}

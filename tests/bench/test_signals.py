"""``make bench-signals``: all signals from profiles against a raw scan, and against peers where they are given.

Prints ratios of one run and asserts only what holds on any machine. Peers run in environments of their own:
PLUMBLINE_EVIDENTLY_PYTHON and PLUMBLINE_NANNYML_PYTHON are paths of interpreters that have them.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.bench.logfiles import write
from tests.bench.test_load import ROOT, SIZES, timed
from tests.environment import product

PEERS = ("evidently", "nannyml")
REFERENCE_DAYS, WEEKS = 59, 18  # of the log that tests.bench.logfiles writes


def workspace(path: Path, folder: Path) -> Path:
    """A workspace with the log loaded: once, where the folder keeps it (then its load is timed elsewhere)."""
    if not (folder / "w.duckdb").exists():
        took = timed("load", path, folder)
        print(f"\n{path.name}: loaded in {took['seconds']:.1f} s, {took['cpu']:.1f} s of processor time")
    return folder / "w.duckdb"


def told(module: str, *arguments: str) -> dict[str, Any]:
    """What a module of ours says in a fresh process."""
    return _told([product.python(), "-m", module, *arguments], product.paths(ROOT))


def peer(name: str, path: Path) -> dict[str, Any] | None:
    """The peer's figures, None where no interpreter is given for it."""
    python = os.environ.get(f"PLUMBLINE_{name.upper()}_PYTHON")
    if not python:
        print(f"{name}: no interpreter given (PLUMBLINE_{name.upper()}_PYTHON), not run")
        return None
    command = [python, str(ROOT / "tests/bench/timed_peer.py"), name, str(path), str(REFERENCE_DAYS)]
    return _told(command, os.environ | {"PYTHONPATH": "", "NML_DISABLE_USAGE_LOGGING": "1"})


def _told(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_all_signals_beside_a_raw_scan_and_peers(tmp_path: Path) -> None:
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    ours: dict[int, dict[str, Any]] = {}
    for rows in SIZES:
        found = ours[rows] = told(
            "tests.bench.timed_signals",
            str(workspace(write(data / f"log_{rows}.parquet", rows), data / f"ws_{rows}")),
        )
        assert found["rows"] == rows
        print(
            f"\n{rows:,} rows: {found['points']:,} points in {found['all']:.3f} s, {found['cpu']:.3f} s of processor "
            f"time (first time {found['first']:.2f} s); one scan of the table {found['scan']:.3f} s, "
            f"{found['scan_cpu']:.3f} s of processor time; peak {found['peak_mb']} MB"
        )
        for name, seconds in found["seconds"].items():
            print(
                f"  {name:<14}{seconds:>8.4f} s{found['cpu_parts'][name]:>9.4f} s of processor time",
                flush=True,
            )
    if len(SIZES) > 1:
        for kind in ("all", "cpu"):
            growth = math.log(ours[SIZES[-1]][kind] / ours[SIZES[0]][kind]) / math.log(SIZES[-1] / SIZES[0])
            print(f"{kind}: seconds grow with rows to the power of {growth:.3f}")
    _beside_peers(data / f"log_{SIZES[0]}.parquet", ours[SIZES[0]], tmp_path)


#: what each peer is asked, beside the parts of ours that answer it, the reading of their profiles included
QUESTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("evidently", "drift, one pair"): ("read features", "one pair"),
    ("evidently", "drift, every week"): ("read features", "one drift method"),
    ("nannyml", "drift"): ("read features", "two drift methods"),
    ("nannyml", "drift of one segment"): ("one segment, raw",),
    ("nannyml", "performance"): ("read outcomes", "seven metrics"),
    ("nannyml", "estimate"): ("read outcomes", "seven estimates"),
}
#: the questions that are asked of a file nobody has loaded yet, each once
OF_A_FILE = {"evidently": ("drift, every week",), "nannyml": ("drift", "performance", "estimate")}


def _beside_peers(path: Path, own: dict[str, Any], folder: Path) -> None:
    """Each question alone, the file read or loaded before; then the file and the questions together."""
    loaded: dict[str, Any] = {}
    for name in PEERS:
        theirs = peer(name, path)
        if theirs is None:
            continue
        for kind in ("seconds", "cpu"):
            if "drift, one week" in theirs[kind]:
                theirs[kind]["drift, every week"] = WEEKS * theirs[kind]["drift, one week"]
        loaded = loaded or timed("load", path, folder / "beside")
        for (who, question), needed in QUESTIONS.items():
            if who == name:
                _say(f"{name} {theirs['version']}, {question}", theirs, [question], own, needed)
        asked = OF_A_FILE[name]
        parts = [part for question in asked for part in QUESTIONS[name, question]]
        _say(f"{name}, reading and {', '.join(asked)}", theirs, ["reading", *asked], own, parts, loaded)
        print(f"{name}: peak {theirs['peak_mb']:,} MB, {theirs['peak_mb'] / own['peak_mb']:.1f} times ours")


def _say(
    title: str, theirs: dict[str, Any], asked: Sequence[str], own: dict[str, Any], parts: Sequence[str],
    loaded: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """One line: theirs, ours (with our load where it is given) and the ratio, by the clock and by processor time."""
    line = []
    for theirs_of, own_of, load in (("seconds", "seconds", "seconds"), ("cpu", "cpu_parts", "cpu")):
        long = sum(theirs[theirs_of][question] for question in asked)
        mine = sum(own[own_of][part] for part in parts) + (loaded[load] if loaded else 0.0)
        line.append(f"{long:.2f} s, {long / mine:,.1f} times ours ({mine:.4f} s)")
    print(f"{title}: {line[0]}; processor time {line[1]}", flush=True)

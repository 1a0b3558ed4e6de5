"""``make bench-detection``: how soon true changes are found, and how often nothing is taken for something.

python -m tests.bench.detection.run --out FOLDER [--seeds 20] [--quiet 40] [--peer-seeds 5]

Every log's result is one line of ``ours.jsonl``; a run that was stopped goes on where it was. With
PLUMBLINE_NANNYML_PYTHON and PLUMBLINE_EVIDENTLY_PYTHON naming interpreters of environments of their own, both peers
run with their defaults on the same logs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.detection import judge, logs, ours, real
from tests.conftest import REAL_LOGS as REAL

HERE = Path(__file__).parent
PEERS = {"nannyml": "PLUMBLINE_NANNYML_PYTHON", "evidently": "PLUMBLINE_EVIDENTLY_PYTHON"}


def done(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def measure(out: Path, seeds: int, quiet: int, peer_seeds: int) -> list[dict[str, Any]]:
    """Every log that has no result yet, one after the other."""
    path, shared = out / "ours.jsonl", out / "logs"
    have = {r["name"] for r in done(path)}
    for made in _results(have, shared, seeds, quiet, peer_seeds):
        with path.open("a") as file:
            file.write(json.dumps(made, default=str) + "\n")
        print(f"{made['name']}: {len(judge.alarms(made))} alarms, {made['seconds']:.2f} s", flush=True)
    return done(path)


def _results(
    have: set[str], shared: Path, seeds: int, quiet: int, peer_seeds: int
) -> Iterator[dict[str, Any]]:
    for seed in range(quiet):
        log = logs.quiet(shared, seed)
        if log.name not in have:
            yield ours.on_log(log)
    for name, seed in logs.stories(seeds):
        if f"{name}-{seed:02d}" not in have:
            yield ours.on_story(name, seed, shared if seed < peer_seeds else None)
    for name in real.LOGS if REAL.is_dir() else ():
        if name not in have:
            yield real.on_real(REAL, name, shared)


def peers(out: Path) -> dict[str, list[dict[str, Any]]]:
    """The peers' alarms on the logs in the plain form, where their environments are."""
    found = {}
    for peer, variable in PEERS.items():
        python = os.environ.get(variable)
        path = out / f"{peer}.jsonl"
        if python:
            subprocess.run(
                [python, HERE / f"{peer}_alarms.py", out / "logs", path], check=True,
                env={**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"},
            )  # fmt: skip
        if path.exists():
            found[peer] = done(path)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--quiet", type=int, default=40)
    asked.add_argument("--peer-seeds", type=int, default=5)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    own = measure(given.out, given.seeds, given.quiet, given.peer_seeds)
    table = {"plumbline": judge.summary(own)}
    for peer, results in peers(given.out).items():
        table[peer] = judge.summary(results)
        same = {r["name"] for r in results}
        table[f"plumbline on {peer}'s logs"] = judge.summary([r for r in own if r["name"] in same])
    (given.out / "summary.json").write_text(json.dumps(table, indent=1))
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()

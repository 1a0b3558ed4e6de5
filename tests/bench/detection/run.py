"""``make bench-detection``: how soon true changes are found, and how often nothing is taken for something.

python -m tests.bench.detection.run --out FOLDER [--seeds 20] [--quiet 40] [--peer-seeds 5]
                                    [--only STORY]... [--minutes 6] [--anew]

Every log's result is one line of ``ours.jsonl``; a run that was stopped, or whose minutes were up, goes on where it
was. Loaded workspaces are kept, so that ``--anew`` measures them by rules that changed without loading them again. With
PLUMBLINE_NANNYML_PYTHON and PLUMBLINE_EVIDENTLY_PYTHON naming interpreters of environments of their own, both peers
run with their defaults on the same logs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.detection import judge, logs, ours, real
from tests.conftest import REAL_LOGS as REAL

HERE = Path(__file__).parent
PEERS = {"nannyml": "PLUMBLINE_NANNYML_PYTHON", "evidently": "PLUMBLINE_EVIDENTLY_PYTHON"}


def done(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def measure(out: Path, asked: argparse.Namespace) -> tuple[list[dict[str, Any]], int]:
    """Results of every log, one after the other, and how many are still to come when the minutes are up."""
    path, until = out / "ours.jsonl", time.monotonic() + 60 * asked.minutes
    have, left = {r["name"] for r in done(path)}, 0
    for name, made_from in _logs(out, asked.seeds, asked.quiet, asked.peer_seeds, asked.only):
        if name in have:
            continue
        if time.monotonic() > until:
            left += 1
            continue
        made = made_from()
        with path.open("a") as file:
            file.write(json.dumps(made, default=str) + "\n")
        print(f"{name}: {len(judge.alarms(made))} alarms, {made['seconds']:.2f} s", flush=True)
    return done(path), left


def _logs(
    out: Path, seeds: int, quiet: int, peer_seeds: int, only: Sequence[str]
) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Every log that was asked for by its name, and what measures it."""
    shared, held = out / "logs", out / "workspaces"
    held.mkdir(parents=True, exist_ok=True)
    for seed in range(quiet if not only or "quiet" in only else 0):
        name = logs.quiet_name(seed)
        yield name, partial(ours.on_quiet, shared, seed, held / f"{name}.duckdb")
    for story, seed in logs.stories(seeds):
        if not only or story in only:
            name = f"{story}-{seed:02d}"
            keep = shared if seed < peer_seeds else None
            yield name, partial(ours.on_story, story, seed, held / f"{name}.duckdb", keep)
    for name in real.LOGS if REAL.is_dir() else ():
        if not only or "real" in only or name in only:
            yield name, partial(real.on_real, REAL, name, held / f"{name}.duckdb", shared)


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
    asked.add_argument("--only", action="append", default=[], help="a story, a real log, real or quiet")
    asked.add_argument("--minutes", type=float, default=float("inf"), help="begin no log after so many")
    asked.add_argument("--anew", action="store_true", help="measure every log again by the rules of today")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.anew:
        (given.out / "ours.jsonl").unlink(missing_ok=True)
    own, left = measure(given.out, given)
    if left:
        print(f"{left} logs are still to be measured: run it again.")
        return
    table = {"plumbline": judge.summary(own)}
    for peer, results in peers(given.out).items():
        table[peer] = judge.summary(results)
        same = {r["name"] for r in results}
        table[f"plumbline on {peer}'s logs"] = judge.summary([r for r in own if r["name"] in same])
    (given.out / "summary.json").write_text(json.dumps(table, indent=1))
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()

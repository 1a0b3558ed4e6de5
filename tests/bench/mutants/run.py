"""``make bench-mutants``: draw mutants of three rooms, run the tests of their room for each, and count what survives.

Each is put into a copy of the package that lies before ``lib`` on the path. The test files that import its module
are run first, then the rest of the room's, until one fails; what takes far longer than the room does without a
fault is killed too. One JSON file a mutant is kept below ``--out``, so that a run that was stopped goes on. A
mutant is run anew when its module changed, and one that survived when the room's tests did.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from scipy.stats import binomtest

from tests.bench.mutants.sites import Mutant, mutants_in

ROOT = Path(__file__).parents[3]
ROOMS = ("monitor", "explain", "profile")
SEED, SIZE, WORKERS = 20261129, 100, 2
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
#: seconds after which a run is taken for endless: so much longer than a room takes, and at least so many
SLACK, LEAST = 4.0, 120.0
#: what is said of a run that was taken for endless
ENDLESS = "no end within"
SAVED = ("module", "line", "operator", "before", "after")


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the package ``plumbline`` lies below ``lib``, and the tests of its rooms below ``tests``."""

    root: Path
    lib: Path
    tests: Path

    @staticmethod
    def of(root: Path) -> Checkout:
        return Checkout(root, root / "lib", root / "tests")

    def test_files(self, module: str) -> tuple[list[Path], list[Path]]:
        """The room's test files that import the module, and the others."""
        dotted = "plumbline." + module.removesuffix(".py").replace("/", ".")
        package, _, name = dotted.rpartition(".")
        first, rest = [], []
        for path in sorted((self.tests / module.partition("/")[0]).rglob("test_*.py")):
            text = path.read_text("utf-8")
            named = any(package + " import" in line and name in line for line in text.splitlines())
            (first if dotted in text or named else rest).append(path)
        return first, rest

    def runs(self, module: str, nearest: bool) -> list[list[Path]]:
        """The files of each run of pytest, in order."""
        first, rest = self.test_files(module)
        return [first or rest] if nearest else [first, rest]

    def digests(self, module: str) -> dict[str, str]:
        """Of the module, and of its room's tests."""
        tests = hashlib.sha256()
        for path in sorted((self.tests / module.partition("/")[0]).rglob("*.py")):
            tests.update(path.read_bytes())
        source = hashlib.sha256((self.lib / "plumbline" / module).read_bytes())
        return {"source": source.hexdigest()[:16], "tests": tests.hexdigest()[:16]}


def equivalents(path: Path = EQUIVALENT) -> set[tuple[str, str, str]]:
    """Module, line and changed line of each mutant that does what the original does."""
    listed = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
    assert all(len(str(one["reason"])) > 10 for one in listed)
    return {(one["module"], one["before"], one["after"]) for one in listed}


def drawn(
    every: Sequence[Mutant], seed: int, size: int, same: set[tuple[str, str, str]]
) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants to be run, each equally likely, and the equivalent ones that were passed over on the way."""
    shuffled = random.Random(seed).sample(list(every), len(every))
    taken: list[Mutant] = []
    passed: list[Mutant] = []
    for one in shuffled:
        if len(taken) == size:
            break
        (passed if (one.module, one.before, one.after) in same else taken).append(one)
    return taken, passed


class Copy:
    """A copy of the package that takes one fault at a time."""

    def __init__(self, checkout: Checkout, folder: Path) -> None:
        self.checkout, self.lib = checkout, folder / "lib"
        shutil.copytree(checkout.lib, self.lib)
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(self.lib), str(checkout.root))), "PYTHONDONTWRITEBYTECODE": "1",
            # the plugins that are installed cost two seconds a run, and no test of a room needs one
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"), "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def tested(self, mutant: Mutant, seconds: float, nearest: bool = False) -> dict[str, Any]:
        """Whether the room's tests (``nearest``: those that import the module, if any) kill it, and which did."""
        path = self.lib / "plumbline" / mutant.module
        source = (self.checkout.lib / "plumbline" / mutant.module).read_bytes()
        cached = path.parent / "__pycache__"
        for compiled in cached.glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
        path.write_bytes(mutant.applied(source))
        start, end = time.monotonic(), ""
        try:
            for files in self.checkout.runs(mutant.module, nearest):
                left = seconds - (time.monotonic() - start)
                end = self.run(files, left) if files and not end else end
        finally:
            path.write_bytes(source)
        return {
            "killed": bool(end),
            "by": end,
            "seconds": round(time.monotonic() - start, 1),
            "nearest": nearest,
        }

    def run(self, files: Sequence[Path], seconds: float) -> str:
        """What stopped the tests; nothing where all passed."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            *map(str, files),
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            "-rfE",
        ]
        with tempfile.TemporaryDirectory(dir=self.lib.parent) as base:
            try:
                ran = subprocess.run(
                    [*command, "--basetemp", f"{base}/tests"], cwd=self.checkout.root, env=self.environment,
                    capture_output=True, text=True, check=False, timeout=max(seconds, 1.0),
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return f"{ENDLESS} {seconds:.0f} s"
        if ran.returncode == 0 or ran.returncode == 5:  # 5: no test was chosen
            return ""
        said = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return said[0][:200] if said else f"pytest ended with {ran.returncode}"


def run(
    checkout: Checkout, mutants: Sequence[Mutant], out: Path, *, workers: int = WORKERS, minutes: float | None = None,
    nearest: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Test the mutants that no file tells of yet, and return what is known of all.

    Args:
        minutes: after which no further mutant is begun.
        nearest: run no test file but those that import the mutant's module; what survives is run again without it.
    """
    out.mkdir(parents=True, exist_ok=True)
    begun, found, lock = time.monotonic(), dict[str, dict[str, Any]](), SimpleQueue[Copy]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for i in range(workers):
            lock.put(Copy(checkout, Path(folder) / str(i)))
        limits = dict[str, float]()
        todo = []
        for one in mutants:
            kept, digests = _kept(out / f"{one.name}.json"), checkout.digests(one.module)
            known = kept.get("source") == digests["source"]
            if known and (
                kept["killed"] or (kept["tests"] == digests["tests"] and kept["nearest"] <= nearest)
            ):
                found[one.name] = kept
            else:
                todo.append((one, digests))
        for room in sorted({one.module.partition("/")[0] for one, _ in todo}):
            every = sorted((checkout.tests / room).rglob("test_*.py"))
            limits[room] = LEAST if nearest else _limit(lock, [every], room)

        def test(job: tuple[Mutant, dict[str, str]]) -> None:
            one, digests = job
            if minutes is not None and time.monotonic() - begun > 60 * minutes:
                return
            seconds = limits[one.module.partition("/")[0]]
            outcome = _tested(lock, one, seconds, nearest)
            if nearest and outcome["by"].startswith(ENDLESS):  # or are its tests as long without the fault?
                longer = _limit(lock, checkout.runs(one.module, nearest), one.module)
                outcome = _tested(lock, one, longer, nearest) if longer > seconds else outcome
            kept = {name: getattr(one, name) for name in SAVED} | outcome | digests
            (out / f"{one.name}.json").write_text(json.dumps(kept, indent=1), "utf-8")
            found[one.name] = kept
            word = "killed  " if kept["killed"] else "SURVIVED"
            print(
                f"{word} {kept['seconds']:>6.1f} s  {one.module}:{one.line}  {one.before}  ->  {one.after}",
                flush=True,
            )

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(test, todo))
    return [found[one.name] for one in mutants if one.name in found]


def _kept(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _tested(copies: SimpleQueue[Copy], one: Mutant, seconds: float, nearest: bool) -> dict[str, Any]:
    """The mutant in the next copy that is free."""
    copy = copies.get()
    try:
        return copy.tested(one, seconds, nearest)
    finally:
        copies.put(copy)


def _limit(copies: SimpleQueue[Copy], runs: Sequence[Sequence[Path]], name: str) -> float:
    """Seconds these runs may take in all, from what they take without a fault, which has to pass."""
    copy, start = copies.get(), time.monotonic()
    try:
        failed = [end for files in runs if files and (end := copy.run(files, 3600))]
    finally:
        copies.put(copy)
    assert not failed, f"the tests of {name} fail without a fault: {failed[0]}"
    return max(SLACK * (time.monotonic() - start), LEAST)


def summary(found: Sequence[dict[str, Any]], passed: int) -> str:
    """Killed, survived and equivalent, with the exact limits of the share killed (Clopper and Pearson 1934)."""
    killed = sum(one["killed"] for one in found)
    if not found:
        return "no mutant was run"
    sure = binomtest(killed, len(found)).proportion_ci(0.95, method="exact")
    return (
        f"{len(found)} mutants: {killed} killed, {len(found) - killed} survived; share killed "
        f"{killed / len(found):.2f} [{sure.low:.2f}, {sure.high:.2f}]; {passed} equivalent ones passed over"
    )


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--seed", type=int, default=SEED)
    said.add_argument("--size", type=int, default=SIZE)
    said.add_argument("--workers", type=int, choices=(1, 2), default=WORKERS)
    said.add_argument("--minutes", type=float, help="begin no mutant after so many")
    said.add_argument(
        "--nearest", action="store_true", help="only test files that import the module: a first look"
    )
    said.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS)
    said.add_argument("--out", type=Path, default=ROOT / "data" / "mutants")
    asked = said.parse_args()
    checkout = Checkout.of(ROOT)
    every = mutants_in(checkout.lib / "plumbline", tuple(asked.rooms))
    chosen, passed = drawn(every, asked.seed, asked.size, equivalents())
    print(
        f"{len(every):,} mutants of {', '.join(asked.rooms)}; {len(chosen)} drawn with seed {asked.seed}",
        flush=True,
    )
    found = run(
        checkout, chosen, asked.out, workers=asked.workers, minutes=asked.minutes, nearest=asked.nearest
    )
    for one in found:
        if not one["killed"]:
            print(f"survives: {one['module']}:{one['line']}  {one['before']}  ->  {one['after']}")
    for room in asked.rooms:
        print(f"{room}: {summary([o for o in found if o['module'].startswith(room + '/')], 0)}")
    print(summary(found, len(passed)))


if __name__ == "__main__":
    main()

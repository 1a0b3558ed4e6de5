"""``make bench-mutants``: draw mutants of three rooms, run the tests of their room for each, and count what survives.

Each is put into a copy of the package that lies before ``lib`` on the path. Only tests of its room that run the
mutated function can notice it, so it is noted once which do (``reach``), and they are run until one fails: those
of the module's own test file first, the quick ones before the slow ones, as many as take ``--seconds`` in all; what
would only die later counts as surviving. One JSON file a mutant is kept below ``--out``, so that a run that was
stopped goes on. A mutant is run anew when its module changed, and one that survived when the room's tests did, or
when more seconds are allowed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from scipy.stats import binomtest

from tests.bench.mutants import reach
from tests.bench.mutants.sites import Mutant, mutants_in

ROOT = Path(__file__).parents[3]
ROOMS = ("monitor", "explain", "profile")
SEED, SIZE, WORKERS = 20261129, 100, 2
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
#: how many seconds of tests a mutant has to survive
SECONDS = 90.0
#: seconds after which a run is taken for endless: so much longer than its tests took, and at least so many
SLACK, LEAST = 6.0, 60.0
#: what is said of a run that was taken for endless
ENDLESS = "no end within"
SAVED = ("module", "line", "operator", "before", "after")
#: what every test file imports and no mutant is in: imported once, in the process from which the others fork
PRELOADED = [
    "pytest", "hypothesis", "numpy", "pandas", "scipy.stats", "scipy.optimize", "duckdb", "pyarrow", "sklearn.base",
    "sklearn.linear_model", "sklearn.ensemble", "sklearn.metrics",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the package ``plumbline`` lies below ``lib``, and the tests of its rooms below ``tests``."""

    root: Path
    lib: Path
    tests: Path

    @staticmethod
    def of(root: Path) -> Checkout:
        return Checkout(root, root / "lib", root / "tests")

    def test_files(self, room: str) -> list[Path]:
        return sorted((self.tests / room).rglob("test_*.py"))

    def importing(self, module: str, files: Sequence[Path]) -> list[Path]:
        """Those of the files that import the module."""
        dotted = "plumbline." + module.removesuffix(".py").replace("/", ".")
        package, _, name = dotted.rpartition(".")
        found = []
        for path in files:
            text = path.read_text("utf-8")
            named = any(package + " import" in line and name in line for line in text.splitlines())
            if dotted in text or named:
                found.append(path)
        return found

    def chosen(self, one: Mutant, known: dict[Path, reach.Reach], seconds: float) -> tuple[list[str], float]:
        """The tests to run in order, and how long they take: those that run the function. What stands in no
        function is read by the module's functions and by those of modules that import it."""
        room = one.module.partition("/")[0]
        files = self.test_files(room)
        modules = [one.module]
        if one.function is None:
            others = sorted((self.lib / "plumbline" / room).rglob("*.py"))
            modules += [
                path.relative_to(self.lib / "plumbline").as_posix()
                for path in self.importing(one.module, others)
            ]
        mirrored = (self.tests / one.module).with_name(f"test_{Path(one.module).name}")
        tests: dict[Path, list[str]] = {}
        for path in files:
            some = known.get(path)
            if some and (found := {t for m in modules for t in some.tests(m, one.function)}):
                tests[path] = sorted(found, key=lambda t: some.seconds[t])
        if not tests:  # only a process of its own runs it
            tests = {p: list(known[p].seconds) for p in self.importing(one.module, files) if p in known}
        lasting = {p: sum(known[p].seconds[t] for t in some) for p, some in tests.items()}
        taken, total = [], 0.0
        for path in sorted(tests, key=lambda p: (p != mirrored, lasting[p])):
            for test in tests[path]:
                if total + known[path].seconds[test] <= seconds or not taken:
                    total += known[path].seconds[test]
                    taken.append(test)
        return taken, total

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


def _tests(arguments: list[str], root: str, out: str, environment: dict[str, str]) -> None:
    """In a process of its own: run pytest, and write what it says to a file."""
    os.setsid()
    os.chdir(root)
    os.environ.update(environment)
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    # the process from which all fork may have been started by another test, with the package as it is
    for name in [name for name in sys.modules if name.partition(".")[0] == "plumbline"]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    with open(out, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    ended = int(pytest.main(arguments))
    sys.stdout.flush()
    os._exit(ended)  # without waiting for what a fault left running


class Copy:
    """A copy of the package that takes one fault at a time."""

    def __init__(self, checkout: Checkout, folder: Path) -> None:
        self.checkout, self.lib = checkout, folder / "lib"
        shutil.copytree(checkout.lib, self.lib, ignore=shutil.ignore_patterns("__pycache__"))
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(PRELOADED)
        self.environment = {
            "PYTHONPATH": os.pathsep.join((str(self.lib), str(checkout.root))), "PYTHONDONTWRITEBYTECODE": "1",
            # the plugins that are installed cost two seconds a run, and no test of a room needs one
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"), "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def tested(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> dict[str, Any]:
        """Whether the tests kill it, and which did."""
        path = self.lib / "plumbline" / mutant.module
        source = path.read_bytes()
        path.write_bytes(mutant.applied(source))
        start = time.monotonic()
        try:
            end = self.run(tests, seconds) if tests else ""
        finally:
            path.write_bytes(source)
        lasting = round(time.monotonic() - start, 1)
        if end.startswith(ENDLESS) and self.run(tests, seconds).startswith(ENDLESS):
            end = ""  # the tests last as long without the fault
        return {"killed": bool(end), "by": end, "seconds": lasting, "of": len(tests)}

    def reached(self, files: Sequence[Path], folder: Path) -> dict[Path, reach.Reach]:
        """Which functions the tests of these files run, from what is kept or from running them."""
        for path in files:
            if not reach.kept_at(folder, path).exists():
                ended = self.run([str(path)], 1800, "-p", "tests.bench.mutants.reach", folder=folder)
                assert not ended, f"{path.name} fails without a fault: {ended}"
                print(f"noted what {path.name} runs", flush=True)
        return reach.read(folder, files)

    def run(self, tests: Sequence[str], seconds: float, *more: str, folder: Path | None = None) -> str:
        """What stopped the tests; nothing where all passed."""
        with tempfile.TemporaryDirectory(dir=self.lib.parent) as base:
            (Path(base) / "tests.txt").write_text("\n".join(tests), "utf-8")
            out = Path(base) / "out.txt"
            arguments = [
                f"@{base}/tests.txt", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE", "-W", "ignore",
                "--basetemp", f"{base}/tests", *more,
            ]  # fmt: skip
            environment = self.environment | ({reach.FOLDER: str(folder)} if folder else {})
            process = self.processes.Process(
                target=_tests, args=(arguments, str(self.checkout.root), str(out), environment)
            )
            process.start()
            process.join(max(seconds, 1.0))
            if process.is_alive():
                with suppress(ProcessLookupError):  # it ended just now, or has no group of its own yet
                    os.killpg(process.pid or 0, signal.SIGKILL)
                process.kill()
                process.join()
                return f"{ENDLESS} {seconds:.0f} s"
            said = out.read_text("utf-8", "replace").splitlines() if out.exists() else []
        if process.exitcode in (0, 5):  # 5: no test was chosen
            return ""
        lines = [line for line in said if line.startswith(("FAILED", "ERROR"))]
        return lines[0][:200] if lines else f"pytest ended with {process.exitcode}"


def run(
    checkout: Checkout, mutants: Sequence[Mutant], out: Path, *, workers: int = WORKERS, minutes: float | None = None,
    seconds: float = SECONDS,
) -> list[dict[str, Any]]:  # fmt: skip
    """Test the mutants that no file tells of yet, and return what is known of all.

    Args:
        minutes: after which no further mutant is begun.
        seconds: of tests that are run for one mutant at most.
    """
    out.mkdir(parents=True, exist_ok=True)
    begun, found, copies = time.monotonic(), dict[str, dict[str, Any]](), SimpleQueue[Copy]()
    todo = []
    for one in mutants:
        kept, digests = _kept(out / f"{one.name}.json"), checkout.digests(one.module)
        known = kept.get("source") == digests["source"]
        if known and (
            kept["killed"] or (kept["tests"] == digests["tests"] and kept.get("within", 0) >= seconds)
        ):
            found[one.name] = kept
        else:
            todo.append((one, digests))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        reached: dict[Path, reach.Reach] = {}
        if todo:
            every = [Copy(checkout, Path(folder) / str(i)) for i in range(workers)]
            for room in sorted({one.module.partition("/")[0] for one, _ in todo}):
                reached |= every[0].reached(checkout.test_files(room), out / "reach")
            for copy in every:
                copies.put(copy)

        def test(job: tuple[Mutant, dict[str, str]]) -> None:
            one, digests = job
            if minutes is not None and time.monotonic() - begun > 60 * minutes:
                return
            tests, lasting = checkout.chosen(one, reached, seconds)
            copy = copies.get()
            try:
                outcome = copy.tested(one, tests, max(SLACK * lasting, LEAST))
            finally:
                copies.put(copy)
            kept = {name: getattr(one, name) for name in SAVED} | outcome | digests | {"within": seconds}
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
    said.add_argument("--seconds", type=float, default=SECONDS, help="of tests for one mutant at most")
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
        checkout, chosen, asked.out, workers=asked.workers, minutes=asked.minutes, seconds=asked.seconds
    )
    for one in found:
        if not one["killed"]:
            print(f"survives: {one['module']}:{one['line']}  {one['before']}  ->  {one['after']}")
    for room in asked.rooms:
        print(f"{room}: {summary([o for o in found if o['module'].startswith(room + '/')], 0)}")
    print(summary(found, len(passed)))


if __name__ == "__main__":
    main()

"""The second part of ``make bench-detection``: quiet logs as companies have them, and changes on top of each.

python -m tests.bench.detection.sweep --out FOLDER [--only KIND]... [--seeds N] [--budget MINUTES] [--workers 2]
                                      [--first SEED] [--every DAYS] [--before FOLDER]
                                      [--write FILE]

Every log's result is one small file of ``FOLDER/results``; a run that was stopped, or whose minutes were up, goes
on where it was. Seeds go round outermost, so a part run has some of every kind; rules that were settled on the seeds
from 0 on are judged by others (``--first 100``). ``--only`` names a kind, a change, *quiet*, *changed* or *fair*.
``--before`` names the folder of an older run, to be shown beside this one.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.bench.detection import tally
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.fair import GROUPS
from tests.bench.detection.kinds import KINDS

#: days of a log with a change: the healthy reference, all that is loaded at first, the change, the end
HEALTHY, AT_FIRST, CHANGED, LAST = 56, 77, 84, 140


@dataclass(frozen=True)
class Case:
    """One log to be measured: a kind, with a change or none, or groups for FAIR-1; and its seed."""

    kind: str
    change: str
    seed: int
    every: int | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}{'~' + self.change if self.change else ''}-{self.seed:02d}"


def cases(
    seeds: int | None = None, only: Sequence[str] = (), every: int | None = None, first: int = 0
) -> list[Case]:
    """Every log that is asked for: the first seed of each kind, then the second, and so on."""
    found = [Case(k, "", s, every) for k, kind in KINDS.items() for s in range(seeds or kind.seeds)
             if _asked(only, k, "quiet")]  # fmt: skip
    found += [Case(k, c, s, every) for c, change in CHANGES.items() for k in change.on
              for s in range(seeds or change.seeds) if _asked(only, k, c, "changed")]  # fmt: skip
    found += [Case(k, "", s) for k, groups in GROUPS.items() for s in range(seeds or groups.seeds)
              if _asked(only, k, "fair")]  # fmt: skip
    return [replace(case, seed=case.seed + first) for case in sorted(found, key=lambda case: case.seed)]


def _asked(only: Sequence[str], *names: str) -> bool:
    return not only or any(name in only for name in names)


def measured(case: Case) -> dict[str, Any]:
    """The result of one log, drawn, loaded and watched in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="detection-") as place:
        if case.kind in GROUPS:
            from tests.bench.detection.fair import asked

            return asked(case.kind, case.seed, Path(place))
        from tests.bench.detection.cron import watched

        log = drawn(case)
        return watched(log, Path(place)) | {"kind": case.kind, "key": case.change}


def drawn(case: Case) -> Any:
    """The log of one case; its change begins on another weekday with each seed."""
    from tests.bench.detection.worlds import draw

    kind = KINDS[case.kind]
    if not case.change:
        used = replace(kind, every=case.every) if case.every else kind
        return draw(case.kind, used, case.seed, name=case.name)
    change = CHANGES[case.change]
    used = replace(
        kind, days=LAST, reference=min(HEALTHY, kind.reference), given=True, first=AT_FIRST, every=case.every or 7,
        per_day=change.per_day or kind.per_day,
    )  # fmt: skip
    return draw(case.kind, used, case.seed, change, CHANGED + case.seed % 7, name=case.name)


def run(out: Path, asked: Sequence[Case], *, budget: float = float("inf"), workers: int = 1) -> int:
    """Measure what has no file yet; no log is begun after ``budget`` minutes. Returns how many are left."""
    place = out / "results"
    place.mkdir(parents=True, exist_ok=True)
    todo = [case for case in asked if not (place / f"{case.name}.json").exists()]
    until = time.monotonic() + 60 * budget
    if workers <= 1:
        for i, case in enumerate(todo):
            if time.monotonic() > until:
                return len(todo) - i
            _keep(place, case, measured(case))
        return 0
    waiting = iter(todo)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        going: dict[Future[dict[str, Any]], Case] = {}
        left = 0
        while True:
            for case in _next(waiting, workers - len(going)):
                if time.monotonic() > until:
                    left = 1 + sum(1 for _ in waiting)
                    break
                going[pool.submit(measured, case)] = case
            if not going:
                return left
            for future in wait(going, return_when=FIRST_COMPLETED).done:
                _keep(place, going.pop(future), future.result())


def _next(waiting: Iterator[Case], n: int) -> Iterator[Case]:
    for _ in range(n):
        case = next(waiting, None)
        if case is None:
            return
        yield case


def _keep(place: Path, case: Case, result: dict[str, Any]) -> None:
    """One file a log, whole or not there: it is written beside and then renamed."""
    part = place / f"{case.name}.{os.getpid()}.part"  # of this run alone: two may fill one folder
    part.write_text(json.dumps(result, default=str))
    part.rename(place / f"{case.name}.json")
    print(f"{case.name}: {result['seconds']} s ({result['cpu']} s of processor time)", flush=True)


def results(out: Path) -> list[dict[str, Any]]:
    """What was measured so far, in the order of the tables."""
    return [json.loads(path.read_text()) for path in sorted((out / "results").glob("*.json"))]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--only", action="append", default=[], help="a kind, a change, quiet, changed or fair")
    asked.add_argument("--seeds", type=int, help="so many of each instead of each entry's own number")
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument(
        "--budget", type=float, default=float("inf"), help="minutes after which no log is begun"
    )
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--every", type=int, help="days a load instead of each kind's own")
    asked.add_argument("--before", type=Path, help="the folder of an older run")
    asked.add_argument(
        "--write", type=Path, help="a Markdown file whose tables between the marks are made anew"
    )
    given = asked.parse_args()
    left = run(
        given.out, cases(given.seeds, given.only, given.every, given.first), budget=given.budget,
        workers=given.workers,
    )  # fmt: skip
    now = tally.summary(results(given.out))
    before = tally.summary(results(given.before)) if given.before else None
    (given.out / "realistic.json").write_text(json.dumps(now, indent=1))
    text = tally.tables(now, before)
    (given.out / "realistic.md").write_text(text)
    if given.write:
        given.write.write_text(tally.placed(given.write.read_text(), text))
    print(text)
    if left:
        print(f"{left} logs are still to be measured: run it again.")


if __name__ == "__main__":
    main()

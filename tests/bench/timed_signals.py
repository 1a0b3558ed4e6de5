"""All signals of one system from its profiles, timed part by part, beside a raw scan: prints JSON.

Run as ``python -m tests.bench.timed_signals WORKSPACE [profile]``. Each part is timed over several rounds and its
median taken; the first round is reported apart. ``profile`` prints where processor time goes instead.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.logfiles import CATEGORICAL, NUMERIC

ROUNDS = 7
FEATURES = [*(f"num_{i}" for i in range(NUMERIC)), *(f"cat_{i}" for i in range(CATEGORICAL))]
THEIRS = ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "average_precision"]


def parts(workspace: Any) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """The parts in order; each takes what earlier ones made and may add to it."""
    from plumbline.domain import Slice
    from plumbline.monitor.alarms.change_point import change_point
    from plumbline.monitor.alarms.contradiction import contradictions
    from plumbline.monitor.alarms.cusum import early_warning
    from plumbline.monitor.drift.distances import METHODS
    from plumbline.monitor.drift.missing_share import missing_findings
    from plumbline.monitor.estimate.cbpe_binary import estimate
    from plumbline.monitor.performance.calibration import calibration
    from plumbline.monitor.performance.series import performance
    from plumbline.monitor.quality.completeness import audit
    from plumbline.monitor.quality.staleness import staleness
    from plumbline.profile.read import profiles
    from plumbline.profile.read.outcomes import outcome_profile

    cursor, system, n, now = workspace

    def features(held: dict[str, Any]) -> None:
        held["features"] = profiles.feature_profiles(cursor, system)

    def outcomes(held: dict[str, Any]) -> None:
        held["outcomes"] = outcome_profile(cursor, system, by_version=True)

    def others(held: dict[str, Any]) -> None:
        held["present"] = profiles.completeness(cursor, system, Slice())
        held["hours"] = profiles.version_hours(cursor, system)
        held["delays"] = profiles.delays(cursor, system, Slice())

    def drift(held: dict[str, Any]) -> Any:
        return drift_of(workspace, held, METHODS)

    def missing(held: dict[str, Any]) -> Any:
        return missing_findings(system.key, held["features"], reference=system.reference, until=now)

    def performing(held: dict[str, Any], by: str, names: list[str] | None = None) -> Any:
        return performance(
            held["outcomes"],
            reference=system.reference,
            by=by,
            metrics=names,
            delay=held["delays"],
            today=now,
        )

    def change(held: dict[str, Any]) -> Any:
        return change_point(performing(held, "day", ["accuracy"]))

    return {
        "read features": features,
        "read outcomes": outcomes,
        "read the rest": others,
        "drift": drift,
        "missing values": missing,
        "performance": lambda held: performing(held, "week"),
        "change point": change,
        "cusum": lambda held: early_warning(held["outcomes"], reference=system.reference),
        "contradiction": lambda held: contradictions(held["outcomes"], reference=system.reference),
        "estimate": lambda held: estimate(held["outcomes"], reference=system.reference, by="week"),
        "calibration": lambda held: calibration(held["outcomes"], by_version=True),
        "staleness": lambda held: staleness(held["hours"], as_of=now),
        "quality": lambda held: audit(held["present"], decisions=n, duplicate_ids=0),
    }


def drift_of(workspace: Any, held: dict[str, Any], methods: Iterable[str]) -> Any:
    """Drift by week of every feature, by each method."""
    from plumbline.monitor.drift.aligned_counts import aligned_chunks
    from plumbline.monitor.drift.features import judge_chunks

    laid = aligned_chunks(held["features"], reference=workspace[1].reference, by="week")
    return [judge_chunks(laid, name) for name in methods]


def asked(workspace: Any, held: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What the peers' calculators answer: one method a feature, or two of the numbers; their seven metrics.

    ``one segment, raw``: a filter that no profile holds, counted from the decisions; of the features that the
    peers are asked about, as they are not asked about more. ``one pair``: all that follows the reference at once.
    """
    from plumbline.domain import Slice
    from plumbline.monitor.drift.features import drift
    from plumbline.monitor.estimate.cbpe_binary import estimate
    from plumbline.monitor.performance.series import performance
    from plumbline.profile.read import profiles

    cursor, system, _, _ = workspace
    later = (system.reference[1], None)

    def segment() -> Any:
        part = Slice(where=(("segment:segment", "segment_1"),))
        return profiles.feature_profiles(cursor, system, part, FEATURES)

    how: dict[str, Any] = {"reference": workspace[1].reference, "by": "week", "metrics": THEIRS}
    return {
        "one segment, raw": lambda: drift_of(workspace, {"features": segment()}, ("js", "ks")),
        "one pair": lambda: drift(held["features"], reference=system.reference, window=later),
        "one drift method": lambda: drift_of(workspace, held, ("js",)),
        "two drift methods": lambda: drift_of(workspace, held, ("js", "ks")),
        "seven metrics": lambda: performance(held["outcomes"], **how),
        "seven estimates": lambda: estimate(held["outcomes"], **how),
    }


def opened(path: Path, held_open: ExitStack) -> tuple[Any, Any, int, Any]:
    """A cursor on the workspace, its only system, its decisions and the last one's time."""
    from plumbline.profile.scan import exact
    from plumbline.store import systems
    from plumbline.store.workspace import open_workspace

    cursor = held_open.enter_context(open_workspace(path).read())
    system = systems.list_systems(cursor)[0]
    span = exact.span(cursor, system)
    assert span is not None
    return cursor, system, span[2], span[1]


def timed(path: Path, held_open: ExitStack) -> dict[str, Any]:
    """Seconds a part (median and first round), of a raw scan of the same table, and peak memory."""
    workspace = opened(path, held_open)
    steps = parts(workspace)
    took: dict[str, list[float]] = {name: [] for name in steps}
    worked: dict[str, list[float]] = {name: [] for name in steps}
    held: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start, cpu = time.perf_counter(), time.process_time()
            made = step(held)
            took[name].append(time.perf_counter() - start)
            worked[name].append(time.process_time() - cpu)
            if made is not None:
                held[name] = made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, ask in asked(workspace, held).items():
        took[name], worked[name] = [], []
        for _ in range(ROUNDS):
            start, cpu = time.perf_counter(), time.process_time()
            ask()
            took[name].append(time.perf_counter() - start)
            worked[name].append(time.process_time() - cpu)
    points = sum(len(one) for one in held["drift"]) + len(held["performance"]) + len(held["estimate"])
    return {
        "rows": workspace[2],
        "points": points,
        "seconds": {name: statistics.median(own) for name, own in took.items()},
        "cpu": statistics.median(map(sum, zip(*(worked[name] for name in steps), strict=True))),
        "cpu_parts": {name: statistics.median(own) for name, own in worked.items()},
        "all": statistics.median(map(sum, zip(*(took[name] for name in steps), strict=True))),
        "first": sum(took[name][0] for name in steps),
        **scanned(workspace[0], workspace[1]),
        "peak_mb": round(peak),
    }


def scanned(cursor: Any, system: Any) -> dict[str, float]:
    """Median seconds, and of processor time, of DuckDB reading every column once: the least raw rows cost."""
    from plumbline.store.sql import decision_table, ident

    table = decision_table(system.key)
    columns = [row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()]
    asked = f"SELECT {', '.join(f'max({ident(name)})' for name in columns)} FROM {table}"
    took, worked = [], []
    for _ in range(3):
        start, cpu = time.perf_counter(), time.process_time()
        cursor.execute(asked).fetchall()
        took.append(time.perf_counter() - start)
        worked.append(time.process_time() - cpu)
    return {"scan": statistics.median(took), "scan_cpu": statistics.median(worked)}


def profiled(path: Path, held_open: ExitStack) -> None:
    """Where the time goes, the forty dearest functions."""
    import cProfile
    import pstats

    steps = parts(opened(path, held_open))
    held: dict[str, Any] = {}
    for name, step in steps.items():
        held[name] = step(held)
    profile = cProfile.Profile()
    for step in steps.values():
        profile.runcall(step, held)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    with ExitStack() as stack:
        if len(sys.argv) > 2:
            profiled(Path(sys.argv[1]), stack)
        else:
            print(json.dumps(timed(Path(sys.argv[1]), stack)))

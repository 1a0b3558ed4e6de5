"""The rules of slow changes on the sweep's logs, without a workspace: what a log's first year raises, and what is one.

python -m tests.bench.detection.first_years [--first SEED] [--seeds N] [--only KIND or KIND~CHANGE]...

Shifts, performance by week (accuracy, recall, precision, Brier), the early warning and contradicting outcomes are the
product's own rules, applied once to the whole log; the call for retraining, which follows a breach, is left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from plumbline.domain import Finding, Point, Severity
from plumbline.monitor.alarms.change_point import change_point
from plumbline.monitor.alarms.contradiction import contradiction_findings
from plumbline.monitor.alarms.cusum import early_warning
from plumbline.monitor.alarms.findings import merge_problem_findings, performance_findings
from plumbline.monitor.alarms.persistence import lasting_change
from plumbline.monitor.drift.first_year import YEAR, merge_slow_changes
from plumbline.monitor.performance.series import performance, thresholds
from tests.bench.detection import contradictions, shifts
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.contradictions import BEGUN, outcomes_of
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.tally import SLACK, binomial
from tests.bench.detection.worlds import INPUTS, Drawn, draw

FAMILY = ("accuracy", "recall", "precision", "brier")


def findings(log: Drawn, *, one: bool = True) -> list[Finding]:
    """What the rules say at a log's end; ``one``: slow changes of the first year as one finding."""
    profile, _ = outcomes_of(log)
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    today = BEGUN + timedelta(days=log.kind.days)

    def by(chunk: str, metrics: Sequence[str]) -> tuple[Point, ...]:
        return performance(profile, by=chunk, metrics=metrics, reference=reference, today=today)

    judged = performance(
        profile, by="week", metrics=FAMILY, together=FAMILY, windows=True, reference=reference, today=today
    )
    bands = thresholds(profile, by="week", metrics=FAMILY, reference=reference)
    change = change_point(by("day", ["accuracy"]), unit="")
    raised = performance_findings(
        "log", judged, name=str, say=lambda name, value: f"{value:.3f}",
        onset=change.onset if change else None, healthy={name: band.mean for name, band in bands.items()},
        lasts=lasting_change(judged, change, bands.get("accuracy")),
    )  # fmt: skip
    warned = early_warning(profile, reference=reference, name="accuracy", today=today)
    for alarm in warned.alarms if warned else ():
        raised.append(
            Finding(
                system="log", signal="warning.accuracy", sentence="", since=alarm.since, until=alarm.until,
                severity=Severity.MEDIUM, confidence=None, page="accuracy", figures={"metric": "accuracy"},
                known_at=alarm.at,
            )
        )  # fmt: skip
    raised += contradiction_findings("log", contradictions.found(log))
    raised = merge_problem_findings([*raised, *shifts.findings(log)])
    raised = [f for f in raised if f.known_at and f.known_at > reference[1]]
    held = {
        name: shifts.profile_of(log.frame, name, log.kind.reference)
        for name in (*INPUTS, "prediction", "score")
    }
    return merge_slow_changes(raised, held, lambda name: by("day", [name]), reference) if one else raised


def main(arguments: Sequence[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--seeds", type=int, default=8)
    asked.add_argument("--only", action="append", default=[])
    given = asked.parse_args(arguments)
    for name in given.only or ["yearly"]:
        kind, _, change = name.partition("~")
        before, after, soon, told = [], [], [0, 0], []
        for seed in range(given.first, given.first + given.seeds):
            own = KINDS[kind]
            log = (
                shifts.drawn(kind, seed, change)
                if change
                else draw(kind, replace(own, days=own.reference + 365), seed)
            )
            raised, alone = findings(log), findings(log, one=False)
            end = BEGUN + timedelta(days=log.kind.reference) + YEAR
            before.append(len([f for f in alone if f.known_at and f.known_at < end]))
            after.append(len([f for f in raised if f.known_at and f.known_at < end]))
            told.append(sorted(f.signal for f in raised))
            if change and log.truth.since is not None:
                since = log.truth.since.to_pydatetime().replace(tzinfo=UTC)
                last = since + timedelta(days=CHANGES[change].within)
                for place, own_findings in enumerate((alone, raised)):
                    soon[place] += any(
                        since < f.known_at <= last and f.since and f.since >= since - SLACK
                        for f in own_findings
                        if f.known_at
                    )
        print(f"{name}: {sum(before)} findings {before}, as one {sum(after)} {after}", flush=True)
        if change:
            low, high = binomial(soon[1], given.seeds)
            print(
                f"  told in time: {soon[0]}, as one {soon[1]} of {given.seeds} [{low:.2f}, {high:.2f}]",
                flush=True,
            )
        for seed, names in enumerate(told, given.first):
            print(f"  {seed}: {', '.join(names)}", flush=True)


if __name__ == "__main__":
    main()

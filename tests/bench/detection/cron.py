"""One drawn log as a customer's cron would bring it: a first load, then file after file, each checked as it comes.

A finding's ``raised``: the last moment of the load whose check was the first to hold it; ``known_at``: the moment
from which its rule could have told it, as the product says.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import FileAnswers, apply_answers, inspect_file, load_file, set_reference
from plumbline.domain import Mapping
from plumbline.store import findings as register
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.bench.detection.coverage import coverage
from tests.bench.detection.worlds import DAY, INPUTS, START, YES, Drawn, Kind

KEY = "log"
ROLES = {
    "at": "timestamp", "id": "decision_id", "subject": "subject", "version": "version", "score": "score",
    "prediction": "prediction", "label": "label", "known_at": "label_time", "region": "segment:region",
    "sex": "protected:sex", **{name: f"feature:{name}" for name in INPUTS},
}  # fmt: skip
#: how often cron runs every signal, also those that are too slow to run with each load
FULL = 84 * DAY


def loads(log: Drawn) -> Iterator[tuple[pd.Timestamp, pd.DataFrame, pd.DataFrame]]:
    """For each load the moment it comes, its decisions, and the labels that came since of earlier ones.

    A decision comes with its label only where that is known by then.
    """
    frame, begun = log.frame, START
    ends = [log.kind.first_load]
    while ends[-1] < log.kind.days:
        ends.append(min(ends[-1] + log.kind.every, log.kind.days))
    immediate = bool((frame["known_at"] == frame["at"]).all())
    for day in ends:
        until = START + day * DAY
        new = frame[(frame["at"] >= begun) & (frame["at"] < until)]
        old = frame[(frame["at"] < begun) & (frame["known_at"] >= begun) & (frame["known_at"] < until)]
        hidden = ~(new["known_at"] < until)
        new = new.assign(label=new["label"].mask(hidden), known_at=new["known_at"].mask(hidden))
        if immediate:
            new = new.drop(columns="known_at")
        yield until, new, old[["id", "label", "known_at"]]
        begun = until


def watched(log: Drawn, folder: Path) -> dict[str, Any]:
    """Load the log step by step and return what was found, when, and how often intervals held the truth."""
    begun, spent = time.perf_counter(), time.process_time()
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    try:
        found = _run(ws, log, folder)
        with ws.read() as cursor:
            system = systems.get_system(cursor, KEY)
        end = system.reference[1] if system.reference else None
        held = coverage(ws, KEY, log)
    finally:
        ws.close()
    truth = log.truth
    return {
        "name": log.name, "seed": log.seed, "rows": len(log.frame), "first": str(START), "last": str(log.end),
        "reference_end": str(end), "change": truth.what, "since": str(truth.since) if truth.what else None,
        "touched": list(truth.touched), "whose": truth.whose, "changed_rows": int(truth.rows.sum()),
        "every": log.kind.every, "findings": found, "coverage": held,
        "seconds": round(time.perf_counter() - begun, 1), "cpu": round(time.process_time() - spent, 1),
    }  # fmt: skip


def _run(ws: Workspace, log: Drawn, folder: Path) -> list[dict[str, Any]]:
    mapping: Mapping | None = None
    raised: dict[int, dict[str, Any]] = {}
    positive = YES if log.kind.law is None else None
    label_mapping: Mapping | None = None
    full = START
    for n, (until, new, old) in enumerate(loads(log)):
        path = folder / f"{n:03d}.parquet"
        new.to_parquet(path)
        if mapping is None:
            maps = [(c, ROLES[c]) for c in new]
            mapping = apply_answers(
                inspect_file(path, ws=ws).mapping,
                FileAnswers(maps=maps, timezone="UTC", positive=positive, task=_task(log.kind)),
            )
        load_file(ws, path, title=KEY, mapping=mapping, timezone="UTC", positive=positive, actor="cron")
        if n == 0 and log.kind.given:
            end = log.reference_end.to_pydatetime().replace(tzinfo=UTC)
            set_reference(ws, KEY, START.to_pydatetime().replace(tzinfo=UTC), end, actor="cron")
        if len(old):
            path = folder / f"{n:03d}-labels.parquet"
            old.to_parquet(path)
            if label_mapping is None:
                said = FileAnswers(
                    maps=[(c, ROLES[c]) for c in old], timezone="UTC", positive=positive, task=_task(log.kind)
                )
                label_mapping = apply_answers(inspect_file(path, ws=ws, system=KEY).mapping, said)
            load_file(ws, path, title=KEY, mapping=label_mapping, timezone="UTC", actor="cron")
        if until >= full or until >= log.end:
            check(ws, KEY, actor="cron")
            full = until + FULL
        _note(ws, until, raised)
    return sorted(raised.values(), key=lambda f: str(f["raised"]))


def _task(kind: Kind) -> str:
    return "regression" if kind.law is not None else "binary"


def _note(ws: Workspace, until: pd.Timestamp, raised: dict[int, dict[str, Any]]) -> None:
    """Keep when each problem of the register was first there, and how it stands now."""
    with ws.read() as cursor:
        held = register.recorded_findings(cursor, KEY, parts=True)
    for record in held:
        one = record.finding
        known = str(one.known_at) if one.known_at else None
        own = raised.setdefault(record.id, {"raised": str(until), "known_at": known, "since": str(one.since)})
        own |= {
            "signal": one.signal, "sentence": one.sentence, "until": str(one.until) if one.until else None,
            "open": record.open, "part_of": record.part_of, "severity": str(one.severity),
            "since_last": str(one.since), "known_last": known,
        }  # fmt: skip

"""NannyML and Evidently on the logs of the sweep: the same cases, the same rows of the tables.

python -m tests.bench.detection.peers --out FOLDER [--peer NAME]... [--only KIND]... [--first SEED] [--seeds N]
                                      [--budget MINUTES] [--write FILE]

Each log is drawn as the sweep draws it, written in the plain form (see logs.py) and given to a peer in an interpreter
of its own, named by PLUMBLINE_NANNYML_PYTHON and PLUMBLINE_EVIDENTLY_PYTHON. A log's result is one small file of
``FOLDER/PEER``; a run that was stopped goes on where it was. Seeds go round outermost. ``--only`` as in the sweep.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from tests.bench.detection import logs, sweep, tally
from tests.bench.detection.fair import GROUPS
from tests.bench.detection.run import PEERS
from tests.bench.detection.sweep import Case
from tests.bench.detection.worlds import DAY, INPUTS, START, YES, Drawn

ROOT = Path(__file__).parents[3]
BEGIN, END = "<!-- peers on realistic logs: begin -->", "<!-- peers on realistic logs: end -->"


def cases(first: int, seeds: int, only: Sequence[str] = ()) -> list[Case]:
    """The sweep's logs from seed ``first`` on; those of FAIR-1 are left out, which no peer offers."""
    return [replace(c, seed=c.seed + first) for c in sweep.cases(seeds, only) if c.kind not in GROUPS]


def begin(log: Drawn) -> pd.Timestamp:
    """The first Monday after the reference.

    The peers' chunks are calendar weeks, and they alarm on a week of which only the weekend is left.
    """
    return START + -(-log.kind.reference // 7) * 7 * DAY


def plain(log: Drawn) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The log's rows and description in the plain form, without the days between the reference and its next Monday.

    A label that is not known by the log's end is not there. The peers are also to watch the model's outputs.
    """
    kept = log.frame[(log.frame["at"] < log.reference_end) | (log.frame["at"] >= begin(log))]
    hidden = ~(kept["known_at"] < log.end)
    outputs = [c for c in ("score", "prediction") if c in kept]
    frame = kept.assign(label=kept["label"].mask(hidden), known_at=kept["known_at"].mask(hidden))
    frame = frame[["at", "id", "version", *outputs, "label", "known_at", *INPUTS]]
    truth = log.truth
    meta = {
        "task": "binary" if log.kind.law is None else "regression", "positive": YES, "kind": "realistic",
        "reference_end": str(log.reference_end), "watched": outputs, "together": True,
        "metrics": ["accuracy", "roc_auc"], "change": str(truth.since) if truth.what else None,
    }  # fmt: skip
    return frame.rename(columns={c: f"x_{c}" for c in INPUTS}).reset_index(drop=True), meta


def result(case: Case, log: Drawn, answer: dict[str, Any]) -> dict[str, Any]:
    """A peer's answer in the form of the sweep's results, so that both are counted by one rule.

    An alarm that could only be known after the log's end is none yet.
    """
    known = [f for f in answer.get("findings", ()) if pd.Timestamp(f["known_at"]) <= log.end]
    findings = [
        {
            "signal": f["signal"].replace(".x_", ".", 1), "since": f["since"], "known_at": f["known_at"],
            "raised": f["known_at"], "worse": f.get("worse", True), "part_of": None, "open": False, "until": None,
        }
        for f in known
    ]  # fmt: skip
    truth = log.truth
    return {
        "name": log.name, "kind": case.kind, "key": case.change, "seed": case.seed, "rows": len(log.frame),
        "first": str(START), "last": str(log.end), "reference_end": str(begin(log)), "change": truth.what,
        "since": str(truth.since) if truth.what else None, "touched": list(truth.touched), "findings": findings,
        "coverage": {}, "left_out": answer.get("left_out", []), "refusal": answer.get("refusal"),
        "version": answer.get("version"), "cpu": answer["cpu"],
    }  # fmt: skip


def run(out: Path, asked: Sequence[Case], python: str, module: str, budget: float = float("inf")) -> int:
    """Ask a peer about every log that has no file in ``out``; no log is begun after ``budget`` minutes.

    ``module``: the one whose ``result`` the peer's interpreter calls. Returns how many logs are left.

    Raises:
        RuntimeError: the peer's process ended by itself.
    """
    out.mkdir(parents=True, exist_ok=True)
    todo = [case for case in asked if not (out / f"{case.name}.json").exists()]
    if not todo:
        return 0
    until = time.monotonic() + 60 * budget
    surroundings = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    command = [python, "-m", "tests.bench.detection.peer_process", module]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings
    ) as peer:
        for i, case in enumerate(todo):
            if time.monotonic() > until:
                return len(todo) - i
            with tempfile.TemporaryDirectory(prefix="detection-") as place:
                log = sweep.drawn(case)
                answer = _answer(peer, logs.kept(log.name, Path(place), *plain(log)).folder)
            path = out / f"{case.name}.json"
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps(result(case, log, answer)))
            part.rename(path)
            print(f"{path.parent.name} {case.name}: {answer['cpu']} s of processor time", flush=True)
    return 0


def _answer(peer: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    assert peer.stdin is not None
    assert peer.stdout is not None
    with suppress(
        BrokenPipeError
    ):  # it has ended: nothing is left in a buffer, and what it said is read below
        os.write(peer.stdin.fileno(), f"{folder}\n".encode())
    for line in peer.stdout:  # a peer may print things of its own
        if line.strip() == str(folder):
            return dict(json.loads((folder / "result.json").read_text()))
    raise RuntimeError(f"the peer's process ended with {peer.wait()} at {folder.name}")


def results(out: Path) -> list[dict[str, Any]]:
    """What a peer has answered so far."""
    return [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]


def summary(own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sweep's figures over the logs that a peer did not refuse, and what it refused or left out.

    An alarm for the better is false on a quiet log, and does not find a change for the worse. ``weeks``: those of a
    quiet kind in which any signal's alarm began, a kinder count where several signals alarm at one trouble.
    """
    answered = [r for r in own if not r["refusal"]]
    counted = [
        r | {"findings": [f for f in r["findings"] if f["worse"] or not r["key"] or _before(f, r)]}
        for r in answered
    ]
    gaps = [f"{r['name']}: {text}" for r in own for text in [*r["left_out"], r["refusal"]] if text]
    told = tally.summary(counted)
    for kind, row in told["quiet"].items():
        quiet = [r for r in answered if r["kind"] == kind and not r["key"]]
        row["weeks"] = sum(len({f["known_at"][:10] for f in r["findings"]}) for r in quiet)
    return told | {"gaps": gaps, "versions": sorted({r["version"] for r in answered})}


def _before(finding: dict[str, Any], result: dict[str, Any]) -> bool:
    return bool(tally.known(finding) < pd.Timestamp(result["since"], tz="UTC"))


def tables(nannyml: dict[str, Any] | None, evidently: dict[str, Any] | None) -> str:
    """The sweep's tables of quiet logs and of changes, row by row as there, a column a peer."""
    nothing: dict[str, Any] = {"quiet": {}, "changed": {}, "coverage": {}, "fair": {}}
    made = tally.tables(evidently or nothing, nannyml or nothing).split("\n\n")[:2]
    return "\n\n".join(made).replace("| before | now |", "| NannyML | Evidently |")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--peer", action="append", choices=list(PEERS), help="instead of both")
    asked.add_argument("--only", action="append", default=[], help="a kind, a change, quiet or changed")
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--seeds", type=int, default=1, help="so many of each")
    asked.add_argument("--budget", type=float, default=float("inf"), help="minutes a peer to begin logs in")
    asked.add_argument(
        "--write", type=Path, help="a Markdown file whose tables between the marks are made anew"
    )
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for peer in given.peer or PEERS:
        python = os.environ.get(PEERS[peer])
        if not python:
            print(f"{PEERS[peer]} names no interpreter: {peer} is not run.", file=sys.stderr)
            continue
        todo = cases(given.first, given.seeds, given.only)
        left = run(given.out / peer, todo, python, f"tests.bench.detection.{peer}_alarms", given.budget)
        if left:
            print(f"{peer}: {left} logs are still to be measured: run it again.")
    figures = {peer: summary(own) for peer in PEERS if (own := results(given.out / peer))}
    (given.out / "peers.json").write_text(json.dumps(figures, indent=1))
    text = tables(figures.get("nannyml"), figures.get("evidently"))
    if given.write:
        given.write.write_text(tally.placed(given.write.read_text(), text, BEGIN, END))
    print(text)


if __name__ == "__main__":
    main()

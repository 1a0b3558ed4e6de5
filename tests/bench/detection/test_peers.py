"""Peers are given the sweep's logs, asked in a process of their own, and counted by the sweep's rules."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.bench.detection import peers, sweep, tally
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.sweep import Case
from tests.bench.detection.worlds import DAY, START, draw

SMALL = replace(KINDS["few"], days=70, reference=30, per_day=20)
CASE = Case("few", "unit", 0)
PEER = '''
"""A peer that reads the plain form, prints things of its own, and refuses one log."""
import json
import pandas as pd

print("hello")


def result(folder):
    meta, frame = json.loads((folder / "meta.json").read_text()), pd.read_parquet(folder / "log.parquet")
    if meta["name"].endswith("-01"):
        raise ValueError("too few rows")
    found = {"signal": "drift.x_tenure", "since": meta["change"], "known_at": str(frame["at"].max()), "figures": {}}
    return {"findings": [found], "version": "9"}
'''


def test_the_plain_form_begins_with_a_whole_week_and_has_no_label_from_the_future() -> None:
    log = draw("late", replace(SMALL, labels=KINDS["late"].labels), 0)
    frame, meta = peers.plain(log)
    later = frame.loc[frame["at"] >= meta["reference_end"], "at"]
    assert peers.begin(log) == START + 35 * DAY
    assert START + 35 * DAY <= later.min() < START + 36 * DAY
    assert frame.loc[frame["at"] < meta["reference_end"], "at"].max() >= START + 29 * DAY
    assert (frame["label"].notna() == frame["known_at"].notna()).all()
    assert frame["known_at"].max() < log.end
    assert frame["label"].isna().any()
    assert {"x_tenure", "score", "prediction"} <= set(frame)
    assert meta["watched"] == ["score", "prediction"]
    numbers, meta = peers.plain(draw("student", replace(SMALL, law=KINDS["student"].law), 0))
    assert (meta["task"], meta["watched"]) == ("regression", ["prediction"])
    assert numbers["label"].dtype == float


def test_cases_are_the_sweeps_from_a_seed_on() -> None:
    names = {case.name for case in peers.cases(100, 2, ["few", "recall", "fair"])}
    assert names == {f"{log}-{seed}" for seed in (100, 101)
                     for log in ("few", "rare-0.3~recall", "rare-0.5~recall", "rare-1~recall")}  # fmt: skip
    seeds = [case.seed for case in peers.cases(7, 2)]
    assert seeds == sorted(seeds)
    assert set(seeds) == {7, 8}


def test_a_peer_is_asked_in_its_own_process_once_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake_peer.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    drawn: list[str] = []

    def small(case: Case) -> Any:
        drawn.append(case.name)
        return draw("few", SMALL, case.seed, CHANGES["unit"], 49, name=case.name)

    monkeypatch.setattr(sweep, "drawn", small)
    asked = [CASE, replace(CASE, seed=1)]
    assert peers.run(tmp_path / "fake", asked, sys.executable, "fake_peer", budget=-1) == 2
    assert peers.run(tmp_path / "fake", asked, sys.executable, "fake_peer") == 0
    assert peers.run(tmp_path / "fake", asked, sys.executable, "fake_peer") == 0
    assert drawn == ["few~unit-00", "few~unit-01"]
    one, other = peers.results(tmp_path / "fake")
    assert [f["signal"] for f in one["findings"]] == ["drift.tenure"]
    assert one["cpu"] >= 0
    assert other["refusal"] == "ValueError: too few rows"
    told = peers.summary([one | {"kind": "independent"}, other | {"kind": "independent"}])
    assert told["changed"]["unit on independent"]["logs"] == 1  # a refusal is no silence
    assert told["gaps"] == ["few~unit-01: ValueError: too few rows"]
    with pytest.raises(RuntimeError, match="process ended"):
        peers.run(tmp_path / "other", asked, sys.executable, "no_such_module")


def answer(*alarms: tuple[str, pd.Timestamp, bool]) -> dict[str, Any]:
    found = [
        {"signal": s, "since": str(at - 7 * DAY), "known_at": str(at), "worse": worse, "figures": {}}
        for s, at, worse in alarms
    ]
    return {"findings": found, "version": "9", "cpu": 1.0}


def test_what_finds_a_change_and_what_is_false() -> None:
    log = draw("few", SMALL, 0, CHANGES["unit"], 49, name="few~unit-00")
    case = Case("independent", "unit", 0)

    def figures(*alarms: tuple[str, pd.Timestamp, bool]) -> dict[str, Any]:
        row = peers.summary([peers.result(case, log, answer(*alarms))])["changed"]["unit on independent"]
        return {k: row[k] for k in ("found", "median_delay", "false_before")}

    since = START + 49 * DAY
    nothing = {"found": 0, "median_delay": None, "false_before": 0}
    assert figures(("drift.x_tenure", since + 7 * DAY, True))["median_delay"] == 7
    assert figures(("drift.x_income", since + 7 * DAY, True)) == nothing
    assert figures(("performance.accuracy", since + 7 * DAY, False)) == nothing  # it became better
    assert figures(("performance.accuracy", since + 30 * DAY, True)) == nothing  # after the log's end
    assert figures(("performance.accuracy", since - 7 * DAY, False))["false_before"] == 1

    quiet = draw("few", SMALL, 0, name="few-00")
    told = answer(("drift.x_income", since, True), ("estimate.accuracy", since, False))
    row = peers.summary([peers.result(Case("independent", "", 0), quiet, told)])["quiet"]["independent"]
    assert (row["false"], row["families"]) == (2, {"drift": 1, "estimate": 1})
    assert row["weeks"] == 1
    assert row["years"] == pytest.approx(35 / 365.25, abs=0.01)


def test_rows_are_those_of_the_sweep() -> None:
    log = draw("few", SMALL, 0, name="few-00")
    figures = peers.summary([peers.result(Case("few", "", 0), log, answer())])
    text = peers.tables(figures, None)
    assert "| quiet logs: false findings of any kind a system-year | NannyML | Evidently |" in text
    row = next(line for line in text.splitlines() if line.startswith("| 20 decisions a day |"))
    assert row in tally.tables(json.loads(json.dumps(tally.summary([]))), figures).splitlines()
    assert row.endswith("| not run |")
    assert "FAIR" not in text
    placed = tally.placed(f"{peers.BEGIN}\nold\n{peers.END}", text, peers.BEGIN, peers.END)
    assert row in placed


def test_a_peer_without_an_interpreter_is_said_not_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in peers.PEERS.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "argv", ["peers", "--out", str(tmp_path / "new")])
    peers.main()
    assert "PLUMBLINE_EVIDENTLY_PYTHON names no interpreter: evidently is not run." in capsys.readouterr().err
    assert json.loads((tmp_path / "new" / "peers.json").read_text()) == {}

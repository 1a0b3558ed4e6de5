"""The sweep goes on where it was, brings a log as a cron would, and counts by rules that are stated."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.bench.detection import cron, sweep, tally
from tests.bench.detection.changes import CHANGES
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.sweep import Case
from tests.bench.detection.worlds import DAY, START, draw


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def measured(case: Case) -> dict[str, Any]:
        begun.append(case.name)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return {"name": case.name, "seconds": 0.0, "cpu": 0.0}

    monkeypatch.setattr(sweep, "measured", measured)
    asked = sweep.cases(1, ["ar-0.5"])
    names = [case.name for case in asked]
    assert len(names) == len(set(names)) > 3
    with pytest.raises(KeyboardInterrupt):
        sweep.run(tmp_path, asked)
    (tmp_path / "results" / f"{names[2]}.part").write_text("{")  # a kill while a file was being written
    assert sweep.run(tmp_path, asked, budget=-1) == len(names) - 1
    assert sweep.run(tmp_path, asked) == 0
    assert begun == [names[0], names[1], *names[1:]]
    assert [r["name"] for r in sweep.results(tmp_path)] == sorted(names)


def test_seeds_go_round_outermost_and_parts_are_asked_for_by_name() -> None:
    assert [case.seed for case in sweep.cases(2)] == sorted(case.seed for case in sweep.cases(2))
    assert [case.name for case in sweep.cases(2, ["few"], first=100)] == ["few-100", "few-101"]
    names = {case.name for case in sweep.cases(1, ["recall", "few"])}
    assert names == {"few-00", "rare-0.3~recall-00", "rare-0.5~recall-00", "rare-1~recall-00"}
    assert len(sweep.cases()) == len({case.name for case in sweep.cases()})


def test_every_change_of_a_plain_kind_is_put_on_three_and_all_kinds_are_known() -> None:
    for key, change in CHANGES.items():
        assert set(change.on) <= set(KINDS), key
        assert len(change.on) >= 3 or change.on == ("fifty-five",), key


@pytest.mark.parametrize("key", ["independent", "outcome-delay", "weekly-loads"])
def test_a_log_is_brought_whole_and_no_label_before_it_is_known(key: str) -> None:
    kind = replace(KINDS[key], days=70, reference=28, first=28, per_day=60, every=7)
    log = draw(key, kind, 0)
    seen: list[pd.DataFrame] = []
    labels: list[pd.DataFrame] = []
    for until, new, old in cron.loads(log):
        assert (new["at"] < until).all()
        if "known_at" in new:
            assert (new["known_at"].dropna() < until).all()
            assert (new["label"].notna() == new["known_at"].notna()).all()
        assert (old["known_at"] < until).all()
        seen.append(new)
        labels.append(old)
    whole = pd.concat(seen)
    assert list(whole["id"]) == list(log.frame["id"])
    given = [*whole.loc[whole["label"].notna(), "id"], *pd.concat(labels)["id"]]
    due = log.frame.loc[log.frame["known_at"] < log.end, "id"]
    assert sorted(given) == sorted(due)
    assert (pd.concat(labels).empty) == (key != "outcome-delay")


def test_a_unit_that_changed_is_found_and_its_day_kept(tmp_path: Path) -> None:
    kind = replace(KINDS["few"], days=56, reference=28, first=28, per_day=40, every=14)
    log = draw("few", kind, 0, CHANGES["unit"], 42, name="few~unit-00")
    told = cron.watched(log, tmp_path) | {"kind": "few", "key": "unit"}
    assert (told["change"], told["since"]) == (CHANGES["unit"].said, str(START + 42 * DAY))
    found = [f for f in told["findings"] if f["signal"] == "drift.tenure"]
    assert [f["raised"] for f in found] == [str(START + 56 * DAY)]
    assert tally.of_the_change(found[0], told)
    assert told["coverage"] == {}
    json.dumps(told)


def test_weekly_intervals_are_held_against_the_truth(tmp_path: Path) -> None:
    kind = replace(KINDS["few"], days=42, reference=28, first=42, per_day=40)
    told = cron.watched(draw("few", kind, 0), tmp_path) | {"kind": "few", "key": ""}
    assert json.loads(json.dumps(told)) == told  # a number of another library would be kept as text
    held = told["coverage"]
    assert held["accuracy"]["weeks"] == 6
    assert 4 <= held["accuracy"]["held"] <= 6


def result(*findings: tuple[str, str, str | None], **more: Any) -> dict[str, Any]:
    told = [
        {
            "signal": s,
            "since": since,
            "known_at": known,
            "raised": "2026-05-01",
            "part_of": None,
            "open": False,
            "until": None,
        }
        for s, since, known in findings
    ]
    return {
        "kind": "independent", "key": "unit", "since": "2026-04-01", "touched": ["tenure"], "findings": told,
        "first": str(START), "last": "2026-06-01", "reference_end": "2026-03-02", "coverage": {}, "cpu": 1.0, **more,
    }  # fmt: skip


def test_what_finds_a_change() -> None:
    own = ("drift.tenure", "2026-03-30", "2026-04-09")
    untouched = ("drift.income", "2026-04-02", "2026-04-04")
    early = ("performance.accuracy", "2026-03-01", "2026-04-03")
    before = ("drift.tenure", "2026-03-20", "2026-03-28")
    age = ("staleness.age", "2026-04-02", "2026-04-02")
    row = tally.summary([result(own, untouched, early, before, age), result()])["changed"][
        "unit on independent"
    ]
    assert (row["found"], row["logs"], row["median_delay"], row["false_before"]) == (1, 2, 8.0, 1)
    late = result(("performance.accuracy", "2026-04-02", None))
    row = tally.summary([late])["changed"]["unit on independent"]
    assert (row["found"], row["ever"], row["median_delay"]) == (0, 1, 30.0)


def test_every_finding_on_a_quiet_log_is_false_but_that_its_model_grows_old() -> None:
    quiet = result(("drift.tenure", "None", "2026-02-01"), ("staleness.age", "None", "2026-04-02"), key="")
    quiet["findings"].append(quiet["findings"][0] | {"part_of": 7})
    row = tally.summary([quiet, result(key="")])["quiet"]["independent"]
    assert (row["false"], row["families"]) == (1, {"drift": 1})
    assert row["years"] == pytest.approx(2 * 91 / 365.25, abs=0.01)


def test_limits_are_exact() -> None:
    assert tally.poisson(0, 10) == pytest.approx(
        (0, 0.36889), abs=1e-5
    )  # Garwood's table: 3.6889 for no event
    assert tally.poisson(3, 1) == pytest.approx((0.61867, 8.76727), abs=1e-5)
    for hits, n in ((0, 20), (18, 20), (20, 20)):
        exact = binomtest(hits, n).proportion_ci(method="exact")
        assert tally.binomial(hits, n) == pytest.approx((exact.low, exact.high))


def test_tables_stand_between_their_marks_old_beside_new() -> None:
    now, before = tally.summary([result(key="")]), tally.summary([result(("drift.x", "None", None), key="")])
    document = tally.placed(f"a\n{tally.BEGIN}\nold\n{tally.END}\nz", tally.tables(now, before))
    assert document.startswith("a\n")
    assert document.endswith("\nz")
    row = next(line for line in document.splitlines() if line.startswith("| independent days"))
    assert row.index("4.0 [0.1, 22.4] (1 in 0.2 years, 1 drift)") < row.index("(0 in 0.2 years)")
    assert "old" not in document.splitlines()
    with pytest.raises(ValueError, match="no <!--"):
        tally.placed("nothing", "text")

"""Credit: an outcome is known only where it was granted, and on day 60 the cut-off rises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import load_file
from plumbline.answers.fairness.compare_windows import fairness_windows
from plumbline.answers.fairness.groups import fairness
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.performance.headline import choose_headline
from plumbline.answers.performance.outcomes import compare
from plumbline.answers.performance.segments import segments
from plumbline.answers.performance.series import calibration, performance
from plumbline.domain import PointStatus, Status
from plumbline.report.language import language
from plumbline.report.material import gather
from plumbline.report.scorecard_report import report_data
from plumbline.report.translation import translate
from plumbline.store.workspace import Workspace, open_workspace

MAPS = (
    ("at", "timestamp"), ("id", "decision_id"), ("said", "prediction"), ("true", "label"), ("p", "score"),
    ("sex", "protected:sex"),
)  # fmt: skip


@pytest.fixture(scope="module")
def credit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("credit")
    rng = np.random.default_rng(1)
    n, a_day = 18_000, 200
    x = rng.normal(0.8, 1.2, n)
    p = 1 / (1 + np.exp(-x))
    said = p >= np.where(np.arange(n) // a_day < 60, 0.55, 0.75)
    true = rng.random(n) < p
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(n) * (86_400 // a_day), unit="s"),
            "id": [f"d{i}" for i in range(n)],
            "sex": rng.choice(["f", "m"], n),
            "p": p.round(6),
            "said": np.where(said, "grant", "refuse"),
            "true": np.where(said, np.where(true, "grant", "refuse"), None),
        }
    )
    frame.to_parquet(folder / "log.parquet")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    path = folder / "log.parquet"
    load_file(ws, path, title="Credit", actor="test", maps=MAPS, positive="grant", timezone="UTC")
    yield ws
    ws.close()


def test_accuracy_says_whom_it_speaks_of_and_what_it_cannot_know(credit: Workspace) -> None:
    answer = performance(credit, "credit")
    assert "Outcomes are known for decisions grant only (100.0 % of" in answer.selected
    assert "0.0 % of" in answer.selected
    assert answer.headline == "accuracy"
    recall = answer.points_of("recall")
    assert {p.status for p in recall} == {PointStatus.UNKNOWN}
    assert all(p.value is None and "refuse" in p.note for p in recall)
    assert not {"recall", "roc_auc"} & set(answer.family)


SAID = "This speaks of decisions grant alone"


def test_the_first_sentence_and_every_estimate_say_whom_they_speak_of(credit: Workspace) -> None:
    answer = performance(credit, "credit", estimated=True)
    assert SAID in answer.sentence
    assert "guessing" not in answer.sentence
    guesses = [p for p in answer.points if p.estimated]
    assert {p.metric for p in guesses if p.value is not None} <= {
        "accuracy",
        "precision",
        "brier",
        "log_loss",
    }
    assert all(SAID in p.note for p in guesses if p.value is not None)
    known = {one.metric: one.value is not None for one in answer.over_all}
    assert known == {"accuracy": False, "recall": False, "precision": True}
    assert SAID in calibration(credit, "credit").sentence
    assert SAID in segments(credit, "credit").sentence


def test_a_headline_that_nobody_can_know_is_unknown_and_raises_nothing(credit: Workspace) -> None:
    choose_headline(credit, "credit", "recall", by="test")
    try:
        answer = performance(credit, "credit")
        assert answer.sentence == "Recall is unknown: no outcome is known for decisions refuse."
        assert answer.warned is None
        found = check(credit, "credit", actor="test")
        assert not [
            f for f in found if f.signal in ("warning.recall", "estimate.recall", "performance.recall")
        ]
    finally:
        choose_headline(credit, "credit", "", by="test")


def test_two_windows_do_not_compare_what_cannot_be_known(credit: Workspace) -> None:
    found = compare(credit, "credit")
    verdicts = {one.metric: one.verdict for one in found.metrics}
    assert verdicts["recall"] == verdicts["roc_auc"] == "unknown"
    assert SAID in found.sentence
    groups = fairness_windows(credit, "credit")
    assert "grant only" in groups.sentence
    assert all(not {"true_positive_rate", "false_positive_rate"} & set(g.moved) for g in groups.groups)


def test_fewer_grants_are_no_wait_for_outcomes(credit: Workspace) -> None:
    answer = performance(credit, "credit")
    assert not [p.start for p in answer.points_of("accuracy")[:-2] if p.provisional]


def test_error_rates_of_groups_are_unknown_where_few_of_the_refused_have_outcomes(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    n = 12_000
    p = rng.random(n)
    said, true = p >= 0.5, rng.random(n) < p
    known = said | (rng.random(n) < 0.05)
    frame = pd.DataFrame({
        "at": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(n) * 10, unit="min"),
        "id": [f"d{i}" for i in range(n)], "sex": rng.choice(["f", "m"], n), "p": p.round(6),
        "said": np.where(said, "grant", "refuse"),
        "true": np.where(known, np.where(true, "grant", "refuse"), None),
    })  # fmt: skip
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    load_file(
        ws, tmp_path / "log.parquet", title="s", actor="test", maps=MAPS, positive="grant", timezone="UTC"
    )
    answer = fairness(ws, "s")
    control = next(c for c in scorecard(ws, "s").controls if c.id == "FAIR-1")
    ws.close()
    assert "error rates of groups are unknown" in answer.selected
    assert not [g for g in answer.groups if g.gaps]
    assert control.status is Status.UNKNOWN
    assert "error rates of groups are unknown" in control.evidence.sentence


def test_every_finding_has_german_words(credit: Workspace) -> None:
    found = check(credit, "credit", actor="test")
    assert found
    assert not [f.sentence for f in found if translate(f.sentence, language("de")) is None]


def test_findings_of_outcomes_say_whom_they_speak_of(credit: Workspace) -> None:
    told = [f for f in check(credit, "credit", actor="test") if f.page == "accuracy"]
    assert all(SAID in f.sentence for f in told if f.signal.partition(".")[0] in ("performance", "warning"))


@pytest.mark.parametrize("name", ["MON-4", "FAIR-1"])
def test_controls_say_it_and_do_not_pass(credit: Workspace, name: str) -> None:
    control = next(c for c in scorecard(credit, "credit").controls if c.id == name)
    assert control.status in (Status.PARTIAL, Status.UNKNOWN, Status.FAIL)
    assert ("grant alone" if name == "MON-4" else "grant only") in control.evidence.sentence


def test_the_report_says_it_in_german(credit: Workspace) -> None:
    data = report_data(gather(credit, "credit"), language("de"))
    assert "Das gilt nur für Entscheidungen „grant“" in data["performance"]["sentence"]
    assert not data["limits"]["quoted"]


def test_mon_1_is_no_pass(credit: Workspace) -> None:
    control = next(c for c in scorecard(credit, "credit").controls if c.id == "MON-1")
    assert control.status is Status.PARTIAL
    assert "these figures speak of those" in control.evidence.sentence


def test_error_rates_of_groups_are_unknown(credit: Workspace) -> None:
    answer = fairness(credit, "credit")
    assert "grant only" in answer.selected
    for group in answer.groups:
        assert not group.gaps
        assert not {"true_positive_rate", "false_positive_rate"} & set(group.rates)
        assert "positive_rate" in group.rates

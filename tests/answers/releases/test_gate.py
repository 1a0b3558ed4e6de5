"""The gate of a deployment: go, stop or inconclusive, with the exit codes that pipelines read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.releases.gate import GateDecision, gate
from plumbline.domain import PlumblineError
from plumbline.monitor.releases.guardrail import guardrail, smallest_change
from tests.answers.conftest import SYSTEM, Held
from tests.conftest import Ran

Run = Callable[..., Ran]
MAPS = (
    "at=timestamp",
    "id=decision_id",
    "x=feature:x",
    "version=version",
    "said=prediction",
    "true=label",
    "p=score",
)


def test_a_version_that_grants_more_is_stopped(held: Held) -> None:
    found = gate(held.ws, SYSTEM, "2")
    assert (found.decision, found.previous) == (GateDecision.STOP, "1")
    assert "beyond chance" in found.reasons[0]
    assert any(s.fired for s in found.signals)


def test_a_trial_that_is_too_short_to_tell_is_inconclusive_and_says_what_it_saw(held: Held) -> None:
    found = gate(held.ws, SYSTEM, "3")
    assert (found.decision, found.previous) == (GateDecision.INCONCLUSIVE, "2")
    assert not any(s.fired or s.has_power for s in found.signals)
    own = held.frame[held.frame["version"] == "3"]
    rate = next(s for s in found.signals if s.name == "positive rate")
    assert rate.n == len(own)
    assert rate.rate == pytest.approx((own["said"] == "grant").mean())
    assert f"{len(own)} decisions are too few" in found.reasons[0]


@pytest.mark.parametrize(("version", "words"), [("1", "first in the log"), ("9", "no decision of version 9")])
def test_what_cannot_be_compared_is_inconclusive(held: Held, version: str, words: str) -> None:
    found = gate(held.ws, SYSTEM, version)
    assert found.decision is GateDecision.INCONCLUSIVE
    assert words in found.reasons[0]


def test_no_version_is_refused(held: Held) -> None:
    with pytest.raises(PlumblineError, match="needs a version"):
        gate(held.ws, SYSTEM, " ")


def _log(folder: Path, canary: int, rate: float, *, back: bool = False, known: bool = True) -> Path:
    """Version a grants 40 %; ``canary`` decisions of version b grant ``rate``, among those of a on the last days."""
    rng = np.random.default_rng(5)
    n = 6_000
    frame = pd.DataFrame({"at": pd.Timestamp("2026-02-02") + pd.to_timedelta(np.arange(n) * 10, unit="min")})
    frame["id"] = [f"d{i}" for i in range(n)]
    frame["x"] = rng.normal(0, 1, n).round(3)
    frame["version"] = "a"
    place = n - 1 - 4 * np.arange(canary)
    if back:
        place = np.arange(n - 900, n - 900 + canary)
    frame.loc[place, "version"] = "b"
    frame["said"] = np.where(rng.random(n) < np.where(frame["version"] == "b", rate, 0.4), "grant", "refuse")
    frame["p"] = np.where(frame["said"] == "grant", 0.7, 0.3)
    wrong = rng.random(n) < 0.2
    other = np.where(frame["said"] == "grant", "refuse", "grant")
    frame["true"] = np.where(wrong, other, frame["said"])
    if not known:
        frame["true"] = None
    frame.to_csv(folder / "log.csv", index=False)
    return folder / "log.csv"


def _gated(plumbline: Run, log: Path, *more: str) -> Ran:
    maps = [part for said in MAPS for part in ("--map", said)]
    assert plumbline("load", log, "--system", "s", "--positive", "grant", *maps).code == 0
    return plumbline("gate", "s", "--version", "b", *more)


@pytest.mark.parametrize(
    ("canary", "rate", "code", "words"),
    [(700, 0.4, 0, "go:"), (700, 0.7, 1, "stop:"), (30, 0.4, 3, "inconclusive:")],
)
def test_the_exit_code_says_it_to_a_pipeline(
    plumbline: Run, tmp_path: Path, canary: int, rate: float, code: int, words: str
) -> None:
    ran = _gated(plumbline, _log(tmp_path, canary, rate))
    assert ran.code == code, ran.out + ran.err
    assert ran.out.lower().startswith(words)
    told = json.loads(plumbline("gate", "s", "--version", "b", "--json").out)
    assert {"decision", "reasons"} <= set(told)
    assert told["decision"] == words.rstrip(":")


def test_few_decisions_that_are_all_wrong_are_no_go(plumbline: Run, tmp_path: Path) -> None:
    """Absence of evidence is not evidence: a handful never gives go, whatever they were."""
    assert _gated(plumbline, _log(tmp_path, 8, 0.4, known=False)).code == 3


def test_a_version_that_was_taken_back_is_stopped(plumbline: Run, tmp_path: Path) -> None:
    ran = _gated(plumbline, _log(tmp_path, 300, 0.4, back=True))
    assert (ran.code, "taken back to a" in ran.out) == (1, True)


def test_what_would_have_been_noticed_is_noticed_from_there_on() -> None:
    """Decisions of exactly the changed rate trip the guardrail; of half that change they do not."""
    n, before = 800, 0.3
    times = np.array(["2026-01-01"], "datetime64[us]").repeat(n)

    def trips(rate: float) -> bool:
        hits = np.zeros(n, dtype=bool)
        hits[np.floor(np.arange(n) * rate) != np.floor((np.arange(n) + 1) * rate)] = True
        return guardrail(times, hits, previous_rate=before, previous_n=5000).fired

    quiet = guardrail(times, np.arange(n) % 10 < 3, previous_rate=before, previous_n=5000)
    size = smallest_change(quiet)
    assert size is not None
    assert trips(before + size + 0.01)
    assert trips(before - size - 0.01)
    assert not trips(before + size / 2)

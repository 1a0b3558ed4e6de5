"""FAIR-1 says of a log what the Fairness page says, and never names the favoured group as the wronged one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.fairness.groups import fairness
from plumbline.answers.governance.scorecard import scorecard
from plumbline.answers.statements import change_settings
from plumbline.domain import Evidence, PointStatus, Status
from plumbline.store.workspace import Workspace, open_workspace

Made = Callable[..., Workspace]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A log in which group A is decided positive in 1 % and B in 4 % (or as said), of outcomes that are alike."""

    def make(
        negative: str, positive: str, *, a: float = 0.01, b: float = 0.04, said: str = "said", n: int = 6000
    ) -> Workspace:
        rng = np.random.default_rng(1)
        origin = np.where(np.arange(n) % 2 == 0, "A", "B")
        score = np.where(rng.random(n) < np.where(origin == "A", a, b), 0.9, 0.1)
        frame = pd.DataFrame(
            {
                "at": pd.Timestamp("2026-03-02") + pd.to_timedelta(np.arange(n) * 6, unit="min"),
                "x": rng.normal(size=n).round(4), "origin": origin,
                "p": score, said: np.where(score > 0.5, positive, negative),
                "true": np.where(rng.random(n) < 0.5, positive, negative),
            }
        )  # fmt: skip
        frame.to_csv(tmp_path / "log.csv", index=False)
        ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
        roles = {
            "at": "timestamp", "x": "feature:x", "origin": "protected:origin", "p": "score", said: "prediction",
            "true": "label",
        }  # fmt: skip
        load_file(
            ws, tmp_path / "log.csv", title="s", actor="t", maps=tuple(roles.items()), positive=positive
        )
        return ws

    return make


def control(ws: Workspace) -> Evidence:
    return next(c.evidence for c in scorecard(ws, "s").controls if c.id == "FAIR-1")


def test_a_group_that_is_blocked_four_times_as_often_is_the_wronged_one(made: Made) -> None:
    ws = made("ok", "fraud")
    page, found = fairness(ws, "s"), control(ws)
    assert (page.favourable, page.source) == ("ok", "names")
    assert {g.levels[0]: g.best for g in page.groups} == {"A": True, "B": False}
    assert page.sentence.startswith("origin = B is decided fraud ")
    assert found.status is Status.FAIL
    assert found.sentence.startswith("Group origin = B gets the wanted outcome 0.9")
    assert "the other outcome " in found.sentence
    assert found.sentence.endswith("People want ok, by the names of its classes and columns.")
    assert "origin = A" not in found.sentence


def test_the_owners_word_goes_before_the_names_on_page_and_scorecard(made: Made) -> None:
    ws = made("ok", "fraud", a=0.3, b=0.6)
    change_settings(ws, "s", {"favourable": "fraud"}, by="Ana")
    page, found = fairness(ws, "s"), control(ws)
    assert (page.favourable, page.source) == ("fraud", "owner")
    assert found.status is Status.FAIL
    assert "Group origin = A gets the wanted outcome" in found.sentence
    assert found.sentence.endswith("People want fraud, as the owner states.")
    worst = next(g for g in page.groups if g.ratio is not None)
    assert worst.ratio is not None
    assert f"{worst.ratio.value:.2f} times as often" in found.sentence
    assert worst.status is PointStatus.BREACH


def test_the_names_of_columns_tell_what_yes_means(made: Made) -> None:
    assert fairness(made("0", "1", said="is_fraud"), "s").favourable == "0"


def test_where_nobody_says_no_group_is_called_wronged(made: Made) -> None:
    ws = made("0", "1")
    page, found = fairness(ws, "s"), control(ws)
    assert page.source == "assumed"
    assert "Nobody states which outcome people want" in page.sentence
    # ten times as often or a tenth: whatever is wanted, these groups do not fare alike
    assert found.status is Status.FAIL
    assert found.sentence.startswith(
        "Whichever outcome people want, groups are not treated alike. origin = A is decided 1 0."
    )
    assert "gets the wanted outcome" not in found.sentence


def test_a_verdict_that_rests_on_what_people_want_is_unknown_until_somebody_says(made: Made) -> None:
    ws = made("0", "1", a=0.28, b=0.40)  # 0.70 of the ones, and 1.20 of the noughts
    found = control(ws)
    assert found.status is Status.UNKNOWN
    assert found.sentence.startswith(
        "Whether groups are treated alike depends on it. origin = A is decided 1 0."
    )
    change_settings(ws, "s", {"favourable": "1"}, by="Ana")
    assert control(ws).status is Status.FAIL


def test_groups_alike_pass_whatever_people_want(made: Made) -> None:
    found = control(made("0", "1", a=0.4, b=0.4))
    assert found.status is Status.PASS
    assert "Whichever outcome people want, groups are treated alike." in found.sentence

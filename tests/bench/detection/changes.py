"""The changes that are put on quiet logs: one entry a change. Each alters the rows it is given, and no others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.bench.detection.worlds import NO, YES, Change, Hook

PLAIN = ("independent", "ar-0.5", "repeats-5")
RARE = ("rare-0.3", "rare-0.5", "rare-1")
SMALL = ("fifty-five",)
Rng = np.random.Generator


def _permuted(*columns: str) -> Hook:
    """Columns of other rows, together: a block joined on the wrong key."""

    def joined(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        order = rng.permutation(len(part))
        return part.assign(**{c: part[c].to_numpy()[order] for c in columns})

    return joined


def _scaled(factor: float, cut: float | None) -> Hook:
    """Scores times a factor; with ``cut`` the answer follows the score, without it stays as it was."""

    def scaled(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        made = part.assign(score=np.minimum(part["score"] * factor, 0.999))
        return made if cut is None else made.assign(prediction=np.where(made["score"] >= cut, YES, NO))

    return scaled


def _noise(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A score that says nothing and never reaches the cut-off."""
    return part.assign(score=(0.1 * rng.permutation(part["score"].to_numpy())).round(6), prediction=NO)


def _default(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(score=0.1, prediction=NO)


def _lowered(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(prediction=np.where(part["score"] >= 0.35, YES, NO), version="1.1")


def _raised(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(prediction=np.where(part["score"] >= 0.7, YES, NO))


def _years(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(tenure=part["tenure"] / 12)


def _richer(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(tenure=part["tenure"] + 20)


def _turned(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Debt falls with income as it rose with it before; each by itself is distributed as ever."""
    return part.assign(debt=part["debt"] - 2 * 0.6 * 30 * (part["income"] - 2000) / 500)


def _flipped(share: float) -> Hook:
    def flipped(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        wrong = rng.random(len(part)) < share
        other = np.where(part["label"] == YES, NO, YES)
        return part.assign(label=np.where(wrong, other, part["label"]))

    return flipped


def _missing(part: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    return part.assign(visits=part["visits"].mask(rng.random(len(part)) < 0.05))


def _north(frame: pd.DataFrame) -> np.ndarray:
    return (frame["region"] == "north").to_numpy()


def _group_b(frame: pd.DataFrame) -> np.ndarray:
    return (frame["sex"] == "b").to_numpy()


CHANGES: dict[str, Change] = {
    "recall": Change("the score becomes noise, nobody is flagged", "outputs", _noise, RARE, within=14, per_day=2000),
    "calibration-2": Change("scores twice too high, answers as before", "outputs", _scaled(2.0, None), RARE),
    "calibration-4": Change("scores four times too high, answers as before", "outputs", _scaled(4.0, None), RARE),
    "stricter": Change("the cut-off rises from 0.5 to 0.7 without a release", "outputs", _raised,
                       ("selective", "independent", "repeats-5")),
    "unit": Change("tenure in years instead of months", "inputs", _years, PLAIN, ("tenure",), within=10),
    "join-block": Change("income, debt and tenure of another row, together", "inputs",
                         _permuted("income", "debt", "tenure"), PLAIN, ("income", "debt", "tenure")),
    "join": Change("income of another row", "inputs", _permuted("income"), (*PLAIN, *SMALL), ("income",), seeds=20),
    "group": Change("tenure one standard deviation up in one group", "world", _richer, PLAIN, ("tenure",), _group_b,
                    "sex = b, a fifth"),
    "correlation": Change("income and debt correlate at -0.6, before at 0.6", "world", _turned, PLAIN,
                          ("income", "debt")),
    "scores-0.7": Change("scores times 0.7, answers follow", "outputs", _scaled(0.7, 0.5), SMALL, within=10, seeds=20),
    "scores-0.4": Change("scores times 0.4, nobody is flagged", "outputs", _scaled(0.4, 0.5), SMALL, within=10,
                         seeds=20),
    "default": Change("one default answer to everybody", "outputs", _default, SMALL, within=10, seeds=20),
    "cut-off": Change("a release lowers the cut-off from 0.5 to 0.35", "outputs", _lowered, SMALL, within=10, seeds=20),
    "labels-5": Change("5 % of labels flipped", "labels", _flipped(0.05), SMALL, within=56, seeds=20),
    "slice": Change("20 % of labels flipped in the north", "labels", _flipped(0.2), SMALL, (), _north,
                    "region = north, a quarter", within=56, seeds=20),
    "missing": Change("visits missing in 5 % more", "inputs", _missing, SMALL, ("visits",), within=14, seeds=20),
}  # fmt: skip

"""Logs whose truth is known: days, people, inputs, outcomes, a model and what is logged, each drawn by itself.

``draw`` puts them together. Every step has its own stream of random numbers, made from the kind's name, the seed and
the step, so a log with a change equals the quiet log of the same kind and seed in every row before the change.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05")  # a Monday
DAY = pd.Timedelta(days=1)
NUMBERS = ("income", "debt", "tenure", "visits", "amount")
INPUTS = (*NUMBERS, "channel", "product")
YES, NO = "yes", "no"
#: columns of a kind's day levels: four inputs in standard deviations, the outcome's log-odds, and the log of its noise
LEVELS = ("income", "debt", "tenure", "amount", "outcome", "noise")

Levels = Callable[[int, np.random.Generator], np.ndarray]
Labels = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
Hook = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def steady(days: int, rng: np.random.Generator) -> np.ndarray:
    """Days that are all alike."""
    return np.zeros((days, len(LEVELS)))


def at_once(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every outcome is known with its decision."""
    return frame.assign(known_at=frame["at"])


@dataclass(frozen=True)
class Law:
    """The errors of a regression, in units; ``mae`` and ``rmse`` as mathematics has them (None: infinite)."""

    draw: Callable[[int, np.random.Generator], np.ndarray]
    mae: float
    rmse: float | None


@dataclass(frozen=True)
class Kind:
    """A kind of log in which nothing changes. Days and loads in days; ``given``: whether a person set the reference.

    ``alike``: decisions of one person, all with the same inputs and outcome within three days; ``rate``: share of
    positives; ``steep``: how far the model tells them apart; ``stationary``: whether weekly figures have one truth;
    ``seeds``: logs of it in a whole run.
    """

    said: str
    per_day: float = 100.0
    days: int = 90 + 365
    reference: int = 90
    given: bool = True
    first: int = 0  # days in the first load; 0: the reference's
    every: int = 28
    alike: int = 1
    rate: float = 0.4
    steep: float = 1.0
    cut: float = 0.5
    growth: float = 1.0  # of the daily number over the whole log
    levels: Levels = steady
    labels: Labels = at_once
    law: Law | None = None
    stationary: bool = True
    seeds: int = 20

    @property
    def first_load(self) -> int:
        return self.first or self.reference


@dataclass(frozen=True)
class Change:
    """One change: the ``stage`` at which ``apply`` alters the rows that it is given, and whom it concerns.

    ``stage``: *world* (who comes; the model and the outcome both follow), *inputs* (what the model is given),
    *outputs* (its score and answer) or *labels*. ``touched``: the inputs that move; ``who``: which rows.
    ``on``: the kinds of log that it is put on; ``within``: days that the target allows; ``seeds``: logs a kind.
    """

    said: str
    stage: str
    apply: Hook
    on: tuple[str, ...]
    touched: tuple[str, ...] = ()
    who: Callable[[pd.DataFrame], np.ndarray] = lambda frame: np.ones(len(frame), bool)
    whose: str = "everybody"
    within: int = 28
    seeds: int = 10
    per_day: float | None = None


@dataclass(frozen=True)
class Truth:
    """What changed in a log, when, for whom, and in which of its rows; a quiet log has no ``what`` and no row."""

    what: str | None
    since: pd.Timestamp | None
    touched: tuple[str, ...]
    whose: str
    rows: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """One log as it is loaded (``known_at`` after the log's end: never known), with its truth.

    ``outcome``: what became of every decision, also of those whose label the log never has.
    """

    name: str
    kind: Kind
    seed: int
    frame: pd.DataFrame
    truth: Truth
    outcome: np.ndarray

    @property
    def reference_end(self) -> pd.Timestamp:
        return START + self.kind.reference * DAY

    @property
    def end(self) -> pd.Timestamp:
        return START + self.kind.days * DAY


def stream(key: str, seed: int, step: str) -> np.random.Generator:
    """The random numbers of one step of one log."""
    return np.random.default_rng([20261129, zlib.crc32(key.encode()), seed, zlib.crc32(step.encode())])


def draw(
    key: str, kind: Kind, seed: int, change: Change | None = None, since: int | None = None, name: str = ""
) -> Drawn:
    """The log of one kind and seed; with ``change`` it is altered from day ``since`` on."""
    frame = people(kind, stream(key, seed, "people"))
    begins = None if change is None or since is None else START + since * DAY
    frame = described(frame, kind, stream(key, seed, "inputs"), stream(key, seed, "levels"))
    after = np.zeros(len(frame), bool)
    if change is not None and begins is not None:
        after = (frame["at"] >= begins).to_numpy() & change.who(frame)

    def altered(held: pd.DataFrame, stage: str) -> pd.DataFrame:
        if change is None or change.stage != stage or not after.any():
            return held
        part = change.apply(held[after], stream(key, seed, "change"))
        whole = held.copy()
        whole.loc[after, list(part)] = part
        return whole

    world = altered(frame, "world")
    made = happened(world, kind, stream(key, seed, "outcome"))
    seen = altered(made, "inputs")
    told = altered(answered(seen, kind).assign(version="1.0", outcome=made["outcome"]), "outputs")
    marked = altered(told.assign(label=told["outcome"]), "labels")
    known = kind.labels(marked, stream(key, seed, "labels"))
    known["id"] = [f"d{i:07d}" for i in range(len(known))]
    truth = Truth(change.said if change else None, begins, change.touched if change else (),
                  change.whose if change else "nobody", after)  # fmt: skip
    outcome = known["outcome"].to_numpy()
    return Drawn(
        name or f"{key}-{seed:02d}", kind, seed, known.drop(columns=["outcome", "day"]), truth, outcome
    )


def people(kind: Kind, rng: np.random.Generator) -> pd.DataFrame:
    """Who comes when: fewer at weekends, more with growth; each person ``alike`` times within three days."""
    days = np.arange(kind.days)
    week = np.where(days % 7 >= 5, 0.6, 1.16)
    rate = kind.per_day / kind.alike * week * kind.growth ** (days / kind.days - 0.5)
    came = rng.poisson(rate)
    day = np.repeat(days, came)
    subject = np.repeat(np.arange(len(day)), kind.alike)
    moment = np.repeat(day + rng.random(len(day)), kind.alike)
    if kind.alike > 1:
        moment = moment + rng.uniform(0, 3, len(moment))
    order = np.argsort(moment, kind="stable")
    frame = pd.DataFrame(
        {"at": moment[order], "subject": subject[order], "day": np.repeat(day, kind.alike)[order]}
    )
    frame = frame[frame["at"] < kind.days].reset_index(drop=True)
    at = START + pd.to_timedelta((frame["at"] * 86_400).astype(int), unit="s")
    return frame.assign(at=at, subject=frame["subject"].map("p{:06d}".format))


def described(
    frame: pd.DataFrame, kind: Kind, rng: np.random.Generator, other: np.random.Generator
) -> pd.DataFrame:
    """Each person's inputs, the same for all of the person's decisions; income and debt go together (0.6)."""
    codes, first = pd.factorize(frame["subject"])
    n = len(first)
    level = kind.levels(kind.days, other)[frame["day"].to_numpy()]
    z = rng.normal(size=(n, 3))
    z[:, 1] = 0.6 * z[:, 0] + 0.8 * z[:, 1]
    amount = rng.gamma(2.0, 3.0, n)
    visits = rng.poisson(4, n).astype(float)
    visits[rng.random(n) < 0.02] = np.nan
    words = {
        "channel": rng.choice(["web", "shop", "phone", "agent"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "product": rng.choice([f"k{i}" for i in range(8)], n),
        "region": rng.choice(["north", "south", "east", "west"], n),
        "sex": rng.choice(["a", "b"], n, p=[0.8, 0.2]),
    }
    moved = z[codes] + level[:, :3]
    return frame.assign(
        income=2000 + 500 * moved[:, 0], debt=100 + 30 * moved[:, 1], tenure=60 + 20 * moved[:, 2],
        visits=visits[codes], amount=(amount[codes] + 4.24 * level[:, 3]).round(4),
        **{name: values[codes] for name, values in words.items()}, luck=rng.random(n)[codes],
        shift=level[:, 4], noise=np.exp(level[:, 5]),
    )  # fmt: skip


def line(frame: pd.DataFrame) -> np.ndarray:
    """The model's line over its inputs, in log-odds, with a standard deviation of about 1.4."""
    made = (
        0.9 * (frame["income"] - 2000) / 500
        + 0.4 * (frame["debt"] - 100) / 30
        + 0.3 * (frame["tenure"] - 60) / 20
        - 0.15 * (frame["amount"] - 6)
        + 0.5 * ((frame["channel"] == "web") - 0.4)
    )
    return np.asarray(made, float)


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@cache
def base(rate: float, steep: float) -> float:
    """The constant at which a share ``rate`` of people is positive, by bisection on one large draw."""
    many = Kind("", per_day=60_000, days=1)
    frame = people(many, np.random.default_rng(1))
    x = steep * line(described(frame, many, np.random.default_rng(2), np.random.default_rng(3)))
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if logistic(x + middle).mean() < rate else (low, middle)
    return (low + high) / 2


def happened(frame: pd.DataFrame, kind: Kind, rng: np.random.Generator) -> pd.DataFrame:
    """What became of each: the truth that labels tell, from the inputs as they are."""
    x = line(frame)
    if kind.law is not None:
        error = kind.law.draw(len(frame), rng) * frame["noise"].to_numpy()
        outcome: np.ndarray = 100 + 20 * x + 10 * frame["shift"].to_numpy() + error
    else:
        odds = (kind.steep * x + base(kind.rate, kind.steep)) / frame["noise"].to_numpy()
        outcome = np.where(frame["luck"] < logistic(odds + frame["shift"].to_numpy()), YES, NO)
    return frame.drop(columns=["luck", "shift", "noise"]).assign(outcome=outcome)


def answered(frame: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """What the model says to the inputs that it is given; its score is calibrated as long as nothing changes."""
    x = line(frame)
    if kind.law is not None:
        return frame.assign(prediction=100 + 20 * x)
    score = logistic(kind.steep * x + base(kind.rate, kind.steep)).round(6)
    return frame.assign(score=score, prediction=np.where(score >= kind.cut, YES, NO))

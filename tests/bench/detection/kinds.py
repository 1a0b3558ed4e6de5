"""The kinds of quiet logs: one entry a kind. What companies really have: dependence, rare classes, late labels."""

from __future__ import annotations

from dataclasses import replace
from math import gamma, pi, sqrt

import numpy as np
import pandas as pd

from tests.bench.detection.worlds import LEVELS, YES, Kind, Law, Levels

#: standard deviations of the day levels: inputs in their own, the outcome's log-odds, the log of its noise
WANDER = np.array([0.15, 0.15, 0.15, 0.15, 0.15, 0.25])
SEASON = np.array([0.5, 0.3, 0.0, 0.0, 0.2, 0.2])
RARE = Kind("", steep=3.0, cut=0.1, per_day=1000, days=90 + 182)


def wandering(rho: float) -> Levels:
    """Levels that keep part of the day before: a stationary AR(1) in each."""

    def levels(days: int, rng: np.random.Generator) -> np.ndarray:
        fresh = rng.normal(size=(days, len(LEVELS)))
        made = fresh.copy()
        for i in range(1, days):
            made[i] = rho * made[i - 1] + np.sqrt(1 - rho**2) * fresh[i]
        return made * WANDER

    return levels


def yearly(days: int, rng: np.random.Generator) -> np.ndarray:
    """A season of one year that begins anywhere in it."""
    begins = rng.uniform(0, 1)
    wave = np.sin(2 * np.pi * (np.arange(days) / 365 + begins))
    return wave[:, None] * SEASON


def monthly(days: int, rng: np.random.Generator) -> np.ndarray:
    """A week and a month that come round again and again, in the reference as well."""
    day = np.arange(days)
    wave = 0.4 * np.sin(2 * np.pi * day / 7) + 0.3 * np.sin(2 * np.pi * day / 28)
    return np.outer(wave, [1.0, 0, 0, 0, 0, 0])


def weekends(days: int, rng: np.random.Generator) -> np.ndarray:
    """Other people at weekends, always."""
    return np.outer(np.arange(days) % 7 >= 5, [2.0, 1.2, 0, 0, 0, 0])


def granted_only(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """An outcome exists only where the application was granted."""
    known = frame["at"] + pd.to_timedelta(rng.gamma(2.0, 3.0, len(frame)), unit="D")
    return frame.assign(known_at=known.where(frame["prediction"] == YES))


def late(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every outcome comes after twelve days in the mean, whatever it is."""
    return frame.assign(known_at=frame["at"] + pd.to_timedelta(rng.gamma(2.0, 6.0, len(frame)), unit="D"))


def later_when_bad(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A negative is confirmed within five days, a positive (a chargeback) after five to sixty."""
    wait = np.where(frame["label"] == YES, rng.uniform(5, 60, len(frame)), rng.uniform(0, 5, len(frame)))
    return frame.assign(known_at=frame["at"] + pd.to_timedelta(wait, unit="D"))


def _lognormal(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice([-1, 1], n) * rng.lognormal(1.0, 1.5, n)


def _student(n: int, rng: np.random.Generator) -> np.ndarray:
    return 10 * rng.standard_t(2.5, n)


LOGNORMAL = Law(_lognormal, mae=float(np.exp(1 + 1.5**2 / 2)), rmse=float(np.exp(1 + 1.5**2)))
#: E|t| = 2 sqrt(df) Gamma((df+1)/2) / (sqrt(pi) Gamma(df/2) (df-1)); variance df / (df - 2); no fourth moment
STUDENT = Law(
    _student,
    mae=10 * 2 * sqrt(2.5 / pi) * gamma(1.75) / (gamma(1.25) * 1.5),
    rmse=10 * sqrt(5),
)

KINDS: dict[str, Kind] = {
    "independent": Kind("independent days"),
    "monthly": Kind("a week and a month that come again", levels=monthly, stationary=False),
    "growing": Kind("traffic grows fivefold", growth=5.0),
    "late": Kind("labels twelve days late", labels=late),
    "few": Kind("20 decisions a day", per_day=20),
    "fifty-five": Kind("55 decisions a day, a fifth positive, reference of eight weeks", per_day=55, rate=0.2,
                       reference=56, days=56 + 365),
    "ar-0.3": Kind("days keep 0.3 of the day before", levels=wandering(0.3)),
    "ar-0.5": Kind("days keep 0.5", levels=wandering(0.5)),
    "ar-0.8": Kind("days keep 0.8", levels=wandering(0.8)),
    "repeats-3": Kind("3 decisions a person, alike", alike=3),
    "repeats-5": Kind("5 decisions a person, alike", alike=5),
    "repeats-20": Kind("20 decisions a person, alike", alike=20, per_day=200),
    "rare-0.3": replace(RARE, said="0.3 % positive, 1,000 a day", rate=0.003),
    "rare-0.5": replace(RARE, said="0.5 % positive, 1,000 a day", rate=0.005),
    "rare-1": replace(RARE, said="1 % positive, 1,000 a day", rate=0.01),
    "selective": Kind("outcome known where granted alone", labels=granted_only),
    "outcome-delay": Kind("2 % positive, known after 5 to 60 days, the others within 5", rate=0.02, steep=3.0,
                          cut=0.2, per_day=300, days=90 + 182, labels=later_when_bad),
    "yearly": Kind("a yearly season, two years", levels=yearly, days=90 + 730, stationary=False, seeds=10),
    "lognormal": Kind("regression, lognormal errors (s = 1.5)", law=LOGNORMAL),
    "student": Kind("regression, errors of Student's t with 2.5 df", law=STUDENT),
    "reference-14": Kind("a reference of 14 days", reference=14, days=14 + 365),
    "reference-28": Kind("a reference of 28 days", reference=28, days=28 + 365),
    "weekly-loads": Kind("15 days loaded, then every week, no reference given; weekends differ", given=False,
                         reference=15, first=15, days=15 + 364, every=7, levels=weekends, stationary=False),
}  # fmt: skip

"""Decisions that no longer follow the score's cut-off of the reference: which way they went, and by which one now.

Where the answer is a step of the score, all but a few exceptions (a person's overrides, say) lie on their side of the
cut-off. How many do not is then a count with a known share, and a new cut-off shows in a handful of decisions, long
before the share of answers has moved by more than chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.special import betainc

from plumbline.domain import Finding, FloatArray, IntArray, Severity
from plumbline.domain.messages import Day, Message, message, sequence
from plumbline.monitor.alarms.episodes import episodes
from plumbline.monitor.statistics.autocorrelation import span_ratio
from plumbline.wording.quantities import decimal, percent

#: days of a window, and those that a reference needs at least
WIDTH, FEWEST_DAYS = 7, 14
#: odd days in a window that are no new rule
ODD = 2
#: decisions of the reference, of its rarer answer, and of a window; different scores of the reference
FEWEST, OF_ANSWER, OF_WINDOW, SCORES = 200, 20, 30, 20
#: exceptions of a cut-off at most: of all decisions, and of those with the rarer answer
EXCEPTIONS, OF_RARER = 0.03, 0.25
#: what matters: so many more of the decisions on the wrong side, or a tenth of the rarer answer's share if that is less
MATTERS, OF_RARE = 0.01, 0.1
#: false alarms a year that chance may raise, both directions together; a part of the outputs' budget (``shifts``)
BUDGET = 0.005
#: standard errors above one within which days that differ are taken for chance (one-sided 95 %)
CHANCE = 1.645
#: how far back a change is dated at most
BACK = 28
#: of the decisions on the wrong side, from which share on they are one version's
OF_VERSION = 0.9
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    """Where the score parts the answers: between two neighbouring scores, ``low`` excluded and ``high`` included.

    ``upper``: whether the positive class is above it; ``exceptions`` of ``n`` decisions lie on the wrong side;
    ``rarer``: the share of the rarer answer.
    """

    low: float
    high: float
    upper: bool
    exceptions: int
    n: int
    rarer: float

    @property
    def score(self) -> float:
        """The number of fewest digits that parts the answers alike."""
        return roundest_number(self.low, self.high)

    @property
    def is_reliable(self) -> bool:
        """Whether the exceptions are few enough for it to be one."""
        return self.exceptions <= min(EXCEPTIONS, OF_RARER * self.rarer) * self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Decisions that left the reference's cut-off ``was``; ``now``: the one that they follow, None where none fits.

    ``share`` of ``n`` decisions since then lie on the wrong side of the old one, ``healthy`` of the reference's.
    ``version``: the one that decides so, where it is new and all but alone in it.
    """

    was: float
    now: float | None
    lower: bool
    share: float
    healthy: float
    n: int
    since: datetime
    until: datetime | None
    at: datetime
    version: str = ""

    @property
    def sentence(self) -> Message:
        """What happened, since when, and by how much."""
        values = {
            "was": decimal(self.was, "g"),
            "day": Day(self.since),
            "wrong": message(
                "{share} of {n} decisions lie on the other side of the old one, {healthy} in the reference.",
                share=percent(self.share, ".3g"),
                n=decimal(self.n, ","),
                healthy=percent(self.healthy, ".3g"),
            ),
        }
        if self.now is not None:
            moved = message(
                "Decisions follow a cut-off of about {now} since {day}; before {was}: {wrong}",
                **values,
                now=decimal(self.now, "g"),
            )
        elif self.lower:
            moved = message(
                "Decisions no longer follow the score's cut-off of {was} since {day}, most of them positive below "
                "it, and no other cut-off fits: {wrong}",
                **values,
            )
        else:
            moved = message(
                "Decisions no longer follow the score's cut-off of {was} since {day}, most of them negative above "
                "it, and no other cut-off fits: {wrong}",
                **values,
            )
        if not self.version:
            return moved
        by = message("All but a few of them are of version {version}.", version=self.version)
        return sequence([moved, by])


@dataclass(frozen=True, slots=True)
class DailySides:
    """Days from ``first`` on, (D,): decisions with a score and an answer, and those on the wrong side of the cut-off.

    below: the upper answer below it; above: the lower answer at or above it.
    """

    first: datetime
    n: FloatArray
    below: FloatArray
    above: FloatArray


def roundest_number(low: float, high: float) -> float:
    """The number with the fewest digits in (low, high], the middle one's where several have as few."""
    if not low < high:
        return high
    middle = low + (high - low) / 2
    for digits in range(1, 17):
        near = float(f"{middle:.{digits}g}")
        if low < near <= high:
            return near
    return high


def best_cut_off(places: FloatArray, answers: IntArray) -> CutOff | None:
    """The cut with the fewest exceptions; None where there is but one answer or one place.

    Args:
        places: (S,) ascending: scores, or where cells of scores begin.
        answers: (S, 2) how often no and yes were given there.

    Returns:
        between the last place below and the first at or above it; of equally good cuts the middle one, and where no
        decision lies between them all of that gap.
    """
    present = answers.sum(axis=1) > 0
    place, no, yes = (
        places[present],
        answers[present, 0].astype(np.int64),
        answers[present, 1].astype(np.int64),
    )
    if len(place) < 2 or not no.sum() or not yes.sum():
        return None
    up = (
        np.cumsum(yes)[:-1] + (no.sum() - np.cumsum(no))[:-1]
    )  # wrong with a cut after each place but the last
    down = np.cumsum(no)[:-1] + (yes.sum() - np.cumsum(yes))[:-1]
    upper = bool(up.min() <= down.min())
    wrong = up if upper else down
    best = np.flatnonzero(wrong == wrong.min())
    at = int(best[len(best) // 2])
    n = int(no.sum() + yes.sum())
    rarer = min(int(no.sum()), int(yes.sum())) / n
    return CutOff(
        low=float(place[at]),
        high=float(place[at + 1]),
        upper=upper,
        exceptions=int(wrong[at]),
        n=n,
        rarer=rarer,
    )


def departures(
    sides: DailySides, cut: CutOff, *, reference: tuple[datetime, datetime], until: datetime
) -> list[tuple[int, int, int, bool]]:
    """Episodes in which decisions left the cut-off: the days (onset, known at the end of, last), and whether over.

    Anew every day on the last seven after the reference: Poisson's conditional test of two counts (Przyborowski and
    Wilenski 1940) for either direction, the counts divided by how much the reference's days differ beyond chance.
    The two days with most of them are left out, so one odd day or two are no new rule.
    """
    start, end = ((bound - sides.first) // _DAY for bound in reference)
    start, length = max(start, 0), min(len(sides.n), (until - sides.first) // _DAY)
    if not cut.is_reliable or end - start < FEWEST_DAYS or length <= end:
        return []
    level = BUDGET / (365 * 2)
    least = min(MATTERS, OF_RARE * cut.rarer)
    beyond, clear = np.zeros(length - end, bool), np.ones(length - end, bool)
    for wrong in (sides.below, sides.above):
        effect = _effect(wrong[start:end], sides.n[start:end])
        then, of = wrong[start:end].sum(), sides.n[start:end].sum()
        for place in range(length - end):
            days = slice(max(end, end + place + 1 - WIDTH), end + place + 1)
            k, n = wrong[days], sides.n[days]
            rest = np.argsort(k, kind="stable")[:-ODD]
            if n.sum() < OF_WINDOW:
                clear[place] = False
                continue
            more = k.sum() / n.sum() - then / of
            sure = chance(k[rest].sum() / effect, n[rest].sum(), then / effect, of) < level
            beyond[place] |= sure and more >= least
            clear[place] &= more < least / 2
    starts = [sides.first + max(end, end + i + 1 - WIDTH) * _DAY for i in range(length - end)]
    ends = [sides.first + (end + i + 1) * _DAY for i in range(length - end)]
    results = []
    for run, over in episodes(beyond.tolist(), clear.tolist(), starts, ends):
        known = end + run[0]
        results.append((_onset(sides, (start, end), known), known, end + run[-1], over))
    return results


def chance(k: float, n: float, then: float, of: float) -> float:
    """P(as many or more of so many in all) where the share of ``k`` in n is that of ``then`` in ``of``."""
    return 1.0 if k <= 0 or n <= 0 else float(betainc(k, then + 1, n / (n + of)))


def _effect(wrong: FloatArray, n: FloatArray) -> float:
    """The variance of a week's exceptions over that of independent decisions, by its upper limit (one-sided 95 %).

    1 where it may be chance.
    """
    share = wrong.sum() / n.sum()
    if not 0 < share < 1:
        return 1.0
    left, days = wrong - share * n, len(n)
    ratio = (
        float(left @ left) * days / (days - 1) * span_ratio(left, WIDTH)[0] / (n.sum() * share * (1 - share))
    )
    margin = 1 + CHANCE * np.sqrt(2 / days)
    return ratio * margin if ratio > margin else 1.0


def _onset(sides: DailySides, reference: tuple[int, int], known: int) -> int:
    """The day from which until ``known`` a step of the exceptions' share is plainest (likelihood; Hinkley 1970)."""
    healthy = slice(*reference)
    begins = np.arange(max(reference[1], known + 1 - BACK), known + 1)
    plain = np.zeros(len(begins))
    for wrong in (sides.below, sides.above):
        p = (wrong[healthy].sum() + 0.5) / (sides.n[healthy].sum() + 1)
        k = np.array([wrong[b : known + 1].sum() for b in begins])
        n = np.array([sides.n[b : known + 1].sum() for b in begins])
        q = np.clip((k + 1e-9) / (n + 2e-9), 1e-12, 1 - 1e-12)
        gain = k * np.log(q / p) + (n - k) * np.log((1 - q) / (1 - p))
        plain = np.maximum(plain, np.where(q > p, gain, 0.0))
    return int(begins[int(np.argmax(plain))])


def cutoff_findings(system: str, departures: Sequence[Departure]) -> list[Finding]:
    """One finding an episode."""
    return [
        Finding(
            system=system,
            signal="cutoff.prediction",
            sentence=departure.sentence,
            since=departure.since,
            until=departure.until,
            severity=Severity.HIGH,
            confidence=None,
            page="drift",
            figures={
                "feature": "prediction",
                "value": departure.now,
                "reference": departure.was,
                "share": departure.share,
                "share_reference": departure.healthy,
                "n": departure.n,
                "version": departure.version,
            },
            known_at=departure.at,
        )
        for departure in departures
    ]

"""Attributions recorded at decision time: in which space they add up, from which base, and whether they do.

Space and base are inferred where the log does not say: under the right link, link(score) less the row's sum
is one constant. Inferred in the link's space, accepted in score space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, Task
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.explain.link_functions import SPACE_NAMES, LinkFunction, link_candidates, tolerance
from plumbline.wording.quantities import count, decimal, percent

#: a link is right if 90 % of its bases lie within this many standard deviations of the linked scores
CONSTANT_WITHIN = 0.1
#: the share of rows that must add up for a version's record to pass
PASSES = 0.95
FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCheck:
    """What one version's recorded attributions add up to.

    ``link`` is None where no link gives a constant base. ``share``: of ``n`` rows with a score and all
    attributions, those whose base + sum meets the score within ``tolerance`` (score units).
    """

    version: str
    link: LinkFunction | None
    base: float | None
    bases: int  # distinct logged bases; 0 where none is logged
    n: int
    share: float
    tolerance: float
    worst: float  # the largest gap, score units
    passed: bool
    sentence: Message


def check_logged(
    attributions: FloatArray,
    scores: FloatArray,
    *,
    base: FloatArray | None = None,
    version: str = "",
    task: Task = Task.BINARY,
    link: LinkFunction | None = None,
) -> LoggedCheck:
    """Infer link and base of one version's attributions (n, d) and check them against its scores (n,).

    ``base`` (n,) where the log has a base column. Scores of exactly 0 or 1 do not serve the inference but
    are checked. Rows with a missing score or attribution are left out.
    """
    whole = np.isfinite(scores) & np.isfinite(attributions).all(axis=1)
    score, total = scores[whole], attributions[whole].sum(axis=1)
    given = None if base is None or not np.isfinite(base[whole]).any() else base[whole]
    near = tolerance(scores, task)
    bases = 0 if given is None else len(np.unique(np.round(given[np.isfinite(given)], 9)))
    failed = LoggedCheck(
        version=version,
        link=None,
        base=None,
        bases=bases,
        n=len(score),
        share=0.0,
        tolerance=near,
        worst=np.nan,
        passed=False,
        sentence=NOTHING,
    )
    if len(score) < FEWEST:
        sentence = message(
            "Only {decisions} have a score and all attributions: too few to check.",
            decisions=_decisions(len(score), version),
        )
        return replace(failed, sentence=sentence)
    tried = [_try_link(candidate, score, total, given) for candidate in _candidates(link, scores, task)]
    chosen, constant, ratio = min(tried, key=lambda t: t[2])
    if not ratio <= CONSTANT_WITHIN:
        return replace(failed, sentence=_no_space_sentence(version))
    start = np.full(len(score), constant) if given is None else np.where(np.isfinite(given), given, constant)
    gap = np.abs(chosen.back(start + total) - score)
    share, worst = float(np.mean(gap <= near)), float(gap.max())
    several = message("The log gives {n} different base values.", n=count(bases))
    meets = message(
        "Base + sum meets the logged score within {near} for {share} of {decisions} "
        "(in {space}, base {base}; largest gap {gap}).",
        near=decimal(near, ".2g"),
        share=percent(share),
        decisions=_decisions(len(score), version),
        space=SPACE_NAMES[chosen.space],
        base=decimal(constant, ".4g"),
        gap=decimal(worst, ".2g"),
    )
    passed = share >= PASSES and bases <= 1
    return LoggedCheck(
        version=version,
        link=chosen,
        base=constant,
        bases=bases,
        n=len(score),
        share=share,
        tolerance=near,
        worst=worst,
        passed=passed,
        sentence=sequence([meets, several if bases > 1 else NOTHING]),
    )


def _decisions(n: int, version: str) -> Message:
    if not version:
        return message("{n} decisions", n=count(n))
    return message("{n} decisions of version {version}", n=count(n), version=version)


def _no_space_sentence(version: str) -> Message:
    if not version:
        return message(
            "The recorded attributions do not add up to the scores in any known space: "
            "score less sum is not one constant."
        )
    return message(
        "The recorded attributions of version {version} do not add up to the scores in any known space: "
        "score less sum is not one constant.",
        version=version,
    )


def check_versions(
    attributions: FloatArray,
    scores: FloatArray,
    versions: NDArray[np.str_] | list[str],
    *,
    base: FloatArray | None = None,
    task: Task = Task.BINARY,
) -> dict[str, LoggedCheck]:
    """One ``LoggedCheck`` a version: one constant base is expected for each."""
    names = np.asarray(versions, dtype=object).astype(str)
    checks = {}
    for version in sorted(set(names.tolist())):
        mine = names == version
        checks[version] = check_logged(
            attributions[mine],
            scores[mine],
            base=None if base is None else base[mine],
            version=version,
            task=task,
        )
    return checks


def _candidates(link: LinkFunction | None, scores: FloatArray, task: Task) -> tuple[LinkFunction, ...]:
    return (link,) if link is not None else link_candidates(scores, task)


def _try_link(
    link: LinkFunction, score: FloatArray, total: FloatArray, given: FloatArray | None
) -> tuple[LinkFunction, float, float]:
    """The link, its base, and how far from constant that base is (90th percentile over the spread)."""
    linked = link.forward(score)
    usable = np.isfinite(linked)
    if usable.sum() < FEWEST // 2:
        return link, np.nan, np.inf
    rest = linked[usable] - total[usable]
    constant = float(np.median(rest) if given is None else np.nanmedian(given))
    if given is not None:
        rest = rest - np.where(np.isfinite(given[usable]), given[usable], constant)
    spread = float(np.std(linked[usable]))
    away = float(np.quantile(np.abs(rest - np.median(rest)), 0.9))
    return link, constant, away / spread if spread > 0 else (0.0 if away < 1e-9 else np.inf)

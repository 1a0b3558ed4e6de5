"""A decision's reasons against a stated population: all decisions, or those just approved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from plumbline.answers.decisions import explain
from plumbline.answers.decisions.context import surroundings
from plumbline.answers.decisions.cutoff import sampled_cut_off
from plumbline.answers.decisions.samples import cached_decision
from plumbline.domain import AttributionSource, Explanation, Task
from plumbline.domain.messages import Number, message, word
from plumbline.explain.reasons.sentences import Reasons, reasons_for
from plumbline.store import systems
from plumbline.store.workspace import Workspace

#: the two comparisons that credit law accepts (Regulation B, official interpretation of section 1002.9(b)(2))
POPULATIONS = ("all", "just approved")
COMPARED = 200


@dataclass(frozen=True, slots=True)
class PopulationReasons:
    """Reasons with the population that they are stated against, in words."""

    reasons: Reasons
    population: str


def reasons_against(
    ws: Workspace, key: str, explanation: Explanation, population: str = "all"
) -> PopulationReasons:
    """The reasons of an explained decision against a population.

    ``all``: against the explanation's own baseline. ``just approved``: against the mean contributions of the
    200 decisions of the version on the favourable side whose scores are nearest to the cut-off.

    Raises:
        PlumblineError: no such system or decision.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        decision = cached_decision(ws, cursor, system, explanation.decision_id)
        wording = explain.wording(system, decision)
        baseline = (
            message("against {baseline}", baseline=explanation.baseline) if explanation.baseline else ""
        )
        if population == "all" or explanation.refused or explanation.source is AttributionSource.SURROGATE:
            return PopulationReasons(reasons_for(explanation, wording), baseline)
        version = decision.version
        cut = sampled_cut_off(ws, cursor, system, version)
        if cut is None or system.task is not Task.BINARY:
            return PopulationReasons(
                reasons_for(explanation, wording), f"{baseline}; nobody is just approved without a cut-off"
            )
        around = surroundings(ws, cursor, system, version).frame
        sources = explain.sources(ws, cursor, system, version, surrogate=False)
    high = wording.adverse == "low"
    score = around["score"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        side = np.flatnonzero(score >= cut.score if high else score < cut.score)
    asked = (
        sources.source is AttributionSource.MODEL
        and sources.model_check is not None
        and sources.model_check.info.asked
    )
    most = explain.ASKED if asked else COMPARED
    nearest = side[np.argsort(np.abs(score[side] - cut.score), kind="stable")[:most]]
    parts, names = explain.contributions_of(system, sources, around.iloc[nearest])
    if not len(nearest) or not names or np.isnan(parts).all():
        return PopulationReasons(reasons_for(explanation, wording), baseline)
    means = dict(zip(names, np.nanmean(parts, axis=0).tolist(), strict=True))
    words = message("against the {n} just approved decisions of a random sample", n=Number(str(len(nearest))))
    return PopulationReasons(
        reasons_for(explanation, replace(wording, means=means, population=word("those just approved"))), words
    )

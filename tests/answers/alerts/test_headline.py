"""The headline metric as a verdict sees it, beside the same on the Accuracy page."""

from __future__ import annotations

from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.performance.series import performance
from tests.answers.conftest import SYSTEM, Held


def test_the_verdict_holds_the_headline_against_the_limits_of_its_page(held: Held) -> None:
    page, verdict = performance(held.ws, SYSTEM), scorecard_answer(held.ws, SYSTEM).measured.standing
    assert len(page.family) > 1  # each metric of a family has wider limits than one alone
    assert (verdict.headline, verdict.by) == (page.headline, page.by)
    assert verdict.points == page.points_of(page.headline)

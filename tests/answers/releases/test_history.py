"""Releases from file to sentence, against pandas on the same rows."""

from __future__ import annotations

import pandas as pd
import pytest

from plumbline.answers.releases.history import ReleasesAnswer, releases
from plumbline.domain import PlumblineError
from tests.answers.conftest import SYSTEM, Held
from tests.factory.loans import START, SWITCH, TEST


@pytest.fixture(scope="module")
def found(held: Held) -> ReleasesAnswer:
    return releases(held.ws, SYSTEM, share=0.5)


def at(day: float) -> pd.Timestamp:
    return START + pd.Timedelta(days=day)


def test_a_test_and_a_shadow_are_told_apart(found: ReleasesAnswer) -> None:
    assert [(c.kind, c.versions) for c in found.comparisons] == [("A/B", ("2", "3")), ("shadow", ("1", "2"))]
    test, shadow = found.comparisons
    assert test.ratio is not None
    assert (test.ratio.intended, test.ratio.status) == (0.5, "ok")
    assert shadow.ratio is None
    assert {(p.version, p.role) for p in found.presences} == {("2", "shadow"), ("3", "beside")}


def test_versions_that_are_alike_do_not_differ_and_a_shadow_that_is_not_does(found: ReleasesAnswer) -> None:
    test, shadow = found.comparisons
    assert not any(m.differs for m in test.measures)
    rate = shadow.measures[0]
    assert rate.metric == "positive_rate"
    assert rate.differs
    assert rate.known_at is not None
    assert at(SWITCH - 5) < rate.known_at.replace(tzinfo=None) <= at(SWITCH)


def test_every_figure_of_a_comparison_is_that_of_the_rows(held: Held, found: ReleasesAnswer) -> None:
    test, shadow = found.comparisons
    rows = held.frame[(held.frame["at"] >= at(TEST)) & (held.frame["at"] < at(TEST + 8))]
    inside = rows[
        (rows["at"] >= test.start.replace(tzinfo=None)) & (rows["at"] <= test.end.replace(tzinfo=None))
    ]
    rate, wrong = (m.difference for m in test.measures)
    for place, version in enumerate(test.versions):
        own = inside[inside["version"] == version]
        known = own[own["true"].notna()]
        assert test.n[place] == len(own)
        assert (rate.before, rate.after)[place] == pytest.approx((own["said"] == "grant").mean())
        assert (wrong.before, wrong.after)[place] == pytest.approx((known["said"] != known["true"]).mean())
    both = held.frame[held.frame["id"].duplicated(keep=False)].pivot(index="id", columns="arm", values="said")
    assert shadow.n_both == len(both)
    assert shadow.agreed == pytest.approx((both["champion"] == both["shadow"]).mean())


def test_the_release_did_it_and_the_inputs_did_not(held: Held, found: ReleasesAnswer) -> None:
    (shift,) = found.shifts
    assert (shift.switch.previous, shift.switch.version) == ("1", "2")
    assert shift.output_split.verdict == "release"
    assert shift.by == ("x",)
    live = held.frame[held.frame["arm"] == "champion"]
    old, new = live[live["version"] == "1"], live[live["version"] == "2"]
    assert shift.output is not None
    assert (shift.output.before, shift.output.after) == pytest.approx(
        ((old["said"] == "grant").mean(), (new["said"] == "grant").mean())
    )
    assert not shift.has_concept_shift


def test_the_guardrail_of_what_was_decided_fires_and_counts_the_wrong_ones_since(
    held: Held, found: ReleasesAnswer
) -> None:
    rate = next(w for w in found.guardrails if w.signal == "positive rate")
    assert rate.fired
    assert rate.since is not None
    assert rate.at is not None
    live = held.frame[(held.frame["version"] == "2") & (held.frame["arm"] == "champion")]
    since = live[live["at"] >= rate.at.replace(tzinfo=None)]
    known = since[since["true"].notna()]
    assert (rate.since.decisions, rate.since.labelled) == (len(since), len(known))
    assert rate.since.wrong == (known["said"] != known["true"]).sum()
    assert rate.since.wrong_positives == ((known["said"] == "grant") & (known["true"] == "refuse")).sum()
    assert (
        f"{rate.since.wrong:,} wrong since, {rate.since.wrong_positives:,} of them 'grant'" in found.sentence
    )


def test_a_share_that_is_none_is_refused(held: Held) -> None:
    with pytest.raises(PlumblineError, match="not a share"):
        releases(held.ws, SYSTEM, share=1.5)

"""Answers that lower what is asked have no effect until a second person approves them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.answers import statements
from plumbline.answers.governance import scorecard as scoring
from plumbline.domain import PlumblineError, Requirement, Tier, Verdict
from plumbline.governance.context import BY_KEY, LOWERING
from plumbline.governance.facts import Facts
from plumbline.governance.verdict import ORDER
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.governance.cases import (
    CREDIT,
    NOW,
    SANDBOX,
    SHOP,
    STATED,
    SUGGESTIONS,
    healthy_facts,
    judge,
    sandboxed,
    thin_facts,
)

EVERY = tuple(BY_KEY)
quick = settings(max_examples=60, deadline=None)
contexts = st.sampled_from([CREDIT, SHOP, SUGGESTIONS, SANDBOX])
answers = st.fixed_dictionaries(
    {},
    optional={key: st.sampled_from([v for v in BY_KEY[key].values if v != "number"]) for key in LOWERING},
)
some_facts = st.sampled_from(
    [healthy_facts(), sandboxed(thin_facts()), thin_facts(), healthy_facts(ai_act_class="minimal"),
     Facts(as_of=NOW)]
)  # fmt: skip


def rank(card: Any) -> int:
    return ORDER.index(card.verdict)


def asked(card: Any) -> set[str]:
    return {r.id for r in card.controls if r.requirement is Requirement.MANDATORY}


@quick
@given(contexts, answers, some_facts, st.sampled_from(LOWERING), st.sets(st.sampled_from(LOWERING)))
def test_no_answer_by_one_person_alone_lowers_what_is_asked_or_betters_the_verdict(
    context: dict[str, str], changed: dict[str, str], facts: Facts, key: str, alone: set[str]
) -> None:
    """Against the strictest answer in its place, and where it would lower what is asked, against leaving it out."""
    stated = context | changed
    mine = judge(facts, stated, STATED, alone=alone | {key})
    strictest = BY_KEY[key].strictest or "unknown"
    strict = judge(facts, stated | {key: strictest}, STATED, alone=alone)
    assert rank(mine) >= rank(strict)
    assert asked(mine) >= asked(strict)
    without = {k: v for k, v in stated.items() if k != key}
    left_out = judge(facts, without, STATED, alone=alone)
    assert asked(mine) >= asked(left_out)
    if key in mine.waiting and without.keys() - {"interactions_per_month", "exemption"}:
        assert rank(mine) >= rank(left_out)


@quick
@given(contexts, answers, some_facts)
def test_the_answers_that_wait_change_nothing_but_that_somebody_said_something(
    context: dict[str, str], changed: dict[str, str], facts: Facts
) -> None:
    stated = context | changed
    mine = judge(facts, stated, STATED, alone=EVERY)
    kept = {key: answer for key, answer in stated.items() if key not in mine.waiting}
    same = judge(facts, kept, STATED, alone=EVERY)
    if same.verdict is not Verdict.NOT_YET_JUDGED:
        assert (mine.verdict, mine.tier, asked(mine)) == (same.verdict, same.tier, asked(same))


def test_answers_that_lower_nothing_need_nobody_else() -> None:
    one, two = judge(healthy_facts(), CREDIT, alone=EVERY), judge(healthy_facts(), CREDIT)
    assert one == two
    assert one.verdict is Verdict.MATURE


def test_the_stricter_reading_stands_until_a_second_person_approves() -> None:
    card = judge(thin_facts(), SUGGESTIONS, (), alone=EVERY)
    assert card.tier is Tier.REGULATED
    assert card.verdict is Verdict.LIABILITY
    assert "impact" in card.waiting
    assert not card.context_complete
    assert any("until a second person approves" in reason for reason in card.reasons)
    assert judge(thin_facts(), SUGGESTIONS, ()).tier is Tier.LIGHT
    sandbox = judge(sandboxed(thin_facts()), SANDBOX, (), alone=EVERY)
    assert sandbox.verdict is Verdict.LIABILITY
    assert judge(Facts(as_of=NOW), SANDBOX | {"impact": "pricing"}, alone=EVERY).verdict is Verdict.LIABILITY


def test_a_second_name_approves_and_a_changed_answer_waits_again(shop: Workspace) -> None:
    def card() -> Any:
        return scoring.scorecard(shop, "shop", at=NOW)

    mild = {**SUGGESTIONS, "interactions_per_month": "unknown"}
    statements.save_context(shop, "shop", mild, by="Ana")
    assert card().tier is Tier.REGULATED
    for by in ("Ana", " ana ", "ANA"):
        with pytest.raises(PlumblineError, match="of their own"):
            statements.approve_context(shop, "shop", by=by)
    statements.save_context(shop, "shop", mild, by="Ana")  # saying it twice is no second person
    assert card().tier is Tier.REGULATED
    statements.approve_context(shop, "shop", by="Bo")
    assert card().tier is Tier.LIGHT
    changes = scoring.scorecard_answer(shop, "shop", at=NOW).changes
    assert changes is not None
    assert "a second person approved the answer to impact" in changes.statements
    with pytest.raises(PlumblineError, match="No answer waits"):
        statements.approve_context(shop, "shop", by="Cy")
    statements.save_context(shop, "shop", {"impact": "operations"}, by="Bo")
    assert card().tier is Tier.REGULATED
    statements.save_context(shop, "shop", {"impact": "operations"}, by="Ana")  # the same by another: approved
    assert card().tier is Tier.LIGHT
    statements.save_context(shop, "shop", {"harm": "yes"}, by="Ana")  # stricter: one person is enough
    assert card().tier is Tier.REGULATED
    with shop.read() as cursor:
        approved = trail.entries(cursor, system="shop", action="context approved")
    assert [entry.actor for entry in approved] == ["Ana", "Bo"]

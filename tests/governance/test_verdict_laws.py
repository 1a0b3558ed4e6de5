"""The laws of the verdict, which random systems try to break."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from plumbline.domain import EvidenceKind, Status, Tier, Verdict
from plumbline.governance.conditions import default_conditions
from plumbline.governance.context import TIER_QUESTIONS, read_context
from plumbline.governance.facts import Facts, LatestRecord
from plumbline.governance.resolution import RANK
from plumbline.governance.verdict import ORDER, decide
from tests.governance.cases import (
    CREDIT,
    NOW,
    SANDBOX,
    STATED,
    SUGGESTIONS,
    TODAY,
    attested,
    days_ago,
    exempted,
    healthy_facts,
    judge,
)
from tests.governance.ladders import (
    CONTROLS,
    EVENTS,
    LADDERS,
    MAY_BE_UNKNOWN,
    UNSEEN,
    contexts,
    made,
    quick,
    rank,
    some_worse,
    statements,
    waivers,
)


@quick
@given(
    contexts,
    some_worse,
    st.sets(st.sampled_from(UNSEEN)),
    st.lists(
        st.builds(LatestRecord, st.sampled_from(EVENTS), st.integers(-9, 500).map(days_ago), st.just("Ana")),
        max_size=5,
    ),
)
def test_what_people_record_passes_nothing(
    context: dict[str, str], steps: dict[str, int], unseen: set[str], told: list[LatestRecord]
) -> None:
    facts = replace(made(steps), **dict.fromkeys(unseen))
    silent, loud = judge(facts, context), judge(replace(facts, noted=tuple(told)), context)
    for before, after in zip(silent.controls, loud.controls, strict=True):
        if before.status is not Status.PASS:
            assert after.status is not Status.PASS, after.id
        strong = before.evidence.kind in (EvidenceKind.MEASURED, EvidenceKind.PROBED)
        if strong and before.evidence.status is Status.PASS and before.id != "CMP-6":
            assert after.evidence == before.evidence


@quick
@given(contexts, some_worse, st.sampled_from(sorted(LADDERS)), statements, waivers)
def test_worse_evidence_never_gives_a_better_verdict(
    context: dict[str, str], steps: dict[str, int], name: str, said: list[Any], waived: list[Any]
) -> None:
    before = judge(made(steps), context, (*STATED, *said), waived)
    worse = judge(made({**steps, name: steps.get(name, 0) + 1}), context, (*STATED, *said), waived)
    assert rank(worse) >= rank(before)


def test_every_step_down_a_ladder_leaves_every_control_as_it_was_or_worse() -> None:
    for name, ladder in LADDERS.items():
        cards = [judge(healthy_facts(**{name: value}), CREDIT) for value in ladder]
        assert cards[0].verdict is Verdict.MATURE, name
        for better, worse in pairwise(cards):
            assert rank(worse) >= rank(better), name
            for a, b in zip(better.controls, worse.controls, strict=True):
                assert RANK[b.status] >= RANK[a.status], (name, a.id)
    last = {name: ladder[-1] for name, ladder in LADDERS.items()}
    assert judge(healthy_facts(**last), CREDIT).verdict is Verdict.LIABILITY


def test_each_mandatory_fact_taken_to_its_worst_costs_the_best_verdict() -> None:
    for name in set(LADDERS) - {"decisions_a_month"}:
        assert judge(healthy_facts(**{name: LADDERS[name][-1]}), CREDIT).verdict is not Verdict.MATURE, name


@quick
@given(contexts, some_worse, st.sampled_from(MAY_BE_UNKNOWN), statements)
def test_unknown_is_never_better_than_what_passes(
    context: dict[str, str], steps: dict[str, int], name: str, said: list[Any]
) -> None:
    known = made({key: step for key, step in steps.items() if key != name})
    dark = judge(replace(known, **{name: None}), context, (*STATED, *said))
    before = judge(known, context, (*STATED, *said))
    changed = [
        (a, b) for a, b in zip(before.controls, dark.controls, strict=True) if a.status is not b.status
    ]
    for a, b in changed:
        assert b.status is not Status.PASS, (name, a.id)
    if all(a.status is Status.PASS for a, _ in changed) and dark.tier is before.tier:
        assert rank(dark) >= rank(before)


statuses = st.lists(st.sampled_from(list(RANK)), min_size=len(CONTROLS), max_size=len(CONTROLS))


@quick
@given(contexts, statuses, st.integers(0, len(CONTROLS) - 1), st.sampled_from(list(RANK)))
def test_a_worse_status_never_gives_a_better_verdict(
    context: dict[str, str], found: list[Status], index: int, other: Status
) -> None:
    facts = healthy_facts()
    reading = read_context(context, facts)

    def verdict(status: Status) -> int:
        given_statuses = [*found[:index], status, *found[index + 1 :]]
        results = [
            replace(result, status=new, evidence=replace(result.evidence, status=new))
            for result, new in zip(judge(facts, context).controls, given_statuses, strict=True)
        ]
        return ORDER.index(decide(results, reading, default_conditions(results, reading), facts))

    better, worse = sorted((found[index], other), key=RANK.__getitem__)
    assert verdict(worse) >= verdict(better)


def test_a_fact_that_nobody_knows_never_counts_as_pass() -> None:
    blind = Facts(as_of=NOW, decisions=1_000)
    passing = {r.id for r in judge(blind, CREDIT, ()).controls if r.status is Status.PASS}
    assert passing == set()


@quick
@given(contexts, some_worse, statements, waivers)
def test_an_attestation_never_outvotes_what_was_measured_or_probed(
    context: dict[str, str], steps: dict[str, int], said: list[Any], waived: list[Any]
) -> None:
    silent, loud = judge(made(steps), context, ()), judge(made(steps), context, said)
    for alone, claimed in zip(silent.controls, loud.controls, strict=True):
        strong = alone.evidence.kind in (EvidenceKind.MEASURED, EvidenceKind.PROBED)
        if alone.id == "CMP-6":  # counts which references a passing control answers, an attested one too
            continue
        if strong and alone.evidence.status is not Status.UNKNOWN:
            assert claimed.status is alone.status
            assert claimed.evidence == alone.evidence
    if any(r.status is Status.FAIL and r.evidence.kind is EvidenceKind.MEASURED for r in silent.controls
           if r.requirement == "mandatory"):  # fmt: skip
        assert loud.verdict is (Verdict.LIABILITY if context else Verdict.NOT_YET_JUDGED)


@quick
@given(contexts, some_worse, statements, waivers)
def test_adding_an_exemption_never_lifts_the_verdict_above_managed(
    context: dict[str, str], steps: dict[str, int], said: list[Any], waived: list[Any]
) -> None:
    before = judge(made(steps), context, (*STATED, *said))
    after = judge(made(steps), context, (*STATED, *said), waived)
    assert after.verdict is before.verdict or rank(after) >= ORDER.index(Verdict.MANAGED)
    assert after.verdict is not Verdict.MATURE or before.verdict is Verdict.MATURE


@quick
@given(contexts, some_worse, st.sampled_from(CONTROLS), st.integers(1, 60))
def test_the_day_after_a_statement_ends_it_is_as_if_never_made(
    context: dict[str, str], steps: dict[str, int], name: str, days: int
) -> None:
    item = attested(name, expires=TODAY + timedelta(days=days))
    waiver = exempted(name, TODAY + timedelta(days=days))
    last, after = NOW + timedelta(days=days), NOW + timedelta(days=days + 1)
    for said, waived in (([item], []), ([], [waiver])):
        held = next(r for r in judge(made(steps), context, said, waived, last).controls if r.id == name)
        gone = next(r for r in judge(made(steps), context, said, waived, after).controls if r.id == name)
        never = next(r for r in judge(made(steps), context, (), (), after).controls if r.id == name)
        assert gone.status is never.status
        # what people record in a register, as of complaints, is attested as well and ends with no statement
        recorded = never.evidence.kind is EvidenceKind.ATTESTED
        assert gone.evidence.kind is never.evidence.kind or gone.evidence.kind is not EvidenceKind.ATTESTED
        if held.evidence.kind is EvidenceKind.ATTESTED and gone.requirement != "not asked" and not recorded:
            assert gone.status in (Status.FAIL, Status.UNKNOWN)


def test_a_newer_statement_replaces_an_older_one_for_good() -> None:
    old = attested("AUD-5", expires=TODAY + timedelta(days=300), at=TODAY - timedelta(days=20))
    new = attested("AUD-5", expires=TODAY + timedelta(days=10), at=TODAY - timedelta(days=2))
    later = NOW + timedelta(days=11)
    card = judge(healthy_facts(lineage_versions=None), CREDIT, (*STATED, old, new), (), later)
    assert next(r for r in card.controls if r.id == "AUD-5").status is Status.UNKNOWN


@quick
@given(contexts, statements, waivers)
def test_a_system_without_decisions_is_a_liability_once_it_is_in_production(
    context: dict[str, str], said: list[Any], waived: list[Any]
) -> None:
    everything = [exempted(name) for name in CONTROLS]
    for facts in (Facts(as_of=NOW), healthy_facts(decisions=0)):
        expected = Verdict.LIABILITY if context else Verdict.NOT_YET_JUDGED
        assert judge(facts, context, said, waived).verdict is expected
        assert judge(facts, context, said, everything).verdict is expected


@quick
@given(some_worse, statements, waivers)
def test_a_sandbox_the_log_contradicts_gets_exactly_the_verdict_of_production(
    steps: dict[str, int], said: list[Any], waived: list[Any]
) -> None:
    facts = made(steps)
    assume(facts.overrides_90_days or facts.outcomes_arrive_later)
    sandbox = judge(facts, SANDBOX, said, waived)
    production = judge(facts, SANDBOX | {"environment": "production"}, said, waived)
    assert sandbox.verdict is production.verdict is not Verdict.EXEMPT
    assert sandbox.controls == production.controls
    assert sandbox.reasons[0] == sandbox.contradictions[0]


#: From the lightest to the strictest.
TIERS = (Tier.EXEMPT, Tier.LIGHT, Tier.FULL, Tier.REGULATED)
#: What asks for the regulated tier: a context question, or the AI Act's class where it is worked out.
GRAVER = {"harm": "yes", "regulated_buyers": "yes", "financial_entity": "yes", "ai_act_class": "high risk"}
any_answers = st.fixed_dictionaries({}, optional={q.key: st.sampled_from(q.values) for q in TIER_QUESTIONS})
classes = st.sampled_from([None, "minimal", "transparency", "high risk", "prohibited"])


@quick
@given(any_answers, classes, st.sampled_from(sorted(GRAVER)))
def test_no_answer_about_harm_buyers_dora_or_high_risk_ever_lowers_the_tier(
    answers: dict[str, str], ai_act_class: str | None, key: str
) -> None:
    def tier(answers: dict[str, str], ai_act_class: str | None) -> int:
        return TIERS.index(read_context(answers, healthy_facts(ai_act_class=ai_act_class)).tier)

    if key == "ai_act_class":
        assert tier(answers, GRAVER[key]) >= tier(answers, ai_act_class)
        return
    graver = tier(answers | {key: GRAVER[key]}, ai_act_class)
    assert graver >= tier(answers, ai_act_class)
    assert graver >= tier(answers | {key: "no"}, ai_act_class)


@quick
@given(any_answers, classes)
def test_light_is_for_what_recommends_runs_or_decides_nothing_and_harms_nobody(
    answers: dict[str, str], ai_act_class: str | None
) -> None:
    reading = read_context(answers, healthy_facts(ai_act_class=ai_act_class))
    if reading.tier is Tier.LIGHT:
        assert answers["impact"] in ("recommendation", "operations", "none")
        assert answers["oversight"] == "always"
        assert all(
            answers[key] == "no" for key in ("critical", "harm", "regulated_buyers", "financial_entity")
        )
        assert ai_act_class not in ("high risk", "prohibited")


@quick
@given(some_worse, st.sampled_from(sorted(set(CREDIT) - {"exemption"})))
def test_withdrawing_an_answer_never_gives_a_better_verdict_than_the_mildest_answer(
    steps: dict[str, int], key: str
) -> None:
    mild = SUGGESTIONS | {"critical": "yes"}
    without = {k: v for k, v in mild.items() if k != key}
    assert rank(judge(made(steps), without)) >= rank(judge(made(steps), mild))

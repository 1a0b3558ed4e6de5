"""Past scorecards: the same bytes from the same inputs, and what changed between two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from plumbline.answers import statements as promises
from plumbline.answers.governance import past_scorecards
from plumbline.answers.governance import scorecard as scoring
from plumbline.domain import PlumblineError, Scorecard, Status, Verdict
from plumbline.governance import canonical_json, history
from plumbline.governance.history import ScorecardInputs
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.governance.cases import CREDIT, NOW, STATED, TODAY, attested, breach, exempted, healthy_facts
from tests.governance.test_verdict_laws import contexts, made, quick, some_worse, statements, waivers


def inputs(**changes: Any) -> ScorecardInputs:
    return replace(
        ScorecardInputs(system="s", at=NOW, facts=healthy_facts(), context=dict(CREDIT), attestations=STATED),
        **changes,
    )


@quick
@given(contexts, some_worse, statements, waivers)
def test_a_scorecard_recomputes_from_its_kept_inputs_to_the_same_bytes(
    context: dict[str, str], steps: dict[str, int], said: list[Any], waived: list[Any]
) -> None:
    stake = {"amount": 2.5e6, "currency": "EUR", "since": NOW, "sentence": "ä lot"}
    held = ScorecardInputs(
        system="s",
        at=NOW,
        facts=made(steps),
        context=context,
        attestations=(*STATED, *said),
        exemptions=tuple(waived),
        limits={"MON-3": {"age_days": 90}},
        stake=stake,
    )
    card, text = history.judge(held), canonical_json.write(held)
    assert canonical_json.write(canonical_json.read(ScorecardInputs, text)) == text
    assert history.recompute(text) == canonical_json.write(card)
    assert canonical_json.read(Scorecard, canonical_json.write(card)) == replace(
        card, at_stake={**stake, "since": NOW.isoformat()}
    )


def test_what_json_cannot_hold_is_refused_and_not_kept_as_something_else() -> None:
    with pytest.raises(PlumblineError, match="cannot be kept"):
        canonical_json.write(inputs(stake={"amount": float("nan")}))
    with pytest.raises(PlumblineError, match="not a readable ScorecardInputs"):
        canonical_json.read(ScorecardInputs, '{"system": "s", "at": "yesterday", "facts": {}}')


def test_the_moment_alone_does_not_make_another_scorecard_but_an_ended_statement_does() -> None:
    held = inputs(attestations=(*STATED[1:], attested("SEC-1", expires=TODAY + timedelta(days=5))))

    def digest(days: int) -> str:
        later = replace(held, at=NOW + timedelta(days=days))
        return history.scorecard_digest(later, history.judge(later))

    assert digest(0) == digest(5) != digest(6)


def test_the_last_bits_of_what_was_measured_do_not_make_another_scorecard_but_a_digit_does() -> None:
    def digest(times: float) -> str:
        groups = tuple(replace(g, ratio=g.ratio * times) for g in healthy_facts().fairness or ())
        held = inputs(facts=healthy_facts(fairness=groups))
        return history.scorecard_digest(held, history.judge(held))

    assert digest(1 + 1e-14) == digest(1.0) == digest(1 - 1e-14)
    assert digest(1.00001) != digest(1.0)


def test_changes_say_control_by_control_what_became_worse_first() -> None:
    before = inputs(attestations=(*STATED, attested("AUD-5")))
    after = replace(
        before, at=NOW + timedelta(days=400), context={**CREDIT, "oversight": "never"},
        facts=replace(before.facts, performance_breach=breach(40), guardrail_on=True, model_age_days=20),
        exemptions=(exempted("FAIR-1"),), limits={"MON-3": {"age_days": 90.0}},
    )  # fmt: skip
    found = history.compare(history.judge(before), history.judge(after), (before, after))
    changed = {c.id: (c.before, c.after) for c in found.controls}
    assert changed["MON-4"] == ("pass", "fail")
    assert "CMP-7" in changed
    assert not found.controls[0].is_improvement
    assert found.context == (("oversight", "sometimes", "never"),)
    assert "Bo exempted FAIR-1 until 2026-07-31" in found.statements
    assert "limits of MON-3 set to age_days 90" in found.statements
    back = history.compare(history.judge(after), history.judge(before))
    assert {c.id for c in back.controls if c.is_improvement} >= {"MON-4"}
    assert not history.compare(history.judge(before), history.judge(before)).controls


def judged(ws: Workspace, days: int) -> Scorecard:
    return scoring.scorecard(ws, "shop", at=NOW + timedelta(days=days))


def test_the_scorecard_of_a_past_date_is_shown_and_proven_and_an_altered_one_detected(
    shop: Workspace,
) -> None:
    first = judged(shop, 0)
    promises.attest(shop, replace(attested("CMP-7", at=TODAY), system="shop"))
    second = judged(shop, 3)
    assert judged(shop, 4).controls == second.controls
    then = past_scorecards.past_scorecard(shop, "shop", TODAY.isoformat())
    assert then.same is True
    assert then.card == replace(first, since=None, judged_at=None)
    later = past_scorecards.past_scorecard(shop, "shop", (TODAY + timedelta(days=9)).isoformat())
    assert later.card == replace(second, since=None, judged_at=None)
    between = past_scorecards.changes(
        shop, "shop", TODAY.isoformat(), (TODAY + timedelta(days=3)).isoformat()
    )
    assert [(c.id, c.before, c.after) for c in between.controls] == [("CMP-7", "unknown", "pass")]
    assert between.statements == ("Ana attested CMP-7 (pass)",)
    with pytest.raises(PlumblineError, match=r"No scorecard of shop had been made by 2020-01-01.*2026-07-01"):
        past_scorecards.past_scorecard(shop, "shop", "2020-01-01")

    with shop.write() as cursor:
        cursor.execute(
            "UPDATE scorecard SET given = replace(given, '\"decisions\":', '\"decisions\":9') WHERE id = 1"
        )
    assert past_scorecards.past_scorecard(shop, "shop", TODAY.isoformat()).same is False
    with shop.write() as cursor:
        cursor.execute("UPDATE scorecard SET body = replace(body, 'NOT_YET_JUDGED', 'MANAGED') WHERE id = 2")
    altered = past_scorecards.past_scorecard(shop, "shop", (TODAY + timedelta(days=9)).isoformat())
    assert altered.same is False
    assert "altered" in altered.sentence


def test_a_changed_catalogue_is_said(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(shop, 0)
    monkeypatch.setattr(history, "catalogue_hash", lambda: "other")
    found = past_scorecards.past_scorecard(shop, "shop", TODAY.isoformat())
    assert found.same is None
    assert "catalogue changed" in found.sentence
    promises.attest(shop, replace(attested("CMP-7", at=TODAY), system="shop"))
    judged(shop, 2)
    day = (TODAY + timedelta(days=2)).isoformat()
    assert past_scorecards.changes(shop, "shop", TODAY.isoformat(), day).catalogue_changed


def test_a_kept_scorecard_is_on_the_trail_and_an_altered_trail_fails_the_control(shop: Workspace) -> None:
    change = shop.change()
    card = judged(shop, 0)
    assert shop.change() == change  # nothing that another answer rests on
    with shop.read() as cursor:
        entry = trail.entries(cursor, system="shop", limit=1)[0]
    assert entry.action == "scorecard kept"
    assert entry.detail["card"] == history.sha256(
        canonical_json.write(replace(card, since=None, judged_at=None))
    )
    with shop.write() as cursor:
        cursor.execute("UPDATE trail SET actor = 'nobody' WHERE seq = 2")
    broken = judged(shop, 0)
    assert next(c for c in broken.controls if c.id == "AUD-3").status is Status.FAIL
    assert (
        broken.verdict is Verdict.NOT_YET_JUDGED
    )  # nobody said what it is for; the control fails all the same


def test_a_scorecard_kept_before_inputs_were_says_so(shop: Workspace) -> None:
    with shop.write() as cursor:
        cursor.execute(
            "INSERT INTO scorecard (id, system, made_at, verdict, inputs, body)"
            " VALUES (99, 'shop', ?, 'EXPOSED', 'x', '{}')",
            [NOW.replace(tzinfo=None) - timedelta(days=30)],
        )
    with pytest.raises(PlumblineError, match=r"kept as its verdict alone \(EXPOSED\)"):
        past_scorecards.past_scorecard(shop, "shop", (TODAY - timedelta(days=10)).isoformat())

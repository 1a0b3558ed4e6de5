"""What people record in the workspace: statements with evidence and approval, incidents, who does what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plumbline.answers import statements
from plumbline.answers.alerts import incidents
from plumbline.answers.data.load import load_file
from plumbline.answers.governance import scorecard as scoring
from plumbline.domain import Attestation, Exemption, PlumblineError, Status, Verdict
from plumbline.governance.context_effects import effects
from plumbline.governance.facts import Facts
from plumbline.store.workspace import Workspace
from tests.factory.shop import shop_log
from tests.governance.cases import (
    CREDIT,
    NOW,
    SANDBOX,
    SHOP,
    STATED,
    SUGGESTIONS,
    TODAY,
    attested,
    control,
    exempted,
    healthy_facts,
    judge,
)

REAL_NOW = datetime.now(UTC)


def stated(name: str, **changes: Any) -> Attestation:
    return replace(attested(name, at=TODAY), system="shop", **changes)


def status(ws: Workspace, name: str) -> Status:
    return control(scoring.scorecard(ws, "shop", at=NOW), name).status


def test_evidence_is_kept_by_its_hash_and_an_altered_file_is_refused(shop: Workspace) -> None:
    statements.attest(shop, stated("CMP-1", link=""))
    assert status(shop, "CMP-1") is Status.PARTIAL  # without the document
    statements.attest(shop, stated("CMP-1", link=""), file=("record of processing.pdf", b"%PDF-1.7 real"))
    assert status(shop, "CMP-1") is Status.PASS
    newest = statements.statements(shop, "shop").attestations[0]
    assert statements.evidence_file(shop, newest.evidence) == ("record of processing.pdf", b"%PDF-1.7 real")
    with shop.write() as cursor:
        cursor.execute("UPDATE evidence_file SET body = 'other'::BLOB")
    with pytest.raises(PlumblineError, match="altered"):
        statements.evidence_file(shop, newest.evidence)
    with pytest.raises(PlumblineError, match="not kept here"):
        statements.evidence_file(shop, "0" * 64)
    with pytest.raises(PlumblineError, match="larger than 5 MB"):
        statements.attest(shop, stated("CMP-1"), file=("big.pdf", b"x" * 5_000_001))


def test_with_four_eyes_a_statement_waits_for_a_second_person(shop: Workspace) -> None:
    statements.change_settings(shop, "shop", {"four_eyes": True}, by="Ana")
    statements.attest(shop, stated("CMP-7"))
    card = scoring.scorecard(shop, "shop", at=NOW)
    assert control(card, "CMP-7").status is Status.UNKNOWN
    assert "waits for a second person's approval" in control(card, "CMP-7").evidence.sentence
    (item,) = statements.statements(shop, "shop").attestations
    for by in ("Ana", " ana "):
        with pytest.raises(PlumblineError, match="of their own"):
            statements.approve(shop, "shop", item.id, by=by, on=TODAY)
    statements.approve(shop, "shop", item.id, by="Bo", on=TODAY)
    assert status(shop, "CMP-7") is Status.PASS
    with pytest.raises(PlumblineError, match="approved by Bo already"):
        statements.approve(shop, "shop", item.id, by="Cy", on=TODAY)
    with pytest.raises(PlumblineError, match="no such statement"):
        statements.approve(shop, "shop", 999, by="Bo", on=TODAY)
    again = scoring.scorecard_answer(shop, "shop", at=NOW)
    assert again.changes is not None
    assert "Bo approved the statement by Ana on CMP-7" in again.changes.statements
    statements.attest(shop, stated("CMP-7", status=Status.FAIL, owner="Cy"))
    assert status(shop, "CMP-7") is Status.FAIL  # one person is enough to say that it does not hold


def test_with_four_eyes_an_exemption_waits_for_a_second_person(shop: Workspace) -> None:
    def asked(**more: Any) -> Exemption:
        given = {"until": TODAY + timedelta(days=30), "at": TODAY, **more}
        return statements.exempt(shop, Exemption("shop", "MON-7", "Phased", "Ana", **given, link="dms/2"))

    assert asked().approver == "Ana"  # one person is enough
    assert status(shop, "MON-7") is Status.EXEMPT
    statements.change_settings(shop, "shop", {"four_eyes": True}, by="Ana")
    assert status(shop, "MON-7") is Status.FAIL  # nobody else ever looked at it
    item = asked(until=TODAY + timedelta(days=60))
    assert (item.proposer, item.approver) == ("Ana", "")
    card = scoring.scorecard(shop, "shop", at=NOW)
    assert control(card, "MON-7").status is Status.FAIL
    assert "asked for by Ana" in control(card, "MON-7").evidence.sentence
    assert "waits for a second person's approval" in control(card, "MON-7").evidence.sentence
    newest, first = statements.pending_approvals(statements.statements(shop, "shop"), TODAY)[1]
    for by in ("Ana", " ana "):
        with pytest.raises(PlumblineError, match="that they asked for"):
            statements.approve_exemption(shop, "shop", newest.id, by=by, on=TODAY)
    statements.approve_exemption(shop, "shop", newest.id, by="Bo", on=TODAY)
    card = scoring.scorecard(shop, "shop", at=NOW)
    assert control(card, "MON-7").status is Status.EXEMPT
    assert "asked for by Ana, approved by Bo" in control(card, "MON-7").evidence.sentence
    with pytest.raises(PlumblineError, match="approved by Bo already"):
        statements.approve_exemption(shop, "shop", newest.id, by="Cy", on=TODAY)
    with pytest.raises(PlumblineError, match="no such exemption"):
        statements.approve_exemption(shop, "shop", 999, by="Bo", on=TODAY)
    changes = scoring.scorecard_answer(shop, "shop", at=NOW).changes
    assert changes is not None
    assert any(said.startswith("Bo approved the exemption of MON-7") for said in changes.statements)
    statements.change_settings(shop, "shop", {"four_eyes": None}, by="Ana")
    assert statements.pending_approvals(statements.statements(shop, "shop"), TODAY) == ((), ())
    assert first.proposer == ""


def test_an_exemption_has_a_document_ends_within_a_year_and_before_commercial_use(shop: Workspace) -> None:
    def asked(**more: Any) -> Exemption:
        given = {"until": TODAY + timedelta(days=300), "at": TODAY, "link": "dms/2", **more}
        return statements.exempt(shop, Exemption("shop", "MON-7", "Phased", "Ana", **given))

    with pytest.raises(PlumblineError, match="needs a document"):
        asked(link=" ")
    with pytest.raises(PlumblineError, match="twelve months at most"):
        asked(until=TODAY + timedelta(days=366))
    asked()
    assert status(shop, "MON-7") is Status.EXEMPT
    statements.change_settings(
        shop, "shop", {"commercial_from": (TODAY + timedelta(days=1)).isoformat()}, by="Ana"
    )
    assert status(shop, "MON-7") is Status.EXEMPT
    later = scoring.scorecard(shop, "shop", at=NOW + timedelta(days=1))
    assert control(later, "MON-7").status is Status.FAIL
    assert "The exemption ended on 1 July 2026." in control(later, "MON-7").evidence.sentence
    with pytest.raises(PlumblineError, match="in commercial use since 2 July 2026"):
        asked(at=TODAY + timedelta(days=1))


def test_an_older_exemption_without_a_document_or_without_end_loses_its_effect() -> None:
    facts = healthy_facts(retraining_trigger=False)
    bare = replace(exempted("MON-7"), link="")
    card = judge(facts, CREDIT, STATED, [bare])
    assert control(card, "MON-7").status is Status.FAIL
    assert "names no document" in control(card, "MON-7").evidence.sentence
    long = exempted("MON-7", TODAY + timedelta(days=3000))
    until = control(judge(facts, CREDIT, STATED, [long]), "MON-7").evidence.until
    assert until == long.at.replace(year=long.at.year + 1)


def test_four_eyes_never_give_a_better_verdict() -> None:
    for said in (
        STATED,
        (*STATED, attested("SEC-1", Status.FAIL)),
        tuple(replace(a, approved_by="Bo") for a in STATED),
    ):
        from plumbline.governance.verdict import ORDER, scorecard

        one = judge(healthy_facts(), CREDIT, said)
        two = scorecard("s", healthy_facts(), CREDIT, said, (), NOW, four_eyes=True)
        assert ORDER.index(two.verdict) >= ORDER.index(one.verdict)
    assert two.verdict is one.verdict is Verdict.MATURE


def test_what_ends_within_30_days_is_said_unless_it_was_renewed(shop: Workspace) -> None:
    statements.attest(shop, stated("SEC-1", expires=TODAY + timedelta(days=20)))
    statements.attest(shop, stated("SEC-2", expires=TODAY + timedelta(days=31)))
    statements.attest(shop, stated("CMP-7", expires=TODAY + timedelta(days=5)))
    statements.attest(shop, stated("CMP-7", expires=TODAY + timedelta(days=200)))
    statements.exempt(shop, replace(exempted("FAIR-1", TODAY + timedelta(days=3)), system="shop"))
    found = statements.reminders(statements.statements(shop, "shop"), TODAY)
    assert [(r.kind, r.control) for r in found] == [("exemption", "FAIR-1"), ("attestation", "SEC-1")]
    later = statements.reminders(statements.statements(shop, "shop"), TODAY + timedelta(days=25))
    assert [r.control for r in later] == ["FAIR-1", "SEC-1", "SEC-2"]  # ended, and not renewed


def test_an_incident_goes_through_its_clock_and_into_cmp_4(shop: Workspace) -> None:
    def facts() -> Facts:
        return scoring.scorecard_answer(shop, "shop").measured.facts

    knew = REAL_NOW - timedelta(hours=30)
    item = incidents.open_incident(
        shop, "shop", "Wrong prices", by="Ana", aware_at=knew, at=knew + timedelta(hours=1)
    )
    assert (facts().incidents, facts().incidents_overdue) == (1, 1)  # it was to be classified within 24 hours
    card = scoring.scorecard(shop, "shop")
    assert control(card, "CMP-4").evidence.sentence == "1 incident has a step that is due and not done."
    item = incidents.classify(
        shop, "shop", item.id, by="Ana", flags=("personal_data",), critical_service=True,
        criteria=("clients", "duration"), at=REAL_NOW - timedelta(hours=28),
    )  # fmt: skip
    assert item.flags == ("major", "personal_data")
    assert facts().incidents_overdue == 1  # DORA's first notice was due 24 hours after somebody knew
    incidents.give_notice(shop, "shop", item.id, "dora_initial", by="Ana")
    assert facts().incidents_overdue == 0
    with pytest.raises(PlumblineError, match="calls for no such notice"):
        incidents.give_notice(shop, "shop", item.id, "ai_act_death", by="Ana")
    with pytest.raises(PlumblineError, match="closed with its cause"):
        incidents.close_incident(shop, "shop", item.id, by="Ana", cause=" ")
    incidents.close_incident(shop, "shop", item.id, by="Ana", cause="Stale feed; feed is watched now")
    with pytest.raises(PlumblineError, match="is closed"):
        incidents.classify(shop, "shop", item.id, by="Ana", flags=())
    (kept,) = incidents.incidents(shop, "shop")
    assert kept.closed_at is not None
    assert facts().incidents == 1


@pytest.mark.parametrize(
    ("title", "by", "aware", "at", "said"),
    [
        (" ", "Ana", None, None, "title and a name"),
        ("x", " ", None, None, "title and a name"),
        ("x", "Ana", REAL_NOW + timedelta(days=1), None, "has to know"),
        ("x", "Ana", None, REAL_NOW + timedelta(days=1), "has to know"),
    ],
)
def test_an_incident_that_cannot_be_is_refused(
    shop: Workspace, title: str, by: str, aware: Any, at: Any, said: str
) -> None:
    with pytest.raises(PlumblineError, match=said):
        incidents.open_incident(shop, "shop", title, by=by, aware_at=aware, at=at)
    made = incidents.open_incident(shop, "shop", "x", by="Ana")
    with pytest.raises(PlumblineError, match="never classified"):
        incidents.close_incident(shop, "shop", made.id, by="Ana", cause="y")
    with pytest.raises(PlumblineError, match="no incident 999"):
        incidents.classify(shop, "shop", 999, by="Ana", flags=())
    with pytest.raises(PlumblineError, match="not what an incident can be"):
        incidents.classify(shop, "shop", made.id, by="Ana", flags=("awful",))


def test_an_incident_recorded_elsewhere_and_still_open_leaves_it_unknown(shop: Workspace) -> None:
    from plumbline.answers.events import record

    with pytest.raises(PlumblineError, match="no finding 7"):
        record(shop, "shop", "incident opened", by="pipeline", finding=7)
    record(shop, "shop", "incident opened", by="pipeline")
    assert scoring.scorecard_answer(shop, "shop").measured.facts.incidents_overdue is None
    record(shop, "shop", "incident closed", by="pipeline")
    assert scoring.scorecard_answer(shop, "shop").measured.facts.incidents_overdue == 0


def test_each_answer_says_what_it_switches_on() -> None:
    facts = healthy_facts(ai_act_class=None)
    found = effects(CREDIT, facts, instead_of=SHOP)
    assert found.tier == "regulated"
    assert set(found.added) == set(found.mandatory) - set(effects(SHOP, facts).mandatory)
    assert "EXP-1" in found.added
    alone = effects(SHOP | {"harm": "yes"}, facts).by_answer["harm"]
    assert alone.startswith("This answer makes ")
    assert "mandatory that 'no' would not" in alone
    assert (
        effects({}, facts).by_answer["harm"].startswith("Read as 'yes' while open")
        or not effects({}, facts).added
    )
    assert "above 10 %" in effects(SHOP, facts).by_answer["interactions_per_month"]
    assert effects(SANDBOX, healthy_facts(decisions_a_month=10, outcomes_arrive_later=None, override_rate=None,
                                          overrides_90_days=None)).mandatory == ()  # fmt: skip
    typed = effects({**SUGGESTIONS, "interactions_per_month": "40 tho"}, facts)
    assert "Unknown" in typed.by_answer["interactions_per_month"]


def test_which_laws_apply_is_said_with_the_reason() -> None:
    found = {a.law: a.applies for a in effects(CREDIT, healthy_facts()).laws}
    assert found == {"GDPR": True, "AI Act": True, "DORA": True, "ISO 27001 and SOC 2": False}
    quiet = healthy_facts(personal_detected=(), personal_declared=(), ai_act_class=None)
    assert {a.law: a.applies for a in effects(SHOP, quiet).laws} == {
        "GDPR": False,
        "AI Act": None,
        "DORA": False,
        "ISO 27001 and SOC 2": False,
    }
    buyers = effects({"regulated_buyers": "yes"}, quiet).laws
    assert {a.law: a.applies for a in buyers}["ISO 27001 and SOC 2"]
    assert {a.law: a.applies for a in effects({"impact": "health"}, quiet).laws}["GDPR"] is None


def test_the_share_of_interactions_is_summed_over_the_workspace(shop: Workspace) -> None:
    def elsewhere() -> float | None:
        return scoring.scorecard_answer(shop, "shop", at=NOW).measured.facts.share_elsewhere

    file = shop.inbox / "second.csv"
    file.write_bytes(shop_log())
    load_file(shop, file, title="second", actor="test")
    assert elsewhere() is None
    statements.save_context(shop, "second", {"interactions_per_month": "100000"}, by="Ana")
    share = elsewhere()
    assert share is not None
    assert 0 < share < 0.1
    statements.save_context(shop, "second", {"environment": "sandbox"}, by="Ana")
    assert elsewhere() == round(share, 3)  # one person alone
    statements.approve_context(shop, "second", by="Bo")
    assert elsewhere() is None
    statements.save_context(shop, "second", {"interactions_per_month": "100"}, by="Ana")
    assert elsewhere() == 1.0  # as large as that it is no sandbox, whatever is said


def test_an_action_is_given_to_somebody_and_taken_back(shop: Workspace) -> None:
    first = scoring.scorecard_answer(shop, "shop", at=NOW).actions[0].action.control
    scoring.assign(shop, "shop", first, owner="Ida", due=TODAY, by="Bo")
    held = scoring.scorecard_answer(shop, "shop", at=NOW).actions[0]
    assert (held.owner, held.due) == ("Ida", TODAY)
    scoring.assign(shop, "shop", first, owner=" ", due=None, by="Bo")
    assert scoring.scorecard_answer(shop, "shop", at=NOW).actions[0].owner == ""
    with pytest.raises(PlumblineError, match="no control"):
        scoring.assign(shop, "shop", "XYZ-1", owner="Ida", due=None, by="Bo")

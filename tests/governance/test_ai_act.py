"""The AI Act helper and the clocks of incidents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.governance.ai_act import CLASSES, ROLES, act_duties, classify, law, suggest_answers
from plumbline.governance.catalogue import catalogue
from plumbline.governance.incident_deadlines import FLAGS, Incident, is_major, notices, overdue

ALL_NO = {question.key: "no" for question in law().questions}
NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)


def hours(n: float) -> datetime:
    return NOON + timedelta(hours=n)


def test_the_data_of_the_law_is_whole() -> None:
    ids = {control.id for control in catalogue().controls}
    keys = [q.key for q in law().questions]
    assert len(keys) == len(set(keys))
    assert {q.leads_to for q in law().questions} == {*CLASSES, "not high risk", "no exception"}
    assert law().read <= law().as_of
    for duty in law().duties:
        assert set(duty.controls) <= ids
        assert set(duty.classes) <= {*CLASSES, "excepted"}
        assert set(duty.roles) <= set(ROLES)
        assert duty.source.startswith("AI Act ")
    for clock in law().clocks:
        answers = [clock["when"]] if isinstance(clock["when"], str) else clock["when"]
        assert set(answers) <= set(FLAGS)
        assert set(clock.get("roles", ROLES)) <= set(ROLES)
        assert clock["law"] in catalogue().frameworks
    for name in CLASSES:
        assert all(act_duties(name, role) for role in ROLES)


@pytest.mark.parametrize(
    ("yes", "name", "because"),
    [
        ((), "minimal", ()),
        (("talks_to_people",), "transparency", ("AI Act 50",)),
        (("creditworthiness", "talks_to_people"), "high risk", ("Annex III, point 5(b)",)),
        (("creditworthiness", "narrow_task"), "minimal", ("AI Act 6(3), 6(4)",)),
        (("creditworthiness", "narrow_task", "profiling"), "high risk", ("Annex III, point 5(b)",)),
        (("safety_component", "narrow_task"), "high risk", ("AI Act 6(1), Annex I",)),
        (("social_scoring", "creditworthiness"), "prohibited", ("AI Act 5(1)(c)",)),
        (("not_ai", "creditworthiness"), "minimal", ("AI Act 3(1)",)),
    ],
)
def test_the_class_follows_from_the_answers(
    yes: tuple[str, ...], name: str, because: tuple[str, ...]
) -> None:
    found = classify(ALL_NO | dict.fromkeys(yes, "yes"), "deployer")
    assert (found.name, found.because, found.open) == (name, because, ())


def test_open_questions_of_a_graver_class_leave_it_open() -> None:
    found = classify({"talks_to_people": "yes"}, "provider")
    assert found.name == "transparency"
    assert {"manipulates", "creditworthiness", "safety_component"} <= set(found.open)
    assert "talks_to_people" not in found.open
    prohibited = {q.key for q in law().questions if q.leads_to == "prohibited"}
    assert set(classify({"creditworthiness": "yes"}, "provider").open) == prohibited


def test_the_narrow_task_excepts_nothing_where_people_are_profiled_or_nobody_says() -> None:
    answers = ALL_NO | {"creditworthiness": "yes", "narrow_task": "yes"}
    unsaid = classify(answers | {"profiling": ""}, "provider")
    assert (unsaid.name, unsaid.open) == ("high risk", ("profiling",))
    lawful = classify(answers, "provider")
    assert {"exception_assessed", "exception_registered"} <= {d.key for d in lawful.duties}
    assert not {"exception_assessed"} & {d.key for d in classify(ALL_NO, "provider").duties}


def test_duties_add_up_and_each_falls_on_whom_the_article_names() -> None:
    def keys(role: str, *yes: str) -> set[str]:
        return {d.key for d in classify(ALL_NO | dict.fromkeys(yes, "yes"), role).duties}

    both = keys("provider", "creditworthiness", "talks_to_people")
    assert {"risk_management", "disclose", "mark"} <= both
    assert {"disclose_use", "use"} <= keys("deployer", "creditworthiness", "talks_to_people")
    assert "disclose" not in keys("deployer", "talks_to_people")
    for other in ("safety_component", "infrastructure"):
        assert not {"explain", "rights_assessment"} & keys("deployer", other)
    assert {"explain", "rights_assessment"} <= keys("deployer", "creditworthiness")


def test_a_product_has_until_later_than_a_use_of_annex_iii() -> None:
    def since(key: str) -> set[date]:
        found = classify(ALL_NO | {key: "yes"}, "provider")
        return {d.since for d in found.duties if d.key != "literacy"}

    assert since("creditworthiness") == {date(2027, 12, 2)}
    assert since("safety_component") == {date(2028, 8, 2)}
    assert since("talks_to_people") == {date(2026, 8, 2)}


def test_the_prohibitions_of_2026_apply_from_their_own_day_and_the_older_ones_as_ever() -> None:
    def stop(*yes: str) -> date:
        found = classify(ALL_NO | dict.fromkeys(yes, "yes"), "deployer")
        assert found.name == "prohibited"
        return next(d.since for d in found.duties if d.key == "stop")

    assert classify(ALL_NO | {"makes_abuse": "yes"}, "provider").because == (
        "AI Act 5(1)(ba), (bb), 5(1a), (1b)",
    )
    assert stop("makes_abuse") == date(2026, 12, 2)
    assert stop("social_scoring") == date(2025, 2, 2)
    assert stop("makes_abuse", "social_scoring") == date(2025, 2, 2)
    literacy = next(
        d for d in classify(ALL_NO | {"makes_abuse": "yes"}, "provider").duties if d.key == "literacy"
    )
    assert literacy.since == date(2025, 2, 2)


def test_a_system_that_was_on_the_market_marks_what_it_makes_from_december_on() -> None:
    made = {d.key: d for d in classify(ALL_NO | {"talks_to_people": "yes"}, "provider").duties}
    assert (made["mark"].since, made["mark"].older) == (
        date(2026, 8, 2),
        (date(2026, 8, 2), date(2026, 12, 2)),
    )
    assert made["disclose"].older is None
    used = classify(ALL_NO | {"talks_to_people": "yes"}, "deployer").duties
    assert "mark" not in {d.key for d in used}  # Article 50(2) is the provider's


def test_the_dates_name_the_regulation_that_set_them() -> None:
    for said in (law().source, catalogue().frameworks["AI Act"].note):
        assert "Regulation (EU) 2026/1744 (OJ L, 2026/1744, 24.7.2026)" in said
    assert law().as_of == catalogue().frameworks["AI Act"].as_of == date(2026, 11, 29)


def test_the_context_suggests_and_nonsense_is_refused() -> None:
    assert suggest_answers("credit") == {"creditworthiness": "yes"}
    assert suggest_answers("health") == {"safety_component": "yes"}  # a device, no benefit of a public body
    for impact in ("biometrics", "education", "justice"):
        assert suggest_answers(impact) == {impact: "yes"}
    assert suggest_answers("public benefits") == {"public_benefits": "yes"}
    assert suggest_answers("fraud") == {}  # Annex III 5(b) leaves out the detection of fraud
    for answers, role in (
        ({"nonsense": "yes"}, "provider"),
        ({"biometrics": "maybe"}, "provider"),
        ({}, "boss"),
    ):
        with pytest.raises(PlumblineError, match="no question, answer or role"):
            classify(answers, role)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([q.key for q in law().questions]), st.sampled_from(["yes", "no"])),
       st.sampled_from([q.key for q in law().questions if q.leads_to in CLASSES and not q.decides]))  # fmt: skip
def test_one_more_yes_never_makes_the_class_milder(answers: dict[str, str], key: str) -> None:
    before = classify({**answers, key: "no"}, "provider")
    after = classify({**answers, key: "yes"}, "provider")
    assert CLASSES.index(after.name) <= CLASSES.index(before.name)


def incident(**changes: Any) -> Incident:
    return Incident(**{"title": "t", "aware_at": NOON, "opened_at": NOON, "by": "x", **changes})


def due(item: Incident, now: datetime = NOON) -> dict[str, datetime]:
    return {n.key: n.due for n in notices(item, now)}


@pytest.mark.parametrize(
    ("classified", "sent", "expected"),
    [
        (1, {}, (5, 77)),  # four hours after classification
        (22, {}, (24, 96)),  # twenty-four hours after somebody knew, at the latest
        (30, {}, (34, 106)),  # classified as major only after that: four hours
        (1, {"dora_initial": 2}, (5, 74)),  # the next runs from when the first was sent
    ],
)
def test_the_clock_of_dora(classified: float, sent: dict[str, float], expected: Any) -> None:
    item = incident(
        classified_at=hours(classified), flags=("major",), sent={key: hours(n) for key, n in sent.items()}
    )
    found = due(item)
    assert (found["dora_initial"], found["dora_intermediate"]) == (hours(expected[0]), hours(expected[1]))


def test_a_month_ends_on_the_last_day_of_a_shorter_month() -> None:
    sent = {"dora_initial": NOON, "dora_intermediate": datetime(2026, 1, 31, 9, tzinfo=UTC)}
    assert due(incident(classified_at=NOON, flags=("major",), sent=sent))["dora_final"] == datetime(
        2026, 2, 28, 9, tzinfo=UTC
    )


def test_the_clocks_of_gdpr_and_the_ai_act() -> None:
    flags = ("personal_data", "serious", "death", "widespread")
    found = due(incident(classified_at=NOON, flags=flags, role="provider"))
    assert {key: (at - NOON).total_seconds() / 3600 for key, at in found.items()} == {
        "gdpr_authority": 72, "ai_act_serious": 15 * 24, "ai_act_death": 240, "ai_act_widespread": 48,
    }  # fmt: skip


def test_what_is_due_and_not_done_is_overdue_and_what_was_late_is_said() -> None:
    item = incident()
    assert [n.key for n in notices(item, hours(1))] == ["classify"]
    assert not overdue(item, hours(24))
    assert [n.key for n in overdue(item, hours(25))] == ["classify"]
    breach = incident(classified_at=hours(1), flags=("personal_data",))
    assert [n.key for n in overdue(breach, hours(73))] == ["gdpr_authority"]
    told_late = incident(classified_at=hours(1), flags=("personal_data",), sent={"gdpr_authority": hours(80)})
    (told,) = notices(told_late, hours(99))
    assert told.late
    assert not overdue(told_late, hours(99))


@pytest.mark.parametrize(
    ("critical", "criteria", "major"),
    [
        (True, ("clients", "duration"), True),
        (False, ("clients", "duration", "economic"), False),
        (True, ("clients",), False),
        (True, ("clients", "clients"), False),
        (True, ("malicious_access",), True),  # decides alone
        (False, ("malicious_access",), True),  # makes the service count as hit
        (False, ("malicious_access", "economic"), True),
    ],
)
def test_dora_calls_it_major_when_a_critical_service_and_two_thresholds_are_hit(
    critical: bool, criteria: tuple[str, ...], major: bool
) -> None:
    assert is_major(critical, criteria) is major


@pytest.mark.parametrize(
    ("flags", "role", "keys"),
    [
        (("supplier",), "", {"supplier_customer"}),
        (("processor",), "", {"gdpr_controller"}),
        (("personal_data", "high_risk"), "", {"gdpr_authority", "gdpr_people"}),
        (("serious",), "provider", {"ai_act_serious"}),
        (("serious",), "deployer", {"ai_act_provider"}),
        (("death",), "deployer", {"ai_act_provider"}),
        (("serious",), "", {"ai_act_serious", "ai_act_provider"}),  # nobody said who the company is
        (("rights",), "provider", {"ai_act_rights"}),
    ],
)
def test_a_notice_falls_on_whom_the_article_names(flags: tuple[str, ...], role: str, keys: set[str]) -> None:
    item = incident(classified_at=NOON, flags=flags, role=role)
    assert {n.key for n in notices(item, NOON)} == keys


def test_where_the_law_names_no_hours_nobody_is_late_by_ours() -> None:
    item = incident(classified_at=NOON, flags=("supplier", "personal_data"))
    long_after = NOON + timedelta(days=30)
    late = {n.key: n.late for n in notices(item, long_after)}
    assert late == {"supplier_customer": False, "gdpr_authority": True}
    assert [n.key for n in overdue(item, long_after)] == ["gdpr_authority"]
    assert all(n.read == law().read for n in notices(item, long_after))

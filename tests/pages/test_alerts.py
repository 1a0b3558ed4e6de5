"""The Alerts page: a finding is handled on its row, a channel is set up and proved, every message has its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.alerts.incidents import classify, incidents, plan
from plumbline.answers.respond import channels
from plumbline.answers.respond.triage import triaged_findings
from plumbline.domain.messages import message
from plumbline.respond.http import HttpReply
from plumbline.store import findings as register
from plumbline.ui.alerts import triage
from plumbline.ui.frame.signed_forms import today
from plumbline.ui.shell import NARROWED_BY
from plumbline.ui.state import workspace as opened
from tests.answers.respond.outbox_cases import Post

from .conftest import open_page, words

SYSTEM = "shop-offers"
pytestmark = pytest.mark.usefixtures("held")


def said(at: AppTest) -> str:
    return words(at).replace("\\", "")


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


@pytest.fixture
def number() -> int:
    """An open finding of the system."""
    open_page("alerts", system=SYSTEM)
    return next(n for n, one in triaged_findings(opened.workspace(), SYSTEM).items() if one.record.open)


def tab(section: str) -> AppTest:
    at = open_page("alerts", system=SYSTEM)
    at.query_params["section"] = section
    return at.run()


def named(section: str = "Findings") -> AppTest:
    at = tab(section)
    form = "handle" if section == "Findings" else "channels"
    return at.text_input(key=f"alerts.{form}.by").set_value("Ada <b>").run()


def test_without_a_channel_the_page_says_that_nobody_hears_of_it() -> None:
    assert "nobody hears of what is found" in said(open_page("alerts", system=SYSTEM))


def test_without_a_name_nothing_is_done(number: int) -> None:
    at = press(open_page("alerts", system=SYSTEM), f"alerts.{number}.saw")
    assert "needs a name" in at.error[0].value
    assert not triaged_findings(opened.workspace(), SYSTEM)[number].record.acknowledged_by


def test_a_finding_is_seen_given_muted_and_commented_on_its_row(number: int) -> None:
    at = press(named(), f"alerts.{number}.saw")
    assert "Acknowledged by Ada <b>" in said(at)
    assert "Ada <b>" not in words(at)  # no markup by a name
    at.text_input(key=f"alerts.{number}.owner").set_value("Bo")
    at.date_input(key=f"alerts.{number}.due").set_value(today() + timedelta(days=5))
    at.date_input(key=f"alerts.{number}.mute").set_value(today() + timedelta(days=3))
    at.text_input(key=f"alerts.{number}.why").set_value("known")
    at.text_area(key=f"alerts.{number}.comment").set_value(
        "![x](http://x.invalid/p) looks like the catalogue"
    )
    next(b for b in at.button if b.form_id == f"alerts.{number}.form").click().run()
    assert not at.exception
    assert "Assigned to Bo, due" in said(at)
    assert "Snoozed by Ada" in said(at)
    assert "looks like the catalogue" in said(at)
    assert "![x](http://x.invalid/p)" not in words(at)
    one = triaged_findings(opened.workspace(), SYSTEM)[number]
    assert (one.triage.owner, one.triage.muted_why, len(one.comments)) == ("Bo", "known", 1)


def test_an_incident_of_a_row_says_what_is_missing_until_it_counts(number: int) -> None:
    at = press(named(), f"alerts.{number}.incident")
    assert "counts for nothing yet" in said(at)
    ws = opened.workspace()
    (item,) = incidents(ws, SYSTEM)
    assert item.finding == number
    classify(ws, SYSTEM, item.id, by="Ada", flags=())
    plan(ws, SYSTEM, item.id, by="Ada", cause="a join", owner="Bo", due=today() + timedelta(days=5))
    assert "Bo closes it by" in said(open_page("alerts", system=SYSTEM))
    at = open_page("governance", system=SYSTEM, section="Incidents")
    assert "Bo closes it by" in said(at)
    assert at.text_area(key=f"governance.incident.{item.id}.cause").value == "a join"


def test_a_channel_is_added_tested_and_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post(HttpReply(status=200, text="ok"))
    monkeypatch.setattr(channels, "send", post)
    at = named("Channels")
    at.text_input(key="alerts.channel.name").set_value("on-call")
    at.text_input(key="alerts.channel.address").set_value("https://hooks.example.com/x")
    next(b for b in at.button if b.form_id == "alerts.channel.add").click().run()
    assert not at.exception
    press(at, "alerts.channel.on-call.test")
    assert "Sent: 200" in said(at)
    at.text_input(key="alerts.channel.on-call.digits").set_value(str(post.came[0][2]["data"]["code"]))
    next(b for b in at.button if b.form_id == "alerts.channel.on-call.code").click().run()
    assert not at.exception
    assert "somebody reads it" in said(at)
    at = tab("Deliveries")
    rows = {row["What"]: row for row in at.dataframe[0].value.to_dict("records")}
    assert rows["A test"]["Channel"] == "on-call"
    assert "A problem began" in rows  # what was open before somebody read the channel
    assert "nobody hears" not in said(at)
    press(named("Channels"), "alerts.channel.on-call.turn")
    assert channels.channels(opened.workspace())[0].off


def test_an_address_that_holds_a_secret_is_refused_in_a_sentence() -> None:
    at = named("Channels")
    at.text_input(key="alerts.channel.name").set_value("slack")
    at.text_input(key="alerts.channel.address").set_value("https://hooks.slack.com/services/T0/canary")
    next(b for b in at.button if b.form_id == "alerts.channel.add").click().run()
    assert "is a secret itself" in said(at)
    assert "canary" not in at.error[0].value


def test_a_finding_that_joins_several_lists_each_with_a_link(number: int) -> None:
    """One that fell and one that drifted, which may be a season's."""
    ws = opened.workspace()
    with ws.write() as cursor:
        record = register.read_finding(cursor, number)
        since = record.finding.since
        fall, shift = (
            replace(
                record.finding,
                signal=signal,
                sentence=words,
                page=page,
                figures={"feature": "x"},
                since=since,
            )
            for signal, words, page in (
                ("performance.accuracy", message("Accuracy fell <b>far</b>."), "accuracy"),
                ("drift.x", message("{feature} drifted.", feature="x"), "drift"),
            )
        )
        whole = replace(record.finding, figures={"signals": ["performance.accuracy", "drift.x"]})
        register.update(cursor, number, whole, record.seen_at, None)
        for part in (fall, shift):
            register.mark_part(cursor, register.add(cursor, part, record.seen_at, record.seen_at), number)
    at = tab("Findings")
    assert "It joins 2:" in said(at)
    assert "x drifted. Since" in said(at)
    link = next(one.proto for one in at.get("page_link") if one.proto.label == "See x on Drift")
    query = dict(parse_qsl(dict(parse_qsl(link.query_string))["go"]))
    # what other pages were narrowed to goes, and the days of the finding come
    assert (query["feature"], query["where"], query["version"]) == ("x", "No filter", "All versions")
    assert (query["window"], query["from"]) == ("Choose dates", since.date().isoformat())
    assert "<b>far" not in words(at)
    links = {link.proto.label: unquote(link.proto.query_string) for link in at.get("page_link")}
    assert "feature=x" in links["See x on Drift"]


def test_a_finding_that_calls_for_a_retraining_says_so_below_it(number: int) -> None:
    ws = opened.workspace()
    with ws.write() as cursor:
        record = register.read_finding(cursor, number)
        due = replace(record.finding, signal="retraining", sentence=message("Retraining is due."), until=None)
        call = register.add(cursor, due, record.seen_at, None)
        register.mark_part(cursor, call, number, follows=True)
    at = tab("Findings")
    shown = said(at)
    assert "What it calls for:" in shown
    assert "It joins" not in shown
    assert shown.count("Retraining is due.") == 1


def test_a_finding_leads_to_its_days_where_the_page_shows_a_window(number: int) -> None:
    finding = triaged_findings(opened.workspace(), SYSTEM)[number].record.finding
    moment = datetime(2026, 2, 3, 7, tzinfo=UTC)
    whole = replace(finding, page="releases", since=moment, until=moment)
    assert triage.place(whole)["window"] == "Whole log"
    query = triage.place(replace(whole, page="accuracy"))
    assert (query["from"], query["to"]) == ("2026-02-03", "2026-02-03")
    assert set(triage.DATED) == {p for p in triage.PAGES if "window" in NARROWED_BY.get(p, ())}

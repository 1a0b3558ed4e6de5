"""Events, comments on decisions and named views: kept, on the trail, refused, gone with what they are of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from plumbline.answers.data.erase import erase_person
from plumbline.answers.governance import access
from plumbline.answers.governance.trail import trail
from plumbline.answers.notes import calendar_events, decision_comments, named_views
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.store.workspace import Workspace
from tests.factory.shop import shop_log
from tests.factory.workspaces import loaded_workspace

HOSTILE = "<img src=x onerror=alert(1)> [x](http://host.invalid) \x1b[31m'; DROP TABLE load; --"
SHOP = "shop"


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("notes")
    made = loaded_workspace(folder)
    for email, role in (("ana@x.org", "owner"), ("bob@x.org", "analyst"), ("cy@x.org", "viewer")):
        access.give(made, email, Access(role), by="test")
    return made


def test_an_event_is_kept_listed_by_day_and_removed_and_the_trail_says_so(ws: Workspace) -> None:
    late = calendar_events.add(
        ws, SHOP, kind="holiday", text="Late", first=date(2026, 2, 3), last=date(2026, 2, 5), by="Ana"
    )
    early = calendar_events.add(ws, SHOP, kind="other", text=HOSTILE, first=date(2026, 1, 9), by="Ana")
    found = calendar_events.calendar_events(ws, SHOP)
    assert [event.id for event in found] == [early.id, late.id]
    assert found.sentence == "2 events are noted for shop; the latest: holiday: Late, 3–5 Feb 2026."
    assert (late.start.day, late.end.day) == (3, 6)
    assert late.overlaps(late.start, late.end)
    assert not late.overlaps(late.end, late.end.replace(day=9))
    assert found.to_dict()["events"][0]["text"] == " ".join(HOSTILE.split())
    gone = calendar_events.remove(ws, SHOP, early.id, by="Bo")
    assert trail(ws).entries[0].detail["text"] == gone.text
    assert [(e.action, e.actor) for e in trail(ws).entries[:3]] == [
        ("event removed", "Bo"),
        ("event added", "Ana"),
        ("event added", "Ana"),
    ]
    calendar_events.remove(ws, SHOP, late.id, by="Bo")
    assert calendar_events.calendar_events(ws, SHOP).sentence == "No event is noted for shop."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "party"}, "is no kind of event"),
        ({"text": " \n"}, "says what happened"),
        ({"text": "x" * 201}, "200 characters at most"),
        ({"last": date(2026, 1, 1)}, "before it begins"),
        ({"last": date(2046, 1, 1)}, "ten years at most"),
        ({"by": " "}, "needs a name"),
    ],
)
def test_what_is_no_event_is_refused_in_words(ws: Workspace, change: dict[str, object], told: str) -> None:
    whole = {"kind": "outage", "text": "Feed down", "first": date(2026, 2, 1), "by": "Ana"} | change
    with pytest.raises(PlumblineError, match=told):
        calendar_events.add(ws, SHOP, **whole)  # type: ignore[arg-type]
    assert not len(calendar_events.calendar_events(ws, SHOP))


def test_another_system_s_event_is_out_of_reach(ws: Workspace) -> None:
    event = calendar_events.add(ws, SHOP, kind="outage", text="x", first=date(2026, 2, 1), by="Ana")
    with pytest.raises(PlumblineError, match="has no event"):
        calendar_events.remove(ws, "other", event.id, by="Ana")
    with pytest.raises(PlumblineError, match="no system"):
        calendar_events.add(ws, "other", kind="outage", text="x", first=date(2026, 2, 1), by="Ana")
    calendar_events.remove(ws, SHOP, event.id, by="Ana")


def test_a_viewer_writes_nothing_beside_the_figures_and_an_analyst_may(ws: Workspace) -> None:
    def acts(hand: Workspace, by: str) -> None:
        event = calendar_events.add(hand, SHOP, kind="outage", text="x", first=date(2026, 2, 1), by=by)
        calendar_events.remove(hand, SHOP, event.id, by=by)
        decision_comments.comment(hand, SHOP, "o-010-003", "Looked at.", by=by)
        named_views.save(hand, SHOP, name="Mine", page="drift", query={"by": "week"}, by=by)
        named_views.remove(hand, SHOP, "Mine", by=by)

    before = trail(ws).entries[0].seq
    with pytest.raises(PlumblineError, match="Only an analyst"):
        acts(ws.as_person("cy@x.org"), "cy@x.org")
    assert trail(ws).entries[0].seq == before
    acts(ws.as_person("bob@x.org"), "bob@x.org")
    assert trail(ws).entries[0].seq == before + 5


def test_a_comment_stands_beneath_its_decision_and_is_erased_with_it(ws: Workspace) -> None:
    found = decision_comments.comment(ws, SHOP, "o-020-001", f" {HOSTILE}\nSecond line. ", by="Ana")
    assert found[0].text == f"{HOSTILE}\nSecond line."
    entry = trail(ws).entries[0]
    assert entry.action == "decision commented"
    assert "o-020-001" not in str(entry.detail)  # an id may be a person's, and a trail cannot be erased
    spaced = decision_comments.comment(ws, SHOP, "o-020-001", "a" + "\n \r\n" * 600 + "  b\n\nc", by="Ana")
    assert spaced[-1].text == "a\n\n  b\n\nc"  # a run of empty lines is one
    with pytest.raises(PlumblineError, match="has no decision"):
        decision_comments.comment(ws, SHOP, "nobody", "x", by="Ana")
    with pytest.raises(PlumblineError, match="says something"):
        decision_comments.comment(ws, SHOP, "o-020-001", " ", by="Ana")
    erase_person(ws, SHOP, decision_id="o-020-001", actor="Ana")
    assert decision_comments.comments(ws, SHOP, "o-020-001") == ()


def test_a_view_is_kept_by_its_name_and_the_newest_of_a_name_counts(ws: Workspace) -> None:
    for query in ({"window": "Whole log"}, {"window": "Last 30 days", "where": HOSTILE}):
        named_views.save(ws, SHOP, name="  Weekly\n look ", page="accuracy", query=query, by="Ana")
    (view,) = named_views.list_views(ws, SHOP)
    assert (view.name, view.page, dict(view.query)["where"]) == ("Weekly look", "accuracy", HOSTILE)
    with pytest.raises(PlumblineError, match="too long"):
        named_views.save(ws, SHOP, name="x", page="drift", query={"is": "x" * 5000}, by="Ana")
    with pytest.raises(PlumblineError, match="no view of the name"):
        named_views.remove(ws, SHOP, "another", by="Ana")
    named_views.remove(ws, SHOP, "Weekly look", by="Ana")
    assert named_views.list_views(ws, SHOP) == ()


def test_the_command_line_notes_lists_and_removes(plumbline: object, tmp_path: Path) -> None:
    run = plumbline
    (tmp_path / "shop.csv").write_bytes(shop_log())
    run("load", tmp_path / "shop.csv", "--system", "Shop")  # type: ignore[operator]
    made = run(  # type: ignore[operator]
        "event", "add", "shop", HOSTILE, "--kind", "campaign", "--on", "2026-02-01", "--until", "2026-02-03",
        "--by", "Ana", "--json",
    ).json  # fmt: skip
    assert (made["event"]["first"], made["event"]["last"]) == ("2026-02-01", "2026-02-03")
    told = run("event", "list", "shop")  # type: ignore[operator]
    assert "\x1b" not in told.out
    assert "1–3 Feb 2026 (Ana)" in told.out
    assert run("event", "remove", "shop", made["event"]["id"], "--by", "Ana").code == 0  # type: ignore[operator]
    assert run("event", "list", "shop", "--json").json["events"] == []  # type: ignore[operator]
    refused = run("event", "add", "shop", "x", "--kind", "campaign", "--on", "soon", "--by", "Ana")  # type: ignore[operator]
    assert refused.code == 2
    assert "is no day" in refused.err

"""Who may act, on the pages where it is done: a viewer nothing, an analyst handles and tests, an owner arms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.governance import access
from plumbline.answers.respond import channels, links
from plumbline.answers.respond.freezes import freezes
from plumbline.answers.respond.retraining.triggers import add_trigger
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.answers.respond.rollback.register import rollbacks
from plumbline.answers.respond.triage import triaged_findings
from plumbline.domain.acts import Access, Act
from plumbline.domain.respond import Mode, RetrainingTrigger, RollbackRun, RollbackState
from plumbline.store import trail
from plumbline.ui import releases_rollback
from plumbline.ui.frame import sign_in
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words
from .test_signing import WHOLE

SYSTEM = "shop-offers"
pytestmark = pytest.mark.usefixtures("held")
As = Callable[[str], None]

#: page and section -> the buttons by which something is done, and the role that each asks for
ACTS = {
    ("alerts", "Findings"): {"Acknowledge": "analyst", "Open an incident": "analyst"},
    ("alerts", "Channels"): {
        "Send a test": "analyst", "Switch off": "owner", "Remove": "owner", "Add": "owner",
    },
    ("accuracy", "Retraining"): {
        "Test": "analyst", "Fire now": "owner", "Set it": "owner", "Play them again": "analyst",
    },
    ("releases", ""): {"Look at the interlocks": "analyst", "Propose": "analyst", "Drill": "analyst"},
}  # fmt: skip
RANKS = ("viewer", "analyst", "owner")


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> As:
    """Somebody of that role is signed in; what they act on is there."""
    open_page("alerts", system=SYSTEM)
    ws = opened.workspace()
    channels.add(ws, "ops", "https://hooks.example.com/x", by="owner@x.org")
    add_trigger(
        ws, RetrainingTrigger(system=SYSTEM, name="retrain", url="https://ci.example/hook"), by="owner@x.org"
    )
    set_mode(ws, SYSTEM, Mode.PROPOSE, by="owner@x.org", hand={"url": "https://ci.example/traffic"})
    for role in ("owner", "analyst", "viewer"):
        access.give(ws, f"{role}@x.org", Access(role), by="owner@x.org")

    def sign(role: str) -> None:
        said = {"is_logged_in": True, "email": f"{role}@x.org", "email_verified": True}
        monkeypatch.setattr(sign_in, "_ASKED", set())
        monkeypatch.setattr(sign_in, "_section", {"auth": WHOLE}.get)
        monkeypatch.setattr(sign_in, "claims", lambda: said)

    return sign


def shown(page: str, section: str) -> AppTest:
    at = open_page(page, system=SYSTEM)
    if section:
        at.query_params["section"] = section
        at = at.run()
    assert not at.exception
    return at


@pytest.mark.parametrize(("page", "section"), ACTS)
def test_each_act_is_open_to_its_role_and_to_those_above(signed_in: As, page: str, section: str) -> None:
    signed_in("viewer")
    at = shown(page, section)
    for rank, role in enumerate(RANKS):
        signed_in(role)
        at.run()
        assert not at.exception
        found = {button.label: button for button in at.button if button.label in ACTS[page, section]}
        assert set(found) == set(ACTS[page, section])
        for label, needed in ACTS[page, section].items():
            assert found[label].disabled is (rank < RANKS.index(needed)), (role, label)


def test_a_link_of_a_message_shows_its_finding_and_an_analyst_acknowledges_once(signed_in: As) -> None:
    ws = opened.workspace()
    number = next(n for n, one in triaged_findings(ws, SYSTEM).items() if one.record.open)
    with ws.write() as cursor:
        token = links.token(cursor, "dlv_1", number)
    signed_in("viewer")
    at = open_page("alerts", system=SYSTEM)
    at.query_params[links.PARAMETER] = token
    at.run()
    (press,) = [button for button in at.button if button.label == "I have seen it"]
    assert press.disabled
    assert f"Finding {number}" in words(at)
    assert not triaged_findings(ws, SYSTEM)[number].record.acknowledged_by  # opening it changed nothing
    signed_in("analyst")
    at.run()
    next(button for button in at.button if button.label == "I have seen it").click().run()
    assert not at.exception
    assert triaged_findings(ws, SYSTEM)[number].record.acknowledged_by == "analyst@x.org"
    assert "I have seen it" not in [button.label for button in at.button]
    at.query_params[links.PARAMETER] = token
    assert "was used already" in words(at.run())


def test_freezes_and_the_second_person_are_an_owners_and_seen_by_all(signed_in: As) -> None:
    signed_in("owner")
    at = shown("releases", "")
    assert "None is set" in words(at)
    at.date_input(key="freeze.until").set_value(at.date_input(key="freeze.from").value + timedelta(days=2))
    at.text_input(key="freeze.reason").set_value("year's <b>end</b>")
    at = pressed(at, "Freeze")
    assert "Frozen from" in words(at)
    with opened.workspace().read() as cursor:
        (held,) = freezes(cursor, SYSTEM)
    assert (held.by, held.system, (held.end - held.start).days) == ("owner@x.org", SYSTEM, 3)
    at.toggle[0].set_value(True)
    pressed(at, "Save")
    assert rollbacks(opened.workspace(), SYSTEM).setting.four_eyes
    for role in ("viewer", "analyst"):
        signed_in(role)
        at = shown("releases", "")
        assert "Set by owner@x" in words(at).replace("\\", "")
        assert "A second person approves" in words(at)
        assert "<b>" not in words(at)
        assert not {"Freeze", "End it", "Save"} & {button.label for button in at.button}
    signed_in("owner")
    at = pressed(shown("releases", ""), "End it")
    assert "None is set" in words(at)
    with opened.workspace().read() as cursor:
        acts = [(e.action, e.actor) for e in trail.entries(cursor, system=SYSTEM, limit=20)]
    assert acts.count((Act.RELEASES_FROZEN, "owner@x.org")) == 2
    assert (Act.ROLLBACK_ARMED, "owner@x.org") in acts


def pressed(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def test_the_name_of_who_asks_for_a_rollback_is_no_markup_on_the_button(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = RollbackRun(
        id="r", system=SYSTEM, state=RollbackState.PROPOSED, at=datetime(2026, 2, 3, tzinfo=UTC),
        version="2.0", to="1.0", asked_by="*Ann*",
    )  # fmt: skip
    monkeypatch.setattr(
        releases_rollback, "ask", lambda view, answer, key: replace(answer(view.ws, key), runs=(run,))
    )
    at = open_page("releases", system=SYSTEM)
    assert not at.exception
    assert at.button(key="rollback.approve").label == "Approve what \\*Ann\\* asks for"

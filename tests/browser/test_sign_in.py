"""Signing in with an OpenID Connect provider of the test's own: who may look, and who may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from plumbline.answers.governance import access
from plumbline.answers.governance.trail import trail
from plumbline.answers.respond import links
from plumbline.domain.acts import Access
from plumbline.store import findings as register
from plumbline.store.workspace import open_workspace
from tests.answers.respond.outbox_cases import check, problem
from tests.factory.decisions import csv_bytes, decisions
from tests.factory.workspaces import loaded_workspace

from .conftest import serve, settled

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
SIGN_IN = "Sign in to see this workspace."


@contextmanager
def signed(workspace: Path) -> Iterator[str]:
    """A server that asks people to sign in with a provider on this machine."""
    from oidc_provider_mock import User, run_server_in_thread

    emails = {"ana": "Ana@Example.org", "cy": "cy@example.org"}
    users = [User(sub=name, claims={"email": e, "email_verified": True}) for name, e in emails.items()]
    with ExitStack() as stack:
        provider = stack.enter_context(run_server_in_thread(user_claims=users))
        secrets = workspace.with_name("secrets.toml")
        secrets.write_text(
            '[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\n'
            'cookie_secret = "a secret of this test alone, 32 bytes long"\nclient_id = "plumbline"\n'
            'client_secret = "test"\nserver_metadata_url = "http://localhost:'
            f'{provider.server_port}/.well-known/openid-configuration"\n'
        )
        options = ("--secrets.files", str(secrets), "--server.address", "localhost")
        yield stack.enter_context(serve(workspace, *options)).replace("127.0.0.1", "localhost")


def sign_in(browser: Browser, address: str, name: str, place: str = "/people?by=week") -> Page:
    """A browser of one person, back from the provider at the place that was asked for, query and all."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    page.goto(f"{address}{place}")
    expect(page.get_by_role("heading", name=SIGN_IN)).to_be_visible(timeout=30_000)
    expect(page.get_by_text("cy@example.org")).to_have_count(0)
    expect(page.get_by_role("link", name="Scorecard")).to_have_count(0)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(f"{address}{place}")
    settled(page)
    return page


def test_who_signs_in_may_do_what_the_role_says_and_the_trail_names_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "workspace.duckdb"
    ws = open_workspace(path)
    access.give(ws, "ana@example.org", Access.OWNER, by="test")
    access.give(ws, "cy@example.org", Access.VIEWER, by="test")
    ws.close()
    with signed(path) as address:
        viewer = sign_in(browser, address, "cy")
        expect(viewer.get_by_test_id("stSidebar").get_by_text("cy@example.org")).to_be_visible()
        expect(viewer.get_by_text("Only an owner may do this")).to_be_visible()
        expect(viewer.get_by_role("button", name="Save")).to_be_disabled()

        owner = sign_in(browser, address, "ana")
        owner.get_by_label("E-mail", exact=True).fill("eve@example.org")
        owner.get_by_role("button", name="Save").click()
        expect(owner.get_by_role("heading", name="3 people have a role")).to_be_visible()
        owner.context.close()

        viewer.get_by_role("button", name="Sign out").click()
        viewer.get_by_role("button", name="End session").click()  # the provider's own question
        expect(viewer.get_by_role("heading", name=SIGN_IN)).to_be_visible(timeout=20_000)
        viewer.context.close()
    ws = open_workspace(path)
    done = [(entry.actor, entry.action) for entry in trail(ws).entries]
    assert done[:2] == [("ana@example.org", "role given"), ("plumbline", "sign-in on")]
    with ws.read() as cursor:
        assert access.access_facts(cursor) == {"sign_in": True, "roles_assigned": True}
    ws.close()


def test_a_link_in_a_message_leads_through_signing_in_and_counts_once(
    browser: Browser, tmp_path: Path
) -> None:
    ws = loaded_workspace(tmp_path, csv_bytes(decisions(600)), title="s", positive="yes")
    check(ws, problem())
    with ws.write() as cursor:
        record = next(
            r for r in register.recorded_findings(cursor, "s") if r.finding.signal == problem().signal
        )
        place = f"/alerts?{links.PARAMETER}={links.token(cursor, 'dlv_1', record.id)}"
    access.give(ws, "ana@example.org", Access.ANALYST, by="test")
    access.give(ws, "cy@example.org", Access.VIEWER, by="test")
    ws.close()
    path = tmp_path / "workspace.duckdb"
    with signed(path) as address:
        viewer = sign_in(browser, address, "cy", place)
        expect(viewer.get_by_text("It counts once.")).to_be_visible()
        expect(viewer.get_by_role("button", name="I have seen it").first).to_be_disabled()
        viewer.context.close()

        analyst = sign_in(browser, address, "ana", place)
        expect(analyst.get_by_text(f"Finding {record.id}", exact=True)).to_be_visible()
        analyst.get_by_role("button", name="I have seen it").first.click()
        expect(analyst.get_by_text("It counts once.")).to_have_count(0)
        settled(analyst)
        assert links.PARAMETER not in analyst.url
        analyst.goto(f"{address}{place}")
        expect(analyst.get_by_text("This link was used already")).to_be_visible(timeout=30_000)
        expect(analyst.get_by_text("It counts once.")).to_have_count(0)
        analyst.context.close()
    ws = open_workspace(path)
    with ws.read() as cursor:
        assert register.read_finding(cursor, record.id).acknowledged_by == "ana@example.org"
    assert [e.actor for e in trail(ws).entries if e.action == "recorded: alert acknowledged"] == [
        "ana@example.org"
    ]
    ws.close()

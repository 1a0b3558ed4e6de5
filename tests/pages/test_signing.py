"""Who is let in, by what the provider says; what a viewer sees; settings that cannot be used let nobody in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.secrets import Secrets

from plumbline.answers.governance import access
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.ui.frame import reading_language, sign_in
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words

WHOLE = {
    "redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x" * 32, "client_id": "a",
    "client_secret": "b", "server_metadata_url": "http://localhost/.well-known/openid-configuration",
}  # fmt: skip


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set what the file of secrets says under [auth], and who the provider says is here."""

    def put(auth: Any, said: dict[str, Any]) -> None:
        monkeypatch.setattr(sign_in, "_section", {"auth": auth}.get)
        monkeypatch.setattr(sign_in, "claims", lambda: {"is_logged_in": True, **said})

    monkeypatch.setattr(sign_in, "_ASKED", set())
    return put


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"is_logged_in": False}, "Sign in to see this workspace"),
        ({}, "gives no e"),
        ({"email": "ana@x.org"}, "does not say that your e"),
        ({"email": "ana@x.org", "email_verified": False}, "does not say that your e"),
        ({"email": "bob@x.org", "email_verified": True}, "has no role in this workspace"),
        ({"email": "not an address", "email_verified": True}, "not an e"),
    ],
)
def test_who_is_not_known_for_certain_sees_nothing(settings: Any, said: dict[str, Any], told: str) -> None:
    access.give(opened.workspace(), "ana@x.org", Access.OWNER, by="test")
    settings(WHOLE, said)
    at = open_page("scorecard")
    assert told in words(at).replace("\\", "")
    assert not at.sidebar.markdown
    assert "No log has been loaded" not in words(at)


@pytest.mark.usefixtures("empty")
def test_settings_in_part_or_lost_while_the_server_runs_let_nobody_in(settings: Any) -> None:
    settings({"redirect_uri": "x", "cookie_secret": "y", "client_id": "z"}, {})
    assert "client_secret, server_metadata_url missing" in words(open_page("scorecard")).replace("\\", "")
    settings(None, {})
    at = open_page("scorecard")
    assert "are gone since the server started" in words(at)
    assert not at.sidebar.markdown


def test_a_file_of_secrets_that_cannot_be_read_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit itself takes it for no file at all."""
    broken, before = tmp_path / "secrets.toml", config.get_option("secrets.files")
    monkeypatch.setattr(st, "secrets", Secrets())
    config.set_option("secrets.files", [str(broken)])
    try:
        assert sign_in.providers() == ()
        broken.write_text("[auth\nclient_id = ")
        with pytest.raises(PlumblineError, match="cannot be read"):
            sign_in.providers()
    finally:
        config.set_option("secrets.files", before)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("role", "allowed"), [("viewer", False), ("owner", True)])
def test_a_viewer_sees_forms_greyed_out_with_the_reason_and_an_owner_signs_by_address(
    settings: Any, role: str, allowed: bool
) -> None:
    access.give(opened.workspace(), "ana@x.org", Access(role), by="test")
    settings(WHOLE, {"email": "ANA@x.org", "email_verified": True})
    at = open_page("governance", tab="Costs")
    save = next(b for b in at.button if b.label == "Save costs")
    assert save.disabled is not allowed
    assert ("Only an owner may do this" in words(at)) is not allowed
    assert not [t for t in at.text_input if t.label == "Your name"]
    if allowed:
        save.click().run(timeout=60)
        with opened.workspace().read() as cursor:
            row = cursor.execute("SELECT actor FROM trail WHERE action = 'settings changed'").fetchone()
        assert row == ("ana@x.org",)


@pytest.mark.usefixtures("empty")
def test_a_signed_in_person_finds_the_language_that_was_chosen_at_the_last_visit(settings: Any) -> None:
    access.give(opened.workspace(), "ana@x.org", Access.VIEWER, by="test")
    settings(WHOLE, {"email": "ana@x.org", "email_verified": True})
    at = open_page("glossary")
    at.segmented_control(key="language").set_value("Deutsch").run()
    assert access.language_of(opened.workspace(), "ana@x.org") == "de"
    again = open_page("trail")
    assert "## Alles\\, was hier getan wurde" in words(again)
    assert ["cookie" in str(html.proto) for html in at.get("html")].count(True) == 1
    assert not any("cookie" in str(html.proto) for html in again.get("html"))  # set where a choice was made
    by_link = open_page("trail", language="English")
    assert "## Everything done here" in words(by_link)
    assert access.language_of(opened.workspace(), "ana@x.org") == "de"


@pytest.mark.usefixtures("empty")
def test_a_run_reads_the_language_of_its_person_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ana@x.org", "ben@x.org"):
        access.give(opened.workspace(), name, Access.VIEWER, by="test")
    access.set_language(opened.workspace(), "ana@x.org", "de")
    real, reads = access.language_of, list[str]()

    def read(ws: Any, email: str) -> str:
        reads.append(email)
        return real(ws, email)

    monkeypatch.setattr(access, "language_of", read)
    settings(WHOLE, {"email": "ana@x.org", "email_verified": True})
    at = open_page("glossary")
    assert reads == ["ana@x.org"]
    at.segmented_control(key="language").set_value("English").run()
    assert reads == ["ana@x.org"] * 2
    assert real(opened.workspace(), "ana@x.org") == "en"
    access.set_language(opened.workspace(), "ana@x.org", "de")  # in another tab
    reads.clear()
    assert "## Alles\\, was hier getan wurde" in words(open_page("trail"))
    settings(WHOLE, {"email": "ben@x.org", "email_verified": True})
    assert "## Everything done here" in words(open_page("trail"))  # nobody else's
    assert reads == ["ana@x.org", "ben@x.org"]


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("cookie", "title"), [("de", "Das Ablaufprotokoll"), ("no such", "The trail"), ("", "The trail")]
)
def test_where_nobody_signs_in_the_browser_keeps_the_language(
    cookie: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "cookies", {reading_language.COOKIE: cookie})
    at = open_page("trail")
    assert title in words(at)
    at.segmented_control(key="language").set_value("English").run()
    at.segmented_control(key="language").set_value("Deutsch").run()
    assert "plumbline_language=de; Path=/" in at.get("html")[0].proto.body


@pytest.mark.usefixtures("empty")
def test_where_nobody_signs_in_every_page_says_so() -> None:
    assert "anyone who reaches this address can see and change everything here" in words(open_page("people"))

"""Headers on every answer, and a workspace that opens and closes with the server."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import MutableHeaders
from streamlit.config import get_config_options

from plumbline.domain import PlumblineError
from plumbline.ui.server.application import (
    HEADERS,
    POLICY,
    Headers,
    friendly_error,
    require_https,
    workspace_lifespan,
)
from plumbline.ui.state import workspace as opened
from tests.coroutines import run_coroutine
from tests.environment import product


def answer_of(scope_type: str, **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOW")]}
        )

    async def send(message: Any) -> None:
        sent.append(message)

    run_coroutine(Headers(app)({"type": scope_type, **scope}, None, send))  # type: ignore[arg-type]
    return sent


def test_every_http_answer_carries_the_headers_once() -> None:
    headers = answer_of("http")[0]["headers"]
    names = [name for name, _ in headers]
    for name, value in HEADERS.items():
        assert (name.lower().encode(), value.encode()) in headers
        assert names.count(name.lower().encode()) == 1


def test_cookies_of_an_https_visit_are_secure_once() -> None:
    headers = MutableHeaders(raw=[(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=Secure; secure")])
    require_https(headers)
    assert headers.getlist("set-cookie") == ["a=1; Path=/; Secure", "b=Secure; secure"]
    assert headers["strict-transport-security"].startswith("max-age=")


def test_a_link_that_names_the_first_page_leads_to_it_with_its_query() -> None:
    answer = answer_of("http", path="/portfolio", query_string=b"system=shop", method="GET", headers=[])[0]
    assert answer["status"] == 307
    assert (b"location", b"/?go=portfolio&system=shop") in answer["headers"]
    assert (b"x-frame-options", b"DENY") in answer["headers"]


def test_sockets_pass_untouched() -> None:
    assert answer_of("websocket")[0]["headers"] == [(b"x-frame-options", b"ALLOW")]


def test_the_policy_names_no_other_machine() -> None:
    assert "http" not in POLICY
    assert "*" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_the_workspace_opens_with_the_server_and_closes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.close()
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "w.duckdb"))

    async def life() -> bool:
        async with workspace_lifespan(None):
            return opened.workspace() is opened.workspace()

    assert run_coroutine(life())
    opened.workspace()  # opens again after the close
    opened.close()


def test_a_workspace_that_cannot_be_opened_does_not_stop_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.close()
    broken = tmp_path / "w.duckdb"
    broken.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(broken))

    async def life() -> str:
        async with workspace_lifespan(None):
            with pytest.raises(PlumblineError) as caught:
                opened.workspace()
            return str(caught.value)

    assert "not a workspace" in run_coroutine(life())


def test_an_unforeseen_error_shows_a_number_and_hides_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("plumbline.ui.parts.empty_states.broken", shown.append)
    with caplog.at_level("ERROR", logger="plumbline"):
        assert friendly_error(ValueError("secret,row,of,a,log"))
    assert len(shown) == 1
    assert shown[0] in caplog.text
    assert "secret" not in shown[0]


def test_our_own_error_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[PlumblineError] = []
    monkeypatch.setattr("plumbline.ui.parts.empty_states.show_error", shown.append)
    error = PlumblineError("No such thing", todo="Choose another.")
    assert friendly_error(error)
    assert shown == [error]


def test_no_session_looks_through_the_modules_for_changed_files() -> None:
    """After a load, which imports some more, fifty sessions did so for half of the server's time."""
    settings = tomllib.loads((product.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["server"]["fileWatcherType"] == "none"
    assert "server.fileWatcherType" in get_config_options()


def test_no_whole_collection_of_garbage_follows_each_run_of_a_page() -> None:
    """With fifty people it was two thirds of what a visit cost."""
    settings = tomllib.loads((product.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["runner"] == {"postScriptGC": False, "magicEnabled": False}
    known = get_config_options()
    assert all(
        f"runner.{name}" in known for name in settings["runner"]
    )  # Streamlit passes over what it does not know

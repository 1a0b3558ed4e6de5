"""After signing in people are where their link led, and never on another machine."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.ui.frame.return_link import COOKIE, ReturnLink, place, referring_place
from tests.coroutines import run_coroutine

PAGE = "/decisions?system=a&decision=%231%3A2"


def answered(path: str, headers: dict[str, str]) -> dict[str, list[str]]:
    """What a redirect to the root, as Streamlit gives it, becomes: header -> values."""

    async def streamlit(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", b"/")]})

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    coroutine = ReturnLink(streamlit)({"type": "http", "path": path, "headers": raw}, None, send)
    run_coroutine(coroutine)
    found: dict[str, list[str]] = {}
    for name, value in sent[0]["headers"]:
        found.setdefault(name.decode(), []).append(value.decode())
    return found


def test_a_link_outlives_the_way_to_the_provider_and_back() -> None:
    there = answered("/auth/login", {"host": "p.example", "referer": f"https://p.example{PAGE}"})
    assert there["location"] == ["/"]  # the way to the provider is left as it is
    cookie = there["set-cookie"][0].split(";")[0]
    back = answered("/oauth2callback", {"host": "p.example", "cookie": cookie})
    assert back["location"] == [PAGE]
    assert f"{COOKIE}=; Max-Age=0" in back["set-cookie"][0]
    assert answered("/oauth2callback", {"host": "p.example"})["location"] == ["/"]
    assert "set-cookie" not in answered("/trail", {"host": "p.example", "cookie": cookie})


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nSet-Cookie: b", ""]
)
def test_nobody_is_led_elsewhere(wanted: str) -> None:
    assert place(wanted) == ""
    assert answered("/oauth2callback", {"host": "p", "cookie": f"{COOKIE}={wanted!r}"})["location"] == ["/"]
    assert (
        referring_place("https://evil.example/decisions", "p.example")
        == referring_place("http://[", "p.example")
        == ""
    )

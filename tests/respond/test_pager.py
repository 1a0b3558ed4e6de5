"""PagerDuty's requests, at a stand-in on loopback, and Apprise's hand-over at another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.domain import PlumblineError
from plumbline.respond import pager, services
from plumbline.respond.channels import new_channel
from plumbline.respond.send import receipt, send
from tests.respond.receiver import answer_with, receiver
from tests.respond.test_mail import AT, payload


def test_an_alert_is_triggered_and_resolved_by_one_key() -> None:
    with receiver(answer_with(202, b'{"status":"success"}')) as own:
        for kind in ("finding.opened", "finding.resolved"):
            assert pager.send("key", payload(kind), url=own.url, allow_inner=True).ok
    first, second = (json.loads(request.body) for request in own.came)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == second["dedup_key"] == "plumbline/3f2a/credit/finding/12"
    assert first["payload"]["severity"] == "critical"
    assert set(first["payload"]) <= {
        "summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details",
    }  # fmt: skip


def test_queued_is_not_called_paged() -> None:
    from plumbline.respond.http import HttpReply

    channel = new_channel("p", "pagerduty:", secret="PD_KEY")
    assert "not known" in receipt(channel, HttpReply(status=202))


def test_a_channel_by_a_secret_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PD_KEY", raising=False)
    reply = send(new_channel("p", "pagerduty:", secret="PD_KEY"), "dlv_1", json.dumps(payload()).encode(), AT)
    assert "PD_KEY is not set" in reply.error


def test_apprise_hands_over_once_follows_no_redirect_and_never_says_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("apprise")
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with receiver() as inner, receiver() as own:
        address = own.url.replace("http://", "json://") + "/hook"
        reply = services.send(address, payload(sentence="Accuracy fell, @everyone."))
        assert reply.ok
        assert "not known" in reply.text
        told = json.loads(own.came[0].body)
        assert "Accuracy fell" in told["message"]
        assert "@everyone" not in told["message"]
        own.answer = answer_with(307, b"", Location=inner.url)
        assert not services.send(address, payload()).ok
        own.answer = answer_with(500)
        before = len(own.came)
        assert not services.send(address, payload()).ok
        assert len(own.came) == before + 1
    assert not inner.came


def test_an_address_that_apprise_does_not_know_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("apprise")
    reply = services.send("nosuch://canary-token", payload())
    assert reply.refused
    assert "canary" not in repr(reply)


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setenv("WHERE_TO", "json://localhost")
    reply = send(new_channel("a", "apprise:", secret="WHERE_TO"), "dlv_1", json.dumps(payload()).encode(), AT)
    assert "plumbline[messages]" in reply.error


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("https://user:canary@example.com/", {}), ("https://example.com/?token=canary", {}),
        ("https://hooks.slack.com/services/canary", {}),
        ("http://example.com/", {}), ("https://127.0.0.1/", {}), ("http://169.254.169.254/", {"allow_inner": True}),
        ("mailto:", {}), ("mailto:a@b\r\nBcc: c@d", {}), ("mailto:a b@c", {}), ("pagerduty:canary", {"secret": "X"}),
        ("pagerduty:", {}), ("apprise:slack://canary", {"secret": "X"}), ("ftp://example.com", {}), ("", {}),
        ("https://example.com", {"secret": "whsec_canary+/=="}), ("env:a b", {}),
    ],
)  # fmt: skip
def test_an_address_that_holds_a_secret_or_leads_nowhere_is_refused(
    address: str, more: dict[str, Any]
) -> None:
    with pytest.raises(PlumblineError) as error:
        new_channel("x", address, **more)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 41, "<b>", "-x"])
def test_a_name_is_a_name(name: str) -> None:
    with pytest.raises(PlumblineError, match="name"):
        new_channel(name, "https://example.com/")

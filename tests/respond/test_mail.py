"""Mail, against a real server on loopback that checks what it is handed."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from plumbline.respond import events, mail, text
from plumbline.respond.channels import mailboxes, new_channel
from plumbline.respond.events import Event, Sender

AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@dataclass
class Server:
    """``came``: mails with their envelopes; ``refusal``: what it answers to each instead of taking it."""

    port: int = 0
    came: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refusal: str = ""
    refused_box: str = ""

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == self.refused_box or self.refused_box == "*":
            return "550 5.1.1 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        own = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(own, EmailMessage)
        self.came.append((list(envelope.rcpt_tos), own))
        return "250 queued"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    controller = pytest.importorskip("aiosmtpd.controller")
    own = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own.port = free.getsockname()[1]
    running = controller.Controller(own, hostname="127.0.0.1", port=own.port)
    running.start()
    for name, value in ((mail.HOST, "127.0.0.1"), (mail.PORT, str(own.port)), (mail.SECURITY, "none"),
                        (mail.SENDER, "plumbline@example.com")):  # fmt: skip
        monkeypatch.setenv(name, value)
    yield own
    running.stop()


def payload(kind: str = "finding.opened", message: str = "dlv_1", **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "type": kind,
        "sentence": "Accuracy went to 71 %.",
        "at": AT,
        "system": "credit",
        "finding": 12,
    }
    return events.envelope(Event(**given | more), (), Sender("3f2a", "https://plumbline.example"), message)


def test_a_mail_has_a_text_and_an_html_part_and_stands_in_its_thread(server: Server) -> None:
    assert mail.send(("ada@example.com",), payload(), AT).ok
    assert mail.send(("ada@example.com",), payload("finding.resolved", "dlv_2"), AT).ok
    (to, first), (_, second) = server.came
    assert to == ["ada@example.com"]
    assert first["Subject"] == "[Plumbline] New, high: credit: Accuracy went to 71 %."
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    assert "plumbline acknowledge credit 12" in first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert first["References"] == second["References"] != ""
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"


def test_the_same_message_sent_again_has_the_same_id(server: Server) -> None:
    for _ in range(2):
        mail.send(("ada@example.com",), payload(), AT)
    assert server.came[0][1]["Message-ID"] == server.came[1][1]["Message-ID"]


@pytest.mark.parametrize(
    "evil",
    ["x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\r\n\r\n<script>alert(1)</script>",
     "\u2028Bcc: eve@example.com", "=?utf-8?q?=0d=0aBcc:_eve?="],
)  # fmt: skip
def test_no_header_and_no_markup_gets_in_by_a_title_or_a_sentence(server: Server, evil: str) -> None:
    assert mail.send(("ada@example.com",), payload(system=evil, sentence=f"{evil} <b>bold</b>"), AT).ok
    ((to, own),) = server.came
    assert to == ["ada@example.com"]
    assert own["Bcc"] is None
    assert sorted(own.keys()) == sorted(
        ["Subject", "From", "To", "Date", "Message-ID", "References", "In-Reply-To", "Auto-Submitted",
         "X-Plumbline-Event", "MIME-Version", "Content-Type", *(["X-Peer"] if "X-Peer" in own else [])]
    )  # fmt: skip
    html = own.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in html
    assert "<b>" not in html


def test_several_boxes_get_one_mail_and_one_that_is_refused_is_counted(server: Server) -> None:
    server.refused_box = "gone@example.com"
    reply = mail.send(("ada@example.com", "gone@example.com"), payload(), AT)
    assert reply.ok
    assert "1 of 2" in reply.text
    server.refused_box = "*"
    assert mail.send(("ada@example.com",), payload(), AT).status == 400


@pytest.mark.parametrize(("said", "again"), [("451 try later", True), ("554 no", False)])
def test_what_the_server_refuses_for_now_may_be_tried_again(server: Server, said: str, again: bool) -> None:
    from plumbline.respond.retries import is_final

    server.refusal = said
    reply = mail.send(("ada@example.com",), payload(), AT)
    assert not reply.ok
    assert is_final(reply) is not again


def test_without_a_server_one_that_is_away_and_one_that_cannot_encrypt(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mail.SECURITY, "starttls")
    assert not mail.send(("ada@example.com",), payload(), AT).ok
    monkeypatch.setenv(mail.SECURITY, "none")
    monkeypatch.setenv(mail.PORT, "1")
    assert "cannot be reached" in mail.send(("ada@example.com",), payload(), AT).error
    monkeypatch.delenv(mail.HOST)
    assert mail.HOST in mail.send(("ada@example.com",), payload(), AT).error
    assert server.came == []


def test_the_password_is_in_no_error(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mail.USER, "plumbline")
    monkeypatch.setenv(mail.PASSWORD, "canary-password")
    reply = mail.send(("ada@example.com",), payload(), AT)
    assert not reply.ok
    assert "canary" not in repr(reply)


def test_a_withdrawal_says_sorry_and_a_digest_lists_what_it_holds() -> None:
    assert "sorry" in text.plain_text(payload("finding.withdrawn"))
    whole = events.envelope(
        Event(type="digest", sentence="2 messages waited for this hour.", at=AT),
        tuple(Event(type="finding.opened", sentence=f"{n}", at=AT, system="credit", finding=n) for n in range(2)),
        Sender("3f2a"), "dlv_9",
    )  # fmt: skip
    assert "- credit, high: 1" in text.plain_text(whole)


def test_addresses_of_a_channel() -> None:
    assert mailboxes(new_channel("m", "mailto:a@x.org,b@y.org")) == ("a@x.org", "b@y.org")

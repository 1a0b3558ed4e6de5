"""One request: where it may go, how long it may take, how much it may bring back."""

from __future__ import annotations

import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from plumbline.respond import addresses, http
from tests.respond.receiver import Request, answer_with, receiver


def test_a_body_arrives_with_its_headers_and_the_reply_comes_back() -> None:
    with receiver(answer_with(202, b"queued \x1b[31m\xe2\x80\xae", Retry_After="7")) as own:
        reply = http.post(f"{own.url}/hook?to=a%20b", b"{}", {"x-own": "1"}, allow_inner=True)
    assert (reply.status, reply.text, reply.ok) == (202, "queued [31m", True)
    assert reply.headers["retry-after"] == "7"
    assert (own.came[0].path, own.came[0].body, own.came[0].headers["x-own"]) == (
        "/hook?to=a%20b",
        b"{}",
        "1",
    )


def test_a_get_has_no_body() -> None:
    with receiver() as own:
        assert http.get(own.url, {}, allow_inner=True).ok
    assert own.came[0].method == "GET"
    assert "content-length" not in own.came[0].headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    with (
        receiver() as inner,
        receiver(answer_with(status, b"", Location=f"{inner.url}/latest/meta-data")) as own,
    ):
        reply = http.post(own.url, b"{}", {}, allow_inner=True)
    assert not reply.ok
    assert reply.status == status
    assert "redirect" in reply.error
    assert not inner.came


def test_a_channel_that_may_not_reach_inner_hosts_does_not() -> None:
    with receiver() as own:
        reply = http.post(own.url, b"{}", {}, allow_inner=False)
        secure = http.post(own.url.replace("http:", "https:"), b"{}", {}, allow_inner=False)
    assert reply.refused
    assert secure.refused
    assert "127.0.0.1" in secure.error
    assert not own.came


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.0.7", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254",
     "100.100.100.200", "0.0.0.0", "::", "224.0.0.1", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_where_machines_tell_their_secrets_nothing_is_ever_sent(address: str) -> None:
    assert addresses.refusal(address, allow_inner=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "::1", "fd12::1", "100.64.0.1"]
)
def test_inner_hosts_are_reached_where_that_is_allowed(address: str) -> None:
    assert addresses.refusal(address, allow_inner=False)
    assert not addresses.refusal(address, allow_inner=True)


def test_public_hosts_are_reached() -> None:
    assert not addresses.refusal("93.184.216.34", allow_inner=False)
    assert not addresses.refusal("2606:2800:220:1:248:1893:25c8:1946", allow_inner=False)


def test_a_name_that_points_at_an_inner_host_is_refused_before_it_is_asked(monkeypatch: Any) -> None:
    with receiver() as own:
        port = int(own.url.rpartition(":")[2])
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        reply = http.post(f"https://hooks.example.com:{port}/x", b"{}", {}, allow_inner=False)
    assert reply.refused
    assert not own.came


def test_a_public_host_is_not_asked_in_clear(monkeypatch: Any) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(http.httpcore.SyncBackend, "connect_tcp", _connected_elsewhere("93.184.216.34"))
    reply = http.post("http://hooks.example.com/", b"{}", {}, allow_inner=True)
    assert reply.refused
    assert "https://" in reply.error


def test_the_peer_is_judged_after_the_connection_too(monkeypatch: Any) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(http.httpcore.SyncBackend, "connect_tcp", _connected_elsewhere("169.254.169.254"))
    assert http.post("https://hooks.example.com/", b"{}", {}, allow_inner=True).refused


def _connected_elsewhere(peer: str) -> Any:
    class Socket:
        def getpeername(self) -> tuple[str, int]:
            return peer, 443

    class Stream(http.httpcore.NetworkStream):
        def get_extra_info(self, info: str) -> Any:
            return Socket()

        def close(self) -> None:
            return

    return lambda *_, **__: Stream()


def _drip(_: Request, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(400):
        handler.wfile.write(b".")
        time.sleep(0.02)


def _drip_headers(_: Request, handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(400):
        handler.wfile.write(b"x-%d: 1\r\n" % number)
        time.sleep(0.02)


def _pour(_: Request, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    for _ in range(1 << 14):
        handler.wfile.write(b"x" * (1 << 16))


@pytest.mark.parametrize("answer", [_drip, _drip_headers])
def test_a_reply_that_never_ends_is_given_up(answer: Any) -> None:
    with receiver(answer) as own:
        reply = http.post(own.url, b"{}", {}, allow_inner=True, timeout=0.3)
    assert not reply.ok
    assert reply.status == 0
    assert "within 0.3 seconds" in reply.error


def test_of_a_reply_of_a_gigabyte_the_beginning_is_read() -> None:
    with receiver(_pour) as own:
        reply = http.post(own.url, b"{}", {}, allow_inner=True)
    assert reply.ok
    assert len(reply.text) == http.LARGEST_REPLY


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@example.com/",
        "https://a\r\nb/",
        "x",
        "https://x:y/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert http.post(url, b"", {}, allow_inner=True).refused


def test_a_header_cannot_smuggle_another() -> None:
    with receiver() as own:
        assert http.post(own.url, b"", {"x-title": "a\r\nx-evil: 1"}, allow_inner=True).refused
    assert not own.came


def test_no_error_repeats_the_address() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/services/T0/SECRET"
    reply = http.post(url, b"", {}, allow_inner=True)
    assert reply.error == "No connection could be made: connection refused"
    assert reply.is_undelivered


def test_an_untrusted_certificate_and_no_tls_at_all_are_told_in_words() -> None:
    with receiver() as own:
        reply = http.post(own.url.replace("http:", "https:"), b"", {}, allow_inner=True)
    assert "TLS" in reply.error


def test_proxies_of_the_environment_are_not_used_and_ones_meant_for_it_are(monkeypatch: Any) -> None:
    with receiver() as proxy, receiver() as own:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert http.post(own.url, b"", {}, allow_inner=True).ok
        assert not proxy.came
        monkeypatch.setenv(http.PROXY, proxy.url)
        assert http.post("http://inner.example/x", b"", {}, allow_inner=True).ok
        assert proxy.came[0].path == "http://inner.example/x"
        assert http.post("http://169.254.169.254/x", b"", {}, allow_inner=True).refused
        assert len(proxy.came) == 1

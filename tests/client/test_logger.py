"""Logging from a service: never in its way, sent once, and what was lost is counted and said."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

import plumbline
from plumbline.client import logger as module
from plumbline.client.connection import Connection
from tests.environment import product

Answer = Callable[[list[dict[str, Any]]], tuple[int, dict[str, Any]]]


class Server:
    """An HTTP server of this test: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, list[dict[str, Any]]]] = []
        self.answer: Answer = lambda rows: (202, {"receipt": "r", "rows_read": len(rows)})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"]))
                rows = [json.loads(line) for line in text.splitlines()]
                outer.sent.append(
                    (self.path, self.headers["Authorization"], self.headers["Idempotency-Key"], rows)
                )
                status, answer = outer.answer(rows)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for *_, rows in self.sent for row in rows]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(module, "EVERY", 0.02)
    monkeypatch.setattr(module, "_FIRST", 0.01)
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_decision_and_its_label_arrive_with_all_that_was_said(server: Server) -> None:
    at = datetime(2026, 3, 9, 8, tzinfo=UTC)
    with plumbline.logger(server.address, system="shop offers", token="t") as log:
        log.decision(
            "o-1", prediction="yes", score=np.float64(0.71), at=at, version="2.0", caller="checkout",
            features={"basket": 12.5, "x": float("nan")}, attributions={"basket": 0.2}, subject="person 17",
            probabilities={"yes": 0.71}, protected={"sex": "f"},
        )  # fmt: skip
        log.label("o-1", "no", at=at)
        log.decision("o-2", score=0.5)
    assert (log.tally.sent, log.tally.dropped, log.tally.refused) == (3, 0, 0)
    path, token, key, rows = server.sent[0]
    assert (path, token) == ("/api/v1/systems/shop%20offers/decisions", "Bearer t")
    assert key
    assert rows[0] == {
        "timestamp": "2026-03-09T08:00:00+00:00", "decision_id": "o-1", "prediction": "yes", "score": 0.71,
        "version": "2.0", "subject": "person 17", "segment:caller": "checkout", "feature:basket": 12.5,
        "attribution:basket": 0.2, "proba:yes": 0.71, "protected:sex": "f",
    }  # fmt: skip
    label = next(rows for path, _, _, rows in server.sent if path.endswith("/labels"))
    assert label == [{"decision_id": "o-1", "label": "no", "label_time": "2026-03-09T08:00:00+00:00"}]
    assert abs(datetime.fromisoformat(server.rows[-1]["timestamp"]).timestamp() - time.time()) < 60


def test_a_batch_is_sent_again_under_its_key_until_it_is_taken(server: Server) -> None:
    statuses = iter([503, 429, 500, 202])
    server.answer = lambda rows: (next(statuses), {})
    with plumbline.logger(server.address, system="s", token="t") as log:
        log.decision("a", score=1)
        assert log.flush(10)
    assert [key for _, _, key, _ in server.sent] == [server.sent[0][2]] * 4
    assert log.tally.sent == 1


def test_what_one_row_is_refused_for_costs_no_other(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def answer(rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        bad = next((i for i, row in enumerate(rows, 1) if "score" not in row), 0)
        return (422, {"detail": f"Row {bad}: neither", "line": bad}) if bad else (202, {})

    server.answer = answer
    with plumbline.logger(server.address, system="s", token="t") as log:
        for i in range(5):
            log.decision(str(i), score=None if i in (1, 3) else 0.5)
        assert log.flush(10)
    assert (log.tally.sent, log.tally.refused) == (3, 2)
    assert "rows were refused: Row" in caplog.text


def test_a_wrong_token_refuses_all_and_is_said_once(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda rows: (401, {"detail": "This token is wrong, over or revoked."})
    with plumbline.logger(server.address, system="s", token="t") as log:
        for i in range(3):
            log.decision(str(i), score=0.5)
            assert log.flush(10)
            time.sleep(0.05)
    assert log.tally.refused == 3
    assert 1 <= caplog.text.count("This token is wrong") <= 2


def test_a_server_that_is_away_blocks_nobody_and_what_is_lost_is_counted_and_said(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "WAITING", 10)
    monkeypatch.setattr(module, "LAST", 0.2)
    held = threading.Event()

    def hang(rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        held.wait(20)
        return 202, {}

    server.answer = hang
    log = plumbline.logger(server.address, system="s", token="t")
    for i in range(1_000):  # no call waits for the server, which answers none
        log.decision(str(i), score=0.5)
    assert not log.flush(0.05)
    log.close()
    held.set()
    assert log.tally.sent == 0
    assert log.tally.dropped == 1_000
    assert (
        "1000 rows were dropped" in caplog.text.replace(",", "")
        or caplog.text.count("rows were dropped") >= 1
    )


def test_what_cannot_be_sent_as_json_raises_nothing(server: Server) -> None:
    looped: list[Any] = []
    looped.append(looped)
    with plumbline.logger(server.address, system="s", token="t") as log:
        log.decision("bad", score=0.5, features={"x": looped})
        log.decision("odd", score=0.5, features={"x": object()})
        assert log.flush(10)
    assert log.tally.refused + log.tally.sent == 2


ADDRESSES = (
    ("plumbline.example", "t"), ("ftp://x", "t"), ("http://x", ""), ("http://x", "a b"), ("http://u:p@x", "t")
)  # fmt: skip


@pytest.mark.parametrize(("url", "token"), ADDRESSES)
def test_what_is_no_address_or_token_is_said_at_once(
    url: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLUMBLINE_TOKEN", raising=False)
    with pytest.raises(ValueError, match=r"address|token"):
        plumbline.logger(url, system="s", token=token)


def test_a_closed_connection_is_opened_anew(server: Server) -> None:
    line = Connection(server.address, "t")
    assert line.ask("POST", "/systems/s/decisions", b"{}").status == 202
    line.close()
    assert line.ask("POST", "/systems/s/decisions", b"{}").json() == {"receipt": "r", "rows_read": 1}
    line.close()


def test_rows_are_sent_when_the_process_ends_and_nothing_heavy_is_imported(server: Server) -> None:
    code = (
        "import sys, plumbline\n"
        f"log = plumbline.logger({server.address!r}, system='s', token='t')\n"
        "log.decision('last', score=1)\n"
        "print(sorted({'numpy', 'duckdb', 'pandas', 'streamlit'} & set(sys.modules)))"
    )
    ran = subprocess.run([product.python(), "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
    assert [row["decision_id"] for row in server.rows] == ["last"]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_worker_sends_its_own_rows_once(server: Server) -> None:
    code = (
        "import os, plumbline\n"
        f"log = plumbline.logger({server.address!r}, system='s', token='t')\n"
        "log.decision('parent', score=1)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    log.decision('child', score=1); log.close(); os._exit(0)\n"
        "os.waitpid(child, 0); log.close()\n"
    )
    subprocess.run([product.python(), "-c", code], check=True, timeout=60)
    assert sorted(row["decision_id"] for row in server.rows) == ["child", "parent"]

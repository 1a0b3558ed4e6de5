"""``make bench-push``: rows and requests a second over HTTP, also while pages are read, and kills while rows come in.

Asserts that nothing was refused, lost or counted twice; a machine's clock is no test. ``PLUMBLINE_BENCH_SECONDS`` is
how long each part takes, ``PLUMBLINE_BENCH_KILLS`` how often the server is killed.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance import tokens
from plumbline.answers.operations.verify import verify
from plumbline.domain.acts import Access
from plumbline.store.workspace import open_workspace
from tests.bench.logfiles import CATEGORICAL, NUMERIC, write
from tests.served.serving import Server, Tab, serve

SECONDS = float(os.environ.get("PLUMBLINE_BENCH_SECONDS", "15"))
KILLS = int(os.environ.get("PLUMBLINE_BENCH_KILLS", "10"))
LOGGED = 100_000
PAGES = ("portfolio", "scorecard", "accuracy", "drift")


class Sender:
    """Connections that stay open, one a thread, and what each request was answered."""

    def __init__(self, address: str, secret: str) -> None:
        self._at, self._secret = urlsplit(address), secret
        self.receipts: dict[str, int] = {}
        self.seconds: list[float] = []
        self.other: list[int] = []
        self._number = 0
        self._guard = threading.Lock()

    def rows(self, count: int) -> bytes:
        """Decisions that nobody else sends."""
        with self._guard:
            first = self._number
            self._number += count
        return b"\n".join(json.dumps(_row(first + i)).encode() for i in range(count))

    def run(self, size: Callable[[], int], threads: int, seconds: float) -> None:
        """Send requests of so many rows, one behind the other in each thread."""
        until = time.monotonic() + seconds
        workers = [threading.Thread(target=self._send, args=(size, until)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _send(self, size: Callable[[], int], until: float) -> None:
        line = http.client.HTTPConnection(self._at.hostname or "", self._at.port, timeout=60)
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/x-ndjson"}
        while time.monotonic() < until:
            body = self.rows(size())
            begun = time.monotonic()
            try:
                line.request("POST", "/api/v1/systems/bench/decisions", body, headers)
                answer = line.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):  # the server was killed
                return
            with self._guard:
                self.seconds.append(time.monotonic() - begun)
                if answer.status == 202:
                    taken = json.loads(text)
                    self.receipts[taken["receipt"]] = taken["rows_read"]
                else:
                    self.other.append(answer.status)


def _row(i: int) -> dict[str, Any]:
    draw = random.Random(i)
    score = draw.random()
    return {
        "decision_id": f"p{i:09}",
        "decided_at": f"2026-07-01T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}Z",
        "score": round(score, 4),
        "prediction": "yes" if score >= 0.5 else "no",
        "model_version": "v5",
        "segment": f"segment_{i % 4}",
        **{f"num_{n}": round(draw.random() * 10 * (n + 1), 4) for n in range(NUMERIC)},
        **{f"cat_{n}": f"level_{draw.randrange(3)}" for n in range(CATEGORICAL)},
        "channel": f"extra_{i % 7}",
    }


def _metric(server: Server, name: str) -> float:
    lines = server.ask("/metrics")[1].decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"plumbline_{name}"))


def _processor(server: Server) -> float:
    """Seconds of processor time that the server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _settled(server: Server) -> float:
    begun = time.monotonic()
    while _metric(server, "push_backlog_bytes"):
        time.sleep(0.1)
    return time.monotonic() - begun


def _told(name: str, server: Server, sender: Sender, seconds: float, before: tuple[float, ...]) -> None:
    rows = sum(sender.receipts.values())
    took = np.array(sender.seconds) * 1000
    behind = _settled(server)
    loads, spent = (
        _metric(server, "push_loads_total") - before[0],
        _metric(server, "push_load_seconds_total") - before[1],
    )
    requests, processor = len(sender.receipts), _processor(server) - before[2]
    print(
        f"\n{name}: {requests / seconds:,.0f} requests and {rows / seconds:,.0f} rows a second; answered in "
        f"{np.median(took):.1f} ms in the median, {np.percentile(took, 95):.1f} ms at p95, {took.max():.0f} at most; "
        f"{loads:.0f} loads of {spent / max(loads, 1):.2f} s; the last row loaded {behind:.1f} s after the end; "
        f"{processor:.1f} s of processor time; refused: {len(sender.other)}",
        flush=True,
    )
    assert not sender.other


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path_factory.mktemp("push"))
    path = folder / "push.duckdb"
    path.unlink(missing_ok=True)
    ws = open_workspace(path, read_from=[folder])
    load_file(ws, write(folder / f"log_{LOGGED}.parquet", LOGGED), title="Bench", actor="bench")
    secret = tokens.add(ws, "bench", Access.ANALYST, by="bench").secret
    ws.close()
    return path, secret


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_rates(bench: tuple[Path, str]) -> None:
    path, secret = bench
    draw = random.Random(1)
    parts: tuple[tuple[str, Callable[[], int], int, bool], ...] = (
        ("single decisions", lambda: 1, 8, False),
        ("1 to 500 rows", lambda: draw.randint(1, 500), 4, False),
        ("single decisions, pages read meanwhile", lambda: 1, 8, True),
    )
    with serve(path, PLUMBLINE_REQUEST_RATE="100000") as server:
        while server.ask("/readyz")[0] != 200:
            time.sleep(0.1)
        for name, size, threads, visited in parts:
            before = (
                _metric(server, "push_loads_total"), _metric(server, "push_load_seconds_total"), _processor(server)
            )  # fmt: skip
            sender, stop, visits = Sender(server.address, secret), threading.Event(), [0]
            sender._number = 10_000_000 * (1 + parts.index((name, size, threads, visited)))
            reader = threading.Thread(target=_visit, args=(server, stop, visits))
            if visited:
                reader.start()
            sender.run(size, threads, SECONDS)
            stop.set()
            if visited:
                reader.join()
                name = f"{name} ({visits[0]} visits)"
            _told(name, server, sender, SECONDS, before)


def _visit(server: Server, stop: threading.Event, visits: list[int]) -> None:
    with Tab(server) as tab:
        while not stop.is_set():
            tab.run(PAGES[visits[0] % len(PAGES)] if visits[0] else "", "system=bench")
            visits[0] += 1


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_kills(bench: tuple[Path, str]) -> None:
    path, secret = bench
    draw = random.Random(2)
    receipts: dict[str, int] = {}
    for kill in range(KILLS):
        with (
            suppress(RuntimeError),
            serve(path, PLUMBLINE_PUSH_SECONDS="0.3", PLUMBLINE_REQUEST_RATE="100000") as server,
        ):
            sender = Sender(server.address, secret)
            sender._number = 100_000_000 + 1_000_000 * kill
            timer = threading.Timer(draw.uniform(0.5, 4), server.process.kill)
            timer.start()
            sender.run(lambda: draw.randint(1, 50), 4, 10)
            timer.join()
            server.process.wait()
        assert sender.receipts
        receipts |= sender.receipts
    with serve(path, PLUMBLINE_PUSH_SECONDS="0.3") as server:
        while server.ask("/readyz")[0] != 200:
            time.sleep(0.1)
        waited = _settled(server)
    ws = open_workspace(path)
    with ws.read() as cursor:
        found = dict(
            cursor.execute("SELECT id, rows_loaded FROM receipt WHERE load_id IS NOT NULL").fetchall()
        )
        twice = cursor.execute("SELECT count(*) - count(DISTINCT decision_id) FROM decision_bench").fetchone()
    lost = {number for number, rows in receipts.items() if found.get(number) != rows}
    print(
        f"\n{KILLS} kills: {len(receipts):,} requests with {sum(receipts.values()):,} rows were answered; lost or "
        f"in part: {len(lost)}; rows twice: {twice and twice[0]}; what was left loaded in {waited:.1f} s"
    )
    assert not lost
    assert twice == (0,)
    problems = verify(ws).problems
    ws.close()
    assert problems == ()

"""A disk that stalls: a push is taken or refused all the same, nobody who reads waits for who writes, nothing is
half loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plumbline.store.workspace import open_workspace
from tests.environment import product
from tests.factory.shop import PUSHED_ROW, shop_log
from tests.served.serving import Server, Tab, serve
from tests.served.slow_disk import serve_on_slow_disk, stalled, wait_until_reached
from tests.web.conftest import NDJSON, Interface, workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="open files are looked up in /proc")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("slow")
    return folder / "workspace.duckdb", workspace(folder)


@pytest.fixture
def slow(filled: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Interface]:
    copy = Path(shutil.copy(filled[0], tmp_path))
    with serve_on_slow_disk(copy, PLUMBLINE_PUSH_SECONDS="0.2", PLUMBLINE_REQUEST_SECONDS="2") as server:
        _wait_until_ready(server)
        yield Interface(server, filled[1])


def _wait_until_ready(server: Server) -> None:
    for _ in range(600):
        if server.ask("/readyz")[0] == 200:
            return
        time.sleep(0.1)
    raise AssertionError("the server takes no rows")


def _taken(slow: Interface, name: str) -> str:
    """The receipt of three rows; a busy machine may be too slow for one request, too."""
    for _ in range(50):
        status, answer = slow.push(_rows(name), Idempotency_Key=name)
        if status == 202:
            return str(answer["receipt"])
        assert status == 503, answer
    raise AssertionError("nothing is taken")


def _loaded(slow: Interface, receipt: str) -> int:
    """How many rows of a request were loaded, however long that takes."""
    for _ in range(20):
        status, answer = slow.ask(f"/receipts/{receipt}?wait=true")
        if status == 200:
            return int(answer["rows_loaded"])
        assert status in (202, 503), answer
    raise AssertionError("it is not loaded")


def _rows(name: str, count: int = 3) -> list[dict[str, Any]]:
    return [PUSHED_ROW | {"order_id": f"{name}-{i}"} for i in range(count)]


def _decisions(path: Path, name: str) -> int:
    ws = open_workspace(path)
    try:
        with ws.read() as cursor:
            row = cursor.execute(
                'SELECT count(*), count(DISTINCT "decision_id") FROM decision_shop WHERE starts_with("decision_id", ?)',
                [name],
            ).fetchone()
    finally:
        ws.close()
    assert row is not None
    assert row[0] == row[1]
    return int(row[0])


def _reads(slow: Interface) -> None:
    """What must not wait for who writes: health, an answer, a page."""
    assert slow.server.ask("/healthz")[0] == 200
    assert slow.ask("/systems/shop/quality", who="viewer")[0] == 200
    with Tab(slow.server) as tab:
        tab.run("", "system=shop")
        assert "# Of " in tab.run("quality", "system=shop")


def test_a_push_that_the_disk_does_not_take_is_refused_in_time_and_counts_once_when_sent_again(
    slow: Interface,
) -> None:
    with stalled(slow.server, "sync"):
        seen = [slow.push(_rows("a"), Idempotency_Key="a") for _ in range(3)]
        assert {status for status, _ in seen} == {503}
        assert any(p["detail"].startswith("The disk did not take the rows within 2 seconds") for _, p in seen)
        status, body, _ = slow.server.ask("/readyz")
        assert status == 503
        assert json.loads(body)["detail"].startswith("The disk has not taken pushed rows for ")
        with ThreadPoolExecutor(60) as pool:  # more than the server has threads
            answers = list(pool.map(lambda n: slow.push(_rows(f"b{n}", 1))[0], range(60)))
        assert set(answers) == {503}
        _reads(slow)
    assert _loaded(slow, _taken(slow, "a")) == 3
    _wait_until_ready(slow.server)
    slow.server.process.terminate()
    slow.server.process.wait(60)
    assert _decisions(slow.server.workspace, "a-") == 3
    assert _decisions(slow.server.workspace, "b") <= 60  # each once


def test_a_write_that_does_not_end_holds_up_nobody_who_reads_or_pushes(
    slow: Interface, tmp_path: Path
) -> None:
    head, *lines = shop_log(rows=400).decode().splitlines()
    more = tmp_path / "more.csv"
    more.write_text("\n".join([head, *(line.replace(",o-", ",more-", 1) for line in lines)]) + "\n")
    command = [product.python(), "-m", "plumbline.cli", "load", str(more), "--system", "shop", "--workspace"]
    with stalled(slow.server, "commit"):
        load = subprocess.Popen([*command, str(slow.server.workspace)], stdout=subprocess.PIPE, text=True)
        wait_until_reached(slow.server, "commit")
        _reads(slow)
        receipt = _taken(slow, "c")
        assert slow.ask(f"/receipts/{receipt}")[1]["state"] == "waiting"
        assert load.poll() is None
        slow.server.process.kill()
        slow.server.process.wait(60)
    assert load.wait(60) != 0
    assert _decisions(slow.server.workspace, "more-") == 0
    with serve(slow.server.workspace, PLUMBLINE_PUSH_SECONDS="0.2") as again:
        _wait_until_ready(again)
        assert _loaded(Interface(again, slow.secrets), receipt) == 3
    assert _decisions(slow.server.workspace, "c-") == 3


def test_where_the_workspace_itself_does_not_answer_a_push_is_refused_in_time(slow: Interface) -> None:
    _taken(slow, "d")
    with stalled(slow.server, "cursor"):
        wait_until_reached(slow.server, "cursor")
        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(lambda n: slow.push(_rows(f"e{n}", 1)), range(60)))
        assert {status for status, _ in answers} <= {202, 503}  # taken while it is known who asks
        body = json.dumps(_rows("e60", 1)[0]).encode()
        status, problem = slow.ask("/systems/shop/decisions", "POST", body, who="owner", Content_Type=NDJSON)
        assert status == 503  # of whom nothing is known yet
        refused = [problem["detail"], *(problem["detail"] for status, problem in answers if status == 503)]
        assert all("does not answer within 2 seconds" in sentence for sentence in refused)
        assert slow.server.ask("/healthz")[0] == 200
        assert slow.server.ask("/metrics")[0] == 200
        for _ in range(2):  # a probe comes again while the one before it still waits
            status, body, _ = slow.server.ask("/readyz")
            assert status == 503
            assert "does not answer within 2 seconds" in json.loads(body)["detail"]
    _wait_until_ready(slow.server)
    assert _loaded(slow, _taken(slow, "f")) == 3
    _reads(slow)

"""The examples of docs/http-api.md, run against a real server in their order."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.environment.product import ROOT
from tests.served.serving import Server, serve
from tests.web.conftest import workspace

TEXT = (ROOT / "docs" / "http-api.md").read_text("utf-8")
#: as much of curl as the examples use, for machines without it
CURL = """
import sys, urllib.request, urllib.error
method, headers, body, url, words = None, {}, None, "", iter(sys.argv[1:])
for word in words:
    if word == "-s": continue
    elif word == "-X": method = next(words)
    elif word == "-H": headers.update([next(words).split(": ", 1)])
    elif word == "--data-binary":
        text = next(words)
        body = sys.stdin.buffer.read() if text == "@-" else text.encode()
    else: url = word
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    answer = opener.open(urllib.request.Request(url, body, headers, method=method))
except urllib.error.HTTPError as error:
    answer = error
sys.stdout.write(answer.read().decode())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("document")
    (folder / "analyst").write_text(workspace(folder)["analyst"])
    with serve(folder / "workspace.duckdb", PLUMBLINE_PUSH_SECONDS="0.2") as made:
        yield made


def test_the_examples_run_as_they_stand_there(server: Server, tmp_path: Path) -> None:
    for name, code in {"curl": CURL, "plumbline": "from plumbline.cli import main; main()"}.items():
        (tmp_path / name).write_text(f"#!{sys.executable}\n{code}")
        (tmp_path / name).chmod(stat.S_IRWXU)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "PLUMBLINE_WORKSPACE": str(server.workspace), "URL": server.address,
    }  # fmt: skip
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 7

    def run(block: str) -> str:
        ran = subprocess.run(
            ["bash", "-e", "-c", block],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    secret, _ = run(blocks[0]).splitlines()
    environment["TOKEN"] = secret
    taken = json.loads(run(blocks[1]))
    assert taken.keys() == {"receipt", "rows_read"}
    environment["RECEIPT"] = taken["receipt"]
    receipt = json.loads(run(blocks[2]))
    assert (receipt["state"], receipt["rows_loaded"]) == ("loaded", 2)
    assert all(f"`{name}`" in TEXT for name in ("load_id", *(n for n in receipt if n.startswith("rows_"))))
    assert json.loads(run(blocks[3]))["rows_read"] == 1
    answers = _values(run(blocks[4]))
    assert len(answers) == len(blocks[4].splitlines())
    assert not any("detail" in answer for answer in answers)
    checked, handled = _values(run(blocks[5]))
    assert checked["findings"]
    assert handled["finding"]["acknowledged_by"] == "token scoring"
    shutil.copy(server.workspace.with_name("shop.csv"), tmp_path / "week-10.csv")
    (loaded,) = _values(run(blocks[6]))
    assert (loaded["code"], json.loads(loaded["out"][0][0])["rows_loaded"]) == (0, 0)


def test_the_three_lines_log_a_decision_and_its_label(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    ws_token = (server.workspace.parent / "analyst").read_text()
    monkeypatch.setenv("PLUMBLINE_TOKEN", ws_token)
    names: dict[str, Any] = {}
    exec(
        compile(block.replace("https://plumbline.example", server.address), "docs/http-api.md", "exec"), names
    )
    assert names["log"].flush(20)
    names["log"].close()
    assert (names["log"].tally.sent, names["log"].tally.refused) == (2, 0)
    shown = {"Authorization": f"Bearer {ws_token}"}
    for _ in range(100):  # it is loaded a moment later
        status, text, _ = server.ask("/api/v1/systems/shop/explanations/o-3", **shown)
        if status == 200:
            break
        time.sleep(0.1)
    explained = json.loads(text)
    assert explained["source"] == "logged"
    assert explained["attributions"] == {"basket": 0.12}


def _values(text: str) -> list[Any]:
    """JSON values one behind the other."""
    found, at, reader = [], 0, json.JSONDecoder()
    while at < len(text.rstrip()):
        value, at = reader.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        found.append(value)
    return found


def test_every_status_that_the_interface_answers_is_in_its_table() -> None:
    listed = set(re.findall(r"\b(4\d\d|5\d\d)\b", TEXT.partition("## Problems")[2].partition("Bounds on")[0]))
    used = set()
    for path in (ROOT / "lib" / "plumbline" / "web").glob("*.py"):
        used |= set(re.findall(r"HTTPStatus\.([A-Z_]+)", path.read_text("utf-8")))
    from http import HTTPStatus

    numbers = {str(int(HTTPStatus[name])) for name in used if HTTPStatus[name] >= 400}
    assert numbers - {"500"} == listed

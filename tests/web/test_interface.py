"""The HTTP interface of a real server: what it answers, whom it refuses, and what it takes."""

from __future__ import annotations

import io
import json
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from plumbline.client.questions import QUESTIONS
from tests.conftest import Ran
from tests.factory.shop import PUSHED_ROW
from tests.web.conftest import NDJSON, Interface

Run = Callable[..., Ran]
#: what two answers at two moments may differ by
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00|[0-9a-f]{64}")


READ = (
        ("/systems", ("systems",)),
        ("/systems/shop/scorecard", ("scorecard", "shop")),
        ("/systems/shop/performance?by=week&metric=accuracy&where=region=north",
         ("performance", "shop", "--by", "week", "--metric", "accuracy", "--where", "region=north")),
        ("/systems/shop/performance?segments=true&window=2026-02-01..",
         ("performance", "shop", "--segments", "--window", "2026-02-01..")),
        ("/systems/shop/drift?method=psi&method=ks", ("drift", "shop", "--method", "psi", "--method", "ks")),
        ("/systems/shop/fairness", ("fairness", "shop")),
        ("/systems/shop/quality", ("quality", "shop")),
        ("/systems/shop/releases?split=0.5", ("releases", "shop", "--split", "0.5")),
        ("/systems/shop/findings?open=1", ("findings", "shop", "--open")),
        ("/systems/shop/explanations/o-000-001", ("explain", "shop", "o-000-001")),
)  # fmt: skip


@pytest.mark.parametrize(("path", "command"), READ)
def test_a_viewer_reads_what_the_command_line_prints(
    interface: Interface, plumbline: Run, path: str, command: tuple[str, ...]
) -> None:
    status, body, headers = interface.raw(path, who="viewer")
    ran = plumbline(*command, "--json", "--workspace", interface.server.workspace)
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert _MOMENT.sub("", body.decode()) == _MOMENT.sub("", ran.out)
    assert json.loads(body)


def test_a_command_prints_a_server_s_answer_as_its_own(
    interface: Interface, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", interface.secrets["viewer"])
    there = ("--server", interface.server.address, "--token-env", "SECRET")
    for _, command in READ:
        for form in ((), ("--json",)):
            far = plumbline(*command, *form, *there)
            near = plumbline(*command, *form, "--workspace", interface.server.workspace)
            assert (far.code, far.err) == (near.code, ""), command
            assert _MOMENT.sub("", far.out) == _MOMENT.sub("", near.out), command
    reading = {question.command for question in QUESTIONS if question.method == "GET"} | {"systems"}
    assert {command[0] for _, command in READ} == reading


def test_a_command_says_in_one_line_why_a_server_does_not_answer(
    interface: Interface, plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_TOKEN", interface.secrets["viewer"])
    here = ("--server", interface.server.address)
    for command, said in (
        (("check", "shop", *here), "takes a token with the role analyst"),
        (("drift", "nowhere", *here), "no system 'nowhere'"),
        (("drift", "shop", *here, "--workspace", "x.duckdb"), "workspace of its own"),
        (("findings", "shop", "--acknowledge", "1", *here), "Only an analyst may do this"),
        (("drift", "shop", "--server", "http://127.0.0.1:9"), "cannot be reached"),
        (("drift", "shop", "--server", "nowhere"), "no address"),
        (("drift", "shop", *here, "--token-env", "NOTHING"), "no token"),
    ):
        ran = plumbline(*command)
        assert (ran.code, ran.out) == (2, ""), command
        assert said in ran.err
        assert len(ran.err.splitlines()) == 1


def test_every_question_is_tried_above_and_described(interface: Interface) -> None:
    _, document = interface.ask("/openapi.json", who="")
    paths = set(document["paths"])
    assert {f"/systems/{{system}}/{question.path}" for question in QUESTIONS} < paths
    assert {
        "/systems",
        "/systems/{system}/decisions",
        "/systems/{system}/labels",
        "/receipts/{number}",
    } < paths
    asked = document["paths"]["/systems/{system}/performance"]["get"]["parameters"]
    assert next(p for p in asked if p["name"] == "by")["schema"] == {
        "type": "string",
        "enum": ["day", "week", "month"],
    }
    status, page, _ = interface.raw("/docs", who="")
    assert status == 200
    assert b"POST /api/v1/systems/{system}/decisions" in page
    assert b"<script" not in page


@pytest.mark.parametrize(
    ("who", "path", "method", "status"),
    [
        ("", "/systems", "GET", 401),
        ("plumbline_wrong", "/systems", "GET", 401),
        ("nonsense", "/systems/shop/scorecard", "GET", 401),
        ("viewer", "/systems/shop/decisions", "POST", 403),
        ("viewer", "/systems/shop/labels", "POST", 403),
        ("viewer", "/systems/shop/check", "POST", 403),
        ("viewer", "/systems/shop/findings/1/acknowledge", "POST", 403),
        ("airport", "/systems/shop/scorecard", "GET", 403),
        ("airport", "/systems/nowhere/scorecard", "GET", 403),  # what is there is not told to it
        ("viewer", "/systems/nowhere/scorecard", "GET", 404),
        ("analyst", "/systems/nowhere/decisions", "POST", 404),
        ("viewer", "/systems/shop/explanations/nobody", "GET", 404),
        ("analyst", "/systems/shop/findings/99999/acknowledge", "POST", 404),
        ("viewer", "/receipts/nothing", "GET", 404),
        ("viewer", "/nothing", "GET", 404),
        ("viewer", "/systems", "DELETE", 405),
        ("viewer", "/systems/shop/drift?method=none", "GET", 422),
        ("viewer", "/systems/shop/drift?notify=1", "GET", 422),
        ("viewer", "/systems/shop/drift?window=--all", "GET", 422),
        ("viewer", "/systems/shop/findings?open=perhaps", "GET", 422),
        ("viewer", "/systems/--help/scorecard", "GET", 404),
    ],
)
def test_what_is_refused_has_its_status_and_one_sentence(
    interface: Interface, who: str, path: str, method: str, status: int
) -> None:
    body = b'{"timestamp": "2026-03-09T08:00:00Z", "score": 1}' if method == "POST" else None
    seen, text, headers = interface.raw(path, method, body, who, Content_Type=NDJSON)
    assert seen == status, text
    assert headers["content-type"] == "application/problem+json"
    problem = json.loads(text)
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"].strip()
    assert "\n" not in problem["detail"]
    assert ("www-authenticate" in headers) == (status == 401)


def test_a_token_for_one_system_is_told_of_no_other(interface: Interface) -> None:
    _, answer = interface.ask("/systems", who="airport")
    assert [row["key"] for row in answer["systems"]] == ["airport"]
    assert len(interface.ask("/systems", who="viewer")[1]["systems"]) == 2


def test_a_revoked_token_is_refused_within_a_second(interface: Interface, plumbline: Run) -> None:
    where = ("--workspace", interface.server.workspace)
    made = plumbline("token", "add", "passing", "--role", "viewer", "--json", *where)
    secret = json.loads(made.out)["secret"]
    assert interface.ask("/systems/shop/findings", who=secret)[0] == 200
    plumbline("token", "revoke", "passing", *where)
    time.sleep(1.1)
    assert interface.ask("/systems/shop/findings", who=secret)[0] == 401


def test_an_act_stands_on_the_trail_under_the_token_s_name(interface: Interface, plumbline: Run) -> None:
    status, checked = interface.ask("/systems/shop/check", "POST")
    assert (status, set(checked)) == (
        200, {"findings", "delivered", "acted", "reminders", "records", "cautions"}
    )  # fmt: skip
    number = interface.ask("/systems/shop/findings")[1]["findings"][0]["id"]
    status, handled = interface.ask(f"/systems/shop/findings/{number}/acknowledge", "POST")
    assert (status, handled["finding"]["acknowledged_by"]) == (200, "token analyst")
    trail = json.loads(plumbline("trail", "--json", "--workspace", interface.server.workspace).out)
    done = {entry["action"]: entry["actor"] for entry in reversed(trail["entries"])}
    assert done["signals checked"] == "token analyst"


def test_pushed_decisions_are_loaded_once_and_their_labels_join_them(interface: Interface) -> None:
    rows = [PUSHED_ROW | {"order_id": f"p{i}"} for i in range(3)]
    status, taken = interface.push(rows)
    assert (status, taken["rows_read"], set(taken)) == (202, 3, {"receipt", "rows_read"})
    first = interface.settled(taken["receipt"])
    assert {
        "rows_loaded": 3,
        "rows_duplicate": 0,
        "rows_quarantined": 0,
        "reasons": {},
    }.items() <= first.items()
    assert first["state"] == "loaded"
    again = interface.settled(
        interface.push([*rows, PUSHED_ROW | {"order_id": "p3", "decided_at": "yesterday"}])[1]["receipt"]
    )
    assert (again["rows_loaded"], again["rows_duplicate"], again["rows_quarantined"]) == (0, 3, 1)
    assert again["reasons"] == {"bad_timestamp": 1}
    assert again["load_id"] > first["load_id"]
    labels = [{"decision_id": "p0", "label": "yes"}, {"order_id": "nobody", "outcome": "no"}]
    joined = interface.settled(interface.push(labels, "labels")[1]["receipt"])
    assert (joined["rows_loaded"], joined["rows_quarantined"], joined["reasons"]) == (
        1,
        1,
        {"unknown_decision": 1},
    )
    assert interface.ask("/systems/shop/explanations/p0")[1]["decision_id"] == "p0"


def test_ndjson_csv_and_arrow_say_the_same(interface: Interface) -> None:
    at = "2026-03-10T08:00:00+00:00"
    ndjson = json.dumps(
        {"timestamp": at, "decision_id": "f1", "score": 0.5, "feature:basket": 3, "region": None}
    ).encode()
    csv = f"timestamp,decision_id,score,feature:basket,region\n{at},f1,0.5,3,\n".encode()
    table = pa.table({"timestamp": pa.array([datetime.fromisoformat(at)]), "decision_id": ["f1"], "score": [0.5],
                      "feature:basket": [3], "region": pa.nulls(1)})  # fmt: skip
    stream, file = io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    bodies = {
        NDJSON: ndjson, "text/csv; charset=utf-8": csv, "application/vnd.apache.arrow.stream": stream.getvalue(),
        "application/vnd.apache.arrow.file": file.getvalue(),
    }  # fmt: skip
    seen = [
        interface.settled(interface.push(body, Content_Type=kind)[1]["receipt"])
        for kind, body in bodies.items()
    ]
    assert [(one["rows_loaded"], one["rows_duplicate"]) for one in seen] == [(1, 0), (0, 1), (0, 1), (0, 1)]


def test_a_request_with_a_key_is_one_request_however_often_it_is_sent(interface: Interface) -> None:
    rows = [PUSHED_ROW | {"order_id": "k1"}]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: interface.push(rows, Idempotency_Key="key-1"), range(8)))
    assert {status for status, _ in seen} == {202}
    assert len({answer["receipt"] for _, answer in seen}) == 1
    receipt = interface.settled(seen[0][1]["receipt"])
    assert (receipt["rows_read"], receipt["rows_loaded"]) == (1, 1)
    assert interface.push(rows, Idempotency_Key="key-1")[1]["receipt"] == receipt["receipt"]
    status, problem = interface.push([PUSHED_ROW | {"order_id": "k2"}], Idempotency_Key="key-1")
    assert status == 422
    assert "used for another request" in problem["detail"]
    assert interface.push(rows, Idempotency_Key="k" * 201)[0] == 422


FUTURE = (datetime.now(UTC) + timedelta(days=400)).isoformat()
GOOD = json.dumps(PUSHED_ROW | {"order_id": "bad-input"}).encode()


@pytest.mark.parametrize(
    ("body", "kind", "status", "line"),
    [
        (GOOD + b"\n{broken\n" + GOOD, NDJSON, 422, 2),
        (GOOD + b"\n[1, 2]", NDJSON, 422, 2),
        (GOOD + b'\n{"a": \xff}', NDJSON, 422, 2),
        (b"\n\n" + GOOD + b'\n{"decided_at": "2026-03-09T08:00:00Z"}', NDJSON, 422, 4),
        (GOOD + b"\n" + json.dumps(PUSHED_ROW | {"decided_at": FUTURE}).encode(), NDJSON, 422, 2),
        (GOOD + b"\n" + json.dumps(PUSHED_ROW | {"timestamp": "2026-03-09T08:00:00Z"}).encode(), NDJSON, 422, 2),
        (b'{"a":' * 100_000, NDJSON, 422, 1),
        (b"", NDJSON, 400, 0),
        (b"decided_at,decision\n2026-03-09T08:00:00Z,yes\n2026-03-09T08:00:00Z\n", "text/csv", 422, 3),
        (b'decided_at,decision\n2026-03-09T08:00:00Z,"ye', "text/csv", 422, 2),
        (b"a,a\n1,2\n", "text/csv", 400, 0),
        (b"decided_at,decision\n\xff\xfe,1\n", "text/csv", 400, 0),
        (b"ARROW1\0\0 and then nothing", "application/vnd.apache.arrow.file", 422, 0),
        (GOOD, "application/xml", 415, 0),
        (GOOD, "", 415, 0),
        (b"x" * 2_000_001, NDJSON, 413, 0),
    ],
)  # fmt: skip
def test_a_bad_body_is_refused_as_a_whole_and_names_its_line(
    interface: Interface, body: bytes, kind: str, status: int, line: int
) -> None:
    before = interface.server.ask("/metrics")[1]
    seen, problem = interface.push(body, Content_Type=kind)
    assert seen == status, problem
    assert problem.get("line", 0) == line
    assert len(problem["detail"]) < 300
    assert _taken(interface.server.ask("/metrics")[1]) == _taken(before)


def _taken(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if line.startswith("plumbline_push_rows")]


def _socket(interface: Interface, head: str) -> socket.socket:
    at = urlsplit(interface.server.address)
    end = socket.create_connection((at.hostname, at.port), 20)
    end.sendall(
        f"POST /api/v1/systems/shop/decisions HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: {NDJSON}\r\n"
        f"Authorization: Bearer {interface.secrets['analyst']}\r\n{head}\r\n\r\n".encode()
    )
    return end


def test_a_body_of_a_gigabyte_is_refused_before_it_is_sent_and_one_without_a_length_at_the_limit(
    interface: Interface,
) -> None:
    with _socket(interface, "Content-Length: 1000000000") as end:
        assert b" 413 " in end.recv(100)
    with _socket(interface, "Transfer-Encoding: chunked") as end:
        chunk = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
        for _ in range(33):
            end.sendall(chunk)
        assert b" 413 " in end.recv(100)


def test_a_body_that_comes_too_slowly_is_given_up(interface: Interface) -> None:
    with _socket(interface, "Content-Length: 100") as end:
        end.sendall(b'{"decided')
        assert b" 408 " in end.recv(100)


def test_packed_bodies_are_refused(interface: Interface) -> None:
    assert interface.push(GOOD, Content_Encoding="gzip")[0] == 415


def test_too_many_requests_are_told_when_to_come_again(interface: Interface, plumbline: Run) -> None:
    where = ("--workspace", interface.server.workspace)
    secret = json.loads(plumbline("token", "add", "eager", "--role", "viewer", "--json", *where).out)[
        "secret"
    ]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: interface.raw("/receipts/none", who=secret), range(500)))
    refused = [(status, headers) for status, _, headers in seen if status == 429]
    assert refused
    assert {status for status, _, _ in seen} == {404, 429}
    assert refused[0][1]["retry-after"] == "1"
    assert interface.ask("/receipts/none", who="viewer")[0] == 404  # others go on


def test_health_and_metrics_name_no_system_without_a_token(interface: Interface) -> None:
    assert interface.server.ask("/healthz")[:2] == (200, b'{"status":"ok"}')
    assert interface.server.ask("/readyz")[:2] == (200, b'{"status":"ready"}')
    status, text, headers = interface.server.ask("/metrics")
    assert (status, headers["content-type"]) == (
        200, "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )  # fmt: skip
    assert b"shop" not in text
    assert text.endswith(b"# EOF\n")
    shown = {name: f"Bearer {interface.secrets[name]}" for name in ("viewer", "airport")}
    all_of_them = interface.server.ask("/metrics", Authorization=shown["viewer"])[1].decode()
    assert re.search(r'^plumbline_decisions\{system="shop"\} \d{4}$', all_of_them, re.MULTILINE)
    assert b"shop" not in interface.server.ask("/metrics", Authorization=shown["airport"])[1]
    assert interface.server.ask("/metrics", Authorization="Bearer plumbline_x")[0] == 401


def test_the_pages_are_served_as_before(interface: Interface) -> None:
    status, body, headers = interface.server.ask("/")
    assert (status, b"<script" in body) == (200, True)
    assert "frame-ancestors 'none'" in headers["content-security-policy"]

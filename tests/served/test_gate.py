"""A server with sign-in, met by somebody who speaks its protocol: what is refused, to whom, and what still works."""

from __future__ import annotations

import gzip
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from plumbline.answers.governance import access
from plumbline.answers.respond import links
from plumbline.answers.respond.triage import triaged_findings
from plumbline.domain.acts import Access
from plumbline.store.workspace import open_workspace
from tests.factory.shop import shop_log

from .serving import Server, Tab, pressed, serve

PEOPLE = {"ana": Access.OWNER, "bob": Access.ANALYST, "cy": Access.VIEWER, "eve": None}
LINK = "link"  # a file with a finding's number, and what the link of a message about it carries
SIGN_IN = "Sign in to see this workspace"


@pytest.fixture(scope="module")
def signed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ana owns the workspace, Bob loads logs, Cy looks, Eve has no role; one system is in it."""
    path = tmp_path_factory.mktemp("signed") / "workspace.duckdb"
    shutil.copy(made, path)
    ws = open_workspace(path)
    for name, role in PEOPLE.items():
        if role:
            access.give(ws, f"{name}@example.org", role, by="test")
    number = next(n for n, one in triaged_findings(ws, "shop-offers").items() if one.record.open)
    with ws.write() as cursor:
        path.with_name(LINK).write_text(f"{number} {links.token(cursor, 'dlv_1', number)}")
    ws.close()
    with serve(path, sign_in=True, TMPDIR=str(path.parent)) as server:
        yield server


def tab(server: Server, name: str) -> Tab:
    return Tab(server, server.cookie(f"{name}@example.org"))


def until(true: Callable[[], bool]) -> bool:
    """Whether it comes true while the server has time for it."""
    for _ in range(300):
        if true():
            return True
        time.sleep(0.05)
    return False


def test_the_page_of_signing_in_works_for_anybody_and_shows_nothing_else(signed: Server) -> None:
    with Tab(signed) as anybody:
        for page in ("", "logs", "people"):
            assert SIGN_IN in anybody.run(page, "system=shop-offers")
            assert "hop offers" not in str(anybody.sent)
    for path in ("/", "/people?system=a", "/favicon.png", "/_stcore/health", "/_stcore/host-config"):
        assert signed.ask(path)[0] == 200, path
    assert (
        b"streamlit" not in signed.ask("/_stcore/host-config")[1]
    )  # no other machine's pages may speak to ours


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent", "/media/0123.csv", "/component/a/b.js",
     "/_stcore/bidi-components/a/b.js", "/_stcore/upload_file/a/b", "//media/0123.csv", "/_stcore/stream",
     "/_stcore/health/../metrics"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["", "eve", "forged", "unconfirmed", "elsewhere"])
def test_without_a_role_nothing_behind_the_pages_answers(signed: Server, path: str, name: str) -> None:
    cookies = {
        "": "",
        "eve": signed.cookie("eve@example.org"),
        "forged": signed.cookie("ana@example.org", secret="another secret"),
        "unconfirmed": signed.cookie("ana@example.org", email_verified=False),
        "elsewhere": signed.cookie("ana@example.org", origin="http://evil.example"),
    }
    status, body, _ = signed.ask(path, Cookie=cookies[name])
    assert status == 403, body[:80]


def test_a_link_of_a_message_leads_through_signing_in_to_a_button_that_counts_once(signed: Server) -> None:
    number, token = signed.workspace.with_name(LINK).read_text().split()
    query = f"system=shop-offers&{links.PARAMETER}={token}"
    address = f"/alerts?{query}"
    assert signed.ask(address)[0] == 200  # a mail scanner follows it
    with Tab(signed) as anybody:
        anybody.run()
        assert SIGN_IN in anybody.run("alerts", query)
        assert f"Finding {number}" not in str(anybody.sent)
    # the provider is reached with the page to come back to in a cookie, and leads back there
    kept = signed.ask("/auth/login", Referer=f"{signed.address}{address}")[2]["set-cookie"]
    back = re.search(r"plumbline_back=([^;]+)", kept)
    assert back
    assert unquote(back[1]) == address
    assert signed.ask("/oauth2callback", Cookie=f"plumbline_back={back[1]}")[2]["location"] == address
    with tab(signed, "cy") as cy:
        cy.run()
        assert f"Finding {number}" in cy.run("alerts", query)
        seen = cy.button("I have seen it")
        assert seen.disabled
        cy.run("alerts", query, pressed(seen.id))  # as a page that was tampered with does
    with tab(signed, "bob") as bob, tab(signed, "ana") as ana:
        bob.run()
        ana.run()
        assert f"Finding {number}" in bob.run("alerts", query)
        assert f"Finding {number}" in ana.run("alerts", query)
        assert "not acknowledged" in bob.words()  # opening it, and pressing as a viewer, changed nothing
        assert "Acknowledged by bob" in bob.run(
            "alerts", query, pressed(bob.button("I have seen it").id)
        ).replace("\\", "")
        again = ana.run(
            "alerts", query, pressed(ana.button("I have seen it").id)
        )  # she had it open meanwhile
        assert "already" in again + " ".join(alert.body for alert in ana.elements("alert"))
        after = ana.run("alerts", query).replace("\\", "")
        assert "was used already" in after + " ".join(alert.body for alert in ana.elements("alert"))
        assert "Acknowledged by bob" in after
        assert "Acknowledged by ana" not in after


def test_metrics_are_the_owners(signed: Server) -> None:
    found = {n: signed.ask("/_stcore/metrics", Cookie=signed.cookie(f"{n}@example.org"))[0] for n in PEOPLE}
    assert found == {"ana": 200, "bob": 403, "cy": 403, "eve": 403}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "user@localhost", ""])
@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/media/a", "/people"])
def test_a_server_answers_to_its_own_name_alone(signed: Server, host: str, path: str) -> None:
    assert signed.ask(path, Host=host)[0] == 400


def test_the_pages_own_scripts_go_compressed_and_stay_what_they_are(signed: Server) -> None:
    script = re.search(r"static/js/[\w.-]+\.js", signed.ask("/")[1].decode())
    assert script
    path = f"/{script[0]}"
    plain, short = signed.ask(path), signed.ask(path, Accept_Encoding="gzip")
    assert (plain[2].get("content-encoding"), short[2]["content-encoding"]) == (None, "gzip")
    assert (short[2]["cache-control"], short[2]["x-content-type-options"]) == (
        plain[2]["cache-control"],
        "nosniff",
    )
    assert gzip.decompress(short[1]) == plain[1]
    assert len(short[1]) < 0.5 * len(plain[1])


def test_who_comes_by_https_comes_back_by_https_alone(signed: Server) -> None:
    """A proxy on this machine says how the visitor came; uvicorn believes it."""
    plain = signed.ask("/_stcore/health")[2]
    assert "strict-transport-security" not in plain
    assert "secure" not in plain["set-cookie"].casefold()
    for path in ("/_stcore/health", "/oauth2callback"):
        headers = signed.ask(path, X_Forwarded_Proto="https")[2]
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert "Secure" in headers["set-cookie"]


def test_an_upload_takes_a_role_that_loads_and_a_session_of_ones_own(signed: Server) -> None:
    with Tab(signed) as anybody, tab(signed, "bob") as bob, tab(signed, "cy") as cy:
        for one in (anybody, bob, cy):
            one.run()
        cy.run("logs")
        assert not cy.elements("file_uploader") or all(u.disabled for u in cy.elements("file_uploader"))
        assert "Only an analyst may do this" in cy.words()
        assert anybody.upload(b"a,b\n1,2\n") == 403
        assert cy.upload(b"a,b\n1,2\n") == 403
        assert bob.upload(b"a,b\n1,2\n", session=anybody.session) == 403
        with tab(signed, "ana") as ana:
            ana.run()
            assert ana.upload(b"a,b\n1,2\n", session=bob.session) == 403
        assert bob.upload(b"a,b\n1,2\n") == 204


def test_a_file_made_for_one_person_is_given_to_nobody_unknown_and_kept_by_no_cache(signed: Server) -> None:
    with tab(signed, "cy") as cy:
        cy.run()
        cy.run("scorecard", "system=shop-offers")
        offered = [b for b in cy.elements("download_button") if b.deferred_file_id]
        url = _made(cy, offered[0].deferred_file_id)
        assert url.startswith("/media/")
        assert signed.ask(url)[0] == 403
        status, _, headers = signed.ask(url, Cookie=cy.cookies)
        assert (status, headers["cache-control"]) == (200, "no-store")
        with tab(signed, "bob") as bob, Tab(signed) as anybody:  # who knows the id makes nothing in Cy's name
            for other in (bob, anybody):
                other.run()
                _asked(other, offered[0].deferred_file_id)
                other.run()  # answered after whatever the message before it led to
                assert not any("/media/" in str(m) for m in other.sent)


def _asked(tab: Tab, file: str) -> None:
    message = BackMsg()
    asked = message.backend_operation_request
    asked.request_id, asked.session_id, asked.deferred_file.file_id = "r1", tab.session, file
    tab.send(message)


def _made(tab: Tab, file: str) -> str:
    _asked(tab, file)
    answer = tab.answer("backend_operation_response")
    return str(answer.deferred_file.url)


def _look(tab: Tab) -> Path:
    """Drop a log, look at it without keeping it; the scratch workspace's file."""
    tab.run()
    tab.run("logs")
    (uploader, *_) = tab.elements("file_uploader")
    body = shop_log()
    assert tab.upload(body, "look.csv") == 204
    dropped = tab.dropped(uploader.id, "look.csv", len(body))
    tab.run("logs", "", dropped)
    tab.run("logs", "", dropped, pressed(tab.button("Just look at this file").id))
    (found,) = tab.server.workspace.parent.glob("plumbline-own-*/*/*.duckdb")
    return found


def test_no_message_reaches_what_others_keep_and_a_lost_connection_loses_no_scratch(signed: Server) -> None:
    with tab(signed, "bob") as bob:
        scratch = _look(bob)
        assert "scratch" in bob.run("accuracy")
        with Tab(signed) as anybody, tab(signed, "cy") as cy:
            for other in (anybody, cy):
                other.run()
                for order in ("clear_cache", "set_run_on_save", "load_git_info", "debug_shutdown_runtime"):
                    other.say(**{order: True})
                other.run()  # answered after the orders
        assert scratch.exists()
        assert "scratch" in bob.run("accuracy")
        bob.close()
        bob.open()
        assert "scratch" in bob.run("accuracy")
        assert scratch.exists()


def test_scratch_is_gone_with_a_session_that_cannot_come_back(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "workspace.duckdb"
    shutil.copy(made, path)
    with serve(path, "--server.disconnectedSessionTTL", "0", TMPDIR=str(tmp_path)) as server:
        with Tab(server) as one:
            scratch = _look(one)
            assert scratch.exists()
        assert until(lambda: not scratch.parent.exists())
        with Tab(server) as another:
            _look(another)
    assert not list(tmp_path.glob("plumbline-own-*"))  # with the server


def test_one_session_holds_no_more_than_its_share_of_memory(made: Path, tmp_path: Path) -> None:
    """Nobody signs in here: the bound holds for a local server as well."""
    path = tmp_path / "workspace.duckdb"
    shutil.copy(made, path)
    with serve(path, "--server.maxUploadSize", "3") as server, Tab(server) as one:
        one.run()
        for n in range(12):
            assert one.upload(b"a" * 2_500_000, file=f"f{n}") == 204
        assert 5_000_000 <= _held(server) <= 6 * 2**20


def test_the_files_of_one_drop_come_at_once_and_wait_for_each_other(made: Path, tmp_path: Path) -> None:
    """As a browser sends them: none is refused, though few are read at a time."""
    path = tmp_path / "workspace.duckdb"
    shutil.copy(made, path)
    with serve(path) as server, Tab(server) as one, ThreadPoolExecutor(12) as browser:
        one.run()
        statuses = browser.map(lambda n: one.upload(b"a" * 300_000, file=f"f{n}"), range(12))
        assert list(statuses) == [204] * 12


def _held(server: Server) -> int:
    """Bytes that the server says its uploads hold; it says the same for five seconds."""
    lines = server.ask("/_stcore/metrics?families=cache_memory_bytes")[1].decode().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if "UploadedFileManager" in line)

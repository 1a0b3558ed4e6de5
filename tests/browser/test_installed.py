"""What a customer gets: the wheel holds the whole product, and its app runs from an empty folder and a fresh home."""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.environment import product
from tests.environment.wheel import Customer, build, install, newcomer

from . import axe
from .conftest import ROOT, in_frame, settled

SCENARIO = "search-sandbox"
#: the ground of a light page
LIGHT = "rgb(251, 250, 247)"


@pytest.fixture(scope="module")
def wheel(shared: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    return next(shared("wheel", build).glob("*.whl"))


@pytest.fixture(scope="module")
def customer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    folder = tmp_path_factory.mktemp("customer")
    return newcomer(install(wheel, folder / "environment"), folder)


@pytest.fixture(scope="module")
def served(customer: Customer, loaded: Path) -> Iterator[tuple[str, Path]]:
    """The app over a shop's system and one of the demo, beside a user's own settings of Streamlit that would open
    it to everybody."""
    workspace = customer.home / ".local" / "share" / "plumbline" / "workspace.duckdb"
    workspace.parent.mkdir(parents=True)
    shutil.copy(loaded, workspace)
    ran = customer.run("demo", "--scenario", SCENARIO)
    assert ran.returncode == 0, ran.stderr
    own = customer.home / ".streamlit"
    own.mkdir()
    (own / "config.toml").write_text(
        '[server]\naddress = "0.0.0.0"\nallowedHosts = ["*"]\ncorsAllowedOrigins = ["https://evil.example"]\n'
        'enableXsrfProtection = false\n[client]\nshowErrorDetails = "full"\ntoolbarMode = "developer"\n'
        '[browser]\ngatherUsageStats = true\n[theme.light]\nbackgroundColor = "#FF0000"\n'
    )
    with customer.serving() as found:
        yield found


def test_the_wheel_holds_the_whole_product_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {
        str(path.relative_to(ROOT / "lib"))
        for path in (ROOT / "lib" / "plumbline").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    app = {f"plumbline/app/{name}" for name in ("app.py", ".streamlit/config.toml")}
    app |= {f"plumbline/app/pages/{path.name}" for path in (ROOT / "pages").glob("*.py")}
    assert {name for name in names if ".dist-info/" not in name} == package | app
    licences = {name.partition(".dist-info/licenses/")[2] for name in names} - {""}
    assert licences == {"LICENSE", "docs/third-party-notices.md"}


def test_an_installation_knows_its_own_places(customer: Customer) -> None:
    code = (
        "from plumbline.store.locations import app_folder, checkout, data_folder\n"
        "from plumbline.store.workspace import workspace_path\n"
        "print(checkout(), app_folder(), workspace_path(), sep='\\n')\n"
    )
    done = subprocess.run(
        [customer.command.with_name("python"), "-c", code], capture_output=True, text=True, check=True,
        cwd=customer.folder, env=customer.environment(),
    )  # fmt: skip
    root, app, workspace = done.stdout.split()
    assert root == "None"
    assert Path(app).is_relative_to(customer.command.parents[1])
    assert Path(workspace).is_relative_to(customer.home)
    assert not Path(workspace).is_relative_to(customer.folder)


def _whole(page: Page) -> None:
    """Nothing is missing from the page, in the colours of ours: not the user's own red."""
    settled(page)
    in_frame(page)
    for trouble in ("stException", "stAlert"):
        expect(page.get_by_test_id(trouble)).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", LIGHT)


@pytest.mark.browser
@pytest.mark.parametrize("name", product.PAGES)
def test_every_page_draws_for_every_eye_without_leaving_the_machine(
    name: str, served: tuple[str, Path], page: Page
) -> None:
    page.goto(f"{served[0]}/{name}?system=shop-offers")
    _whole(page)
    if name in {"accuracy", "drift"}:
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert axe.findings(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).not_to_have_css("background-color", LIGHT)
    settled(page)
    # a button may keep the other theme's letters until it is drawn anew
    if axe.findings(page, "color-contrast"):
        page.reload()
        settled(page)
    assert axe.findings(page, "color-contrast") == []


@pytest.mark.browser
def test_a_click_leads_from_page_to_page_of_a_demo_system(served: tuple[str, Path], page: Page) -> None:
    page.goto(f"{served[0]}/?system={SCENARIO}")
    _whole(page)
    for title in ("Portfolio", "Accuracy", "Drift", "Decisions", "Logs", "Governance", "Trail"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
        expect(page).to_have_title(f"{title} · Plumbline")
        _whole(page)
    page.wait_for_url("**/trail*")


def _handshake(address: str, host: str) -> int:
    port = int(address.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/_stcore/stream", headers={
            "Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode(), "Origin": f"http://127.0.0.1:{port}",
        })  # fmt: skip
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_settings_hold_against_a_user_s_own(served: tuple[str, Path], customer: Customer) -> None:
    address, said = served
    port = int(address.rpartition(":")[2])
    assert _handshake(address, f"127.0.0.1:{port}") == 101
    assert _handshake(address, "evil.example") == 403
    if os.name == "posix" and shutil.which("uname") and Path("/proc").exists():
        with (
            socket.socket() as probe
        ):  # the whole of 127.0.0.0/8 is this machine; a server on all addresses answers
            assert probe.connect_ex(("127.0.0.2", port)) != 0
    assert "server.corsAllowedOrigins" in said.read_text()
    assert "server.allowedHosts" not in said.read_text()


def test_an_installation_writes_into_the_user_s_data_folder_alone(
    served: tuple[str, Path], customer: Customer
) -> None:
    assert not list(customer.folder.iterdir())
    assert (customer.home / ".local" / "share" / "plumbline" / "workspace.duckdb").exists()


def _until(said: Path, words: str, seconds: float = 120) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if words in (text := said.read_text()):
            return text
        time.sleep(0.2)
    raise AssertionError(f"{words!r} was never said:\n{said.read_text()}")


def test_the_server_gets_ready_without_a_warning(served: tuple[str, Path]) -> None:
    text = _until(served[1], f"{SCENARIO}: measured")
    assert "ready after" in text
    lines = [line for line in text.splitlines() if "config.toml also sets" not in line]
    assert not [line for line in lines if "WARNING" in line or "ERROR" in line or "Traceback" in line], text


_MEASURED_AGAIN = """
import shutil, sys, threading
from pathlib import Path
from plumbline.answers.data.load import load_file
from plumbline.answers.warmup import ALL_ASKED
from plumbline.store import systems
from plumbline.store.cache import answer_cache
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.ui.server import application
from plumbline.ui.state import workspace as opened
application.LOOK, application.REST = 0.1, 0.0  # the rest between two measurings is no part of what is shown
stop = threading.Event()
ready = threading.Thread(target=application.warm_up, args=(opened.workspace, stop), daemon=True)
ready.start()
ws = opened.workspace()

def measured(key):
    for _ in range(600):
        with ws.read() as cursor:
            digest = fingerprint(cursor, systems.get_system(cursor, key))
            if answer_cache.find(cursor, key, ALL_ASKED, digest) is not None:
                return digest
        stop.wait(0.2)
    raise SystemExit(f"{key} was not measured")

found = []
for name in sys.argv[1:]:
    there = Path(shutil.copy(name, ws.inbox))  # where the pages put what is dropped
    key = load_file(ws, there, title="shop", actor="t").system
    found.append(measured(key))
stop.set()
ready.join(30)
print(len(set(found)))
"""


def test_what_a_load_changes_is_measured_again_by_the_product_alone(tmp_path: Path) -> None:
    from tests.factory.shop import shop_log

    header, *rows = shop_log().splitlines(keepends=True)
    for name, part in (("a.csv", rows[: len(rows) // 2]), ("b.csv", rows[len(rows) // 2 :])):
        (tmp_path / name).write_bytes(header + b"".join(part))
    done = subprocess.run(
        [product.python(), "-c", _MEASURED_AGAIN, str(tmp_path / "a.csv"), str(tmp_path / "b.csv")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=product.paths() | {"PLUMBLINE_WORKSPACE": str(tmp_path / "w.duckdb")},
    )  # fmt: skip
    assert done.stdout.strip().endswith("2"), done.stderr
    assert "not made ready" not in done.stderr

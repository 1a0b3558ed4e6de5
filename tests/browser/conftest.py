"""A real server and a real Chromium. Every page that a journey opens is watched: no request may leave the
machine, and nothing may be written to the console as an error."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from plumbline.answers.statements import save_context
from tests.environment import product
from tests.factory.workspaces import loaded_workspace

ROOT = product.ROOT
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("PLUMBLINE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
ADVICE = (
    "Browser tests need Chromium: apt install chromium, dnf install chromium, or brew install --cask chromium; "
    "or set PLUMBLINE_CHROMIUM to its path."
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOME = re.compile(r"^(?:(?:https?|wss?)://127\.0\.0\.1[:/]|data:|blob:)")
#: a page may be slow where other tests have the processor
expect.set_options(timeout=30_000)
#: a deep link makes Streamlit ask for these two below the page's path first
HARMLESS = re.compile(r"/_stcore/(health|host-config)$")


@contextmanager
def serve(workspace: Path, *options: str) -> Iterator[str]:
    """Run the app on a free port with this workspace and Streamlit's options; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = workspace.with_suffix(".log").open("w+")
    command = [product.python(), "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=log,
        stderr=log,
        env={**os.environ, "PLUMBLINE_WORKSPACE": str(workspace)},
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process, log.name)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait(address: str, process: subprocess.Popen[bytes], log: str) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            if urllib.request.urlopen(address, timeout=2).read() == b"ok":
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The app did not start:\n{Path(log).read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that is watched; the test fails afterwards when something left the machine or the console cried."""
    tab = context.new_page()
    left: list[str] = []
    cried: list[str] = []
    tab.on("request", lambda r: left.append(r.url) if not HOME.match(r.url) else None)
    tab.on(
        "console",
        lambda m: (
            cried.append(m.text)
            if m.type == "error" and not HARMLESS.search((m.location or {}).get("url", ""))
            else None
        ),
    )
    tab.on("pageerror", lambda e: cried.append(str(e)))
    yield tab
    tab.close()
    assert not left, f"requests that left the machine: {left}"
    assert not cried, f"errors on the console: {cried}"


def settled(page: Page) -> None:
    """Wait until the script has run."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible(
        timeout=30_000
    )


@pytest.fixture
def fresh_server() -> Iterator[Callable[[Path], str]]:
    """Start a server of the test's own on a workspace; it stops with the test."""
    with ExitStack() as stack:
        yield lambda workspace: stack.enter_context(serve(workspace))


def in_frame(page: Page) -> None:
    """The page stands in the app's frame: Streamlit runs a page alone, without frame and guard, when a link leads
    into a fresh server whose main script is a plain one."""
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Leadership")).to_be_visible()
    expect(sidebar.get_by_role("link", name="Governance")).to_be_visible()
    assert heading(page)


def heading(page: Page) -> str:
    return page.get_by_test_id("stMain").get_by_role("heading").first.inner_text()


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds one system, whose context has two answers; to be copied."""
    folder = tmp_path_factory.mktemp("loaded")
    ws = loaded_workspace(folder, title="Shop offers")
    save_context(ws, "shop-offers", {"environment": "production", "impact": "recommendation"}, by="test")
    ws.close()
    return folder / "workspace.duckdb"

"""``make test-install``: the wheel with its dependencies, as each installer puts it on a machine, and the first pages.

Packages are downloaded, so it is no part of ``make test``. Prints the seconds to the first page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.environment.wheel import build, newcomer

from .conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.install, pytest.mark.timeout(3600)]


def _pip(wheel: Path, folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", str(wheel)], check=True)
    return folder / "bin" / "plumbline"


def _pipx(wheel: Path, folder: Path) -> Path:
    places = {
        "PIPX_HOME": str(folder),
        "PIPX_BIN_DIR": str(folder / "bin"),
        "PIPX_MAN_DIR": str(folder / "man"),
    }
    subprocess.run(["pipx", "install", str(wheel)], check=True, env=os.environ | places)
    return folder / "bin" / "plumbline"


def _uv(wheel: Path, folder: Path) -> Path:
    places = {"UV_TOOL_DIR": str(folder), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    subprocess.run(
        ["uv", "tool", "install", "--python", sys.executable, str(wheel)], check=True, env=os.environ | places
    )
    return folder / "bin" / "plumbline"


@pytest.mark.parametrize("way", [_pip, _pipx, _uv], ids=["pip", "pipx", "uv"])
def test_from_nothing_to_the_first_page(
    way: Callable[[Path, Path], Path], tmp_path: Path, page: Page
) -> None:
    """The whole demo, as ``plumbline serve --demo`` loads it."""
    name = way.__name__.strip("_")
    if name != "pip" and shutil.which(name) is None:
        pytest.skip(f"{name} is not on the path")
    (tmp_path / "wheel").mkdir()
    wheel = build(tmp_path / "wheel")
    begun = time.monotonic()
    customer = newcomer(way(wheel, tmp_path / "environment"), tmp_path)
    installed = time.monotonic() - begun
    with customer.serving("--demo") as (address, said):
        page.goto(address)
        settled(page)
        expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
        shown = time.monotonic() - begun
        for name_of in ("portfolio", "accuracy", "drift", "decisions", "logs", "governance"):
            page.goto(f"{address}/{name_of}")
            settled(page)
            assert page.get_by_test_id("stMain").get_by_role("heading").first.inner_text()
            expect(page.get_by_test_id("stException")).to_have_count(0)
        assert "not made ready" not in said.read_text()
    assert not list(customer.folder.iterdir())
    size = sum(
        path.lstat().st_size for path in (tmp_path / "environment").rglob("*") if not path.is_symlink()
    )
    packages = len(list((tmp_path / "environment").rglob("*.dist-info")))
    print(
        f"\n{name}: installed in {installed:.0f} s, {packages} packages, {size / 1e6:,.0f} MB; "
        f"first page of the demo after {shown:.0f} s"
    )

"""The pages inside their shell, on a workspace of the tests' own, without a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import open_workspace
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.links import GO
from tests.environment.product import PAGES, ROOT, SHELL
from tests.factory.shop import shop_log

__all__ = ["PAGES", "ROOT", "SHELL"]

Open = Callable[..., AppTest]


def open_page(page: str, **query: str) -> AppTest:
    """Run the shell with a query string, then go to a page."""
    at = AppTest.from_file(SHELL, default_timeout=30)
    # the page is named, so that a workspace of one system leads on to no other
    for name, value in {GO: page, **query}.items():
        at.query_params[name] = value
    at.run()
    if page != "portfolio":
        at.switch_page(f"../../../pages/{page}.py").run()
    return at


def words(at: AppTest) -> str:
    """Everything that the page says in Markdown, errors and captions included."""
    kinds = ("markdown", "error", "warning", "caption", "success", "info")
    return "\n".join(str(item.value) for kind in kinds for item in at.get(kind))


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Look for components once a session: each ``AppTest`` would read the metadata of every installed package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No workspace yet."""
    opened.close()
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path / "workspace.duckdb"))
    yield
    opened.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds one system."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "shop.csv").write_bytes(shop_log())
    opened.close()
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="Shop offers", actor="test")
    ws.close()
    return folder / "workspace.duckdb"


@pytest.fixture
def held(made: Path, empty: None) -> None:
    """A workspace of the test's own that holds one system."""
    shutil.copy(made, os.environ["PLUMBLINE_WORKSPACE"])

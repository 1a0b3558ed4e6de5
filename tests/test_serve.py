"""``plumbline serve``: what it starts, what holds against other settings, and refusals in one sentence."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from plumbline.commands import server
from plumbline.domain import PlumblineError
from plumbline.store import locations
from plumbline.store.workspace import open_workspace, workspace_path
from tests.conftest import Ran
from tests.environment import product

Run = Callable[..., Ran]


class Started:
    """What was to be started, which is not."""

    def __init__(self) -> None:
        self.command: list[str] = []
        self.folder, self.environment = Path(), dict[str, str]()

    def __call__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> int:
        self.command, self.folder, self.environment = command, folder, dict(environment)
        return 0

    def all(self, name: str) -> list[str]:
        return [self.command[i + 1] for i, part in enumerate(self.command) if part == f"--{name}"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Started:
    made = Started()
    monkeypatch.setattr(server, "start", made)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PLUMBLINE_SECRETS", raising=False)
    return made


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As if the package stood in site-packages: the user's data folder."""
    monkeypatch.setattr(locations, "checkout", lambda: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("PLUMBLINE_WORKSPACE", raising=False)
    return tmp_path / "data" / "plumbline"


def _refused(ran: Ran, *words: str) -> None:
    assert ran.code == 2, ran.out + ran.err
    assert ran.out == ""
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


def test_it_listens_on_this_machine_alone_and_prints_where(
    plumbline: Run, started: Started, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", "relative.duckdb")
    ran = plumbline("serve", "--port", port)
    assert ran.code == 0
    assert f"http://127.0.0.1:{port}" in ran.out
    assert ran.err == ""
    assert started.folder == product.ROOT
    assert started.environment["PLUMBLINE_WORKSPACE"] == str(tmp_path / "relative.duckdb")
    assert started.command[1:5] == ["-P", "-m", "streamlit", "run"]
    assert started.all("server.address") == ["127.0.0.1"]
    assert started.all("server.port") == [str(port)]
    assert started.all("server.headless") == ["true"]
    assert started.all("server.allowedHosts") == ["localhost", "127.0.0.1"]
    assert started.all("secrets.files") == [str(product.ROOT / ".streamlit" / "secrets.toml")]
    for name, value in server.PINNED.items():
        assert started.all(name) == [value]


def test_every_pinned_setting_is_one_that_streamlit_has() -> None:
    from streamlit import config

    for name in (*server.PINNED, "server.allowedHosts", "secrets.files", "server.fileWatcherType"):
        assert name in config._config_options_template


def test_a_browser_and_names_are_asked_for(plumbline: Run, started: Started, port: int) -> None:
    plumbline("serve", "--port", port, "--open", "--allow-host", "plumbline.example.com")
    assert started.all("server.headless") == ["false"]
    assert started.all("server.showEmailPrompt") == ["false"]
    assert started.all("server.allowedHosts") == ["localhost", "127.0.0.1", "plumbline.example.com"]


def test_the_demo_is_loaded_first(
    plumbline: Run, started: Started, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(server, "load_demo_logs", lambda path: asked.append((path, list(started.command))))
    plumbline("serve", "--port", port, "--demo")
    assert asked == [(str(tmp_path / "workspace.duckdb"), [])]
    assert started.command


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_network_is_told_of_sign_in(host: str, plumbline: Run, started: Started, port: int) -> None:
    ran = plumbline("serve", "--port", port, "--host", host)
    if ran.code == 2:
        pytest.skip(f"{host} is not to be had here")
    assert "docs/sign-in.md" in ran.out
    assert "sign-in is off" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_with_sign_in_a_network_is_no_reason_to_warn(
    plumbline: Run, started: Started, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRETS", str(tmp_path / "secrets.toml"))
    (tmp_path / "secrets.toml").write_text('[auth]\nclient_id = "x"\n')
    ran = plumbline("serve", "--port", port, "--host", "0.0.0.0")
    assert ran.err == ""
    assert started.all("secrets.files") == [str(tmp_path / "secrets.toml")]
    (tmp_path / "secrets.toml").write_text("[auth")
    ran = plumbline("serve", "--port", port, "--host", "0.0.0.0")
    assert ran.code == 2
    assert "secrets cannot be read" in ran.err


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("10.0.0.1", False), ("example.org", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert server.is_loopback(host) is expected


def test_a_user_s_own_settings_do_not_decide_in_silence(
    plumbline: Run, started: Started, port: int, tmp_path: Path
) -> None:
    own = tmp_path / "home" / ".streamlit"
    own.mkdir(parents=True)
    (own / "config.toml").write_text(
        '[server]\naddress = "0.0.0.0"\ncorsAllowedOrigins = ["https://evil.example"]\n[theme]\nbase = "dark"\n'
    )
    ran = plumbline("serve", "--port", port)
    assert "server.corsAllowedOrigins" in ran.err
    assert "server.address" not in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield int(held.getsockname()[1])


def test_a_port_that_is_taken_is_one_sentence(plumbline: Run, started: Started, taken: int) -> None:
    _refused(plumbline("serve", "--port", taken), f"Port {taken} is taken", "--port")
    assert not started.command


def test_an_address_of_another_machine_is_refused(plumbline: Run, started: Started, port: int) -> None:
    _refused(plumbline("serve", "--port", port, "--host", "192.0.2.1"), "192.0.2.1", "--host")
    assert not started.command


def test_a_newer_workspace_is_one_sentence(
    plumbline: Run, started: Started, port: int, tmp_path: Path
) -> None:
    ws = open_workspace(tmp_path / "workspace.duckdb")
    with ws.write() as cursor:
        cursor.execute("INSERT INTO schema_version VALUES (9999, TIMESTAMP '2030-01-01')")
    ws.close()
    _refused(plumbline("serve", "--port", port), "newer version")
    assert not started.command


def test_a_folder_that_cannot_be_written_is_one_sentence(
    plumbline: Run, started: Started, port: int, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    _refused(plumbline("serve", "--port", port, "--workspace", tmp_path / "file" / "w.duckdb"), "workspace")
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        return  # an administrator may write everywhere
    _refused(plumbline("serve", "--port", port, "--workspace", folder / "w.duckdb"), "no permission")
    assert not started.command


def test_a_missing_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise duckdb.IOException('IO Error: Cannot open file "w.duckdb": Permission denied')

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(PlumblineError, match="no permission to write"):
        open_workspace(tmp_path / "w.duckdb")


def test_an_installation_without_its_pages_says_so(
    plumbline: Run, started: Started, port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(locations, "app_folder", lambda: tmp_path)
    _refused(plumbline("serve", "--port", port), "pages are not in this installation")


def test_a_python_that_is_too_old_is_one_sentence() -> None:
    code = "import sys; sys.version_info = (3, 10, 4); import plumbline.cli"
    done = subprocess.run(
        [product.python(), "-c", code], capture_output=True, text=True, check=False, env=product.paths()
    )
    assert done.returncode == 2
    assert done.stderr == "plumbline: Plumbline needs Python 3.11 or newer.\n"


def test_in_a_checkout_data_lies_in_it_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLUMBLINE_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert workspace_path() == product.ROOT / "data" / "workspace.duckdb"


def test_outside_of_a_checkout_data_lies_with_the_user(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert workspace_path() == installed / "workspace.duckdb"
    assert locations.secrets_file() == installed / "secrets.toml"
    open_workspace().close()
    assert (installed / "workspace.duckdb").exists()
    assert not list((tmp_path / "here").iterdir())


def test_samples_are_written_where_they_are_asked_for(plumbline: Run, tmp_path: Path) -> None:
    ran = plumbline("demo", "--samples", tmp_path / "samples", "--json")
    kept = {path.name: path.read_bytes() for path in (product.ROOT / "data" / "samples").glob("*.csv")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "samples").iterdir()} == kept
    assert len(ran.json["files"]) == len(kept)
    assert not (tmp_path / "workspace.duckdb").exists()
    (tmp_path / "file").write_text("")
    _refused(plumbline("demo", "--samples", tmp_path / "file" / "x"), "samples cannot be written")

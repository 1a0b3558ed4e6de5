"""The files for operators name what there is: options of the command, variables that the code reads, paths."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline.cli import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
UNIT = (DEPLOY / "plumbline.service").read_text("utf-8")
INSTALL = (DEPLOY / "install.sh").read_text("utf-8")


def _commands() -> dict[str, list[str]]:
    image = re.findall(r"^CMD (\[.*\])$", CONTAINER, re.MULTILINE)[-1]
    unit = re.findall(r"^ExecStart=\S+/plumbline (.*)$", UNIT, re.MULTILINE)[0]
    return {
        "Containerfile": yaml.safe_load(image),
        "compose.yaml": COMPOSE["services"]["plumbline"]["command"],
        "plumbline.service": shlex.split(unit),
    }


@pytest.mark.parametrize("file", sorted(_commands()))
def test_each_starts_the_app_by_options_that_there_are(file: str) -> None:
    name, *options = _commands()[file]
    command = main.commands[name]
    with command.make_context("serve", list(options), resilient_parsing=False) as context:
        assert context.params["port"] == 8501
    shown = context.params["host"] == "0.0.0.0"
    assert shown == (file != "plumbline.service")


def test_variables_are_read_by_the_code_or_by_its_libraries() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "lib").rglob("*.py"))
    told = set(
        re.findall(r"PLUMBLINE_[A-Z_]+", CONTAINER + UNIT + (DEPLOY / "compose.yaml").read_text("utf-8"))
    )
    assert told >= {"PLUMBLINE_WORKSPACE", "PLUMBLINE_KEY_FILE", "PLUMBLINE_SECRETS"}
    assert {name for name in told if f'"{name}"' not in code} == set()


def test_what_the_build_takes_is_copied_to_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    copied = set(re.findall(r"^for part in (.*); do$", INSTALL, re.MULTILINE)[0].split())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    asked = {
        *wheel["packages"],
        *wheel["force-include"],
        *project["project"]["license-files"],
        "pyproject.toml",
    }
    asked.add(project["project"]["readme"])
    assert {path for path in asked if path.split("/")[0] not in copied} == set()
    assert all((ROOT / part).exists() for part in copied)


def test_a_secret_is_a_file_and_the_image_holds_none() -> None:
    service = COMPOSE["services"]["plumbline"]
    assert set(service["secrets"]) == set(COMPOSE["secrets"])
    for name in ("PLUMBLINE_KEY_FILE", "PLUMBLINE_SECRETS"):
        assert service["environment"][name].removeprefix("/run/secrets/") in COMPOSE["secrets"]
    assert "PLUMBLINE_KEY=" not in CONTAINER + UNIT
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "deploy/secrets/" in ignored


def test_the_container_runs_without_rights_on_a_root_that_it_cannot_write() -> None:
    service = COMPOSE["services"]["plumbline"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert re.search(r"^USER 10001", CONTAINER, re.MULTILINE)
    assert "--uid 10001" in INSTALL
    assert "ports" not in service  # the proxy is the only way in
    written = [
        re.search(rf"^ +{name}=(\S+)", CONTAINER, re.MULTILINE)
        for name in ("MPLCONFIGDIR", "NUMBA_CACHE_DIR")
    ]
    assert all(found and found[1].startswith("/tmp/") for found in written)


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell here")
def test_the_script_is_sound_shell() -> None:
    subprocess.run(["sh", "-n", str(DEPLOY / "install.sh")], check=True)


def test_a_proxy_takes_what_the_app_takes() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    most = settings["server"]["maxUploadSize"]
    nginx, caddy = (DEPLOY / "nginx.conf").read_text("utf-8"), (DEPLOY / "Caddyfile").read_text("utf-8")
    assert int(re.findall(r"client_max_body_size (\d+)m", nginx)[0]) > most
    assert int(re.findall(r"max_size (\d+)MB", caddy)[0]) > most
    assert all(word in nginx for word in ("Upgrade", "gzip ", "ip_hash", "X-Forwarded-Proto"))

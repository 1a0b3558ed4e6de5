"""The list of third-party notices names what the lock file installs, and the distribution carries it."""

from __future__ import annotations

import re
import tomllib
from email.message import Message
from urllib.parse import urlsplit

import pytest

from tests.environment.locks import pinned
from tests.environment.notices import home, licence, row
from tests.environment.product import ROOT

LISTED = ROOT / "docs" / "third-party-notices.md"


def _rows() -> list[list[str]]:
    lines = [line for line in LISTED.read_text("utf-8").splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_list_covers_each_package_and_version_of_the_lock_and_no_other() -> None:
    locked = {(one.name, one.version) for one in pinned((ROOT / "requirements.lock").read_text("utf-8"))}
    listed = {(name, version) for name, versions, _, _ in _rows() for version in versions.split(", ")}
    assert listed == locked, "run `make notices` after `make lock`"
    assert len(_rows()) == len({name for name, _ in locked})


def test_each_has_a_licence_and_a_page_of_its_own() -> None:
    for name, _, shown, page in _rows():
        assert re.search(r"[A-Za-z]{2}", shown), name
        assert "UNKNOWN" not in shown, name
        host = urlsplit(page.strip("<>")).hostname or ""
        assert "." in host, name
        assert not re.search(r"pypi|anaconda", host), name


def _said(**fields: str | list[str]) -> Message:
    made = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            made[name.replace("_", "-")] = value
    return made


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (_said(License_Expression="MIT", License="other"), "MIT"),
        (_said(License="BSD-3-Clause", Classifier="License :: OSI Approved :: BSD License"), "BSD-3-Clause"),
        (_said(License="x" * 500, Classifier="License :: OSI Approved :: BSD License"), "BSD License"),
        (_said(License="Dual", Classifier=["License :: A", "License :: B"]), "A, B"),
        (_said(License="y" * 500), ""),
    ],
)
def test_the_licence_is_as_the_metadata_state_it(said: Message, expected: str) -> None:
    assert licence(said) == expected


def test_an_index_is_no_home_page() -> None:
    assert home(
        _said(Home_page="https://pypi.example/project/x", Project_URL="Source, https://host.example/x")
    ) == ("https://host.example/x")
    assert home(_said(Project_URL="Homepage, https://pypi.example/project/x")) == ""


def test_a_package_that_is_not_there_stops_the_list() -> None:
    with pytest.raises(ValueError, match="no-such-package-at-all is not installed"):
        row("no-such-package-at-all", ["1.0"])


def test_the_project_states_its_licence_and_carries_both_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "LicenseRef-Proprietary"
    assert project["license-files"] == ["LICENSE", "docs/third-party-notices.md"]
    assert not [c for c in project["classifiers"] if c.startswith("License ::")]  # PEP 639: one place says it
    assert all((ROOT / name).is_file() for name in project["license-files"])

"""What the documents say of the product, against the product."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from plumbline.domain import Tier, Verdict
from plumbline.domain.systems import IGNORE, NAMED_ROLES, SINGLE_ROLES
from plumbline.governance.catalogue import catalogue
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.metrics.metrics import METRICS
from tests.environment.product import ROOT
from tests.environment.reference import PAGES, commands

ANEW = "docs differ from the product: `make reference` makes them anew"


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_reference_page_says_what_the_product_says(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert text == PAGES[path](text), ANEW


def test_every_command_and_option_says_what_it_does() -> None:
    for name, command in commands():
        assert command.help, name
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (name, option.name)


def test_every_metric_method_control_and_role_has_its_line() -> None:
    """Against the product's own tables, not through the functions that make the pages."""
    pages = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("metrics", "controls", "roles")}
    assert all(f"| `{name}` |" in pages["metrics"] for name in (*METRICS, *METHODS))
    assert all(f"### {control.id} {control.title}\n" in pages["controls"] for control in catalogue().controls)
    roles = (*SINGLE_ROLES, *(f"{role}:NAME" for role in NAMED_ROLES), IGNORE)
    assert all(f"| `{role}` |" in pages["roles"] for role in roles)


def test_every_variable_of_the_environment_is_described_and_none_that_nobody_reads() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "lib/plumbline").rglob("*.py"))
    read = set(re.findall(r"\bPLUMBLINE_[A-Z_]+\b", sources))
    described = re.findall(
        r"^\| `(PLUMBLINE_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(described) == sorted(read)


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), (path.name, target)


def test_every_module_that_a_document_names_is_there() -> None:
    """A room's document is the docstring of its ``__init__.py``."""
    package = ROOT / "lib/plumbline"
    rooms = "|".join(p.name for p in package.iterdir() if p.is_dir())
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *package.rglob("__init__.py")]:
        if path.name == "CHANGELOG.md":  # it speaks of its day
            continue
        for name in re.findall(rf"`((?:{rooms})(?:/\w+)+\.py)", path.read_text("utf-8")):
            assert (package / name).exists(), (path, name)


#: named where two peers' own code is compared with ours
OF_PEERS = {"drift/univariate/methods.py"}


def test_every_file_that_a_document_names_without_its_room_is_there() -> None:
    names = {path.name for folder in ("lib", "tests") for path in (ROOT / folder).rglob("*.py")}
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for name in set(re.findall(r"`([\w/]+\.py)`", path.read_text("utf-8"))) - OF_PEERS:
            assert path.name == "CHANGELOG.md" or Path(name).name in names, (path.name, name)


def test_the_architecture_is_one_picture_and_one_table_with_every_room() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert len(text.splitlines()) <= 60
    assert text.count("```") == 2
    table = set(re.findall(r"^\| \[?`(\w+)/`", text, re.MULTILINE))
    assert table == {p.parent.name for p in (ROOT / "lib/plumbline").glob("*/__init__.py")}


def test_the_readme_explains_every_verdict_and_tier() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for kind, head in ((Verdict, "| verdict | means |"), (Tier, "| tier | for |")):
        table = readme.partition(head)[2].partition("\n\n")[0]
        assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == [member.value for member in kind]
    assert f"Each of the {len(catalogue().controls)} controls" in readme

"""What the documents say of the product, against the product."""

from __future__ import annotations

import re

from plumbline.cli import main
from tests.environment.product import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_the_readme_names_every_command_and_no_other() -> None:
    table = README.partition("| command | does |")[2].partition("\n\n")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([a-z]+)", cell)} - {"or"}
    assert named == set(main.commands)


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), (path.name, target)


def test_every_module_that_a_document_names_is_there() -> None:
    rooms = "|".join(p.name for p in (ROOT / "lib/plumbline").iterdir() if p.is_dir())
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        if path.name == "CHANGELOG.md":  # it speaks of its day
            continue
        for name in re.findall(rf"`((?:{rooms})(?:/\w+)+\.py)", path.read_text("utf-8")):
            assert (ROOT / "lib/plumbline" / name).exists(), (path.name, name)

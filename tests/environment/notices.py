"""The list of what Plumbline is installed with and whose it is, out of the lock file and the packages' own metadata.

``make notices`` calls it as ``python -m tests.environment.notices requirements.lock docs/third-party-notices.md`` with
the application's interpreter. What the installed packages' metadata do not say is not made up: a package without a
licence or a home page stops it.
"""

from __future__ import annotations

import re
import sys
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from urllib.parse import urlsplit

from tests.environment.locks import pinned

HEAD = """# Third-party notices

What `requirements.lock` installs beside Plumbline: each package as its authors publish it, unchanged, with its licence
in its own folder. Licences are as the packages' metadata state them. Made by `make notices`; do not edit.

| package | version | licence | home |
| --- | --- | --- | --- |
"""
#: on Windows only, so that no other machine has their metadata: (licence, home page)
ELSEWHERE = {
    "colorama": ("BSD License", "https://github.com/tartley/colorama"),
    "tzdata": ("Apache-2.0", "https://github.com/python/tzdata"),
}
#: labels under which a home page may stand, the best first
HOMES = (
    "homepage",
    "home",
    "source",
    "sourcecode",
    "repository",
    "github",
    "code",
    "project",
    "documentation",
)
#: hosts of package indexes, and of those that list what is there
_INDEX = re.compile(r"(^|\.)(pypi|anaconda|libraries)\.[a-z]+$")


def licence(said: Message) -> str:
    """The licence by its expression, else by the classifiers, else by a short text; empty where nothing says it."""
    classes = [
        value.rpartition(" :: ")[2]
        for value in said.get_all("Classifier") or []
        if value.startswith("License :: ")
    ]
    text = " ".join((said["License"] or "").split())
    short = text if text and len(text) <= 60 else ""
    return said["License-Expression"] or (", ".join(classes) if len(classes) > 1 or not short else short)


def home(said: Message) -> str:
    """The package's own page; never a page of an index."""
    labelled = [url.partition(", ") for url in said.get_all("Project-URL") or []]
    known = {re.sub(r"[^a-z]", "", label.lower()): url.strip() for label, _, url in labelled}
    known.setdefault("homepage", (said["Home-page"] or "").strip())
    found = (known.get(label, "") for label in HOMES)
    return next((url for url in found if url and not _INDEX.search(urlsplit(url).hostname or "")), "")


def row(name: str, versions: list[str]) -> str:
    """One line of the table.

    Raises:
        ValueError: the package is not installed, or its metadata lack a licence or a home page.
    """
    try:
        said = metadata(name)
    except PackageNotFoundError as error:
        if name not in ELSEWHERE:
            raise ValueError(f"{name} is not installed: `make install`") from error
        shown, where = ELSEWHERE[name]
    else:
        shown, where = licence(said), home(said)
    if not shown or not where:
        raise ValueError(f"{name}: its metadata name no {'home page' if shown else 'licence'}")
    return f"| {name} | {', '.join(versions)} | {shown.replace('|', '/')} | <{where}> |\n"


def notices(lock: str) -> str:
    """The document for the text of a lock file. Raises ValueError as ``row`` does."""
    versions: dict[str, list[str]] = {}
    for one in pinned(lock):
        versions.setdefault(one.name, []).append(one.version)
    return HEAD + "".join(row(name, sorted(set(versions[name]))) for name in sorted(versions))


if __name__ == "__main__":
    lock, out = map(Path, sys.argv[1:])
    out.write_text(notices(lock.read_text("utf-8")), "utf-8")

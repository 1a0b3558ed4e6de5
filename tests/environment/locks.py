"""Lock files: reading them, and what the tests' lock has beyond the application's.

``make lock`` calls it as ``python -m tests.environment.locks APP BOTH TEST``, which writes TEST.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>.+))?")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One requirement of a lock file: its name as registries compare it, version, marker, and lines as written."""

    name: str
    version: str
    marker: str
    lines: str


def canonical(name: str) -> str:
    """A distribution's name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> list[Pinned]:
    """The requirements of a lock file, in its order.

    Raises:
        ValueError: a requirement is not pinned to one version, or bears no hash.
    """
    found = []
    for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        head = entry.partition("\n")[0].rstrip("\\ ")
        if not head or head.startswith("#"):
            continue
        match = _PINNED.fullmatch(head)
        if match is None or "--hash=sha256:" not in entry:
            raise ValueError(f"not one version with its hashes: {head}")
        found.append(Pinned(canonical(match["name"]), match["version"], match["marker"] or "", entry))
    return found


def beyond(app: str, test: str) -> str:
    """What a lock of both has beyond the application's.

    A package that the tests need on more platforms than the application stays, at the same version: pip finds
    it installed where the application has it.

    Raises:
        ValueError: the two disagree about a version.
    """
    own = pinned(app)
    heads = {(one.name, one.version, one.marker) for one in own}
    versions: dict[str, set[str]] = {}
    for one in own:
        versions.setdefault(one.name, set()).add(one.version)
    kept = [one for one in pinned(test) if (one.name, one.version, one.marker) not in heads]
    for one in kept:
        if one.version not in versions.get(one.name, {one.version}):
            raise ValueError(
                f"{one.name}: the tests would have {one.version}, the application another version"
            )
    return "".join(one.lines for one in kept)


if __name__ == "__main__":
    app, both, test = map(Path, sys.argv[1:])
    test.write_text(beyond(app.read_text("utf-8"), both.read_text("utf-8")), "utf-8")

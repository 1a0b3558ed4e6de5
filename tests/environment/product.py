"""The product's own environment: the interpreter that runs all that a test starts as the product."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL = ROOT / "lib" / "plumbline" / "ui" / "shell.py"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
CHOSEN = "PLUMBLINE_PYTHON"


def python() -> str:
    """The interpreter of ``.venv``, or the one that PLUMBLINE_PYTHON names.

    Raises:
        RuntimeError: there is none; the test environment's own is never taken in its place.
    """
    named = os.environ.get(CHOSEN)
    made = [ROOT / ".venv" / "bin" / "python", ROOT / ".venv" / "Scripts" / "python.exe"]
    found = next((path for path in ([Path(named)] if named else made) if path.exists()), None)
    if found is None:
        raise RuntimeError(
            f"{named or made[0]} is not there: `make install` makes the product's environment; "
            f"for another layout set {CHOSEN} to an interpreter that has what requirements.lock lists."
        )
    return str(found)


def paths(*also: Path) -> dict[str, str]:
    """The variables with which the product's interpreter finds this checkout's ``lib`` and other folders."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(str(path) for path in (ROOT / "lib", *also))}

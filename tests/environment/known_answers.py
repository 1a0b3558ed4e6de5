"""Writes the known answers of the rooms' pure functions anew, all or some: only where a figure changed on purpose.

python -m tests.environment.known_answers [MODULE.py]...

Look at the diff: each line in it is a figure that the product now says otherwise. The commit's message says why.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.known_answers import write

ROOT = Path(__file__).parents[2]


def modules() -> list[Path]:
    """The test modules that list known answers."""
    return sorted((ROOT / "tests").rglob("test_*_answers.py"))


def main() -> None:
    asked = [Path(name).resolve() for name in sys.argv[1:]] or modules()
    for path in asked:
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        print(write(path, module.TABLES).relative_to(ROOT))


if __name__ == "__main__":
    main()

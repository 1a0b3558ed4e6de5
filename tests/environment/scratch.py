"""Where the tests write: into memory where the machine has enough of it, since every commit of a workspace else waits
for a disk. ``python -m tests.environment.scratch`` prints the folder; ``TMPDIR``, where it is set, goes before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
#: bytes that the tests write at most at the same time, and as much again for themselves and Chromium
ROOM = 6 << 30


def scratch(memory: Path = MEMORY, facts: Path = Path("/proc/meminfo")) -> Path:
    """The folder below which tests make theirs."""
    usual = Path(tempfile.gettempdir())
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK) or not memory.is_dir():
        return usual
    available = next(
        (
            int(line.split()[1]) << 10
            for line in facts.read_text().splitlines()
            if line.startswith("MemAvailable:")
        ),
        0,
    )
    return memory if shutil.disk_usage(memory).free >= ROOM and available >= 2 * ROOM else usual


if __name__ == "__main__":
    print(scratch())

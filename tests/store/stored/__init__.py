"""Workspaces of every schema so far, each written by the code of its own day (``make.py``)."""

from __future__ import annotations

import lzma
from pathlib import Path

HERE = Path(__file__).parent
SCHEMAS = tuple(sorted(int(path.name[7:9]) for path in HERE.glob("schema-*.duckdb.xz")))


def unpack(schema: int, target: Path) -> Path:
    """Put a stored workspace of that schema at a path."""
    target.write_bytes(lzma.decompress((HERE / f"schema-{schema:02d}.duckdb.xz").read_bytes()))
    return target

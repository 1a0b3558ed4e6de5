"""``make bench-load``: our whole load against DuckDB's bare CREATE TABLE AS and pandas, each in a fresh process.

Prints ratios of one run and asserts only that every row came in: a machine's clock is no test.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bench.logfiles import write
from tests.environment import product

ROOT = product.ROOT
SIZES = [int(n) for n in os.environ.get("PLUMBLINE_BENCH_ROWS", "1000000,10000000").split(",")]
WAYS = ("ctas", "pandas", "load")


def timed(way: str, path: Path, folder: Path) -> dict[str, Any]:
    """Seconds and peak memory of one way, with the file read once before so that all find it in memory."""
    folder.mkdir(parents=True)
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    ran = subprocess.run(
        [product.python(), "-m", "tests.bench.timed_load", way, str(path), str(folder)], cwd=ROOT, check=True,
        stdout=subprocess.PIPE, text=True, env=product.paths(ROOT),
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_a_load_beside_a_bare_table_and_pandas(tmp_path: Path) -> None:
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    took: dict[tuple[str, int, str], float] = {}
    print(f"\n{'file':<22}{'way':<8}{'seconds':>9}{'cpu':>8}{'peak MB':>9}{'x ctas':>8}{'x pandas':>9}")
    for rows in SIZES:
        for form in ("csv", "parquet"):
            path = write(data / f"log_{rows}.{form}", rows)
            for way in WAYS:
                found = timed(way, path, tmp_path / f"{rows}_{form}_{way}")
                assert found["rows"] == rows
                took[form, rows, way] = found["seconds"]
                beside = [found["seconds"] / took.get((form, rows, peer), math.nan) for peer in WAYS[:2]]
                print(
                    f"{path.name:<22}{way:<8}{found['seconds']:>9.2f}{found['cpu']:>8.2f}{found['peak_mb']:>9}"
                    f"{beside[0]:>8.2f}{beside[1]:>9.2f}", flush=True,
                )  # fmt: skip
    for form in ("csv", "parquet"):
        if len(SIZES) > 1:
            ends = [took[form, rows, "load"] for rows in (SIZES[0], SIZES[-1])]
            growth = math.log(ends[1] / ends[0]) / math.log(SIZES[-1] / SIZES[0])
            print(f"{form}: seconds grow with rows to the power of {growth:.2f}")

"""``make bench-pages``: server time of every page over a log of 1M and of 10M rows: three first visits, and again.

Prints seconds of one run and asserts only that no page ends in an error: a machine's clock is no test.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.logfiles import write
from tests.bench.test_load import SIZES
from tests.bench.test_signals import told, workspace


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_every_page_of_a_long_log(tmp_path: Path) -> None:
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    for rows in SIZES:
        held = workspace(write(data / f"log_{rows}.parquet", rows), data / f"ws_{rows}")
        found = told("tests.bench.timed_pages", str(held))
        ways = ("loaded", "restarted", "stated")
        print(f"\n{rows:,} rows; peak {found['peak_mb']:,} MB; seconds (of processor time)")
        print(f"{'page':<36}{''.join(f'{way:>15}' for way in ways)}{'again':>8}")
        for name, took in found["pages"].items():
            firsts = [f"{took[way][0]:.2f} ({took[way][1]:.2f})" for way in ways]
            print(f"{name:<36}{''.join(f'{x:>15}' for x in firsts)}{took['warm']:>8.3f}", flush=True)
            assert not took["errors"], name

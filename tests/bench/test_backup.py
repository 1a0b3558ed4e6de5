"""``make bench-backup``: backup, restore, rehearsal and verify over 1M and 10M rows.

Prints seconds of one run; asserts only that a whole workspace is copied, taken back and verified.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.logfiles import write
from tests.bench.test_load import SIZES
from tests.bench.test_signals import told, workspace
from tests.bench.timed_backup import STEPS


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_backup_restore_and_verify_of_a_long_log(tmp_path: Path) -> None:
    data = Path(os.environ.get("PLUMBLINE_BENCH_DATA") or tmp_path)
    for rows in SIZES:
        held = workspace(write(data / f"log_{rows}.parquet", rows), data / f"ws_{rows}")
        took = told("tests.bench.timed_backup", str(held), str(tmp_path))
        print(f"\n{rows:,} rows: {took['file_mb']} MB, its copy {took['copy_mb']} MB")
        for step in STEPS:
            one = took[step]
            print(
                f"{step:<10} {one['seconds']:>8.2f} s ({one['cpu']:.2f} of processor time), {one['peak_mb']} MB"
            )

"""Small exports for trying the upload: lines of three demo logs, byte for byte as they were written.

``plumbline demo --samples FOLDER`` writes them; those of ``data/samples`` were written so.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plumbline.demo.scenarios import SCENARIOS

ROWS, SEED = 1_500, 20261031
CHOSEN = ("saas-pricing", "shop-recommendations", "fleet-demand")


def write_samples(folder: Path, names: Sequence[str] = CHOSEN) -> tuple[Path, ...]:
    """Write ``ROWS`` lines of each scenario from all over its span, and the labels that belong to them."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="plumbline-samples-") as folder_name:
        for name in names:
            scenario = SCENARIOS[name]
            files = scenario.write(Path(folder_name))
            log = write_sample(files.log, folder / files.log.name)
            paths.append(log)
            if files.labels is not None:
                theirs = _id_column(scenario.labels_mapping or {})
                ids = _column(log, _id_column(scenario.mapping))
                paths.append(_write_labels_of(files.labels, folder / files.labels.name, theirs, ids))
    return tuple(paths)


def write_sample(source: Path, target: Path, rows: int = ROWS) -> Path:
    """Copy the header and a random choice of lines in their order, so that encoding and separators stay.

    Drawn, not every k-th: a log that lists its depots in turn would lose some of them. The same lines on
    every run. The logs hold no line break within a cell.
    """
    header, *lines = source.read_bytes().split(b"\n")
    lines = [line + b"\n" for line in lines if line]
    chosen = np.sort(np.random.default_rng(SEED).choice(len(lines), min(rows, len(lines)), replace=False))
    target.write_bytes(header + b"\n" + b"".join(lines[i] for i in chosen.tolist()))
    return target


def _write_labels_of(source: Path, target: Path, column: str, ids: frozenset[str]) -> Path:
    """Copy the lines of a labels file whose decision is among ``ids``."""
    header, *lines = source.read_bytes().splitlines(keepends=True)
    place = next(csv.reader([header.decode("utf-8").strip()])).index(column)
    rows = [line for line in lines if next(csv.reader([line.decode("utf-8").strip()]))[place] in ids]
    target.write_bytes(header + b"".join(rows))
    return target


def _column(path: Path, column: str) -> frozenset[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row[column] for row in csv.DictReader(file))


def _id_column(mapping: dict[str, str]) -> str:
    return next(column for column, role in mapping.items() if role == "decision_id")

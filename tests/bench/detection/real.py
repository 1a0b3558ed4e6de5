"""Real prediction logs, where they lie beside the checkout: is a change that independent figures date found?"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from plumbline.answers.data.load import load_file, set_reference
from plumbline.store.workspace import Workspace
from tests.bench.detection import logs
from tests.bench.detection.ours import checked, loaded, opened


@dataclass(frozen=True)
class Real:
    """``files``: in order, and whether each is the reference; ``change``: as the truth beside the log dates it."""

    files: tuple[tuple[str, bool], ...]
    change: str
    reference: tuple[str, str] | None = None


#: card-offers: accuracy is 0.758 in October 2020 and 0.568 in November; income-credit: version 3.2 refuses everybody
#: for 54 hours; car-loan: the KS of car_value
#: against the reference is 0.07 on 30 March 2019 and 0.41 the day after
LOGS = {
    "card-offers": Real(
        (("card_offers.parquet", False),), "2020-11-01", ("2020-05-02T00:00:00+00:00", "2020-09-01T00:00:00+00:00")
    ),
    "income-credit": Real(
        (("kredit_export.csv", False),), "2025-06-10 09:00", ("2025-03-01T00:00:00+00:00", "2025-05-01T00:00:00+00:00")
    ),
    "car-loan": Real(
        (("reference.parquet", True), ("analysis.parquet", False), ("targets.parquet", False)), "2019-03-31"
    ),
}  # fmt: skip


def on_real(place: Path, name: str, held: Path, keep: Path | None = None) -> dict[str, Any]:
    """One real log by Plumbline's defaults; with ``keep`` it is also written for the other tools."""
    log = LOGS[name]

    def fill(ws: Workspace, folder: Path) -> None:
        shutil.copytree(place / name, folder / name)
        for file, reference in log.files:
            load_file(ws, folder / name / file, title=name, reference=reference, actor="bench")
        if log.reference:
            first, end = map(datetime.fromisoformat, log.reference)
            set_reference(ws, name, first, end, actor="bench")

    with loaded(held, fill) as ws:
        found = checked(ws, name, name, log.change)
        if keep is not None and not (keep / name).exists():
            frame, meta = opened(ws, name)
            logs.kept(name, keep, frame, meta | {"change": log.change, "kind": f"real: {name}"})
    return found | {"story": f"real: {name}", "seed": name}

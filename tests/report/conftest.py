"""One small system with hostile names, its documents made once."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import date

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.statements import attest, change_settings, save_context
from plumbline.domain import Attestation, Status
from plumbline.report.material import Material, gather
from plumbline.report.pack import evidence_pack
from plumbline.store.workspace import Workspace, open_workspace

TITLE = 'Offers #strong[*x*] <b>"; DROP'
FORMULA = "=HYPERLINK(1)"


def rows() -> str:
    """Nine weeks of decisions whose accuracy falls in the last three."""
    draw = random.Random(5)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["id", "time", "version", "score", "prediction", "label", FORMULA, "channel"])
    for i in range(1800):
        day = i * 63 // 1800
        truth = draw.random() < 0.5
        right = draw.random() < (0.85 if day < 42 else 0.6)
        said = truth if right else not truth
        score = draw.uniform(0.55, 0.95) if said else draw.uniform(0.05, 0.45)
        at = f"2026-{3 + (day + 1) // 32:02d}-{(day % 31) + 1:02d}T{i % 24:02d}:15:00Z"
        write.writerow(
            [f"D{i:05d}", at, "1.0", f"{score:.4f}", *("yes" if v else "no" for v in (said, truth)),
             f"{draw.gauss(0, 1):.3f}", draw.choice(["web", '<img src=x onerror="a()">', "@SUM(1)"])]
        )  # fmt: skip
    return out.getvalue()


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("report")
    (folder / "offers.csv").write_text(rows(), "utf-8")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "offers.csv", title="offers", positive="yes", actor="test")
    load_file(ws, folder / "offers.csv", title="other", positive="yes", actor="test")
    change_settings(ws, "offers", {}, by="test", title=TITLE)
    save_context(ws, "offers", {"environment": "production", "impact": "pricing"}, by="test")
    said, signed, ends = "Owned by *nobody* #emph[else].", date(2026, 5, 1), date(2027, 4, 30)
    attest(ws, Attestation("offers", "CMP-7", Status.PASS, said, "=Ada", signed, ends))
    yield ws
    ws.close()


@pytest.fixture(scope="session")
def material(held: Workspace) -> Material:
    return gather(held, "offers")


@pytest.fixture(scope="session")
def pack(material: Material) -> bytes:
    return evidence_pack(material, "en")

"""One small system with hostile names, its documents made once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.statements import attest, change_settings, save_context
from plumbline.domain import Attestation, Status
from plumbline.report.material import Material, gather
from plumbline.report.pack import evidence_pack
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.offers import rows

TITLE = 'Offers #strong[*x*] <b>"; DROP'


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

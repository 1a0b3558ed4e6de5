"""Documents that people add to and review: what is theirs is marked, and only a version made here counts."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.governance import documents
from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import EvidenceKind, PlumblineError, Status
from plumbline.report.documents import outline, outlines, save_statements, tally
from plumbline.report.issue import issue, issue_document
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.offers import rows


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("reviews")
    (folder / "offers.csv").write_text("\n".join(rows().splitlines()[:400]), "utf-8")
    made = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(made, folder / "offers.csv", title="offers", positive="yes", actor="test")
    yield made
    made.close()


def found(ws: Workspace) -> tuple[Status, EvidenceKind, str]:
    control = next(c for c in scorecard(ws, "offers").controls if c.id == "CMP-3")
    return control.status, control.evidence.kind, control.evidence.sentence


def test_a_review_counts_in_full_only_once_every_item_is_filled_in(ws: Workspace) -> None:
    assert found(ws)[0] is Status.UNKNOWN
    first = issue_document(ws, "offers", "annex_iv", actor="Ada")
    documents.review(ws, "offers", first.sha256, by="Bo")
    lacking = [i for _, part in outline(ws, "offers", "annex_iv", "en") for i in part if not i.known]
    status, kind, sentence = found(ws)
    assert (status, kind) == (Status.PARTIAL, EvidenceKind.PROBED)
    assert f"by Bo; {len(lacking)} items of it filled in by nobody" in sentence

    begun = datetime.now(UTC).date()
    save_statements(
        ws, "offers", {i.key: f"Said of #emph[{n}]\n<b>" for n, i in enumerate(lacking)}, by="Cleo"
    )
    ended = datetime.now(UTC).date()
    assert found(ws)[0] is Status.PARTIAL  # the reviewed version still lacks them
    second = issue_document(ws, "offers", "annex_iv", actor="Ada")
    assert second.sha256 != first.sha256
    text = " ".join(
        " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(second.content)).pages).split()
    )
    assert "Said of #emph[0] <b>" in text
    assert any(f"Stated by Cleo, {day.day} " in text for day in (begun, ended))
    documents.review(ws, "offers", second.sha256[:12], by="Bo")
    assert found(ws)[0] is Status.PASS
    held = documents.versions(ws, "offers")
    assert [(v.sha256, v.open, [r.by for r in v.reviews]) for v in held] == [
        (second.sha256, 0, ["Bo"]), (first.sha256, len(lacking), ["Bo"]),
    ]  # fmt: skip


def test_what_a_person_says_stands_beside_what_is_measured_and_never_instead(ws: Workspace) -> None:
    before = {i.key: i for _, part in outline(ws, "offers", "model_card", "de") for i in part}
    save_statements(ws, "offers", {"card.performance": "Always right."}, by="Cleo")
    sections = outline(ws, "offers", "model_card", "de")
    after = {i.key: i for _, part in sections for i in part}
    assert after["card.performance"].value == f"{before['card.performance'].value}\nAlways right."
    assert "Angegeben von Cleo" in after["card.performance"].source
    save_statements(ws, "offers", {"card.performance": " "}, by="Cleo")
    assert outline(ws, "offers", "model_card", "de") != sections
    assert tally(outline(ws, "offers", "model_card", "de")) == (
        sum(i.known for i in before.values()),
        len(before),
    )


def test_only_a_version_made_here_and_unaltered_can_be_reviewed(ws: Workspace) -> None:
    for wrong in ("0" * 64, "", "0"):
        with pytest.raises(PlumblineError, match="made here"):
            documents.review(ws, "offers", wrong, by="Bo")
    made = issue_document(ws, "offers", "processing", language_code="de", actor="Ada")
    with pytest.raises(PlumblineError, match="needs a name"):
        documents.review(ws, "offers", made.sha256, by=" ")
    with ws.write() as cursor:
        cursor.execute("UPDATE evidence_file SET body = 'other'::BLOB WHERE sha256 = ?", [made.sha256])
    with pytest.raises(PlumblineError, match="altered"):
        documents.review(ws, "offers", made.sha256, by="Bo")
    with pytest.raises(PlumblineError, match="an item 'card"):
        save_statements(ws, "offers", {"card.nothing": "x"}, by="Bo")
    with pytest.raises(PlumblineError, match="no document 'novel'"):
        issue_document(ws, "offers", "novel", actor="Ada")


def test_the_commands_state_what_the_page_states(plumbline: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "offers.csv").write_text("\n".join(rows().splitlines()[:120]), "utf-8")
    (tmp_path / "proof.pdf").write_bytes(b"%PDF-1.7 proof")
    run: Callable[..., object] = plumbline
    assert run("load", tmp_path / "offers.csv", "--system", "offers", "--positive", "yes").code == 0  # type: ignore[attr-defined]
    said = run("context", "offers", "impact=Pricing", "harm=no", "--by", "Ada", "--json").json  # type: ignore[attr-defined]
    assert said["context"] == {"impact": "pricing", "harm": "no"}
    assert run("context", "offers", "impact=gold", "--by", "Ada").code == 2  # type: ignore[attr-defined]
    assert run("context", "offers", "harm=yes").code == 2  # nobody signs  # type: ignore[attr-defined]
    run("attest", "offers", "cmp-1", "Kept by us", "--file", tmp_path / "proof.pdf", "--by", "Ada")
    soon = (datetime.now(UTC) + timedelta(days=30)).date()
    run("exempt", "offers", "EXP-1", "Phased", "--until", soon, "--link", "dms/2", "--by", "Bo")
    made = run("document", "offers", "annex_iv", "--out", tmp_path / "a.pdf", "--json").json  # type: ignore[attr-defined]
    sha256 = made["versions"][0]["sha256"]
    assert run("document", "offers", "annex_iv", "--review", sha256).code == 2  # by whom  # type: ignore[attr-defined]
    run("document", "offers", "annex_iv", "--review", sha256, "--text", "annex.1a_provider=Us", "--by", "Bo")
    card = {c["id"]: c for c in run("scorecard", "offers", "--json").json["controls"]}  # type: ignore[attr-defined]
    assert [card[name]["status"] for name in ("CMP-1", "EXP-1", "CMP-3")] == ["pass", "exempt", "partial"]


def test_the_documents_in_an_evidence_pack_are_versions_that_can_be_reviewed(ws: Workspace) -> None:
    pack = issue(ws, "offers", ".zip", actor="Ada")
    with zipfile.ZipFile(io.BytesIO(pack.content)) as held:
        inside = {
            hashlib.sha256(held.read(n)).hexdigest() for n in held.namelist() if n.startswith("documents/")
        }
    assert len(inside) == len(outlines())
    assert inside <= {v.sha256 for v in documents.versions(ws, "offers")}
    technical = next(
        v for v in documents.versions(ws, "offers") if v.sha256 in inside and v.kind == "annex_iv"
    )
    assert documents.review(ws, "offers", technical.sha256, by="Bo").reviews[0].by == "Bo"

"""No German document holds an English sentence: every kind of document, over systems that differ in what is said."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.decisions.record import record
from plumbline.answers.statements import attest, change_settings, save_context
from plumbline.domain import Attestation, Status
from plumbline.domain.json_values import json_value
from plumbline.governance.context import QUESTIONS
from plumbline.report.decision_record import record_data, record_language
from plumbline.report.documents import fill_document, outlines
from plumbline.report.language import language
from plumbline.report.material import gather
from plumbline.report.pack import evidence_pack
from plumbline.report.scorecard_report import report_data
from plumbline.store.workspace import Workspace, open_workspace

GERMAN = language("de")
#: words that English sentences are made with and German has not
ENGLISH = re.compile(
    r"\b(the|of|is|are|and|to|has|have|not|by|for|with|from|than|its|were|since|only|too|this|that|which|it|be|or|as)\b"
)
#: English that belongs in German: the name of a norm's own document
NAMES = ("Points of Focus",)
#: columns of a pack's tables that hold codes for machines, the same in every language
CODES = {"requirement", "status", "evidence_kind", "method", "kind", "verdict"}


def _moment(hour: int) -> str:
    return f"2026-{3 + hour // 720:02d}-{hour % 720 // 24 + 1:02d}T{hour % 24:02d}:15:00Z"


def _falling(draw: random.Random) -> Iterator[list[Any]]:
    """A binary system with a score, versions and a protected attribute: worse, and moved, in its last weeks."""
    yield ["id", "time", "version", "score", "prediction", "label", "einkommen", "kanal", "geschlecht"]
    for i in range(1_200):
        late = i >= 900
        truth = draw.random() < 0.5
        said = truth if draw.random() < (0.6 if late else 0.85) else not truth
        score = draw.uniform(0.55, 0.95) if said else draw.uniform(0.05, 0.45)
        yield [f"D{i:05d}", _moment(i), "2" if i >= 600 else "1", f"{score:.4f}",
               *("ja" if v else "nein" for v in (said, truth)), f"{draw.gauss(3 if late else 0, 1):.3f}",
               draw.choice(["netz", "neu"] if late else ["netz", "post"]), draw.choice(["w", "m"])]  # fmt: skip


def _amounts(draw: random.Random) -> Iterator[list[Any]]:
    """A regression whose input hardly varies, with a few huge errors and outcomes for half of it."""
    yield ["id", "time", "prediction", "label", "gewicht", "fest"]
    for i in range(900):
        true = draw.uniform(0, 10) if i % 50 else 0.0
        wrong = 1e5 if i % 401 == 0 else draw.gauss(0, 1)
        yield [
            f"P{i}",
            _moment(i),
            f"{true + wrong:.3f}",
            f"{true:.3f}" if i % 2 else "",
            f"{draw.gauss(0, 1):.3f}",
            "7",
        ]


def _classes(draw: random.Random) -> Iterator[list[Any]]:
    """Several classes, a month of them, with few outcomes and gaps."""
    yield ["id", "time", "version", "prediction", "label", "farbe"]
    for i in range(700):
        kind, true = draw.choice(["a", "b", "c"]), draw.choice(["a", "b", "c"]) if i % 9 == 0 else ""
        yield [
            f"K{i % 650}",
            _moment(i + (200 if i > 350 else 0)),
            "",
            kind,
            true,
            draw.choice(["rot", "blau", ""]),
        ]


def _bare(draw: random.Random) -> Iterator[list[Any]]:
    """Nothing but a day of answers."""
    yield ["time", "prediction"]
    for i in range(30):
        yield [_moment(i), draw.choice(["ja", "nein"])]


SYSTEMS = {"kredit": _falling, "preise": _amounts, "sorten": _classes, "karg": _bare}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("german")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    for name, rows in SYSTEMS.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows(rows(random.Random(7)))
        load_file(ws, folder / f"{name}.csv", title=name, actor="Probe")
    costs = {"currency": "EUR", "matrix": {"ja|ja": 10.0, "ja|nein": -20.0, "nein|ja": -20.0}}
    change_settings(ws, "kredit", {"cost_matrix": costs}, by="Ada")
    answers = {q.key: q.values[-1] if "number" not in q.values else "120000" for q in QUESTIONS}
    save_context(ws, "kredit", answers, by="Ada")
    save_context(ws, "preise", {q.key: q.values[0] for q in QUESTIONS if "number" not in q.values}, by="Ada")
    said = Attestation(
        "kredit", "CMP-7", Status.PASS, "Wird benannt.", "Ada", date(2026, 5, 1), date(2027, 4, 30)
    )
    attest(ws, said)
    yield ws
    ws.close()


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not value.startswith("<?xml"):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


def english(values: Any) -> list[str]:
    """Texts that are not German, without the names that stay."""
    found = []
    for text in texts(values):
        rest = text
        for name in NAMES:
            rest = rest.replace(name, "")
        if ENGLISH.search(rest):
            found.append(text)
    return found


def test_english_is_told_from_german() -> None:
    assert english(["The owner has stated no cost matrix."])
    assert english({"a": [("5 values; 30 are needed, 25 more.",)]})
    assert not english(["Das war in der Tat so, also an Ort und Stelle.", "SHA-256", "kredit", "<?xml the"])


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_report_and_its_documents_are_german_throughout(held: Workspace, name: str) -> None:
    material = gather(held, name)
    data = report_data(material, GERMAN)
    assert english(data) == []
    assert data["limits"]["quoted"] == ""
    assert bool(data["stake"]["amount"]) is (name == "kredit")
    for kind in outlines():
        assert english(json_value(fill_document(material, kind, GERMAN))) == []


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_pack_is_german_throughout(held: Workspace, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(evidence_pack(gather(held, name), "de"))) as pack:
        files = {n: pack.read(n).decode("utf-8-sig") for n in pack.namelist() if n.endswith((".csv", ".txt"))}
    assert len(files) >= 8
    for file, content in files.items():
        rows = list(csv.DictReader(io.StringIO(content)))
        cells = [{k: v for k, v in row.items() if k not in CODES} for row in rows]
        assert english(cells if file.endswith(".csv") else content) == [], file


@pytest.mark.parametrize("code", ["de", "fr"])
def test_a_record_is_in_its_language_throughout(held: Workspace, code: str) -> None:
    for name, decision in (("kredit", "D00003"), ("kredit", "D01199"), ("preise", "P7"), ("sorten", "K3")):
        data = record_data(
            record(held, name, decision, search=False), record_language(code), date(2026, 11, 24)
        )
        assert english(data) == [], json.dumps(data, ensure_ascii=False)

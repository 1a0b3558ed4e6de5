"""Everything that a report draws or states, as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from plumbline.domain import ControlResult, Scorecard, Status
from plumbline.domain.json_values import json_value
from plumbline.report.language import Language
from plumbline.report.material import Material
from plumbline.report.translation import Translator
from plumbline.wording.safe_csv import Cell, safe_csv

Row = Sequence[Any]


def sheet(header: Row, rows: Iterable[Row]) -> bytes:
    """UTF-8 CSV with a byte-order mark, as spreadsheets expect; no cell can be read as a formula."""
    return safe_csv(header, ([_cell(value) for value in row] for row in rows)).encode("utf-8-sig")


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, (int, float)) else str(json_value(value))


def controls_csv(card: Scorecard, speech: Language) -> bytes:
    """The control-by-control statement: every control of the catalogue, asked or not."""
    header = (
        "id", "title", "question", "requirement", "status", "evidence_kind", "evidence", "by", "until",
        "contradiction", "references", "next_action",
    )  # fmt: skip
    return sheet(header, (_control(control, speech) for control in card.controls))


def _control(result: ControlResult, speech: Language) -> Row:
    e, translator = result.evidence, Translator(speech)
    title = speech.title("control", result.id, result.title)
    return (
        result.id, title, translator.catalogue_text(result.question, "question"), result.requirement.value,
        result.status.value, e.kind.value, translator.text(e.sentence), e.by, e.until,
        translator.text(result.contradiction), "; ".join(result.references),
        translator.catalogue_text(result.next_action, "action"),
    )  # fmt: skip


def performance_csv(material: Material, speech: Language) -> bytes:
    """The figure of performance: every metric and chunk."""
    header = ("metric", "start", "end", "version", "n", "value", "low", "high", "threshold", "status", "estimated",
              "provisional", "note", "bound")  # fmt: skip
    points = material.performance.points if material.performance else ()
    translator = Translator(speech)
    return sheet(
        header,
        (
            (
                p.metric,
                p.start,
                p.end,
                p.version,
                p.n,
                p.value,
                p.low,
                p.high,
                p.threshold,
                p.status.value,
                p.estimated,
                p.provisional,
                translator.text(p.note),
                p.bound,
            )
            for p in points
        ),
    )


def drift_csv(material: Material, speech: Language) -> bytes:
    """The figure of drift: the window, then every chunk."""
    header = ("feature", "kind", "method", "start", "end", "n_reference", "n", "value", "threshold", "p_value",
              "q_value", "drifted", "status", "missing_share", "note")  # fmt: skip
    drifts = (*material.drift.features, *material.drift.chunks) if material.drift else ()
    translator = Translator(speech)
    return sheet(
        header,
        (
            (
                f.feature,
                f.kind.value,
                f.method,
                f.start,
                f.end,
                f.n_reference,
                f.n,
                f.value,
                f.threshold,
                f.p_value,
                f.q_value,
                f.drifted,
                f.status.value,
                f.missing_share,
                translator.text(f.note),
            )
            for f in drifts
        ),
    )


def releases_csv(material: Material, speech: Language) -> bytes:
    """The figure of releases: one span a row."""
    spans = material.releases.releases.spans if material.releases else ()
    return sheet(("version", "start", "end", "n"), ((s.version, s.start, s.end, s.n) for s in spans))


def loads_csv(material: Material, speech: Language) -> bytes:
    """Every load that was not undone, with the hash of its file."""
    header = ("load_id", "file", "sha256", "kind", "at", "actor", "rows_read", "rows_loaded", "rows_duplicate",
              "rows_quarantined", "labels_joined")  # fmt: skip
    return sheet(header, ([getattr(load, name) for name in header] for load in material.proof.loads))


def history_csv(material: Material, speech: Language) -> bytes:
    """Every kept verdict, the oldest first."""
    return sheet(("at", "verdict"), material.answer.history)


#: the figures of the report and the pages by the name of their file
FIGURES: dict[str, Callable[[Material, Language], bytes]] = {
    "performance": performance_csv,
    "drift": drift_csv,
    "releases": releases_csv,
    "loads": loads_csv,
    "verdicts": history_csv,
}


@cache
def _questions() -> Mapping[str, Any]:
    text = (resources.files("plumbline.report") / "questionnaire.toml").read_text("utf-8")
    return tomllib.loads(text)


def questionnaire_csv(card: Scorecard, speech: Language) -> bytes:
    """Answers to what buyers ask. Yes only where every control behind it passes; unknown is never yes."""
    by_id = {control.id: control for control in card.controls}
    answers_worded, translator = _questions()["answers"][speech.code], Translator(speech)
    rows = []
    for number, entry in enumerate(_questions()["question"], 1):
        results = [by_id[key] for key in entry["controls"]]
        evidence = " ".join(f"{c.id}: {translator.text(c.evidence.sentence)}" for c in results)
        kinds = ", ".join(dict.fromkeys(c.evidence.kind.value for c in results))
        answer = answers_worded[_answer([c.evidence.status for c in results])]
        rows.append((number, entry[speech.code], answer, evidence, kinds, card.at.date()))
    return sheet(("no", "question", "answer", "evidence", "evidence_kind", "as_of"), rows)


def _answer(statuses: Sequence[Status]) -> str:
    if all(s is Status.PASS for s in statuses):
        return "yes"
    if any(s is Status.FAIL for s in statuses):
        return "partly" if any(s is Status.PASS for s in statuses) else "no"
    return "partly" if any(s in (Status.PASS, Status.PARTIAL) for s in statuses) else "unknown"

"""A decision's record: three languages, read back, the same bytes for the same date, hostile text as text."""

from __future__ import annotations

import io
import json
import re
from datetime import date

import pandas as pd
import pytest

from plumbline.answers import statements
from plumbline.answers.data.load import load_file
from plumbline.answers.decisions.explain import explain
from plumbline.answers.decisions.reasons import reasons_against
from plumbline.answers.decisions.record import record
from plumbline.domain import PlumblineError
from plumbline.report.decision_record import RECORD_LANGUAGES, issue_record, record_language, record_pdf
from plumbline.report.translation import translate
from plumbline.store import trail
from plumbline.store.workspace import open_workspace

HOSTILE = '#emph[x] <b>"=1+1"'
ON = date(2026, 11, 24)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A log with recorded contributions in log-odds, and a second version without any."""
    import math

    folder = tmp_path_factory.mktemp("records")
    lines = ["decision_id,ts,version,income,place,score,prediction,override,shap_income,shap_place"]
    for i in range(300):
        income, place = 10 + i % 40, ("north", "south", HOSTILE)[i % 3]
        parts = ((income - 30) / 10, 0.3 if i % 3 else -0.6)
        score = 1 / (1 + math.exp(-(0.2 + sum(parts))))
        said = "yes" if score >= 0.5 else "no"
        cell = '"' + place.replace('"', '""') + '"'
        shap = f"{parts[0]!r},{parts[1]!r}" if i < 200 else ","
        version = "1" if i < 200 else "2"
        at = f"2026-01-{1 + i // 10:02d} 10:{i % 60:02d}:00"
        lines.append(f"d{i},{at},{version},{income},{cell},{score!r},{said},{said},{shap}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    ws = open_workspace(folder / "ws.duckdb", read_from=[folder])

    load_file(ws, folder / "log.csv", title="Loans", actor="test")
    statements.change_settings(
        ws,
        "loans",
        {"reasons": {"income": "Income in thousands"}, "contest": "Write to us.", "role": "recommends"},
        by="t",
    )
    yield ws
    ws.close()


def text_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return " ".join(
        " ".join((page.extract_text() or "").split()) for page in PdfReader(io.BytesIO(pdf)).pages
    )


def test_the_languages_have_the_same_words_and_places() -> None:
    def shape(code):
        return {
            (section, key): sorted(re.findall(r"{\w+}", text))
            for section, held in record_language(code).texts.items() if isinstance(held, dict)
            for key, text in held.items()
        }  # fmt: skip

    assert shape("en") == shape("de") == shape("fr")


def test_all_that_measuring_says_has_its_words_in_every_language() -> None:
    """Each source's own sentences as the code makes them, numbers and all."""
    import numpy as np

    from plumbline.explain.explanation import _verdict, choose_source
    from plumbline.explain.reasons.logged_attributions import check_logged
    from plumbline.explain.registered_model import _sentence
    from plumbline.explain.surrogate import fit_surrogate, grade_fidelity

    random = np.random.default_rng(3)
    parts = random.normal(size=(400, 2))
    adds_up = 1 / (1 + np.exp(-(0.2 + parts.sum(axis=1))))
    frame = pd.DataFrame({"a": np.zeros(1_200)})
    said = [
        check_logged(parts, adds_up, version="2025.4").sentence,
        check_logged(parts, random.random(400), version="").sentence,
        check_logged(parts[:5], adds_up[:5], version="1").sentence,
        _verdict(1e-5, 1e-3), _verdict(0.25, 1e-3), _verdict(12_345.0, 200.0),
        _sentence("3.1", 0.4, 1000, 1e-3, "complement"),
        _sentence("3.1", 1.0, 1000, 1e-3, "score"), _sentence("a b", 0.999, 1000, 1e-3, "margin"),
        *(choose_source(surrogate=fit_surrogate(frame[columns][: len(scores)], scores, version="1")).sentence
          for columns, scores in (([], random.random(1_200)), (["a"], np.ones(1_200)), (["a"], np.full(99, np.nan)))),
        choose_source().sentence,
        *(grade_fidelity(r2, agreed)[1] for r2, agreed in ((0.99, 0.98), (0.99, None), (0.93, 0.92), (0.5, 0.6))),
    ]  # fmt: skip
    for text in said:
        for code in ("de", "fr"):
            words = translate(text, record_language(code))
            assert words, text
            assert not re.search(r"\b(the|and|score[sd]? within|logged)\b", words), words
    words = translate(said[0], record_language("de")) or ""
    assert "100,0 % von 400" in words
    assert "10⁻" in words
    assert translate("Something new was measured.", record_language("de")) is None


def test_english_is_printed_as_it_was_with_the_marks_of_print() -> None:
    """The record of a decision that is issued again has the bytes that it had."""
    from plumbline.explain.registered_model import _sentence

    text = _sentence("it's", 0.999, 1_000, 9.4e-9, "margin")
    assert "reproduces 99.9 % of 1,000 logged scores within 9.4e-09 (as the model's raw output)" in text
    assert translate(text, record_language("en")) == (
        "The model file registered for version it's reproduces 99.9 % of 1,000 logged scores within "
        "9.4\u00a0×\u00a010⁻⁹ (as the model’s raw output)."
    )


@pytest.mark.parametrize("code", RECORD_LANGUAGES)
def test_the_paper_says_what_was_decided_and_why_in_its_language(held, code: str) -> None:
    found, speech = record(held, "loans", "d0"), record_language(code)
    assert found.complete
    assert found.reasons[0].feature == "income"
    made = record_pdf(found, speech, ON)
    assert made == record_pdf(record(held, "loans", "d0"), speech, ON)
    assert made != record_pdf(found, speech, date(2026, 11, 25))
    said = text_of(made)
    for key in ("why", "changed", "contest", "limits"):
        assert speech.say(key) in said
    assert "Income in thousands" in said
    assert "Write to us." in said


def test_hostile_text_is_printed_as_it_is(held) -> None:
    found = record(held, "loans", "d2")
    said = text_of(record_pdf(found, record_language("en"), ON)).replace("\u200b", "")
    assert HOSTILE in said


def test_a_version_without_sources_gets_no_reasons(held) -> None:
    found = record(held, "loans", "d250")
    assert not found.complete
    assert not found.reasons
    assert found.changed is None


def test_each_issue_goes_on_the_trail_without_the_decisions_id(held) -> None:
    issued = issue_record(held, "loans", "d0", ".json", language_code="fr", on=ON, actor="Ada")
    again = issue_record(held, "loans", "d0", ".json", language_code="fr", on=ON, actor="Ada")
    assert issued.content == again.content
    body = json.loads(issued.content)
    assert body["record"]["outcome"] == "no"
    assert body["document"]["lang"] == "fr"
    with held.read() as cursor:
        entry = trail.entries(cursor, limit=1)[0]
    assert entry.detail["sha256"] == issued.sha256
    assert "d0" not in json.dumps(entry.detail).replace(issued.sha256, "")


def test_a_language_or_kind_that_is_not_there_is_a_sentence(held) -> None:
    with pytest.raises(PlumblineError, match="no records in"):
        issue_record(held, "loans", "d0", ".pdf", language_code="xx", on=ON, actor="Ada")
    with pytest.raises(PlumblineError, match="No record ends in"):
        issue_record(held, "loans", "d0", ".txt", on=ON, actor="Ada")


def test_reasons_against_those_just_approved_are_against_their_mean(held) -> None:
    """Income of the 200 nearest approved is the mean of all of them here: there are fewer than 200."""
    told = explain(held, "loans", "d0")
    found = reasons_against(held, "loans", told, "just approved")
    approved = [i for i in range(200) if (10 + i % 40 - 30) / 10 + (0.3 if i % 3 else -0.6) + 0.2 >= 0]
    assert f"the {len(approved)} just approved" in found.population
    mean = sum((10 + i % 40 - 30) / 10 for i in approved) / len(approved)
    assert f"{-2 - mean:+.2f}".replace("-", "\u2212") in found.reasons.reasons[0].replace("-", "\u2212")
    assert "just approved" in found.reasons.reasons[0]
    assert reasons_against(held, "loans", told).population == f"against {told.baseline}"


def test_the_command_writes_the_record_and_says_its_hash(held, plumbline, tmp_path) -> None:
    import hashlib
    import shutil

    shutil.copy(held.path, tmp_path / "workspace.duckdb")
    out = tmp_path / "d0.json"
    told = plumbline("decision", "loans", "d0", "--out", out, "--language", "de", "--json").json
    assert told["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert json.loads(out.read_text("utf-8"))["document"]["lang"] == "de"
    refused = plumbline("decision", "loans", "nobody", "--out", tmp_path / "x.pdf")
    assert refused.code == 2
    assert not (tmp_path / "x.pdf").exists()

"""Model files, hashes and complaints, from what people do to the facts that the catalogue reads."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers import events
from plumbline.answers.data.load import load_file
from plumbline.answers.decisions.model_files import register
from plumbline.answers.events import EventRecord
from plumbline.answers.governance.misuse import (
    ComplaintFacts,
    ModelFileFacts,
    complaint_facts,
    model_file_facts,
)
from plumbline.domain import PlumblineError, Probe, ProbedVersion
from plumbline.domain.acts import Act
from plumbline.explain.readers.formats import pickle_kind
from plumbline.store import trail
from plumbline.store.models.model_files import ModelFile
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write
from tests.governance.cases import days_ago

NOW = datetime.now(UTC)
HASH, OTHER = "a" * 64, "b" * 64
KNOWN = ModelFile(
    sha256=HASH, version="1", name="m.onnx", format="ONNX", feature_map={}, share=1.0, checked=9, passed=True,
    at=days_ago(9), actor="ana",
)  # fmt: skip


def _system(ws: Workspace, folder: Path) -> None:
    load_file(ws, write(folder / "log.csv", decisions(40)), title="s", actor="t")


def archive(name: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as files:
        files.writestr(name, b"x")
    return body.getvalue()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *((pickle.dumps({"a": 1}, protocol), "pickle") for protocol in (0, 1, 2, 4, 5)),
        (gzip.compress(pickle.dumps([1]), mtime=0), "pickle"),
        (archive("archive/data.pkl"), "pickle in an archive"),
        (archive("schema.json"), ""),
        (gzip.compress(b'{"learner": {}}', mtime=0), ""),
        (b"PK\x03\x04 no archive", ""),
        (b"tree\nversion=v4", ""),
        (b"", ""),
    ],
)
def test_a_pickle_is_told_by_its_bytes(body: bytes, kind: str) -> None:
    assert pickle_kind(body) == kind


def _files(ws: Workspace, files: list[ModelFile], seen: set[str], *probes: ProbedVersion) -> ModelFileFacts:
    looks = [Probe(kind="mlflow", place="p", subject="m", at=NOW, by="t", versions=probes)] if probes else []
    with ws.read() as cursor:
        return model_file_facts(cursor, "s", seen, files, looks)


def test_a_file_that_gives_the_scores_decides_whatever_the_log_calls_it(workspace: Workspace) -> None:
    good = ModelFileFacts(model_formats_known=1, model_unsafe=(), model_other=(), model_served=1)
    assert _files(workspace, [KNOWN], {"1"}) == good
    failed = replace(KNOWN, passed=False)
    assert _files(workspace, [failed], {"1"}) == replace(good, model_served=0)
    named = f"2026.1+sha256:{HASH.upper()}"
    assert _files(workspace, [replace(KNOWN, version=named)], {named}) == good
    assert _files(workspace, [replace(failed, version=named)], {named}) == replace(
        good, model_other=(named,), model_served=0
    )
    wrong = f"2026.1+sha256:{OTHER}"
    assert _files(workspace, [replace(KNOWN, version=wrong)], {wrong}) == replace(
        good, model_other=(wrong,), model_served=0
    )
    assert _files(workspace, [], {"1"}).model_formats_known is None


def test_what_a_registry_says_of_its_format_counts(workspace: Workspace) -> None:
    entry = ProbedVersion(version="1", names=("1",), saved_as="cloudpickle")
    assert _files(workspace, [], {"1"}, entry).model_unsafe == ("1",)
    assert _files(workspace, [], {"1"}, replace(entry, saved_as="skops")).model_unsafe == ()
    assert _files(workspace, [], {"1"}, replace(entry, saved_as="")).model_formats_known is None
    assert _files(workspace, [], {"1"}, replace(entry, saved_as="new format")).model_formats_known is None


def test_a_refused_pickle_stands_until_another_file_is_registered(
    workspace: Workspace, tmp_path: Path
) -> None:
    _system(workspace, tmp_path)
    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(PlumblineError, match="can run code"):
        register(workspace, "s", "1", file, actor="ana")
    assert _files(workspace, [KNOWN], {"1"}).model_unsafe == ("1",)
    later = replace(KNOWN, at=datetime.now(UTC) + timedelta(minutes=1))
    assert _files(workspace, [later], {"1"}).model_unsafe == ()
    with workspace.read() as cursor:
        (entry,) = trail.entries(cursor, system="s", action=Act.MODEL_REFUSED)
    assert (entry.actor, entry.detail["version"], entry.detail["format"]) == ("ana", "1", "pickle")


def test_complaints_are_paired_by_their_number(workspace: Workspace, tmp_path: Path) -> None:
    _system(workspace, tmp_path)

    def put(event: str, days: float, number: str) -> None:
        events.record(workspace, "s", event, by="Bo", at=NOW - timedelta(days=days), note=number)

    with pytest.raises(PlumblineError, match="by its number"):
        put("complaint received", 1, " ")
    assert complaint_facts(events.records(workspace, "s"), NOW) == ComplaintFacts()
    for days, number in ((400, "C-0"), (90, "C-1"), (60, "C-2"), (12, "C-3")):
        put("complaint received", days, number)
    put("complaint answered", 84, "c-1 ")
    put("complaint answered", 20, "C-2")
    put("complaint answered", 2, "C-9")  # of which nobody said that it came
    facts = complaint_facts(events.records(workspace, "s"), NOW)
    assert (facts.complaints, facts.complaints_open, facts.complaint_keeper) == (3, 1, "Bo")
    assert facts.complaint_days == pytest.approx(40)
    assert facts.complaint_usual_days == pytest.approx(23)
    assert facts.complaints_open_days == pytest.approx(12)
    earlier = complaint_facts(events.records(workspace, "s"), NOW - timedelta(days=50))
    assert (earlier.complaints, earlier.complaints_open) == (3, 2)
    assert earlier.complaints_open_days == pytest.approx(350)  # C-0, in its twelve months then


def _complaints(*records: tuple[str, float, str]) -> ComplaintFacts:
    """Facts of records (event, days ago, number), the newest first."""
    noted = [
        EventRecord(
            event=f"complaint {event}", at=days_ago(days), recorded_at=NOW, by="Bo", note="", seq=i, complaint=number
        )
        for i, (event, days, number) in enumerate(sorted(records, key=lambda r: r[1]))
    ]  # fmt: skip
    return complaint_facts(noted, days_ago(0))


def test_an_answer_before_its_complaint_answers_nothing() -> None:
    facts = _complaints(("answered", 50, "c-1"), ("received", 40, "c-1"))
    assert (facts.complaints, facts.complaints_open, facts.complaint_days) == (1, 1, None)
    at_once = _complaints(("answered", 40, "c-1"), ("received", 40, "c-1"))
    assert (at_once.complaints_open, at_once.complaint_days) == (0, 0.0)


def test_a_number_used_again_after_its_answer_is_a_new_complaint() -> None:
    facts = _complaints(("received", 90, "c-1"), ("answered", 80, "c-1"), ("received", 40, "c-1"))
    assert (facts.complaints, facts.complaints_open) == (2, 1)
    assert facts.complaint_days == pytest.approx(10)
    assert facts.complaints_open_days == pytest.approx(40)
    twice = _complaints(("received", 90, "c-1"), ("received", 70, "c-1"), ("answered", 60, "c-1"))
    assert (twice.complaints, twice.complaint_days) == (1, pytest.approx(30))
    long_open = _complaints(("received", 400, "c-1"), ("received", 70, "c-1"))
    assert (long_open.complaints_open, long_open.complaints_open_days) == (1, pytest.approx(400))

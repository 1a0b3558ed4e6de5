"""Issuing a report or an evidence pack: made, hashed, and put on the trail."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from plumbline.answers.governance.documents import keep_version
from plumbline.answers.governance.period import period
from plumbline.answers.governance.time_authority import time_authority
from plumbline.answers.proof import note_issue
from plumbline.domain import PlumblineError
from plumbline.relay.files import write_atomically
from plumbline.report import time_stamp, verify
from plumbline.report.buyers.period_evidence import period_pack
from plumbline.report.buyers.workbook import FilledWorkbook, fill_workbook
from plumbline.report.documents import document_pdf, fill_document, outlines, tally
from plumbline.report.language import language
from plumbline.report.material import Material, gather
from plumbline.report.pack import document_file, evidence_pack
from plumbline.report.scorecard_report import scorecard_pdf
from plumbline.report.seal import Stamper, no_time_stamp
from plumbline.store.workspace import Workspace

PACK = ".zip"
#: what can be issued, by the ending of its file
KINDS = {".pdf": "report", PACK: "evidence pack"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocument:
    """One document as it was handed out. ``time``: what a pack says of when it was made, as its verifier puts it."""

    name: str
    kind: str
    sha256: str
    content: bytes
    time: str = ""


def issue(ws: Workspace, key: str, ending: str, *, language_code: str = "en", actor: str) -> IssuedDocument:
    """Make a document of a system and record its hash on the trail.

    Args:
        ending: ``.pdf`` for the report, ``.zip`` for the evidence pack.

    Raises:
        PlumblineError: no such system, kind or language.
    """
    if ending not in KINDS:
        raise PlumblineError(f"No document ends in {ending!r}", todo=f"Use one of: {', '.join(KINDS)}.")
    language(language_code)
    material, kind, time = gather(ws, key), KINDS[ending], ""
    if ending == PACK:
        content = evidence_pack(material, language_code, _stamper(ws))
        _keep_documents(ws, material, content, language_code, actor)
        time = _time(content)
    else:
        content = scorecard_pdf(material, language_code)
    digest = hashlib.sha256(content).hexdigest()
    note_issue(ws, key, kind=kind, sha256=digest, actor=actor, language=language_code, time=time)
    day = material.answer.card.at.date().isoformat()
    name = f"plumbline-{material.answer.system.key}-{day}{ending}"
    return IssuedDocument(name=name, kind=kind, sha256=digest, content=content, time=time)


def issue_period(
    ws: Workspace,
    key: str,
    start: datetime | None,
    end: datetime | None,
    *,
    language_code: str = "en",
    actor: str,
) -> IssuedDocument:
    """Put the evidence of a period together and record its hash on the trail.

    Raises:
        PlumblineError: no such system or language, or not a period.
    """
    language(language_code)
    period_answer = period(ws, key, start, end)
    content = period_pack(gather(ws, key), period_answer, language_code, _stamper(ws))
    digest, time = hashlib.sha256(content).hexdigest(), _time(content)
    kind = "evidence of a period"
    note_issue(ws, key, kind=kind, sha256=digest, actor=actor, language=language_code, time=time)
    name = (
        f"plumbline-{key}-{period_answer.start.date().isoformat()}-{period_answer.end.date().isoformat()}.zip"
    )
    return IssuedDocument(name=name, kind=kind, sha256=digest, content=content, time=time)


def issue_workbook(
    ws: Workspace, key: str, content: bytes, *, language_code: str = "en", actor: str
) -> tuple[IssuedDocument, FilledWorkbook]:
    """Answer a buyer's workbook in a copy, and record its hash on the trail.

    Raises:
        PlumblineError: no such system or language, or no workbook that can be answered.
    """
    speech = language(language_code)
    card = gather(ws, key).answer.card
    filled = fill_workbook(content, card, speech)
    digest, kind = hashlib.sha256(filled.content).hexdigest(), "buyer's questionnaire"
    note_issue(ws, key, kind=kind, sha256=digest, actor=actor, language=language_code)
    name = f"plumbline-{key}-{card.at.date().isoformat()}.xlsx"
    return IssuedDocument(name=name, kind=kind, sha256=digest, content=filled.content), filled


def _stamper(ws: Workspace) -> Stamper:
    authority = time_authority(ws)
    return partial(time_stamp.ask, authority) if authority else no_time_stamp


def _time(pack: bytes) -> str:
    """What a pack says of when it was made."""
    with zipfile.ZipFile(io.BytesIO(pack)) as held:
        names = {verify.MANIFEST, verify.SIGNATURE, verify.TIMESTAMP} & set(held.namelist())
        return verify.time_sentence({name: held.read(name) for name in names})


def issue_document(
    ws: Workspace, key: str, kind: str, *, language_code: str = "en", actor: str
) -> IssuedDocument:
    """Make one of the outlined documents. Its version is kept, so that somebody can review it.

    Raises:
        PlumblineError: no such system, document or language.
    """
    if kind not in outlines():
        raise PlumblineError(f"There is no document {kind!r}", todo=f"Use one of: {', '.join(outlines())}.")
    material = gather(ws, key)
    content = document_pdf(material, kind, language_code)
    name, digest = _keep(ws, material, kind, content, language_code, actor)
    return IssuedDocument(name=name, kind=kind, sha256=digest, content=content)


def _keep_documents(ws: Workspace, material: Material, pack: bytes, language_code: str, actor: str) -> None:
    """The documents in a pack are versions too: whoever was handed one can have it reviewed by its hash."""
    with zipfile.ZipFile(io.BytesIO(pack)) as held:
        for kind in outlines():
            _keep(ws, material, kind, held.read(document_file(kind)), language_code, actor)


def _keep(
    ws: Workspace, material: Material, kind: str, content: bytes, language_code: str, actor: str
) -> tuple[str, str]:
    """Keep a document as a version that can be reviewed; its file's name and SHA-256."""
    speech, key = language(language_code), material.answer.system.key
    known, items = tally(fill_document(material, kind, speech))
    day = material.answer.card.at.date().isoformat()
    name = f"plumbline-{key}-{kind.replace('_', '-')}-{day}.pdf"
    digest = keep_version(
        ws,
        key,
        kind,
        content,
        name=name,
        language=language_code,
        items=items,
        left=items - known,
        actor=actor,
    )
    return name, digest


def write(issued: IssuedDocument, out: Path, put: Callable[[Path, bytes], None] = write_atomically) -> None:
    """Write a document whole or not at all.

    Args:
        put: writes a file, where it is not this process that writes it.

    Raises:
        PlumblineError: the folder is not there, or cannot be written to.
    """
    try:
        put(out, issued.content)
    except OSError as error:
        raise PlumblineError(
            f"The {issued.kind} cannot be written: {error.strerror}",
            where=str(out),
            todo="Choose another path.",
        ) from error

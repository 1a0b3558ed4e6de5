"""The evidence pack: one zip with the report, its figures, the statements behind it, and what verifies them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from importlib import resources

from plumbline.domain import PlumblineError
from plumbline.report import verify
from plumbline.report.csv_tables import FIGURES, controls_csv, questionnaire_csv
from plumbline.report.documents import document_pdf, outlines
from plumbline.report.language import language
from plumbline.report.material import Material
from plumbline.report.scorecard_report import scorecard_pdf
from plumbline.report.signature import sign, verifier

#: the time stamp of a manifest; raises PlumblineError where there is none
Stamper = Callable[[bytes], bytes]


def unstamped(_: bytes) -> bytes:
    """No time stamp, as no authority is named."""
    raise PlumblineError("No authority for time stamps is named")


def evidence_pack(material: Material, code: str, stamper: Stamper = unstamped) -> bytes:
    """The pack as a zip. The same scorecard and trail give the same bytes, but for a time stamp.

    Raises:
        PlumblineError: there are no documents in that language, or the key that signs cannot be read or made.
    """
    speech = language(code)
    card, held = material.answer.card, material.proof
    files = {
        "README.txt": _readme(code)
        .format(
            title=material.answer.system.title,
            verdict=card.verdict.words,
            at=card.at.isoformat(),
            head=held.chain.head,
            entries=held.chain.entries,
        )
        .encode(),
        "report.pdf": scorecard_pdf(material, code),
        "controls.csv": controls_csv(card, speech),
        "questionnaire.csv": questionnaire_csv(card, speech),
        verify.CARD: held.card.encode(),
        verify.INPUTS: held.inputs.encode(),
        verify.TRAIL: "".join(json.dumps(link, ensure_ascii=True) + "\n" for link in held.links).encode(),
        "verify.py": verifier(),
    }
    for key in outlines():
        files[document_file(key)] = document_pdf(material, key, code)
    for name, figure in FIGURES.items():
        files[f"figures/{name}.csv"] = figure(material, speech)
    listed = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    files[verify.MANIFEST] = "".join(listed).encode()
    time_stamp = _stamp(files, stamper)
    files[verify.SIGNATURE] = sign(files[verify.MANIFEST], time_stamp)
    return _zipped(files, card.at)


def _stamp(files: dict[str, bytes], stamper: Stamper) -> str:
    """Put a time stamp into a pack, and say by its SHA-256 which one; else why there is none."""
    try:
        stamp = stamper(files[verify.MANIFEST])
    except PlumblineError as error:
        return f"{verify.UNSTAMPED}{error.what}"
    faults = verify.stamp_faults({**files, verify.TIMESTAMP: stamp}, "", "")
    if faults:  # a clock of this machine that runs ahead of the authority's, for one
        return f"{verify.UNSTAMPED}{faults[0]}"
    files[verify.TIMESTAMP] = stamp
    return hashlib.sha256(stamp).hexdigest()


def _readme(code: str) -> str:
    return (resources.files("plumbline.report") / "texts" / f"pack.{code}.txt").read_text("utf-8")


def document_file(kind: str) -> str:
    """Where a pack holds a document."""
    return f"documents/{kind.replace('_', '-')}.pdf"


def _zipped(files: dict[str, bytes], at: datetime) -> bytes:
    out = io.BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, 0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as pack:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            pack.writestr(entry, files[name])
    return out.getvalue()

"""A zip that outsiders can check: its files listed by their hashes, the list stamped by an authority and signed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime

from plumbline.answers.proof import ScorecardProof
from plumbline.domain import PlumblineError
from plumbline.report import verify
from plumbline.report.signature import sign, verifier

#: the time stamp of a manifest; raises PlumblineError where there is none
Stamper = Callable[[bytes], bytes]


def no_time_stamp(_: bytes) -> bytes:
    """No time stamp, as no authority is named."""
    raise PlumblineError("No authority for time stamps is named")


def seal_files(files: Mapping[str, bytes], proof: ScorecardProof, at: datetime, stamper: Stamper) -> bytes:
    """The files as a zip, with what proves them: scorecard, trail, verifier, manifest, time stamp and signature.

    The same files and proof give the same bytes, but for a time stamp.

    Args:
        at: the time that the zip's entries carry.

    Raises:
        PlumblineError: the key that signs cannot be read or made.
    """
    contents = {
        **files,
        verify.CARD: proof.card.encode(),
        verify.INPUTS: proof.inputs.encode(),
        verify.TRAIL: "".join(json.dumps(link, ensure_ascii=True) + "\n" for link in proof.links).encode(),
        "verify.py": verifier(),
    }
    listed = (f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents))
    contents[verify.MANIFEST] = "".join(listed).encode()
    time_stamp = _stamp(contents, stamper)
    contents[verify.SIGNATURE] = sign(contents[verify.MANIFEST], time_stamp)
    return _zip_files(contents, at)


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


def _zip_files(files: Mapping[str, bytes], at: datetime) -> bytes:
    out = io.BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, 0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as pack:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            pack.writestr(entry, files[name])
    return out.getvalue()

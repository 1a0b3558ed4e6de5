"""Erasing a person or a decision: rows, labels, comments, quarantine, counts and bytes, with a certificate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.logs.cluster import attachments
from plumbline.logs.load.erase import ErasureResult, erase, overwrite_free_blocks
from plumbline.profile import build
from plumbline.store import copies, trail
from plumbline.store.cache import answer_cache
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.times import iso_minute


def erase_person(
    ws: Workspace, key: str, *, subject: str | None = None, decision_id: str | None = None, actor: str
) -> ErasureResult:
    """Erase and count anew in one transaction, then overwrite what the file still holds of it, and delete the copies
    that lie beside it: they hold what was erased, and cannot be written.

    Raises:
        PlumblineError: nothing of it is here (see ``logs.load.erase.erase``), or a copy could not be deleted; the
            workspace itself holds nothing of it any more.
    """
    result = erase(ws, key, subject=subject, decision_id=decision_id, actor=actor, after=_count_anew)
    with ws.read() as cursor:
        attachment = attachments.find(cursor, result.system)
    result = replace(
        result, bytes_cleared=overwrite_free_blocks(ws), table=attachment.item if attachment else ""
    )
    try:
        gone = copies.drop_all(ws.path)
    except OSError as error:
        raise PlumblineError(
            "It is erased from the workspace, but a copy beside it could not be deleted",
            where=str(error.filename or copies.FOLDER),
            todo="Delete the file by hand: it holds what was erased.",
        ) from error
    if gone:
        with ws.write() as cursor:
            trail.append(cursor, actor=actor, action=Act.COPIES_DELETED, detail={"copies": gone})
    return replace(result, copies_deleted=gone)


def sentences(erased: ErasureResult) -> tuple[str, ...]:
    """The certificate in words."""
    gone = [
        (erased.decisions, "decision"),
        (erased.labels, "label"),
        (erased.comments, "comment"),
        (erased.quarantined, "quarantined row"),
    ]
    counts = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in gone)
    loads = "1 load" if len(erased.loads) == 1 else f"{len(erased.loads)} loads"
    return (
        f"Erased from {erased.system} at {iso_minute(erased.at)} UTC by {erased.actor}: {counts}, of {loads}.",
        f"Known on the trail as {erased.keyed_hash}.",
        "The bytes in the file are overwritten." if erased.bytes_cleared
        else "The file still holds deleted bytes: it is in use. Erase again when it is not.",
        *(("Copies of the workspace that lay beside it were deleted: "
           f"{erased.copies_deleted}.",) if erased.copies_deleted else ()),
        f"It was erased from the sample that is kept here. The decisions lie in {erased.table}, which is not ours: "
        "erase there too; what was counted of it stays until that table is counted anew." if erased.table
        else "The files that were loaded are not touched: erase there too.",
        *(f"Still in {table}: {rows} rows; look at them." for table, rows in erased.elsewhere.items()),
    )  # fmt: skip


def certificate(erased: ErasureResult) -> str:
    """The certificate as JSON, to be handed out: counts and a keyed hash, nothing personal."""
    return json.dumps(asdict(erased) | {"at": erased.at.isoformat()}, indent=2)


def _count_anew(cursor: Cursor, system: System, loads: Sequence[int]) -> None:
    if attachments.find(cursor, system.key) is None:
        build.on_erasure(cursor, system, loads)
    answer_cache.forget(cursor, system.key)

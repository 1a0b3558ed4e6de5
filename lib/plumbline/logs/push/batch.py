"""Requests of one system gathered into one file, and loaded with their receipts in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from plumbline.domain import Load
from plumbline.logs.load.decisions import After, load_decisions
from plumbline.logs.load.labels import AfterLabels, load_labels
from plumbline.logs.push.receipts import PushReceipt, Request, settle
from plumbline.logs.push.rows import RowForm, mapping_for
from plumbline.store.workspace import Workspace


def pack_request(request: Request) -> bytes:
    """A request as the write-ahead file keeps it."""
    r = request.receipt
    return orjson.dumps(
        {
            "id": r.id,
            "system": r.system,
            "kind": r.kind,
            "actor": r.actor,
            "key": r.key,
            "digest": r.digest,
            "at": r.received_at.isoformat(),
            "iso": request.iso,
            "rows": request.rows,
        }
    )


def unpack_request(frame: bytes) -> Request:
    """The request in a frame of the write-ahead file."""
    fields: dict[str, Any] = orjson.loads(frame)
    receipt = PushReceipt(
        id=fields["id"],
        system=fields["system"],
        kind=fields["kind"],
        actor=fields["actor"],
        key=fields["key"],
        digest=fields["digest"],
        received_at=datetime.fromisoformat(fields["at"]),
        rows_read=len(fields["rows"]),
    )
    return Request(receipt, tuple(fields["iso"]), fields["rows"])


def load_requests(
    ws: Workspace, form: RowForm, requests: Sequence[Request], *, after: After, after_labels: AfterLabels
) -> Load:
    """Load requests of one system and kind whose times are written alike.

    Raises:
        PlumblineError: nothing of them can be loaded; nothing has changed.
    """
    rows = [row for request in requests for row in request.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    mapping = mapping_for(form, names, requests[0].iso)
    file = ws.inbox / f"push-{requests[0].receipt.id}.parquet"
    actors = sorted({request.receipt.actor for request in requests})
    actor = ", ".join(actors[:5]) + (f" and {len(actors) - 5} more" if len(actors) > 5 else "")

    def settle_requests(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
        settle(cursor, load, requests)

    try:
        _write(file, names, rows)
        if form.kind == "labels":
            return load_labels(
                ws,
                file,
                system=form.system,
                mapping=mapping,
                actor=actor,
                after=after_labels,
                settle=settle_requests,
            )
        return load_decisions(
            ws, file, title=form.system, mapping=mapping, actor=actor, after=after, settle=settle_requests
        )
    finally:
        file.unlink(missing_ok=True)


def _write(file: Path, names: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    parquet.write_table(pa.table(columns), file, compression="NONE")

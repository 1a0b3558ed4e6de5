"""Logging decisions from a service: buffered, never in its way, and what could not be sent is counted and said.

A call takes the time of putting a row into a list. A thread sends what is there every second, under a key of its own,
so that a batch that is sent again counts once. While the server is away rows wait, up to a number; then the newest are
dropped.
"""

from __future__ import annotations

import atexit
import json
import logging
import math
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from plumbline.client.connection import Connection, ServerReply

LOG = logging.getLogger("plumbline.client")
TOKEN = "PLUMBLINE_TOKEN"  # noqa: S105 - the name of a variable
#: rows that wait at most, rows of one request, seconds between two, and for which the end of a process waits
WAITING, TOGETHER, EVERY, LAST = 10_000, 500, 1.0, 5.0
#: seconds between attempts, at first and at most, and between two lines about rows that were lost
_FIRST, _LONGEST, _SAID = 0.5, 30.0, 60.0
#: what a server may answer differently a little later
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 507)
Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class RowCounts:
    """What became of the rows. ``sent``: taken by the server; ``dropped``: there was no room, or no time at the end;
    ``refused``: the server said that they can be no decisions or labels."""

    sent: int = 0
    dropped: int = 0
    refused: int = 0


class DecisionLogger:
    """Sends decisions and labels of one system to a server; see ``logger``."""

    tally: RowCounts
    _closed: bool
    _busy: int
    _process: int

    def __init__(self, url: str, *, system: str, token: str | None = None) -> None:
        self._url, self._token, self._system = url, token or os.environ.get(TOKEN, ""), system
        Connection(url, self._token)  # said now, and not by the thread
        self._begin()
        atexit.register(self.close)

    def decision(
        self,
        decision_id: str,
        *,
        prediction: object = None,
        score: float | None = None,
        at: datetime | None = None,
        version: str | None = None,
        features: Mapping[str, object] | None = None,
        attributions: Mapping[str, float] | None = None,
        probabilities: Mapping[str, float] | None = None,
        protected: Mapping[str, object] | None = None,
        caller: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Log one decision. Returns at once and raises nothing.

        Args:
            prediction: the class or number that was decided.
            score: the probability or raw score behind it; one of the two is needed.
            at: when; without, now. A time without a zone is UTC.
            features: the model's inputs by name.
            attributions: each input's share of the score, as SHAP or LIME gave it.
            probabilities: of each class, where there are several.
            protected: protected attributes by name.
            caller: which part of the product asked; kept as the segment ``caller``.
            subject: the person concerned; the server keeps a keyed hash.
        """
        row: Row = {
            "timestamp": at or datetime.now(UTC),
            "decision_id": decision_id,
            "prediction": prediction,
            "score": score,
            "version": version,
            "subject": subject,
            "segment:caller": caller,
        }
        groups = {
            "feature": features,
            "attribution": attributions,
            "proba": probabilities,
            "protected": protected,
        }
        for role, values in groups.items():
            row |= {f"{role}:{name}": value for name, value in (values or {}).items()}
        self._put("decisions", row)

    def label(self, decision_id: str, label: object, *, at: datetime | None = None) -> None:
        """Log what turned out to be true. Returns at once and raises nothing.

        Args:
            at: when it was known; without, now.
        """
        self._put(
            "labels", {"decision_id": decision_id, "label": label, "label_time": at or datetime.now(UTC)}
        )

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until all rows so far are on the server's disk; False where that takes longer."""
        until = time.monotonic() + seconds
        self._wake.set()
        while (left := self._queue_length()) and time.monotonic() < until:
            time.sleep(0.01)
        return not left

    def close(self) -> None:
        """Send what waits, for a few seconds at most, and say what was lost. Called when the process ends."""
        if self._closed or os.getpid() != self._process:
            return
        self.flush(LAST)
        self._closed = True
        self._wake.set()
        self.tally.dropped += self._queue_length()
        self._say(last=True)

    def __enter__(self) -> DecisionLogger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _queue_length(self) -> int:
        with self._guard:
            return len(self._rows) + self._busy

    def _begin(self) -> None:
        self.tally = RowCounts()
        self._rows: deque[tuple[str, Row]] = deque()
        self._guard, self._wake = threading.Lock(), threading.Event()
        self._closed, self._busy, self._process = False, 0, os.getpid()
        self._said, self._told, self._reason = -_SAID, RowCounts(), ""
        threading.Thread(target=self._run, name="plumbline-logger", daemon=True).start()

    def _put(self, kind: str, row: Row) -> None:
        if os.getpid() != self._process:  # a worker that was forked: its parent sends what the parent took
            self._begin()
        with self._guard:
            if self._closed or len(self._rows) >= WAITING:
                self.tally.dropped += 1
            else:
                self._rows.append((kind, row))

    def _run(self) -> None:
        line = Connection(self._url, self._token)
        while not self._closed:
            if len(self._rows) < TOGETHER:
                self._wake.wait(EVERY)
                self._wake.clear()
            while self._rows and not self._closed:
                self._send(line, *self._next_batch())
            self._say()
        line.close()

    def _next_batch(self) -> tuple[str, list[Row]]:
        """The next rows of one kind."""
        with self._guard:
            kind = self._rows[0][0]
            rows: list[Row] = []
            while self._rows and self._rows[0][0] == kind and len(rows) < TOGETHER:
                rows.append(self._rows.popleft()[1])
            self._busy = len(rows)
        return kind, rows

    def _send(self, line: Connection, kind: str, rows: list[Row]) -> None:
        """Send rows until they are taken or refused; what one row is refused for costs no other."""
        key, wait = uuid.uuid4().hex, _FIRST
        while rows and not self._closed:
            try:
                body = b"\n".join(json.dumps(_json_row(row), default=str).encode() for row in rows)
                path = f"/systems/{quote(self._system, safe='')}/{kind}"
                headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
                reply = line.ask("POST", path, body, headers)
            except OSError:
                reply = ServerReply(503, b"", {})
            except Exception as error:  # what cannot be written as JSON: never the service's matter
                reply = ServerReply(
                    422, json.dumps({"detail": f"{type(error).__name__}: {error}"}).encode(), {}
                )
            if reply.status == 202:
                self.tally.sent += len(rows)
                break
            if reply.status in _AGAIN:
                time.sleep(min(wait, _LONGEST) if not self._closed else 0)
                wait *= 2
                continue
            rows, key = self._drop_refused(rows, reply), uuid.uuid4().hex
        self._busy = 0

    def _drop_refused(self, rows: list[Row], reply: ServerReply) -> list[Row]:
        """The rows without the one that was refused, or none where all were."""
        problem = reply.json()
        line = problem.get("line", 0) if isinstance(problem, dict) else 0
        gone = 1 if reply.status == 422 and 0 < line <= len(rows) else len(rows)
        self.tally.refused += gone
        self._busy -= gone
        self._reason = reply.sentence
        return rows[: line - 1] + rows[line:] if gone == 1 and line else []

    def _say(self, *, last: bool = False) -> None:
        """Say what was lost since it was last said, once a minute at most."""
        now, counts = self.tally, self._told
        if (now.dropped, now.refused) == (counts.dropped, counts.refused):
            return
        if not last and time.monotonic() - self._said < _SAID:
            return
        if now.refused > counts.refused:
            LOG.warning("%d rows were refused: %s", now.refused - counts.refused, self._reason)
        if now.dropped > counts.dropped:
            LOG.warning("%d rows were dropped: the server is away or too slow", now.dropped - counts.dropped)
        self._told, self._said = replace(now), time.monotonic()


def logger(url: str, *, system: str, token: str | None = None) -> DecisionLogger:
    """Log decisions of a service to a Plumbline server.

    Args:
        url: of the server.
        system: its key; its first log has been loaded there.
        token: with the role analyst; without, that in the variable PLUMBLINE_TOKEN.

    Raises:
        ValueError: the address or the token is none.
    """
    return DecisionLogger(url, system=system, token=token)


def _json_row(row: Row) -> Row:
    """A row as JSON: times in ISO 8601, numbers of other libraries as numbers, and nothing where there is no value."""
    plain_values: Row = {}
    for name, value in row.items():
        if hasattr(value, "item"):  # of NumPy
            value = value.item()
        if isinstance(value, datetime):
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
            plain_values[name] = value
    return plain_values

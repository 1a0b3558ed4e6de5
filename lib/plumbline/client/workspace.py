"""A workspace on another machine, asked through its server: the methods of ``plumbline.open``."""

from __future__ import annotations

import csv
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from plumbline.client.connection import Connection, ServerReply
from plumbline.client.logger import TOKEN
from plumbline.domain.errors import PlumblineError
from plumbline.domain.result import Result

if TYPE_CHECKING:
    import pandas as pd

#: ``"2026-01-01..2026-02-01"``, or its two ends, of which either may be None; the last is left out
Window = str | tuple[date | datetime | None, date | datetime | None]
#: rows of one request; seconds without a word from the server, which may work out an answer first
TOGETHER, PATIENCE = 5_000, 300.0
_COUNTS = ("rows_read", "rows_loaded", "rows_duplicate", "rows_quarantined")


class RemoteAnswer(Result):
    """What a server answered: the JSON of the command line, its first level as attributes.

    ``to_frame()`` is the frame of the same answer of a local workspace.
    """

    __slots__ = ("_kind", "_values")

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self._kind, self._values = kind, values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"{self._kind} has no {name!r}: it has {', '.join(self._values)}") from None

    @property
    def sentence(self) -> str:
        """What was measured."""
        return str(self._values.get("sentence", ""))

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return self._values

    def rows(self) -> list[dict[str, Any]]:
        """The rows of its table: column -> value.

        Raises:
            PlumblineError: this answer has no table over a server.
        """
        if self._kind not in TABLES:
            raise PlumblineError(
                f"The answer {self._kind} has no table over a server", todo="Its to_dict() holds all of it."
            )
        place, columns = TABLES[self._kind]
        value = self._values[place]
        if self._kind == "findings":
            value = [
                row | row["finding"] | {"id": row["id"], "open": row["closed_at"] is None} for row in value
            ]
        return [{name: row.get(name) for name in columns} for row in value]

    def to_frame(self) -> pd.DataFrame:
        """Its table, as of a local workspace; times are aware, in UTC. Raises PlumblineError as ``rows``."""
        import pandas as pd

        frame = pd.DataFrame(self.rows(), columns=list(TABLES[self._kind][1]))
        for name in {"start", "end", "since", "until", "known_at"} & set(frame.columns):
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame

    def _repr_html_(self) -> str:
        if self._kind in TABLES:
            return super()._repr_html_()
        return f"<p><strong>{escape(self.sentence)}</strong></p>"

    def __repr__(self) -> str:
        return f"plumbline.RemoteAnswer({self._kind!r}: {self.sentence})"


#: kind of answer -> the list in it that is its table, and the table's columns
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "performance": ("series", ("metric", "start", "end", "version", "n", "value", "low", "high", "threshold",
                               "status")),
    "drift": ("features", ("feature", "method", "value", "low", "high", "threshold", "q_value", "n_reference", "n",
                           "status", "note")),
    "findings": ("findings", ("id", "signal", "sentence", "since", "until", "known_at", "severity", "open",
                              "acknowledged_by")),
    "scorecard": ("controls", ("id", "title", "status", "evidence_kind", "evidence", "requirement", "next_action")),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """What became of pushed rows. ``reasons``: of quarantine -> rows; ``faults``: why requests were refused."""

    rows_read: int
    rows_loaded: int
    rows_duplicate: int
    rows_quarantined: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class RemoteWorkspace:
    """A workspace behind a server. Close it, or use it in ``with``."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        try:
            self._line = Connection(url, token, timeout=PATIENCE)
        except ValueError as error:
            raise PlumblineError(str(error)) from error

    def systems(self) -> tuple[RemoteSystem, ...]:
        """Every system that the token is for, in the order of their keys."""
        rows = self.ask("GET", "/systems")["systems"]
        return tuple(RemoteSystem(self, key) for key in sorted(row["key"] for row in rows))

    def system(self, key: str) -> RemoteSystem:
        """One system, by its key.

        Raises:
            PlumblineError: there is none, or the token is not for it.
        """
        self.ask("GET", f"/systems/{quote(key, safe='')}/findings")
        return RemoteSystem(self, key)

    def load(self, log: str | Path | pd.DataFrame, *, system: str, labels: bool = False) -> RemoteSystem:
        """Push a log of decisions, or late labels, into a system that is there, and wait until all of it is loaded.

        Args:
            log: a CSV, a file of one JSON object a line, or a frame.
            system: its key; its first log has been loaded on the server.
            labels: the rows are labels: ``decision_id``, ``label``, ``label_time``.

        Raises:
            PlumblineError: the server refuses it. What was taken before that stays.
        """
        pushed = self.push(_records(log), system=system, labels=labels)
        return RemoteSystem(self, system, pushed)

    def push(self, rows: Iterator[Mapping[str, Any]], *, system: str, labels: bool = False) -> PushResult:
        """Push rows, column -> value, and wait until they are loaded. Raises PlumblineError as ``load``."""
        path = f"/systems/{quote(system, safe='')}/{'labels' if labels else 'decisions'}"
        headers = {"Content-Type": "application/x-ndjson"}
        numbers = []
        for body in _bodies(rows):
            reply = self.reply("POST", path, body, headers | {"Idempotency-Key": uuid.uuid4().hex})
            numbers.append(str(reply.json()["receipt"]))
        receipts = [self._receipt(number) for number in numbers]
        reasons: dict[str, int] = {}
        for receipt in receipts:
            for reason, count in receipt["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + count
        counts = {name: sum(int(receipt[name]) for receipt in receipts) for name in _COUNTS}
        return PushResult(**counts, reasons=reasons, faults=tuple(r["fault"] for r in receipts if r["fault"]))

    def _receipt(self, number: str) -> dict[str, Any]:
        while True:
            receipt: dict[str, Any] = self.ask("GET", f"/receipts/{number}?wait=true")
            if receipt["state"] != "waiting":
                return receipt

    def ask(self, method: str, path: str) -> Any:
        """The JSON of an answer. Raises PlumblineError: what the server says where it fails."""
        return self.reply(method, path).json()

    def reply(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> ServerReply:
        """What the server answers to one request; ``path`` is below ``/api/v1``.

        Raises:
            PlumblineError: it cannot be reached, or what it says where it refuses.
        """
        try:
            reply = self._line.ask(method, path, body, headers)
        except OSError as error:
            raise PlumblineError(
                f"The server cannot be reached: {error.strerror or error}",
                where=self.url,
                todo="Check its address.",
            ) from error
        if reply.status >= 300:
            raise PlumblineError(reply.sentence)
        return reply

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def __enter__(self) -> RemoteWorkspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"plumbline.RemoteWorkspace({self.url!r})"


class RemoteSystem:
    """One system behind a server. ``last_load``: what became of the rows that it was pushed."""

    def __init__(self, workspace: RemoteWorkspace, key: str, last_load: PushResult | None = None) -> None:
        self.workspace, self.key, self.last_load = workspace, key, last_load

    def performance(
        self,
        *,
        metrics: Sequence[str] | None = None,
        by: str | None = None,
        window: Window | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
        by_version: bool = False,
        estimated: bool = False,
    ) -> RemoteAnswer:
        """The metrics over time; see ``System.performance``."""
        return self._ask(
            "performance", metric=metrics, by=by, window=window, version=version, where=where,
            by_version=by_version, estimated=estimated,
        )  # fmt: skip

    def drift(
        self,
        *,
        reference: Window | None = None,
        window: Window | None = None,
        methods: Sequence[str] | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
    ) -> RemoteAnswer:
        """A window against the reference, feature by feature; see ``System.drift``."""
        return self._ask(
            "drift", reference=reference, window=window, method=methods, version=version, where=where
        )

    def releases(self, *, share: float | None = None) -> RemoteAnswer:
        """Versions, switches, guardrails, rollbacks; see ``System.releases``."""
        return self._ask("releases", split=share)

    def fairness(
        self,
        *,
        by: Sequence[str] = (),
        favourable: str | None = None,
        window: Window | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
    ) -> RemoteAnswer:
        """Protected groups compared; see ``System.fairness``."""
        return self._ask(
            "fairness", by=by, favourable=favourable, window=window, version=version, where=where
        )

    def quality(self) -> RemoteAnswer:
        """What the log itself is worth."""
        return self._ask("quality")

    def explain(self, decision_id: str, *, space: str = "") -> RemoteAnswer:
        """Why one decision came out as it did; see ``System.explain``."""
        return self._ask("explanations", place=f"/{quote(decision_id, safe='')}", space=space)

    def findings(self) -> RemoteAnswer:
        """The register of findings: open ones first, then the newest."""
        return self._ask("findings")

    def check(self) -> RemoteAnswer:
        """Measure every signal again and keep what was compared; the register afterwards."""
        self.workspace.ask("POST", f"/systems/{quote(self.key, safe='')}/check")
        return self.findings()

    def scorecard(self) -> RemoteAnswer:
        """The verdict with its reasons, conditions, triggers and controls, as of now."""
        return self._ask("scorecard")

    def _ask(self, kind: str, place: str = "", **given: Any) -> RemoteAnswer:
        query = urlencode(
            [(name.replace("_", "-"), text) for name, value in given.items() for text in _texts(value)]
        )
        path = f"/systems/{quote(self.key, safe='')}/{kind}{place}" + (f"?{query}" if query else "")
        return RemoteAnswer(kind, self.workspace.ask("GET", path))

    def __repr__(self) -> str:
        return f"plumbline.RemoteSystem({self.key!r})"


def connect(url: str, token: str | None = None) -> RemoteWorkspace:
    """A workspace that a server holds.

    Args:
        url: of the server.
        token: as ``plumbline token add`` printed it; without, that in the variable PLUMBLINE_TOKEN.

    Raises:
        PlumblineError: the address or the token is none.
    """
    return RemoteWorkspace(url, token or os.environ.get(TOKEN, ""))


def _texts(value: Any) -> list[str]:
    """A parameter as its query takes it: nothing, once, or once for each."""
    if value is None or value is False or value == "":
        return []
    if isinstance(value, Mapping):
        return [f"{name}={text}" for name, text in value.items()]
    if isinstance(value, tuple) and len(value) == 2 and any(isinstance(end, date) for end in value):
        return ["..".join(end.isoformat() if end else "" for end in value)]
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return ["true" if value is True else str(value)]


def _records(log: str | Path | pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    """The rows of a file or a frame.

    Raises:
        PlumblineError: the file cannot be read.
    """
    if not isinstance(log, (str, Path)):
        yield from json.loads(log.to_json(orient="records", date_format="iso", date_unit="us"))
        return
    try:
        with Path(log).open(encoding="utf-8-sig", newline="") as file:
            if Path(log).suffix.lower() in (".jsonl", ".ndjson", ".json"):
                for line in file:
                    yield from [json.loads(line)] if line.strip() else []
            else:
                yield from csv.DictReader(file, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise PlumblineError(
            f"The file cannot be pushed: {error}",
            where=str(log),
            todo="Push a CSV, one JSON object a line, or a frame.",
        ) from error


def _bodies(rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    lines: list[bytes] = []
    for row in rows:
        lines.append(json.dumps(row, default=str).encode())
        if len(lines) == TOGETHER:
            yield b"\n".join(lines)
            lines = []
    if lines:
        yield b"\n".join(lines)

"""A workspace on another machine, asked through its server: the methods of ``plumbline.open``."""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from plumbline.client.answers import RemoteAnswer
from plumbline.client.connection import Connection, ServerReply
from plumbline.client.log_rows import log_file, log_records, request_bodies
from plumbline.client.logger import TOKEN
from plumbline.domain.errors import PlumblineError

if TYPE_CHECKING:
    import pandas as pd

#: ``"2026-01-01..2026-02-01"``, or its two ends, of which either may be None; the last is left out
Window = str | tuple[date | datetime | None, date | datetime | None]
#: seconds without a word from the server, which may work out an answer first
PATIENCE = 300.0
_COUNTS = ("rows_read", "rows_loaded", "rows_duplicate", "rows_quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """What became of pushed rows. ``reasons``: of quarantine -> rows; ``faults``: why requests were refused."""

    rows_read: int
    rows_loaded: int
    rows_duplicate: int
    rows_quarantined: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderReply:
    """What a command said, each text with whether it is an error's, its exit code, and the files that it wrote."""

    out: tuple[tuple[str, bool], ...]
    code: int
    files: Mapping[str, bytes]


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

    def load(
        self,
        log: str | Path | pd.DataFrame,
        *,
        system: str,
        roles: Mapping[str, str] | None = None,
        positive: str | None = None,
        task: str | None = None,
        timezone: str | None = None,
        date_order: str | None = None,
        sheet: str | None = None,
        reference: bool = False,
        accept_quarantine: bool = False,
    ) -> RemoteSystem:
        """Send a log of decisions, or a file of late labels, and have it loaded; see ``Workspace.load``.

        Raises:
            PlumblineError: the server refuses it, or a question is open that only a person can answer. Nothing has
                changed.
        """
        given = {
            "title": system, "maps": [f"{column}={role}" for column, role in (roles or {}).items()],
            "positive": positive, "task": task, "timezone": timezone, "date_order": date_order, "sheet": sheet,
            "reference": reference, "accept": accept_quarantine,
        }  # fmt: skip
        with log_file(log) as path:
            sent = {"upload": self.send_file(path), "name": path.name}
        arguments = {name: value for name, value in given.items() if value not in (None, False, [])}
        load = self.outcome(("load",), {"file": sent, **arguments})
        return RemoteSystem(self, str(load["system"]), RemoteAnswer("load", load))

    def outcome(self, path: Sequence[str], arguments: Mapping[str, Any]) -> Any:
        """The JSON that a command prints. Raises PlumblineError as ``order``."""
        return json.loads("".join(text for text, err in self.order(path, arguments).out if not err))

    @property
    def store(self) -> Any:
        """What the functions in ``plumbline.answers`` take, which only the process has that holds the file.

        Raises:
            PlumblineError: always.
        """
        raise PlumblineError(
            "A workspace behind a server has no store", todo="Ask its systems, or use plumbline.open."
        )

    def push(
        self,
        log: str | Path | pd.DataFrame | Iterable[Mapping[str, Any]],
        *,
        system: str,
        labels: bool = False,
    ) -> PushResult:
        """Push rows of decisions, or late labels, into a system that is there, and wait until they are loaded.

        Args:
            log: a CSV, a file of one JSON object a line, a frame, or rows: column -> value.
            system: its key; its first log has been loaded.
            labels: the rows are labels: ``decision_id``, ``label``, ``label_time``.

        Raises:
            PlumblineError: the server refuses it. What was taken before that stays.
        """
        path = f"/systems/{quote(system, safe='')}/{'labels' if labels else 'decisions'}"
        headers = {"Content-Type": "application/x-ndjson"}
        numbers = []
        for body in request_bodies(log_records(log)):
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

    def send_file(self, path: Path) -> str:
        """Send a file that the next command reads; its number.

        Raises:
            PlumblineError: it cannot be read, or the server does not take it.
        """
        try:
            body = path.read_bytes()
        except OSError as error:
            raise PlumblineError(f"The file cannot be read: {error.strerror}", where=str(path)) from error
        headers = {"Content-Type": "application/octet-stream"}
        reply = self.reply("PUT", f"/files/{quote(path.name, safe='')}", body, headers)
        return str(reply.json()["upload"])

    def order(self, path: Sequence[str], arguments: Mapping[str, Any], *, as_json: bool = True) -> OrderReply:
        """Have the server run a command.

        Args:
            path: the command's words.
            arguments: by the command's own names of them.

        Raises:
            PlumblineError: what the command says where it fails, or the server refuses it.
        """
        body = json.dumps({"arguments": arguments, "json": as_json}).encode()
        headers = {"Content-Type": "application/json"}
        reply = self.reply(
            "POST", f"/commands/{'/'.join(quote(word, safe='') for word in path)}", body, headers
        )
        outcome = reply.json()
        files = {name: base64.b64decode(body) for name, body in outcome["files"].items()}
        return OrderReply(tuple((text, err) for text, err in outcome["out"]), int(outcome["code"]), files)

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


@dataclass(frozen=True, slots=True)
class RemoteSample:
    """How many of a system's decisions the server has, of how many that are counted where they lie, in ``table``."""

    table: str
    rows: int
    decisions: int
    sentence: str


class RemoteSystem:
    """One system behind a server. ``last_load``: what became of the rows that it was pushed."""

    def __init__(self, workspace: RemoteWorkspace, key: str, last_load: RemoteAnswer | None = None) -> None:
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

    def quality(self, *, window: Window | None = None) -> RemoteAnswer:
        """What the log itself is worth."""
        return self._ask("quality", window=window)

    def explain(self, decision_id: str, *, space: str = "") -> RemoteAnswer:
        """Why one decision came out as it did; see ``System.explain``."""
        return self._ask("explanations", place=f"/{quote(decision_id, safe='')}", space=space)

    def findings(self) -> RemoteAnswer:
        """The register of findings: open ones first, then the newest."""
        return self._ask("findings")

    def events(self) -> RemoteAnswer:
        """Campaigns, price changes, holidays and outages that people noted, the earliest first."""
        return RemoteAnswer("events", self.workspace.outcome(("event", "list"), {"system": self.key}))

    def report(self, path: str | Path, *, language: str = "en") -> Path:
        """Write the report (``.pdf``) or the evidence pack (``.zip``); its hash goes on the trail.

        Raises:
            PlumblineError: no such kind or language, or the file cannot be written.
        """
        path = Path(path)
        arguments = {"system": self.key, "out": {"name": path.name}, "language": language}
        files = self.workspace.order(("report",), arguments).files
        try:
            path.write_bytes(files[path.name])
        except OSError as error:
            raise PlumblineError(
                f"The report cannot be written: {error.strerror}", where=str(path)
            ) from error
        return path

    def check(self) -> RemoteAnswer:
        """Measure every signal again and keep what was compared; the register afterwards."""
        self.workspace.ask("POST", f"/systems/{quote(self.key, safe='')}/check")
        return self.findings()

    def scorecard(self) -> RemoteAnswer:
        """The verdict with its reasons, conditions, triggers and controls, as of now."""
        return self._ask("scorecard")

    @property
    def sample(self) -> RemoteSample | None:
        """How many of its decisions the server has, where only a sample of them is there; None where all are."""
        share = self.findings().to_dict().get("sample")
        return RemoteSample(**share) if share else None

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

"""``/metrics``: OpenMetrics text. Without a token it says what the process does and names no system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from plumbline.answers.data.push import Intake
from plumbline.answers.question import log_span
from plumbline.domain.acts import Token
from plumbline.store import findings, scorecards, systems
from plumbline.store.workspace import Workspace

MEDIA = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Sample = tuple[Mapping[str, str], float]
_BARE: Mapping[str, str] = {}


class Requests:
    """How many requests were answered, by status."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()

    def count_answers(self, app: ASGIApp) -> ASGIApp:
        """An application whose answers are counted."""

        async def app_with_counts(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_and_count(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    self.statuses[int(message["status"])] += 1
                await send(message)

            await app(scope, receive, send_and_count if scope["type"] == "http" else send)

        return app_with_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFamily:
    """One metric: ``kind`` is counter or gauge, ``unit`` is empty or the end of its name."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]
    unit: str = ""


def openmetrics_text(families: Iterable[MetricFamily]) -> str:
    """Families as OpenMetrics 1.0 text."""
    lines = []
    for family in families:
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines += [f"# UNIT {family.name} {family.unit}"] if family.unit else []
        lines.append(f"# HELP {family.name} {_escape(family.help)}")
        end = "_total" if family.kind == "counter" else ""
        for labels, value in family.samples:
            named = ",".join(f'{name}="{_escape(text)}"' for name, text in labels.items())
            figure = int(value) if value == int(value) else round(value, 6)
            lines.append(f"{family.name}{end}{'{' + named + '}' if named else ''} {figure}")
    return "\n".join([*lines, "# EOF", ""])


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


async def answer(
    find: Callable[[], Workspace], intake: Intake | None, requests: Requests, token: Token | None
) -> Response:
    """The answer to one scrape; with a token, of its systems too."""
    families = _process_metrics(intake, requests)
    if token is not None:
        families += await to_thread.run_sync(_system_metrics, find(), token)
    return Response(openmetrics_text(families), headers={"Cache-Control": "no-store", "Content-Type": MEDIA})


def _process_metrics(intake: Intake | None, requests: Requests) -> list[MetricFamily]:
    statuses = [({"status": str(status)}, float(n)) for status, n in sorted(requests.statuses.items())]
    families = [_family("http_requests", "counter", "Answers of the HTTP interface, by status.", statuses)]
    if intake is None:
        return families
    counts = intake.counts
    rows = {
        "loaded": counts.rows_loaded,
        "duplicate": counts.rows_duplicate,
        "quarantined": counts.rows_quarantined,
    }
    outcomes: list[Sample] = [({"outcome": name}, float(n)) for name, n in rows.items()]
    refused, seconds = counts.requests_refused, counts.seconds
    return [
        *families,
        _family("push_requests", "counter", "Requests whose rows were taken.", counts.requests),
        _family("push_rows", "counter", "Rows that were taken.", counts.rows),
        _family("push_loads", "counter", "Loads that they became.", counts.loads),
        _family("push_settled_rows", "counter", "Rows of these loads, by what became of them.", outcomes),
        _family("push_refused_requests", "counter", "Requests of which nothing could be loaded.", refused),
        _family("push_load_seconds", "counter", "Time that the loads took.", seconds, "seconds"),
        _family("push_backlog_bytes", "gauge", "What waits to be loaded.", intake.backlog, "bytes"),
    ]


def _system_metrics(ws: Workspace, token: Token) -> list[MetricFamily]:
    decisions: list[Sample] = []
    last: list[Sample] = []
    opened: list[Sample] = []
    verdicts: list[Sample] = []
    with ws.read() as cursor:
        for system in systems.list_systems(cursor):
            if not token.covers(system.key):
                continue
            name = {"system": system.key}
            span = log_span(cursor, system)
            decisions.append((name, float(span.n if span else 0)))
            last += [(name, span.last.timestamp())] if span else []
            opened.append((name, float(sum(r.open for r in findings.recorded_findings(cursor, system.key)))))
            scorecard, _ = scorecards.newest_pair(cursor, system.key)
            verdicts += [(name | {"verdict": scorecard.verdict}, 1.0)] if scorecard else []
    return [
        _family("decisions", "gauge", "Decisions that a system holds.", decisions),
        _family("last_decision_timestamp_seconds", "gauge", "When the last one was made.", last, "seconds"),
        _family("open_findings", "gauge", "Findings that are open.", opened),
        _family("verdict", "gauge", "The verdict that was kept last.", verdicts),
    ]


def _family(
    name: str, kind: str, words: str, samples: float | Sequence[Sample], unit: str = ""
) -> MetricFamily:
    """One of our metrics; a number is its only sample."""
    listed = ((_BARE, float(samples)),) if isinstance(samples, (int, float)) else tuple(samples)
    return MetricFamily(name=f"plumbline_{name}", kind=kind, help=words, samples=listed, unit=unit)

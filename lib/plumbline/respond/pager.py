"""PagerDuty's Events API v2: one alert a problem, by a key that every message about it shares.

https://developer.pagerduty.com/docs/events-api-v2-overview . A status of 202 says that it was queued, not that a
person was paged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plumbline.respond import text
from plumbline.respond.http import Reply, post

URL = "https://events.pagerduty.com/v2/enqueue"
#: ours -> theirs
SEVERITIES = {"high": "critical", "medium": "warning", "low": "info"}
RESOLVES = frozenset({"finding.resolved", "finding.withdrawn", "finding.merged"})


def send(routing_key: str, payload: Mapping[str, Any], *, url: str = URL, allow_inner: bool = False) -> Reply:
    """Trigger or resolve the alert of a message's thread."""
    body = json.dumps(enqueued(routing_key, payload), ensure_ascii=False).encode()
    return post(url, body, {"content-type": "application/json"}, allow_inner=allow_inner)


def enqueued(routing_key: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The request's JSON; all that a message tells stands in ``custom_details``."""
    data = payload["data"]
    resolves = text.event_type(payload) in RESOLVES
    built: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if resolves else "trigger",
        "dedup_key": str(data["thread"])[:255],
    }
    if resolves:
        return built
    built["payload"] = {
        "summary": text.line(text.subject(payload), 1024),
        "source": f"plumbline {payload['source']}",
        "severity": SEVERITIES[data["severity"]],
        "timestamp": payload["time"],
        "custom_details": {k: v for k, v in data.items() if k not in ("links", "thread")},
    }
    if see := data.get("links", {}).get("see"):
        built["links"] = [{"href": see, "text": "See it in Plumbline"}]
    return built

"""PagerDuty's Events API v2: one alert a problem, by a key that every message about it shares.

https://developer.pagerduty.com/docs/events-api-v2-overview . A status of 202 says that it was queued, not that a
person was paged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.respond import text
from plumbline.respond.http import HttpReply, get, post

URL = "https://events.pagerduty.com/v2/enqueue"
#: by the key that an alert was raised with; see "List incidents" of https://developer.pagerduty.com/api-reference/
INCIDENTS = "https://api.pagerduty.com/incidents"
#: ours -> theirs
SEVERITIES = {"high": "critical", "medium": "warning", "low": "info"}
RESOLVES = frozenset({"finding.resolved", "finding.withdrawn", "finding.merged"})


def send(
    routing_key: str, payload: Mapping[str, Any], *, url: str = URL, allow_inner: bool = False
) -> HttpReply:
    """Trigger or resolve the alert of a message's thread."""
    body = json.dumps(pagerduty_event(routing_key, payload), ensure_ascii=False).encode()
    return post(url, body, {"content-type": "application/json"}, allow_inner=allow_inner)


def pagerduty_event(routing_key: str, payload: Mapping[str, Any]) -> dict[str, Any]:
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
        if link := data["links"].get("acknowledge"):
            built["links"].append({"href": link, "text": "Acknowledge it in Plumbline (sign in; once)"})
    return built


def person_aware(token: str, thread: str, *, url: str = INCIDENTS, allow_inner: bool = False) -> str:
    """Who acknowledged or resolved the incident of a thread, by the name that PagerDuty gives; empty: nobody yet.

    What a service or an integration did is no person's act.

    Raises:
        PlumblineError: PagerDuty did not answer with a list of incidents.
    """
    asked = urlencode(
        [("incident_key", thread[:255]), ("statuses[]", "acknowledged"), ("statuses[]", "resolved")]
    )
    headers = {"accept": "application/vnd.pagerduty+json;version=2", "authorization": f"Token token={token}"}
    reply = get(f"{url}?{asked}", headers, allow_inner=allow_inner)
    if not reply.ok:
        raise PlumblineError(message("PagerDuty did not say who acknowledged: {error}", error=reply.error))
    try:
        listed = json.loads(reply.text)["incidents"]
        names = [_person(entry) for entry in listed]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlumblineError("PagerDuty answered with no list of incidents") from error
    return next((name for name in names if name), "")


def _person(incident: Mapping[str, Any]) -> str:
    """The person who acknowledged an incident, else who changed it last."""
    acts = [entry["acknowledger"] for entry in incident.get("acknowledgements", [])]
    for who in (*acts, incident.get("last_status_change_by") or {}):
        if str(who.get("type", "")).startswith("user"):
            return text.line(who.get("summary") or who.get("id") or "", 80)
    return ""

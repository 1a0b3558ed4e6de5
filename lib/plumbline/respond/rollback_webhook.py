"""Asking somebody else's hand for a rollback: a thin, signed request that says which version is expected.

The receiver answers 200 where it is done, 202 with a status address where it works on it, 409 where it is not in that
state any more. The same id comes with every repeat.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from plumbline.domain import PlumblineError
from plumbline.domain.respond import Receipt
from plumbline.respond import http, signature, targets

#: minutes after which the receiver should not act on a request any more
DEADLINE = 30


def ask(
    url: str, run: str, *, system: str, expected: str, target: str, secret: str, allow_inner: bool, test: bool
) -> Receipt:
    """Ask once; a fault of any kind is a receipt."""
    at = datetime.now(UTC)
    aim = targets.Target("webhook", url)
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": run,
            "type": "plumbline.rollback.requested.v1",
            "source": "/plumbline",
            "subject": f"{system}/rollback",
            "time": at.isoformat(timespec="seconds"),
            "datacontenttype": "application/json",
            "data": {
                "system": system,
                "expected": expected,
                "target": target,
                "test": test,
                "deadline": (at + timedelta(minutes=DEADLINE)).isoformat(timespec="seconds"),
            },
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    try:
        keys = signature.parse_keys(secret) if secret else ()
    except PlumblineError as error:
        return Receipt(at=at, where=aim.public_address, ok=False, text=str(error)[:200])
    headers = {"content-type": "application/cloudevents+json", "user-agent": "Plumbline"}
    reply = http.post(url, body, headers | signature.headers(run, at, body, keys), allow_inner=allow_inner)
    receipt = targets.receipt(
        aim,
        run,
        at,
        status=reply.status,
        text=reply.text,
        location=reply.headers.get("location", ""),
        error="The receiver is not in that state any more" if reply.status == 409 else reply.error,
    )
    return receipt

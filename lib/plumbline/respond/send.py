"""One attempt to bring one message to one channel."""

from __future__ import annotations

import json
from datetime import datetime

from plumbline.domain import PlumblineError
from plumbline.respond import mail, pager, services, signature
from plumbline.respond.channels import MAIL, PAGER, SERVICE, Channel, mailboxes, read_secret
from plumbline.respond.http import HttpReply, post

CONTENT_TYPE = "application/cloudevents+json"


def send(channel: Channel, message: str, body: bytes, at: datetime) -> HttpReply:
    """Send a payload's bytes; a fault of any kind is a sentence in the reply, never an exception.

    Args:
        message: the message's id, the same at every attempt.
        body: as ``events.encoded`` made it.
    """
    try:
        if channel.kind == MAIL:
            return mail.send(mailboxes(channel), json.loads(body), at)
        if channel.kind == PAGER:
            return pager.send(read_secret(channel.secret), json.loads(body))
        if channel.kind == SERVICE:
            return services.send(read_secret(channel.secret), json.loads(body))
        return _webhook(channel, message, body, at)
    except PlumblineError as error:
        return HttpReply(error=str(error), unreached=True)


def _webhook(channel: Channel, message: str, body: bytes, at: datetime) -> HttpReply:
    keys = signature.parse_keys(read_secret(channel.secret)) if channel.secret else ()
    hidden = channel.address.startswith("env:")
    url = read_secret(channel.address.removeprefix("env:")) if hidden else channel.address
    headers = signature.headers(message, at, body, keys) | {
        "content-type": CONTENT_TYPE,
        "user-agent": "Plumbline",
        "idempotency-key": message,
    }
    return post(url, body, headers, allow_inner=channel.allow_inner)


def receipt(channel: Channel, reply: HttpReply) -> str:
    """What shows that a message was taken, in words; the receiver's own text is cut to a line."""
    from plumbline.respond.text import line

    text = line(reply.text, 120)
    if channel.kind == MAIL:
        return text
    if channel.kind == PAGER:
        return f"{reply.status}, queued by PagerDuty; whether anybody was paged is not known"
    if channel.kind == SERVICE:
        return text
    return f"{reply.status}{f': {text}' if text else ''}"

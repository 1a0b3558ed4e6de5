"""Two hundred services through Apprise, an extra: a message is handed over; that it was read is never known.

Apprise's addresses hold secrets, so one comes from an environment variable and goes nowhere else. Redirects are not
followed and nothing is tried again by it: that is the outbox's work.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from plumbline.domain.extras import need_module
from plumbline.respond import text
from plumbline.respond.http import HttpReply

TIMEOUT = 20  # seconds, of connecting and of reading
_KINDS = {"high": "failure", "medium": "warning", "low": "info"}


def send(address: str, payload: Mapping[str, Any]) -> HttpReply:
    """Hand one message to whatever service the address names.

    Raises:
        PlumblineError: the extra is not installed.
    """
    need_module("apprise")
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its log names addresses
    sender = apprise.Apprise()
    if not all(sender.add(_with_limits(part)) for part in address.split()) or not len(sender):
        return HttpReply(error="Apprise does not know an address of that kind", refused=True)
    kind = _KINDS[payload["data"]["severity"]]
    if text.event_type(payload) in ("finding.resolved", "finding.withdrawn"):
        kind = "success"
    body = _strip_mentions("\n\n".join(text.paragraphs(payload)))
    taken = sender.notify(
        body=body, title=_strip_mentions(text.subject(payload)), notify_type=kind, body_format="text"
    )
    if not taken:
        return HttpReply(error="The service did not take the message; Apprise does not say why")
    return HttpReply(status=200, text="handed over; whether anybody read it is not known")


def _strip_mentions(words: str) -> str:
    """A text that calls nobody by itself, as ``@everyone`` in a title would."""
    return words.replace("@", "@\u200b")


def _with_limits(address: str) -> str:
    """The address with Apprise's own settings: no redirects, no repeats, a limit of time."""
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}redirect=no&retry=0&cto={TIMEOUT}&rto={TIMEOUT}"

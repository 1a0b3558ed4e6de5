"""Signatures by which a receiver knows that a message is Plumbline's and unchanged.

Standard Webhooks 1.0.0: HMAC-SHA256 over ``id.timestamp.body``, in base64 behind ``v1,``; several signatures,
one a key, stand side by side while keys are exchanged. https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from plumbline.domain import PlumblineError

PREFIX = "whsec_"
#: bytes that the standard asks of a key
SHORTEST, LONGEST = 24, 64


def parse_keys(text: str) -> tuple[bytes, ...]:
    """The keys in a variable's value: one or several ``whsec_...``, apart by blanks or commas, the newest first.

    Raises:
        PlumblineError: one is no base64, or of a length that the standard does not allow; the value is not repeated.
    """
    keys = tuple(_key(part) for part in text.replace(",", " ").split())
    if not keys:
        raise PlumblineError(
            "The signing secret is empty", todo="Set it to whsec_ and 24 to 64 bytes in base64."
        )
    return keys


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise PlumblineError(
            "A signing secret is not as Standard Webhooks writes it",
            todo="Set it to whsec_ and 24 to 64 bytes in base64.",
        )
    return key


def headers(message: str, at: datetime, body: bytes, keys: tuple[bytes, ...]) -> dict[str, str]:
    """The three headers of a signed message; without keys the first two.

    Args:
        message: the message's id, the same however often it is sent: the receiver's key against repeats.
        at: when this attempt is made.
    """
    moment = str(int(at.timestamp()))
    signatures = {"webhook-id": message, "webhook-timestamp": moment}
    if keys:
        signed = f"{message}.{moment}.".encode() + body
        signatures["webhook-signature"] = " ".join(
            "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys
        )
    return signatures

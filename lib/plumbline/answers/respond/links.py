"""Links in messages by which a person who signs in acknowledges a finding: signed, for a week, and once.

A link proves which message was read, not who reads it: the page asks for that, and opening it changes nothing, as mail
scanners open links too.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from plumbline.answers.alerts import findings
from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.store import findings as register
from plumbline.store.findings import FindingRecord
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace

PARAMETER = "acknowledge"
LIFE = timedelta(days=7)
#: links that were used are remembered until they would have ended anyway; a workspace has few of them a week
MOST = 1000
_KEY, _USED = "link key", "links used"


@dataclass(frozen=True, slots=True)
class AcknowledgeLink:
    """What a link is about: the message that held it, and the finding as it is now, with those that it joins."""

    message: str
    record: FindingRecord
    parts: tuple[FindingRecord, ...] = ()


def token(cursor: Cursor, message: str, finding: int) -> str:
    """What a link carries, inside the caller's transaction, which makes the key where there is none."""
    key = settings.setting(cursor, _KEY)
    if key is None:
        key = secrets.token_hex(32)
        settings.keep(cursor, _KEY, key)
    return str(_serializer(str(key)).dumps([message, finding]))


def resolve_link(ws: Workspace, text: str) -> AcknowledgeLink:
    """What a link is about; nothing is changed.

    Raises:
        PlumblineError: it is not one of this workspace, it has ended, or it was used.
    """
    with ws.read() as cursor:
        return _read(cursor, text)


def acknowledge(ws: Workspace, text: str, *, by: str) -> FindingRecord:
    """Acknowledge the finding of a link, and use the link up.

    Raises:
        PlumblineError: see ``resolve_link``; nobody is named, or somebody saw the finding already.
    """
    link = resolve_link(ws, text)
    record = findings.acknowledge(ws, link.record.id, by=by, system=link.record.finding.system)
    with ws.write(by_itself=True) as cursor:
        used = settings.setting(cursor, _USED, [])
        settings.keep(cursor, _USED, [*used, link.message][-MOST:])
    return record


def _read(cursor: Cursor, text: str) -> AcknowledgeLink:
    todo = "Acknowledge it on its row, or by `plumbline acknowledge`."
    key = settings.setting(cursor, _KEY)
    try:
        notice, finding = (
            _serializer(str(key)).loads(text[:500], max_age=int(LIFE.total_seconds())) if key else ("", 0)
        )
    except SignatureExpired as error:
        raise PlumblineError(
            message("This link has ended: it counts for {days} days", days=str(LIFE.days)), todo=todo
        ) from error
    except BadSignature as error:
        raise PlumblineError("This is no link of this workspace", todo=todo) from error
    if not notice:
        raise PlumblineError("This is no link of this workspace", todo=todo)
    if notice in settings.setting(cursor, _USED, []):
        raise PlumblineError("This link was used already", todo=todo)
    record = register.read_finding(cursor, int(finding))
    known = register.recorded_findings(cursor, record.finding.system, parts=True)
    return AcknowledgeLink(str(notice), record, register.parts_by_number(known).get(record.id, ()))


def _serializer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key, salt="plumbline acknowledge", signer_kwargs={"digest_method": hashlib.sha256}
    )

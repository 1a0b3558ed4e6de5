"""What goes wrong, as RFC 9457 problem documents with one sentence."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

import orjson
from starlette.responses import Response

from plumbline.answers.data.push import MissingLog, UnavailableWorkspace
from plumbline.answers.data.push_queue import Backlog, ReusedKey
from plumbline.domain import PlumblineError
from plumbline.logs.push.rows import UnfitRequest
from plumbline.store.database.engine import MemoryShortage
from plumbline.store.workspace import BusyWriter, FullDisk, WriteStop
from plumbline.wording.visible import visible

LOG = logging.getLogger("plumbline")
MEDIA = "application/problem+json"
#: errors of the product -> status; others are the caller's: 422
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (FullDisk, HTTPStatus.INSUFFICIENT_STORAGE),
    (MemoryShortage, HTTPStatus.SERVICE_UNAVAILABLE),
    (UnavailableWorkspace, HTTPStatus.SERVICE_UNAVAILABLE),
    (BusyWriter, HTTPStatus.SERVICE_UNAVAILABLE),
    (WriteStop, HTTPStatus.SERVICE_UNAVAILABLE),
    (Backlog, HTTPStatus.TOO_MANY_REQUESTS),
    (ReusedKey, HTTPStatus.UNPROCESSABLE_ENTITY),
    (MissingLog, HTTPStatus.CONFLICT),
)


class ProblemDocument(Exception):
    """An answer that is a problem. ``line``: of the body, from 1; ``after``: seconds to wait before trying again."""

    def __init__(self, status: HTTPStatus, sentence: str, *, line: int = 0, after: int = 0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.line, self.after = status, sentence, line, after


def to_problem(error: Exception) -> ProblemDocument:
    """Any error as a problem; one that nobody foresaw goes to the server's log under a reference number."""
    if isinstance(error, ProblemDocument):
        return error
    if isinstance(error, PlumblineError):
        status = next((s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)
        after = 60 if status is HTTPStatus.TOO_MANY_REQUESTS else 5 if status >= 500 else 0
        return ProblemDocument(
            status, str(error), line=error.line if isinstance(error, UnfitRequest) else 0, after=after
        )
    reference = secrets.token_hex(4)
    LOG.error("reference %s: %s", reference, type(error).__name__, exc_info=error)
    return ProblemDocument(
        HTTPStatus.INTERNAL_SERVER_ERROR, f"Something went wrong inside Plumbline: reference {reference}."
    )


def response(problem: ProblemDocument) -> Response:
    """A problem as it goes out."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": visible(problem.sentence)[:2000],
    }
    headers = {"Cache-Control": "no-store"}
    if problem.line:
        document["line"] = problem.line
    if problem.after:
        headers["Retry-After"] = str(problem.after)
    if problem.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="plumbline"'
    return Response(orjson.dumps(document), int(problem.status), headers, MEDIA)

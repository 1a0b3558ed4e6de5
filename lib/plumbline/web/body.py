"""Reading a request's body: bounded in size and in time."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from plumbline.web.limits import RequestLimits
from plumbline.web.problems import ProblemDocument

#: a body that is too large by less than this is heard to its end, and dropped: its sender then hears why it is refused
_HEARD = 4


async def read_body(request: Request, limits: RequestLimits) -> bytes:
    """The whole body.

    Raises:
        Problem: 413: it is larger than is allowed; 408: it takes longer; 415: it is packed; 400: the caller is gone.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ProblemDocument(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.")
    size = request.headers.get("content-length", "")
    if size.isascii() and size.isdigit() and int(size[:20]) > _HEARD * limits.body:
        raise _size_problem(limits)
    parts: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                length += len(part)
                if length > _HEARD * limits.body:
                    break
                parts.append(part)
                if length > limits.body:
                    parts.clear()
    except TimeoutError as error:
        raise ProblemDocument(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The body did not come within {limits.seconds:g} seconds; nothing was taken.",
        ) from error
    except ClientDisconnect as error:
        raise ProblemDocument(HTTPStatus.BAD_REQUEST, "The body broke off; nothing was taken.") from error
    if length > limits.body:
        raise _size_problem(limits)
    return b"".join(parts)


def _size_problem(limits: RequestLimits) -> ProblemDocument:
    return ProblemDocument(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"A body holds at most {limits.body // 10**6} MB; send several requests, or load the log as a file.",
    )

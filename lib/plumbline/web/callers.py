"""Who asks: the token that a request shows, what it may do, and how often."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from starlette.requests import Request

from plumbline.answers.governance import tokens
from plumbline.domain.acts import Access, Token
from plumbline.store.workspace import Workspace
from plumbline.web.bounded_wait import BoundedWait
from plumbline.web.limits import TokenBucket
from plumbline.web.problems import ProblemDocument

#: seconds for which a token is not looked up again: so long may a revoked one still be taken
FRESH = 1.0
#: tokens that are kept, right and wrong; wrong ones that an address may show a second
_KEPT, _WRONG = 1_000, 5.0

_SHOW_ONE = "Show a token: Authorization: Bearer TOKEN. An owner makes one with plumbline token add."
_IS_WRONG = "This token is wrong, over or revoked."
_TOO_MANY = "Too many requests. Wait a moment."


def require_role(token: Token, needed: Access) -> None:
    """Refuse a token without the role that is needed.

    Raises:
        Problem: 403.
    """
    if not token.access.covers(needed):
        raise ProblemDocument(
            HTTPStatus.FORBIDDEN,
            f"This takes a token with the role {needed.value}; {token.name} has the role {token.access.value}.",
        )


class Callers:
    """The tokens of the workspace, as requests show them."""

    def __init__(self, find: Callable[[], Workspace], rate: float, wait: BoundedWait) -> None:
        self._find, self._wait = find, wait
        self._rate, self._wrong = TokenBucket(rate), TokenBucket(_WRONG)
        self._seen: OrderedDict[str, tuple[float, Token | None]] = OrderedDict()
        self._guard = threading.Lock()

    async def caller(self, request: Request, needed: Access, system: str | None = None) -> Token:
        """The token of a request, which has the role that is needed, for this system.

        Raises:
            Problem: 401, 403 or 429; 503: the workspace does not answer.
        """
        token = await self.token(request)
        if token is None:
            raise ProblemDocument(HTTPStatus.UNAUTHORIZED, _SHOW_ONE)
        require_role(token, needed)
        if system is not None and not token.covers(system):
            raise ProblemDocument(HTTPStatus.FORBIDDEN, f"The token {token.name} is not for this system.")
        return token

    async def token(self, request: Request) -> Token | None:
        """The token of a request; None where it shows none.

        Raises:
            Problem: 401: it holds no longer, or never did; 429: too many requests.
        """
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if not secret or kind.lower() != "bearer":
            return None
        host = request.client.host if request.client else ""
        entry, token = self._cached_token(secret.strip())
        if not entry:
            token = await self._wait.look_up(partial(self._fetch_token, secret.strip()))
        if token is None:
            if not self._wrong.allows(host):
                raise ProblemDocument(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY, after=1)
            raise ProblemDocument(HTTPStatus.UNAUTHORIZED, _IS_WRONG)
        if not self._rate.allows(token.name):
            raise ProblemDocument(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY, after=1)
        return token

    def _cached_token(self, secret: str) -> tuple[bool, Token | None]:
        with self._guard:
            until, token = self._seen.get(tokens.digest(secret), (0.0, None))
        return time.monotonic() < until, token

    def _fetch_token(self, secret: str) -> Token | None:
        token = tokens.token_of(self._find(), secret)
        with self._guard:
            self._seen[tokens.digest(secret)] = (time.monotonic() + FRESH, token)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return token

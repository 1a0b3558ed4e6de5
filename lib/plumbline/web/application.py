"""The interface put together: routes for the server, and what runs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from plumbline import __version__
from plumbline.answers.data.push import PATIENCE, Intake, UnavailableWorkspace
from plumbline.console import CommandLine
from plumbline.domain import PlumblineError
from plumbline.store.workspace import Workspace
from plumbline.web import metrics, reference
from plumbline.web.bounded_wait import BoundedWait
from plumbline.web.callers import Callers
from plumbline.web.limits import limits
from plumbline.web.orders import Orders
from plumbline.web.problems import ProblemDocument, response, to_problem
from plumbline.web.pushes import Pushes
from plumbline.web.questions import Questions

PREFIX = "/api/v1"


class Interface:
    """The HTTP interface of one server.

    Raises:
        PlumblineError: a setting of the environment is none.
    """

    def __init__(self, find: Callable[[], Workspace], commands: CommandLine) -> None:
        self._find, self._limits = partial(_open_or_unavailable, find), limits()
        self._intake: Intake | None = None
        wait = BoundedWait(self._limits.seconds)
        self._look = BoundedWait(min(PATIENCE, self._limits.seconds), threads=1)
        self._callers = Callers(self._find, self._limits.rate, wait)
        self._counts = metrics.Requests()
        router = APIRouter()
        Pushes(self._find, self._callers, self._limits, self.intake, wait).add_to(router)
        Questions(self._find, self._callers, commands, self._limits.answers).add_to(router)
        Orders(self._find, self._callers, self._limits, commands).add_to(router)
        app = FastAPI(
            title="Plumbline",
            version=__version__,
            summary="Push decisions and labels, and read every answer of the command line.",
            docs_url=None,
            redoc_url=None,
            openapi_url="/openapi.json",
            root_path_in_servers=False,
            servers=[{"url": PREFIX}],
        )
        app.include_router(router)
        app.add_route("/docs", self._page)
        for kind in (ProblemDocument, PlumblineError, HTTPException, RequestValidationError, Exception):
            app.add_exception_handler(kind, self._problem)
        self._app = app

    def routes(self, base: str = "") -> list[BaseRoute]:
        """What the server mounts.

        Args:
            base: the path below which the whole app lies; empty: none.
        """
        return [
            Mount(f"{base}{PREFIX}", self._counts.count_answers(self._app)),
            Route(f"{base}/healthz", self._healthy),
            Route(f"{base}/readyz", self._readiness),
            Route(f"{base}/metrics", self._metrics),
        ]

    @contextmanager
    def lifespan(self) -> Iterator[None]:
        """Take pushed rows as long as the server runs."""
        self._intake = Intake(self._find, self._limits.every)
        try:
            yield
        finally:
            self._intake.close()

    def intake(self) -> Intake:
        """What takes pushed rows.

        Raises:
            Problem: the server begins, or ends.
        """
        if self._intake is None:
            raise ProblemDocument(HTTPStatus.SERVICE_UNAVAILABLE, "The server is starting.", after=1)
        return self._intake

    async def _problem(self, _request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            status = HTTPStatus(error.status_code)
            return response(ProblemDocument(status, f"{status.phrase}. {PREFIX}/docs lists what there is."))
        return response(to_problem(error))

    async def _page(self, _request: Request) -> Response:
        return HTMLResponse(reference.page(self._app.openapi()))

    async def _healthy(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _readiness(self, _request: Request) -> Response:
        if self._intake is None:
            obstacle = "The server is starting."
        else:  # no later than the requests themselves are refused
            obstacle = self._intake.obstacle(min(PATIENCE, self._limits.seconds))
        if obstacle:
            return response(ProblemDocument(HTTPStatus.SERVICE_UNAVAILABLE, obstacle, after=5))
        try:
            await self._look.look_up(lambda: self._find().change())
        except (ProblemDocument, PlumblineError) as error:
            return response(to_problem(error))
        return JSONResponse({"status": "ready"})

    async def _metrics(self, request: Request) -> Response:
        try:
            token = await self._callers.token(request)
            return await metrics.answer(self._find, self._intake, self._counts, token)
        except (ProblemDocument, PlumblineError) as error:
            return response(to_problem(error))


def _open_or_unavailable(find: Callable[[], Workspace]) -> Workspace:
    """The workspace.

    Raises:
        NotOpen: it cannot be opened, which is no fault of the request.
    """
    try:
        return find()
    except PlumblineError as error:
        raise UnavailableWorkspace(error.what, where=error.where, todo=error.todo) from error

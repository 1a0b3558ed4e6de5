"""Files that callers send before the command that reads them: bounded in size, number and time."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request

from plumbline.store.workspace import Workspace
from plumbline.web.problems import ProblemDocument

#: files of one token that may come, wait or be read at once, seconds that they wait, and for each megabyte to come
WAITING, LIFE, SECONDS_A_MEGABYTE = 4, 900.0, 2.0
_NAME = 200


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that waits: its folder holds nothing else."""

    path: Path
    actor: str


class Uploads:
    """The files that wait in the workspace's inbox. Used by many threads."""

    def __init__(self, find: Callable[[], Workspace], largest: int, seconds: float) -> None:
        self._find, self._largest, self._seconds = find, largest, seconds
        self._files: dict[str, UploadedFile] = {}  # that wait
        self._busy: dict[str, str] = {}  # of files that come or are read: number -> actor
        self._guard = threading.Lock()

    async def take(self, request: Request, name: str, actor: str) -> str:
        """Write a body into a file of this name; its number.

        Raises:
            ProblemDocument: it is too large, too slow or breaks off, or too many wait.
        """
        base = Path(name.replace("\\", "/")).name
        if not base.strip(".") or len(base.encode()) > _NAME or not base.isprintable():
            raise ProblemDocument(HTTPStatus.UNPROCESSABLE_ENTITY, "This is no name of a file.")
        number = self._reserve(actor)
        folder: Path | None = None
        try:
            folder = await to_thread.run_sync(self._folder, number)
            await self._write(request, folder / base)
        except BaseException:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            with self._guard:
                del self._busy[number]
            raise
        with self._guard:
            del self._busy[number]
            self._files[number] = UploadedFile(folder / base, actor)
        asyncio.get_running_loop().call_later(LIFE, self._expire, actor, number)
        return number

    @contextmanager
    def use(self, actor: str, numbers: Collection[str]) -> Iterator[Mapping[str, Path]]:
        """Those files of a token that wait, by their numbers, for one command: deleted at its end, however it ends."""
        with self._guard:
            of_token = {n for n in numbers if n in self._files and self._files[n].actor == actor}
            files = {number: self._files.pop(number) for number in of_token}
            self._busy |= dict.fromkeys(files, actor)
        try:
            yield {number: file.path for number, file in files.items()}
        finally:
            for file in files.values():
                shutil.rmtree(file.path.parent, ignore_errors=True)
            with self._guard:
                for number in files:
                    del self._busy[number]

    def _reserve(self, actor: str) -> str:
        """A number, before anything is written: files that come at once are counted as well."""
        with self._guard:
            actors = [*(file.actor for file in self._files.values()), *self._busy.values()]
            if actors.count(actor) >= WAITING:
                raise ProblemDocument(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"{WAITING} files wait for their commands already.",
                    after=60,
                )
            number = secrets.token_hex(16)
            self._busy[number] = actor
        return number

    def _expire(self, actor: str, number: str) -> None:
        """Delete a file that still waits; one that is read is deleted by its command."""
        with self.use(actor, [number]):
            pass

    def _folder(self, number: str) -> Path:
        folder = self._find().inbox / f"order-{number}"
        folder.mkdir(mode=0o700)
        return folder

    async def _write(self, request: Request, path: Path) -> None:
        size = request.headers.get("content-length", "")
        if size.isascii() and size.isdigit() and int(size[:20]) > self._largest:
            raise self._size_problem()
        seconds = self._seconds + SECONDS_A_MEGABYTE * self._largest / 1e6
        length = 0
        try:
            with path.open("xb") as file:
                async with asyncio.timeout(seconds):
                    async for part in request.stream():
                        length += len(part)
                        if length > self._largest:
                            raise self._size_problem()
                        await to_thread.run_sync(file.write, part)
        except TimeoutError as error:
            raise ProblemDocument(
                HTTPStatus.REQUEST_TIMEOUT, f"The file did not come within {seconds:g} seconds."
            ) from error
        except ClientDisconnect as error:
            raise ProblemDocument(HTTPStatus.BAD_REQUEST, "The file broke off; nothing was kept.") from error

    def _size_problem(self) -> ProblemDocument:
        return ProblemDocument(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A file holds at most {self._largest // 10**6} MB."
        )

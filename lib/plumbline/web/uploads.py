"""Files that callers send before the command that reads them: bounded in size, number and time."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request

from plumbline.store.workspace import Workspace
from plumbline.web.problems import ProblemDocument

#: files of one token that may wait for their command, seconds for which they do, and for each megabyte to come
WAITING, LIFE, SECONDS_A_MEGABYTE = 4, 900.0, 2.0
_NAME = 200


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that waits: its folder holds nothing else."""

    path: Path
    actor: str
    until: float


class Uploads:
    """The files that wait in the workspace's inbox. Used by many threads."""

    def __init__(self, find: Callable[[], Workspace], largest: int, seconds: float) -> None:
        self._find, self._largest, self._seconds = find, largest, seconds
        self._files: dict[str, UploadedFile] = {}
        self._guard = threading.Lock()

    async def take(self, request: Request, name: str, actor: str) -> str:
        """Write a body into a file of this name; its number.

        Raises:
            ProblemDocument: it is too large, too slow or breaks off, or too many wait.
        """
        base = Path(name.replace("\\", "/")).name
        if not base.strip(".") or len(base.encode()) > _NAME or not base.isprintable():
            raise ProblemDocument(HTTPStatus.UNPROCESSABLE_ENTITY, "This is no name of a file.")
        with self._guard:
            self._sweep()
            if sum(file.actor == actor for file in self._files.values()) >= WAITING:
                raise ProblemDocument(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"{WAITING} files wait for their commands already.",
                    after=60,
                )
        number = secrets.token_hex(16)
        folder = await to_thread.run_sync(self._folder, number)
        try:
            await self._write(request, folder / base)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._guard:
            self._files[number] = UploadedFile(folder / base, actor, time.monotonic() + LIFE)
        return number

    def of(self, actor: str) -> Mapping[str, Path]:
        """The files of a token by their numbers."""
        with self._guard:
            self._sweep()
            return {number: file.path for number, file in self._files.items() if file.actor == actor}

    def drop(self, actor: str, numbers: list[str]) -> None:
        """Delete files of a token whose command has ended."""
        with self._guard:
            of_token = [
                number for number in numbers if number in self._files and self._files[number].actor == actor
            ]
            gone = [self._files.pop(number) for number in of_token]
        for file in gone:
            shutil.rmtree(file.path.parent, ignore_errors=True)

    def _folder(self, number: str) -> Path:
        folder = self._find().inbox / f"order-{number}"
        folder.mkdir(mode=0o700)
        return folder

    async def _write(self, request: Request, path: Path) -> None:
        size = request.headers.get("content-length", "")
        if size.isascii() and size.isdigit() and int(size[:20]) > self._largest:
            raise self._too_large()
        seconds = self._seconds + SECONDS_A_MEGABYTE * self._largest / 1e6
        length = 0
        try:
            with path.open("xb") as file:
                async with asyncio.timeout(seconds):
                    async for part in request.stream():
                        length += len(part)
                        if length > self._largest:
                            raise self._too_large()
                        await to_thread.run_sync(file.write, part)
        except TimeoutError as error:
            raise ProblemDocument(
                HTTPStatus.REQUEST_TIMEOUT, f"The file did not come within {seconds:g} seconds."
            ) from error
        except ClientDisconnect as error:
            raise ProblemDocument(HTTPStatus.BAD_REQUEST, "The file broke off; nothing was kept.") from error

    def _too_large(self) -> ProblemDocument:
        return ProblemDocument(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A file holds at most {self._largest // 10**6} MB."
        )

    def _sweep(self) -> None:
        for number in [n for n, file in self._files.items() if file.until < time.monotonic()]:
            shutil.rmtree(self._files.pop(number).path.parent, ignore_errors=True)

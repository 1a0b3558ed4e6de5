"""The write-ahead file: what was answered is on the disk, whatever is killed.

One thread writes. It takes every request that waits, writes them one behind the other and syncs once, so that the
disk's time is shared. A frame is the length of its body, the CRC-32 of that, and the body; a file that a kill cut short
ends with a frame that does not fit, which nobody was answered for.
"""

from __future__ import annotations

import hashlib
import os
import queue
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from plumbline.domain import PlumblineError

_HEAD = struct.Struct(">II")
_ENDING, _CLOSED = ".part", ".rows"
#: bytes of one frame; longer ones are no frames of ours
_LARGEST = 2**30
#: seconds for which a write that failed stands against the disk: with nothing sent, nothing else says that it is well
_LATELY = 10.0

#: called from the writer's thread: with nothing once the frame is on the disk, or with what went wrong
Done = Callable[[OSError | None], None]


class Journal:
    """The folder of write-ahead files of one workspace. One process has it: the one that holds the workspace."""

    def __init__(self, folder: Path, key: str = "") -> None:
        """Args:
        key: of the workspace; with one, what is written is cipher text.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder, self._key = (
            folder,
            hashlib.sha256(b"plumbline push\0" + key.encode()).digest() if key else b"",
        )
        for left in folder.glob(f"*{_ENDING}"):  # of a process that ended: whole frames of it count
            left.rename(left.with_suffix(_CLOSED))
        self._number = max((int(p.stem) for p in self.closed_files()), default=0)
        self._file: int | None = None
        self._size = 0
        self._guard = threading.Lock()
        self._write_began: float | None = None
        self._failure: tuple[float, OSError] | None = None
        self._waiting: queue.SimpleQueue[tuple[bytes, Done] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="plumbline-journal", daemon=True)
        self._thread.start()

    def append(self, body: bytes, done: Done) -> None:
        """Write a frame; ``done`` is called when it is on the disk."""
        self._waiting.put((body, done))

    def close(self, within: float | None = None) -> None:
        """Write what waits, and end.

        Args:
            within: seconds; a disk that takes longer is left to itself, and what it took to the next process. None:
                as long as it takes.
        """
        self._waiting.put(None)
        self._thread.join(within)
        if not self._thread.is_alive():
            with self._guard:
                self._close_file()

    def obstacle(self, patience: float) -> str:
        """What keeps frames from the disk now, in a sentence; empty where nothing is known that does.

        Args:
            patience: seconds that one write may take.
        """
        now, began, failure = time.monotonic(), self._write_began, self._failure
        if began is not None and now - began >= patience:
            return f"The disk has not taken pushed rows for {now - began:.0f} seconds."
        if failure is not None and now - failure[0] < _LATELY:
            return f"The disk refused pushed rows: {failure[1].strerror or failure[1]}."
        return ""

    def rotate(self) -> list[Path]:
        """Close the file that is written to, and begin another with the next frame; all closed ones, oldest first."""
        with self._guard:
            self._close_file()
        return self.closed_files()

    def closed_files(self) -> list[Path]:
        """The files that are written to no more, oldest first."""
        return sorted(self.folder.glob(f"*{_CLOSED}"), key=lambda path: int(path.stem))

    def frames(self, path: Path) -> Iterator[bytes]:
        """The bodies in a closed file, in the order in which they came.

        Raises:
            PlumblineError: they were written under another key.
        """
        with path.open("rb") as file:
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                size, check = _HEAD.unpack(head)
                body = file.read(size) if size <= _LARGEST else b""
                if len(body) != size or zlib.crc32(body) != check:
                    return
                yield self._decrypt(body)

    def _write_all(self) -> None:
        while (first := self._waiting.get()) is not None:
            frames = [first]
            ending = False
            with suppress(queue.Empty):
                while True:
                    more = self._waiting.get_nowait()
                    if more is None:
                        ending = True
                        break
                    frames.append(more)
            self._write_began = time.monotonic()
            error = self._write([body for body, _ in frames])
            self._failure = (time.monotonic(), error) if error is not None else None
            self._write_began = None
            for _, done in frames:
                done(error)
            if ending:
                return

    def _write(self, bodies: list[bytes]) -> OSError | None:
        """Write and sync; what could not be written whole is taken away again."""
        parts = []
        for plain in bodies:
            body = self._encrypt(plain)
            parts += [_HEAD.pack(len(body), zlib.crc32(body)), body]
        with self._guard:
            try:
                if self._file is None:
                    self._begin()
                _write_fully(self._file or 0, b"".join(parts))
                os.fsync(self._file or 0)
            except OSError as error:
                with suppress(OSError):
                    if self._file is not None:
                        os.ftruncate(self._file, self._size)
                self._close_file()
                return error
            self._size += sum(map(len, parts))
        return None

    def _begin(self) -> None:
        self._number += 1
        path = self.folder / f"{self._number}{_ENDING}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size = 0
        if os.name == "posix":
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _close_file(self) -> None:
        if self._file is None:
            return
        os.close(self._file)
        self._file = None
        path = self.folder / f"{self._number}{_ENDING}"
        if self._size:
            path.rename(path.with_suffix(_CLOSED))
        else:
            path.unlink(missing_ok=True)

    def _encrypt(self, body: bytes) -> bytes:
        if not self._key:
            return body
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        return nonce + AESGCM(self._key).encrypt(nonce, body, None)

    def _decrypt(self, body: bytes) -> bytes:
        if not self._key:
            return body
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(body[:12], body[12:], None)
        except InvalidTag as error:
            raise PlumblineError(
                "The pushed rows were written under another key",
                where=str(self.folder),
                todo="Start the server with the key that the workspace had then.",
            ) from error


def _write_fully(file: int, body: bytes) -> None:
    view = memoryview(body)
    while view:
        view = view[os.write(file, view) :]

"""The command line's end: hands a command to the server that holds the workspace, and does what comes back."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plumbline
from plumbline.domain import PlumblineError
from plumbline.relay import frames
from plumbline.relay.address import SUPPORTED, code, is_mine, short_address, socket_path
from plumbline.relay.files import write_atomically

#: seconds for which a server may take to answer a connection
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Streams:
    """Where the words of a command go: ``out`` and ``err`` take text as it is."""

    out: Callable[[str], None]
    err: Callable[[str], None]


def connect_to_server(workspace: Path) -> socket.socket | None:
    """A connection to the server that holds a workspace; None where there is none.

    Raises:
        PlumblineError: it runs as another user.
    """
    if not SUPPORTED:
        return None
    path = socket_path(workspace)
    if not path.is_socket():
        return None
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        end.settimeout(PATIENCE)
        with short_address(path) as address:
            end.connect(address)
        end.settimeout(None)
    except PermissionError as error:
        end.close()
        raise _another_user(path) from error
    except OSError:  # what a killed server left: the file's own lock says whether anybody has it
        end.close()
        return None
    if not is_mine(end):
        end.close()
        raise _another_user(path)
    return end


def _another_user(path: Path) -> PlumblineError:
    return PlumblineError(
        "The workspace is held by a server of another user",
        where=str(path),
        todo="Run the command as that user.",
    )


def run(
    end: socket.socket,
    command: tuple[str, ...],
    arguments: Mapping[str, Any],
    *,
    as_json: bool,
    terminal: bool,
    streams: Streams,
    files: Iterable[Path] = (),
) -> int:
    """Have the server run a command; its exit code.

    Args:
        arguments: text, numbers, absolute paths, and lists of them.
        terminal: whether progress may be shown.
        files: paths that the server has to see as this process does.

    Raises:
        PlumblineError: the server refuses it, or ended first.
    """
    order = {
        "version": plumbline.__version__, "code": code(), "command": command, "arguments": dict(arguments),
        "as_json": as_json, "terminal": terminal, "files": {str(path): _mark(path) for path in files},
    }  # fmt: skip
    with suppress(OSError):  # a server that hangs up has said why, or is gone
        frames.send(end, order)
    with _interrupt_handler(lambda: frames.send(end, {"stop": True})):
        return _relay_output(end, streams)


def _relay_output(end: socket.socket, streams: Streams) -> int:
    parts: list[bytes] = []
    while (frame := frames.receive(end)) is not None:
        if "refused" in frame:
            raise PlumblineError(str(frame["refused"]))
        if "code" in frame:
            return int(frame["code"])
        if "file" in frame:
            parts = ([] if frame["first"] else parts) + [bytes.fromhex(frame["body"])]
            if frame["last"]:
                frames.send(end, {"written": _write(frame["file"], b"".join(parts))})
        else:
            (streams.err if frame["err"] else streams.out)(frame["text"])
    raise PlumblineError(
        "The server that holds the workspace ended before the command did",
        todo="Look what was done, and run it again.",
    )


@contextmanager
def _interrupt_handler(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C asks the server to stop and waits for what it says; the second ends this process.

    A signal's handler, as an exception would leave a frame half read.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(number: int, _frame: object) -> None:
        signal.signal(number, before)
        with suppress(OSError):
            stop()

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _write(path: Path, body: bytes) -> int:
    """Write a file that the server made; the number of the system's error, nought where there was none."""
    try:
        write_atomically(path, body)
    except OSError as error:
        return error.errno or 5
    return 0

"""The server's end: takes commands of this user, runs each in a thread of its own, and sends back what it says."""

from __future__ import annotations

import errno
import logging
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import plumbline
from plumbline.relay import frames
from plumbline.relay.address import code, is_mine, listen, socket_path
from plumbline.relay.frames import Frame

LOG = logging.getLogger("plumbline")
#: commands at a time; seconds for which a new connection may take to say what it wants
AT_ONCE, PATIENCE = 16, 10.0
#: seconds between two attempts to stop a command that was given up, and between two looks whether to end
_AGAIN, _LOOK = 0.05, 0.2
#: reports of progress that a caller has not read yet; the next ones are left out
_BEHIND = 100
#: characters of one frame: escaped as JSON they stay below what a frame may hold
_PIECE = 4 * 2**20
#: seconds for which commands at work may take to end when the server stops
_LAST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command as its caller gave it. ``files``: path -> what the caller sees there (device and inode), or None."""

    command: tuple[str, ...]
    arguments: dict[str, Any]
    as_json: bool
    terminal: bool
    files: dict[str, tuple[int, int] | None]


@dataclass(slots=True, kw_only=True)
class RunningCommand:
    """A command at work: where its words go, and whether its caller gave it up."""

    order: Order
    stop: threading.Event = field(default_factory=threading.Event)
    #: called again and again from when the caller gives up until the command has ended
    interrupt: Callable[[], None] = lambda: None
    _out: queue.SimpleQueue[Frame | None] = field(default_factory=queue.SimpleQueue)
    _written: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def say(self, text: str, *, err: bool = False, passing: bool = False) -> None:
        """Hand words to the caller. ``passing``: the next ones say more, so that these may be lost."""
        if not (passing and self._out.qsize() > _BEHIND):
            for start in range(0, len(text), _PIECE):
                self._out.put({"text": text[start : start + _PIECE], "err": err})

    def write(self, path: Path, body: bytes) -> None:
        """Have the caller write a file, with its own rights.

        Raises:
            OSError: as the caller met it.
        """
        step = 2**24
        for start in range(0, max(len(body), 1), step):
            part = body[start : start + step]
            self._out.put(
                {"file": path, "body": part.hex(), "first": start == 0, "last": start + step >= len(body)}
            )
        while True:
            with suppress(queue.Empty):
                failed = self._written.get(timeout=_LOOK)
                break
            if self.stop.is_set():
                raise InterruptedError(errno.EINTR, "the caller is gone")
        if failed:
            number = int(failed)
            raise OSError(number, os.strerror(number))


class Host:
    """The socket of one workspace, for as long as this process holds its file."""

    def __init__(self, workspace: Path, carry_out: Callable[[RunningCommand], int]) -> None:
        self.path = socket_path(workspace)
        self._carry_out = carry_out
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._free = threading.BoundedSemaphore(AT_ONCE)
        code()  # of what runs here, not of what an upgrade puts there
        self._door = listen(self.path)
        self._made = self.path.lstat()
        self._thread = threading.Thread(target=self._listen, name="plumbline-commands", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more commands, give up those at work, and remove the socket."""
        self._stop.set()
        self._thread.join(_LAST)
        with suppress(OSError):
            seen = self.path.lstat()
            if (seen.st_dev, seen.st_ino) == (self._made.st_dev, self._made.st_ino):
                self.path.unlink()
        self._door.close()
        until = time.monotonic() + _LAST
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _listen(self) -> None:
        self._door.setblocking(False)
        with selectors.DefaultSelector() as look:
            look.register(self._door, selectors.EVENT_READ)
            while not self._stop.is_set():
                if not look.select(_LOOK):
                    continue
                with suppress(OSError):
                    end, _ = self._door.accept()
                    end.setblocking(True)
                    thread = threading.Thread(
                        target=self._serve, args=(end,), name="plumbline-command", daemon=True
                    )
                    self._threads = [t for t in self._threads if t.is_alive()] + [thread]
                    thread.start()

    def _serve(self, end: socket.socket) -> None:
        with end:
            if not is_mine(end):
                LOG.warning("a command of another user was refused")
                return
            end.settimeout(PATIENCE)
            asked = frames.receive(end)
            end.settimeout(None)
            if asked is None:
                return
            refused = self._refusal(asked)
            if refused:
                frames.send(end, {"refused": refused})
                return
            if not self._free.acquire(blocking=False):
                frames.send(
                    end, {"refused": f"The server is at {AT_ONCE} commands already. Try again in a moment."}
                )
                return
            try:
                self._run(end, RunningCommand(order=_order(asked)))
            finally:
                self._free.release()

    def _refusal(self, asked: Frame) -> str:
        if asked.get("code") == code():
            return ""
        return (
            "The workspace is held by a server of another version of Plumbline, or of other code of it (the server's "
            f"version: {plumbline.__version__}, this command's: {asked.get('version')}). Restart the server."
        )

    def _run(self, end: socket.socket, call: RunningCommand) -> None:
        sender = threading.Thread(
            target=_send_output, args=(end, call), name="plumbline-replies", daemon=True
        )
        hearer = threading.Thread(
            target=_read_stop_requests, args=(end, call), name="plumbline-caller", daemon=True
        )
        ended = threading.Event()
        watcher = threading.Thread(
            target=_interrupt_until_end, args=(call, self._stop, ended), name="plumbline-stop", daemon=True
        )
        for thread in (sender, hearer, watcher):
            thread.start()
        result = 2
        try:
            result = self._carry_out(call)
        finally:
            ended.set()
            call._out.put({"code": result})
            call._out.put(None)
            sender.join(_LAST if call.stop.is_set() else PATIENCE)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _order(asked: Frame) -> Order:
    seen = asked.get("files") or {}
    return Order(
        command=tuple(asked["command"]),
        arguments=asked["arguments"],
        as_json=bool(asked.get("as_json")),
        terminal=bool(asked.get("terminal")),
        files={path: tuple(mark) if mark else None for path, mark in seen.items()},
    )


def _send_output(end: socket.socket, call: RunningCommand) -> None:
    """Send what the command says as fast as its caller reads; a caller that is slow or gone holds up nothing."""
    while (frame := call._out.get()) is not None:
        try:
            frames.send(end, frame)
        except OSError:
            call.stop.set()
            return


def _read_stop_requests(end: socket.socket, call: RunningCommand) -> None:
    """The caller gives up by saying so, or by its end."""
    while True:
        frame = frames.receive(end)
        if frame is None or frame.get("stop"):
            call.stop.set()
            return
        if "written" in frame:
            call._written.put(str(frame["written"] or ""))


def _interrupt_until_end(call: RunningCommand, closing: threading.Event, ended: threading.Event) -> None:
    """Interrupt a command that nobody waits for, until it has ended."""
    while not ended.is_set():
        if closing.is_set():
            call.stop.set()
        if call.stop.is_set():
            call.interrupt()
            ended.wait(_AGAIN)
        else:
            call.stop.wait(_LOOK)

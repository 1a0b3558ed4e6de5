"""One child process that is asked by lines of JSON, with bytes behind them, and answers in the same way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from plumbline.sandbox.limits import environment


class ProcessExit(Exception):
    """The process is no longer there. ``late``: it was ended because it took too long."""

    def __init__(self, late: bool = False) -> None:
        super().__init__(late)
        self.late = late


class Process:
    """A module of ours, run by this Python with little of the environment and in a process group of its own."""

    def __init__(self, module: str) -> None:
        self.lock = threading.Lock()
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-s", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, head: dict[str, Any], *blobs: bytes) -> None:
        """Write a line and what belongs to it. Raises Gone."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(head).encode() + b"\n" + b"".join(blobs))
            self.process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ProcessExit from error

    def ask(
        self, head: dict[str, Any], *blobs: bytes, wall: float, ended: bool = False
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a question and wait for its answer: the line, and the blobs whose lengths it lists.

        Args:
            wall: seconds after which the process is ended.
            ended: the answer is followed by a line that says how the process that made it ended; where it ended
                without an answer, that line is the answer.

        Raises:
            Gone: the process ended, or took too long.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._kill()

        clock = threading.Timer(wall, stop)
        clock.daemon = True
        clock.start()
        try:
            self.send(head, *blobs)
            answer = self._line()
            parts = [self._read(int(size)) for size in answer.get("blobs", [])]
            if ended and "ended" not in answer:
                self._line()
            return answer, parts
        except (ProcessExit, ValueError, TypeError, AttributeError) as error:
            raise ProcessExit(late.is_set()) from error
        finally:
            clock.cancel()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ProcessExit
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read(self, size: int) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.read(size)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self.process.kill()
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own children as well
        except (ProcessLookupError, PermissionError):
            self.process.kill()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was still to be written has no reader any more

"""The parent's side: processes that are ready for a question, one at a time, as many as ask at once."""

from __future__ import annotations

import atexit
import signal
import sys
import threading
from dataclasses import asdict
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.message_json import stored_message
from plumbline.domain.messages import QuotedText, message
from plumbline.sandbox.limits import Limits
from plumbline.sandbox.process import Process, ProcessExit

#: processes of a module that wait for the next question
IDLE = 2
#: how a process ends that used up its processor time, or its time on the wall
_CPU, _WALL = -getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGALRM", 0)


class Pool:
    """The processes of one module."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._idle: list[Process] = []
        self._lock = threading.Lock()
        atexit.register(self.end)

    def start_process(self) -> None:
        """Start a process where none waits, so that the first question does not wait for it."""
        with self._lock:
            if not self._idle:
                self._idle.append(Process(self._module))

    def ask(self, request: dict[str, Any], limits: Limits, *, where: str) -> Any:
        """The answer to one request.

        Args:
            where: what the request is about, for the sentence of an error.

        Raises:
            PlumblineError: the child's own; or it died, or used more than the limits.
        """
        process = self._take()
        lasting = sys.platform == "linux"  # see ``serving``
        whole = False
        try:
            answer, _ = process.ask(
                request | {"limits": asdict(limits)}, wall=limits.wall_seconds + 5, ended=lasting
            )
            whole = True
        except ProcessExit as error:
            raise _crash_error(where, limits, 0, late=error.late) from None
        finally:
            self._return_process(process, whole and lasting)
        if "ended" in answer:
            raise _crash_error(where, limits, int(answer["ended"]))
        if not answer.get("ok"):
            raise PlumblineError(
                _text_of(answer, "what"),
                where=str(answer.get("where") or where),
                todo=_text_of(answer, "todo") or _TODO,
            )
        return answer["value"]

    def _take(self) -> Process:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive():
                    return process
                process.end()
        return Process(self._module)

    def _return_process(self, process: Process, whole: bool) -> None:
        with self._lock:
            if whole and len(self._idle) < IDLE:
                self._idle.append(process)
                return
        process.end()

    def end(self) -> None:
        """End every process that waits."""
        with self._lock:
            for held in self._idle:
                held.end()
            self._idle.clear()


def _text_of(answer: dict[str, Any], name: str) -> str:
    """A text of the child's error: as the message that it says it is, where that says the same."""
    text, messages = str(answer.get(name) or ""), answer.get("messages")
    template = stored_message(text, messages.get(name) if isinstance(messages, dict) else None)
    return text if isinstance(template, QuotedText) else template


_TODO = "Export it again, or in another format."


def _crash_error(where: str, limits: Limits, code: int, *, late: bool = False) -> PlumblineError:
    late = late or code == _WALL
    if late or code == _CPU:
        took = f"{limits.wall_seconds:g} s" if late else f"{limits.cpu_seconds} s of processor time"
        return PlumblineError(
            message("The file was given up: reading it took more than {took}", took=took),
            where=where,
            todo="Export less at once, or set PLUMBLINE_FILE_SECONDS to more.",
        )
    return PlumblineError(
        message("The file was refused: reading it ended its process (code {code})", code=str(code)),
        where=where,
        todo="It is damaged, nests too deep, or needs more memory than PLUMBLINE_FILE_MEMORY allows.",
    )

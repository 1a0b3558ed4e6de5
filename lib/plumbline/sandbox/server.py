"""The child's side: each question is answered by a process of its own, with limits of its own.

Where the system can fork (Linux) the child stays, with everything imported, and forks for each question: that takes
milliseconds, and nothing that one file leaves behind reaches the next. Elsewhere the child answers once and ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.message_json import message_json
from plumbline.sandbox.limits import Limits, limit_resources, release_reserve

#: what is asked, as JSON -> the answer, as JSON
Answer = Callable[[dict[str, Any]], Any]
_DEEP = "The file was refused: it nests too deep"
_LARGE = "The file was refused: reading it takes more memory than is allowed"


def serve(answer: Answer) -> int:
    """Answer until there are no more questions; what goes wrong is one line of JSON."""
    source = sys.stdin.buffer
    while line := source.readline():
        request = json.loads(line)
        if sys.platform != "linux":
            _reply(request, answer)
            return 0
        child = os.fork()
        if not child:
            try:
                _reply(request, answer)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})
    return 0


def _reply(request: dict[str, Any], answer: Answer) -> None:
    limits = Limits(**request.pop("limits"))
    limit_resources(limits)
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)  # also where nobody waits any more
    try:
        _say({"ok": True, "value": answer(request)})
    except PlumblineError as error:
        messages = {"what": message_json(error.what), "todo": message_json(error.todo)}
        _say(
            {"ok": False, "what": error.what, "where": error.where, "todo": error.todo, "messages": messages}
        )
    except MemoryError:
        release_reserve()
        _say({"ok": False, "what": _LARGE})
    except RecursionError:
        _say({"ok": False, "what": _DEEP})
    except BaseException as error:  # a panic of a Rust library is no Exception
        out = "Memory" in type(error).__name__
        release_reserve()
        _say({"ok": False, "what": _LARGE if out else f"The file cannot be read ({type(error).__name__})"})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()

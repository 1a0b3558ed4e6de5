"""What the server does by itself while it runs: the schedule, and sending what the outbox holds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from plumbline.domain import PlumblineError
from plumbline.store.database.cancellation import Cancellation
from plumbline.store.workspace import Workspace, WriteStop

LOG = logging.getLogger("plumbline")
#: seconds between two looks at what is due, and between two rounds of sending
LOOK, SEND = 2.0, 30.0
#: seconds for which work that was called off may take to end
LAST = 1.0


class Watch:
    """A thread that works off what is due, and ends within a second when the server does."""

    def __init__(self, find: Callable[[], Workspace]) -> None:
        self._find = find
        self._stop = threading.Event()
        self._work = Cancellation()
        self._thread = threading.Thread(target=self._run, name="plumbline-schedule", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call off what is at work: its transaction takes itself back, and the next server does it again."""
        self._stop.set()
        until = time.monotonic() + LAST
        while self._thread.is_alive() and time.monotonic() < until:
            self._work.cancel()
            self._thread.join(0.05)

    def _run(self) -> None:
        sent, text = 0.0, ""
        while not self._stop.wait(LOOK):
            try:
                ws = self._find()
                self._run_due(ws)
                if time.monotonic() - sent >= SEND:
                    sent = time.monotonic()
                    self._send(ws)
                text = ""
            except WriteStop:
                return
            except PlumblineError as error:
                text = _log_once(text, str(error))
            except Exception as error:
                text = _log_once(text, repr(error))

    def _run_due(self, ws: Workspace) -> None:
        from plumbline.answers.operations.check_round import run_due
        from plumbline.report.record_trials import try_possible_records

        run_due(
            ws.for_command([], self._work),
            also=lambda own, key: try_possible_records(own, key, actor="schedule"),
        )

    def _send(self, ws: Workspace) -> None:
        from plumbline.answers.respond.delivery import work

        work(ws.for_command([], self._work))


def _log_once(told: str, words: str) -> str:
    """Log what goes wrong, once and not at every look."""
    if words != told:
        LOG.warning("schedule: %s", words)
    return words

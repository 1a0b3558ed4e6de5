"""Taking pushed rows: written ahead, loaded every few seconds, and what became of each request."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plumbline.answers.data import push_queue
from plumbline.answers.data.load import rebuild_outcomes
from plumbline.answers.data.push_merges import PushMerges
from plumbline.answers.data.push_queue import Queue
from plumbline.answers.faults import sentence
from plumbline.domain import Load, PlumblineError
from plumbline.logs.push import receipts
from plumbline.logs.push.batch import load_requests, pack_request, unpack_request
from plumbline.logs.push.bodies import records
from plumbline.logs.push.journal import Done, Journal
from plumbline.logs.push.receipts import PushReceipt, Request
from plumbline.logs.push.rows import Batch, RowForm, decisions_form, labels_form, read_rows
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.database.cancellation import Cancellation
from plumbline.store.database.encryption import encryption_key
from plumbline.store.database.engine import MemoryShortage, cannot_write, is_memory_shortage
from plumbline.store.workspace import BusyWriter, Workspace, WriteStop

LOG = logging.getLogger("plumbline")
#: who checks the signals of what was pushed, and seconds between two such checks of one system
ACTOR, CHECK = "HTTP interface", 60.0
#: for how long names of requests are remembered
REMEMBERED = timedelta(days=1)
#: seconds for which a system's mapping is not looked up again, and for which the last loads may take when a server ends
FRESH, LAST = 1.0, 5.0
#: seconds after which a disk that is at one write of pushed rows counts as one that takes none
PATIENCE = 5.0


class UnavailableWorkspace(PlumblineError):
    """The workspace is not open yet, or another process has it."""


class MissingLog(PlumblineError):
    """The system has no log yet, so that nothing says what pushed columns mean."""


@dataclass(slots=True, kw_only=True)
class PushCounts:
    """What was taken and loaded since the process began."""

    requests: int = 0
    rows: int = 0
    loads: int = 0
    rows_loaded: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    requests_refused: int = 0
    seconds: float = 0.0


class Intake:
    """What takes pushed rows for the workspace of this process, as long as it holds it."""

    def __init__(self, find: Callable[[], Workspace], every: float) -> None:
        """Args:
        find: the workspace, asked for at each use: it may have been opened anew meanwhile.
        every: seconds between two loads.
        """
        self._find, self._every = find, every
        self.counts = PushCounts()
        self._queue, self._turn = Queue(), threading.Lock()
        self._forms: dict[str, tuple[float, RowForm, RowForm]] = {}
        self._changed: set[str] = set()
        self._checked: dict[str, float] = {}
        self._merges = PushMerges()
        self._journal: Journal | None = None
        self._stop, self._work = threading.Event(), Cancellation()
        self._thread = threading.Thread(target=self._run, name="plumbline-push", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether rows are taken."""
        return not self.obstacle()

    def obstacle(self, patience: float = PATIENCE) -> str:
        """Why rows are not taken now, in a sentence; empty where they are.

        Args:
            patience: seconds after which a disk that is at one write counts as one that takes nothing.
        """
        if self._journal is None:
            return "The workspace is not open yet."
        if not self._thread.is_alive():
            return "Nothing loads pushed rows any more: start the server again."
        if self.backlog >= push_queue.BACKLOG:
            return "Too many pushed rows wait to be loaded."
        return self._journal.obstacle(patience)

    @property
    def backlog(self) -> int:
        """Bytes that wait to be loaded."""
        return self._queue.backlog

    def close(self) -> None:
        """Load what is there, if that is quick, and end; what is left is loaded by the next process."""
        self._stop.set()
        self._thread.join(LAST)
        until = time.monotonic() + LAST
        while self._thread.is_alive() and time.monotonic() < until:
            self._work.cancel()
            self._thread.join(0.05)
        if self._journal is not None:
            self._journal.close(LAST)

    def request(
        self,
        system: str,
        kind: str,
        media: str,
        body: bytes,
        *,
        actor: str,
        key: str,
        forms: tuple[RowForm, RowForm] | None = None,
    ) -> tuple[Request, Batch]:
        """Read a body; nothing is kept yet.

        Args:
            system: the key of one that is there.
            kind: decisions or labels.
            media: one of ``bodies.READERS``.
            key: what the caller names the request; empty: nothing.
            forms: of that system, where they are at hand: see ``row_forms``.

        Raises:
            PlumblineError: the body is not what it says, or one of its rows cannot be what it has to be.
        """
        ws = self._find()
        form = (forms or self.row_forms(system))[kind == "labels"]
        batch = read_rows(form, records(media, body, ws.inbox))
        at = datetime.now(UTC)
        receipt = PushReceipt(
            id=f"{time.time_ns() // 1000:014x}{secrets.token_hex(6)}",
            system=system,
            kind=kind,
            actor=actor,
            key=key,
            digest=hashlib.sha256(body).hexdigest(),
            received_at=at,
            rows_read=len(batch.rows),
        )
        return Request(receipt, batch.iso, batch.rows), batch

    def find_request(
        self, system: str, kind: str, body: bytes, *, actor: str, key: str
    ) -> tuple[str, int] | None:
        """(receipt, rows) of the request that bore this key before; None where none did.

        Raises:
            OtherBody: it had another body.
        """
        return self._queue.find_request((actor, system, kind, key), hashlib.sha256(body).hexdigest())

    def fresh_forms(self, system: str) -> tuple[RowForm, RowForm] | None:
        """``row_forms`` as they were looked up a moment ago; None: they were not."""
        kept = self._forms.get(system)
        return kept[1:] if kept is not None and time.monotonic() < kept[0] else None

    def take(self, request: Request, done: Done) -> str:
        """Write a request ahead; its receipt, or that of the one that it repeats.

        Args:
            done: called, from another thread, when it is on the disk or cannot be written.

        Raises:
            Behind: so much waits that no more is taken.
            NotOpen: nothing can be written ahead yet.
        """
        journal = self._journal
        if journal is None:
            raise UnavailableWorkspace("The workspace is being opened", todo="Try again in a moment.")
        receipt, frame = request.receipt, pack_request(request)
        number = self._queue.begin(receipt, len(frame), done)
        if number == receipt.id:
            journal.append(frame, lambda error: self._confirm_write(receipt, len(frame), error))
        return number

    def receipt_of(self, number: str) -> tuple[PushReceipt, bool] | None:
        """(receipt, whether it still waits); None where there is none, or it was forgotten.

        Raises:
            UnavailableWorkspace: what an earlier process left on the disk, which it may be of, is not read yet.
        """
        is_open = self._journal is not None
        waiting = self._queue.receipt(number)
        if waiting is not None:
            return waiting, True
        with self._find().read() as cursor:
            receipt = receipts.find_receipt(cursor, number)
        if receipt is None and not is_open:
            raise UnavailableWorkspace("The workspace is being opened", todo="Try again in a moment.")
        return (receipt, False) if receipt else None

    def watch(self, number: str, settled: Callable[[], None]) -> None:
        """Call ``settled``, from another thread, when a request waits no more; at once where it does not."""
        self._queue.watch(number, settled)

    def row_forms(self, system: str) -> tuple[RowForm, RowForm]:
        """How decisions and labels of a system are read.

        Raises:
            MissingLog: it has no log yet.
            PlumblineError: there is no such system.
        """
        fresh = self.fresh_forms(system)
        if fresh is not None:
            return fresh
        with self._find().read() as cursor:
            key = systems.get_system(cursor, system).key
            mapping = systems.saved_mapping(cursor, key)
            labels = systems.saved_mapping(cursor, key, kind="labels")
        if mapping is None:
            raise MissingLog(
                "The system has no log yet",
                where=system,
                todo="Load a log first: it says what each column means.",
            )
        forms = decisions_form(key, mapping), labels_form(key, mapping, labels)
        self._forms[system] = (time.monotonic() + FRESH, *forms)
        return forms

    def _confirm_write(self, receipt: PushReceipt, size: int, error: OSError | None) -> None:
        if error is None:
            self.counts.requests += 1
            self.counts.rows += receipt.rows_read
        self._queue.confirm_write(receipt, size, error)

    def _run(self) -> None:
        words = ""
        while True:
            ending = self._stop.wait(self._every if self._journal else min(self._every, 0.2))
            try:
                if self._journal is None and not ending:
                    self._journal = self._open_journal()
                if self._journal is not None:
                    self.gather()
                    self._check(ending)
                    if not ending:
                        self.merge()
                words = ""
            except WriteStop:
                return
            except Exception as error:  # what waits on the disk is tried again
                if words != (words := sentence(error)):
                    LOG.warning("pushed rows wait: %s", words)
            if ending:
                return

    def _open_journal(self) -> Journal:
        """The journal, with what an earlier process left in it."""
        ws = self._find()
        journal = Journal(push_folder(ws.path), encryption_key() if ws.encrypted else "")
        left = [
            (len(frame), unpack_request(frame).receipt)
            for path in journal.closed_files()
            for frame in journal.frames(path)
        ]
        with ws.read() as cursor:
            for receipt in receipts.newest_keyed_receipts(
                cursor, datetime.now(UTC) - REMEMBERED, push_queue.KEYS
            ):
                self._queue.remember(receipt)
            done = receipts.existing_receipts(cursor, [receipt.id for _, receipt in left])
        for size, receipt in left:
            self._queue.restore(receipt, size, loaded=receipt.id in done)
        return journal

    def gather(self) -> None:
        """Load all that is on the disk.

        Raises:
            PlumblineError: the machine cannot, and not what was pushed: all of it waits for the next time.
        """
        with self._turn:  # a file is loaded by one thread
            if self._journal is not None:
                self._gather(self._journal, self._find().for_command([], self._work))

    def merge(self, now: datetime | None = None) -> None:
        """Make one of small loads, where it is time to.

        Args:
            now: aware; None: this moment.
        """
        with self._turn:
            self._merges.merge(
                self._find().for_command([], self._work), now or datetime.now(UTC), actor=ACTOR
            )

    def _gather(self, journal: Journal, ws: Workspace) -> None:
        for path in journal.rotate():
            frames = list(journal.frames(path))
            requests = [unpack_request(frame) for frame in frames]
            with ws.read() as cursor:
                done = receipts.existing_receipts(cursor, [r.receipt.id for r in requests])
            for group in _groups([r for r in requests if r.receipt.id not in done]):
                self._load(ws, group)
            path.unlink()
            self._queue.shrink(sum(map(len, frames)))
            self._queue.settle([r.receipt.id for r in requests])

    def _load(self, ws: Workspace, group: Sequence[Request]) -> None:
        """Load requests together; where that is refused, each by itself, so that one spoils no other."""
        begun, first = time.monotonic(), group[0].receipt
        try:
            form = self.row_forms(first.system)[first.kind == "labels"]
            load = load_requests(ws, form, group, after=build.on_load, after_labels=rebuild_outcomes)
        except Exception as error:
            if _is_the_machine(error):
                raise
            if len(group) > 1:
                half = len(group) // 2
                self._load(ws, group[:half])
                self._load(ws, group[half:])
                return
            with ws.write(by_itself=True) as cursor:
                receipts.refuse(cursor, group[0], sentence(error))
            self.counts.requests_refused += 1
        else:
            self._count(load, time.monotonic() - begun)
        self._queue.settle([request.receipt.id for request in group])

    def _count(self, load: Load, seconds: float) -> None:
        counts = self.counts
        counts.loads += 1
        self._merges.note(load.system)
        counts.seconds += seconds
        counts.rows_loaded += load.rows_loaded
        counts.rows_duplicate += load.rows_duplicate
        counts.rows_quarantined += load.rows_quarantined
        if load.rows_loaded or load.labels_joined:
            self._changed.add(load.system)

    def _check(self, ending: bool) -> None:
        """Check the signals of what changed, each system once a minute; a server that ends leaves it to the next."""
        from plumbline.answers.alerts.check import check

        for key in () if ending else sorted(self._changed):
            if time.monotonic() - self._checked.get(key, -CHECK) < CHECK:
                continue
            self._changed.discard(key)
            try:
                check(self._find().for_command([], self._work), key, actor=ACTOR, all_signals=False)
            except WriteStop:
                raise
            except Exception as error:  # the rows are in: the next check says it again
                LOG.warning("%s: not checked after a push: %s", key, sentence(error))
            self._checked[key] = time.monotonic()


def push_folder(workspace: Path) -> Path:
    """Where a workspace's write-ahead files lie."""
    return workspace.with_name(f"{workspace.name}.push")


def _groups(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Requests that can be one load: of one system and kind, their times written alike; decisions before labels."""
    groups: dict[tuple[bool, str, tuple[str, ...]], list[Request]] = {}
    for request in requests:
        receipt = request.receipt
        groups.setdefault((receipt.kind == "labels", receipt.system, request.iso), []).append(request)
    for place in sorted(groups):
        yield groups[place]


def _is_the_machine(error: Exception) -> bool:
    """Whether the machine failed, and not the rows: they wait, and are tried again."""
    passing = isinstance(error, (BusyWriter, MemoryShortage, OSError, WriteStop))
    return passing or cannot_write(error) or is_memory_shortage(error)

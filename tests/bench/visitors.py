"""``make bench-visitors``: people who click every ten seconds, with and without a load of a long log beside them.

Run as ``python -m tests.bench.visitors WORKSPACE [PEOPLE] [SECONDS] [LOG] [MAPPING...]``; the workspace is copied. A
server of its own holds the copy; each person is a tab with a socket that goes to a page of a system drawn at random and
thinks ten seconds on average. A visit is told by the seconds until its run has ended, and by the processor time of
the server's process divided by the visits, which other work on the machine changes less. ``LOG`` is loaded by the
command line beside the server in the second half; the phase *after* are the visits begun within ``AFTER`` seconds of
its commit, when nothing that was kept of the system holds any more. For the cost of new rows take a workspace that has
the log's system already.
"""

from __future__ import annotations

import collections
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.workspace import open_workspace
from tests.environment import product
from tests.served.serving import Server, Tab, serve

#: pages that a person looks at, the ones that open most often twice
PAGES = ("portfolio", "scorecard", "scorecard", "accuracy", "accuracy", "drift", "drift", "releases", "fairness",
         "quality", "alerts", "decisions", "governance", "trail")  # fmt: skip
THINKING = 10.0
#: seconds within which everybody comes
COMING = 30.0
#: seconds after a commit within which a visit meets what has to be made anew
AFTER = 20.0


@dataclass(frozen=True)
class Visit:
    """One visit: its page, when it began (Unix time), how many seconds until its run ended, and until it was whole and
    of the newest rows: a section that takes longer than the rest comes by itself, and so do rows that are new."""

    page: str
    begun: float
    seconds: float
    whole: float


@dataclass
class Visits:
    """Each visit, and what went wrong."""

    made: list[Visit] = field(default_factory=list)
    faults: collections.Counter[str] = field(default_factory=collections.Counter)

    def begun_within(self, start: float, seconds: float) -> list[Visit]:
        """The visits that began in these seconds after a moment, whenever they ended."""
        return [visit for visit in self.made if start <= visit.begun < start + seconds]


def _processor_seconds(pid: int) -> float:
    text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / 100


def _resident_mb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) // 1024


def _person(server: Server, seed: int, systems: list[str], visits: Visits, end: threading.Event) -> None:
    draw = random.Random(seed)
    if end.wait(draw.uniform(0, COMING)):
        return
    page = "opened"
    try:
        with Tab(server) as tab:
            tab.run("", f"system={draw.choice(systems)}")
            while not end.wait(draw.uniform(0, 2 * THINKING)):
                page = draw.choice(PAGES)
                at, begun = time.time(), time.perf_counter()
                opened = "" if page == "scorecard" else page, f"system={draw.choice(systems)}"
                tab.run(*opened)
                seconds = time.perf_counter() - begun
                while is_incomplete(tab) and not end.wait(max(look.interval for look in tab.looks)):
                    tab.look()
                visits.made.append(Visit(page, at, seconds, time.perf_counter() - begun))
                for kind in ("exception", "alert"):
                    for shown in tab.elements(kind):
                        visits.faults[f"{page}: {str(shown)[:80]}"] += 1
    except Exception as error:  # a connection that the machine has no time for is told, and its person gone
        visits.faults[f"{page}: {type(error).__name__}"] += 1


def is_incomplete(tab: Tab) -> bool:
    """Whether the page says that a section of it, or newer rows, are still being measured."""
    words = ("The rest of the page is complete", "until then this page shows the log before them")
    return any(said in shown.body for shown in tab.elements("markdown") for said in words)


def _visited(server: Server, systems: list[str], visits: Visits) -> None:
    """Everybody's pages once, so that what follows is what a visit again and again costs."""
    with Tab(server) as tab:
        for system in systems:
            for page in dict.fromkeys(PAGES):
                tab.run("" if page == "scorecard" else page, f"system={system}")


def waits(people: int, phase: str, span: float, seen: list[Visit]) -> dict[str, object]:
    """How long these visits took, in a row of figures. Those of a phase are the ones that began in it: to leave out
    what ended later would be to leave out the slow ones."""
    took, whole = (sorted(figures) for figures in ([v.seconds for v in seen], [v.whole for v in seen]))
    return {
        "people": people, "phase": phase, "seconds": round(span, 1), "visits": len(took),
        "median": round(statistics.median(took), 3) if took else None,
        "p95": round(took[int(0.95 * (len(took) - 1))], 3) if took else None,
        "longest": round(took[-1], 3) if took else None,
        "p95_whole": round(whole[int(0.95 * (len(whole) - 1))], 3) if whole else None,
    }  # fmt: skip


def committed_at(workspace: Path) -> float:
    """When the newest load went on the trail, which is the last that its transaction does (Unix time)."""
    ws = open_workspace(workspace)
    try:
        with ws.read() as cursor:
            newest, *_ = trail.entries(cursor, action=Act.LOADED, limit=1)
    finally:
        ws.close()
    return newest.at.timestamp()


def measure(workspace: Path, people: int, seconds: float, log: list[str]) -> list[dict[str, object]]:
    """Figures of each phase: visits, seconds, processor time a visit, resident memory."""
    visits, spans, rows = Visits(), [], []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(workspace, Path(folder) / "workspace.duckdb"))
        with serve(copy) as server:
            listed = [product.python(), "-m", "plumbline.cli", "systems", "--json", "--workspace", str(copy)]
            out = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
            systems = [row["key"] for row in json.loads(out)["systems"]]
            _visited(server, systems, visits)
            end = threading.Event()
            threads = [
                threading.Thread(target=_person, args=(server, seed, systems, visits, end), daemon=True)
                for seed in range(people)
            ]
            for thread in threads:
                thread.start()
            time.sleep(COMING)
            for phase in ("quiet", *(["loading"] if log else [])):
                at, begun, used = time.time(), time.perf_counter(), _processor_seconds(server.process.pid)
                if phase == "loading":
                    order = [product.python(), "-m", "plumbline.cli", "load", *log, "--workspace", str(copy)]
                    loaded = subprocess.run(order, check=False, capture_output=True, text=True)
                    print(loaded.stdout or loaded.stderr, file=sys.stderr)
                else:
                    time.sleep(seconds)
                span = time.perf_counter() - begun
                used = _processor_seconds(server.process.pid) - used
                spans.append((phase, at, span))
                rows.append(
                    {"processor_seconds": round(used, 1), "resident_mb": _resident_mb(server.process.pid)}
                )
            if log:
                time.sleep(AFTER)
            end.set()
            for thread in threads:  # a visit that is slow counts, too
                thread.join(60)
        if log:
            spans.append(("after", committed_at(copy), AFTER))
            log_lines = copy.with_suffix(".log").read_text().splitlines()
            print(*(line for line in log_lines if "figures of change" in line), sep="\n", file=sys.stderr)
            rows.append({})
    return [
        waits(people, phase, span, visits.begun_within(at, span)) | row | {"faults": dict(visits.faults)}
        for (phase, at, span), row in zip(spans, rows, strict=True)
    ]


def per_page(workspace: Path, turns: int = 5) -> dict[str, float]:
    """Processor seconds of a visit again and again, page by page, nobody else being there."""
    used: dict[str, list[float]] = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(workspace, Path(folder) / "workspace.duckdb"))
        with serve(copy) as server, Tab(server) as tab:
            tab.run()
            time.sleep(20)  # what a server reads beside its first visitors
            for turn in range(turns + 1):
                for page in dict.fromkeys(PAGES):
                    before = _processor_seconds(server.process.pid)
                    tab.run("" if page == "scorecard" else page)
                    time.sleep(0.3)  # what a visit leaves to be done
                    if turn:
                        used[page].append(_processor_seconds(server.process.pid) - before)
    return {page: round(statistics.median(values), 3) for page, values in used.items()}


if __name__ == "__main__":
    where, *given = sys.argv[1:]
    if given[:1] == ["pages"]:
        print(json.dumps(per_page(Path(where))))
    else:
        people, seconds = int((given or ["50"])[0]), float((given[1:] or ["60"])[0])
        for row in measure(Path(where), people, seconds, given[2:]):
            print(json.dumps(row), flush=True)

"""What pages need, made ready before anybody asks: after a load, when a server starts, and while it runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from plumbline.answers import explain
from plumbline.answers.cutoffs import cut_off
from plumbline.answers.decision import reference_profiles, surroundings
from plumbline.answers.facts import measure
from plumbline.answers.releases import releases
from plumbline.answers.segments import segments
from plumbline.domain import PlumblineError, System
from plumbline.explain.warm import KEPT
from plumbline.profile import decisions
from plumbline.store import kept, model_files, systems
from plumbline.store.workspace import Cursor, Workspace

#: versions of a system whose files are looked at again; the others are when they are asked for
VERSIONS = 8
#: kept of a system once everything below was asked
ALL_ASKED = "all of these"


def ready_after_load(ws: Workspace, key: str) -> None:
    """Hold the model files of a system against the log again, and keep what was found."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        files = sorted(model_files.model_files(cursor, key), key=lambda m: m.at, reverse=True)
        for held in files[:VERSIONS]:
            explain.sources(ws, cursor, system, held.version, surrogate=False)


def ready(ws: Workspace, stop: Callable[[], bool] = lambda: False) -> None:
    """Read what is kept into memory and start the processes of the newest model files; no surrogate is fitted.

    Args:
        stop: asked between versions.
    """
    with ws.read() as cursor:
        found = systems.list_systems(cursor)
        files = {s.key: [m for m in model_files.model_files(cursor, s.key) if m.passed] for s in found}
    newest = sorted((m.at, key, m.version) for key, held in files.items() for m in held)[-KEPT:]
    for system in found:
        with ws.read() as cursor:
            main = decisions.main_version(cursor, system)
            for version in dict.fromkeys([*(m.version for m in files[system.key][:VERSIONS]), main]):
                if stop():
                    return
                started = any((key, name) == (system.key, version) for _, key, name in newest)
                try:
                    _ready(ws, cursor, system, version, started)
                except PlumblineError:
                    continue  # its own page says why
            reference_profiles(ws, cursor, system)


def measure_again(ws: Workspace, stop: Callable[[], bool] = lambda: False) -> None:
    """Ask what only scans can tell of each system whose decisions changed, so that it is kept when a page asks.

    Args:
        stop: asked between questions.
    """
    with ws.read() as cursor:
        found = [(system, kept.rests_on(cursor, system)) for system in systems.list_systems(cursor)]
        due = [(s.key, digest) for s, digest in found if kept.find(cursor, s.key, ALL_ASKED, digest) is None]
    for key, digest in due:
        for question in (_judged, releases, segments):
            if stop():
                return
            with suppress(PlumblineError):  # its own page says why
                question(ws, key)
        with ws.read() as cursor:
            kept.keep(cursor, key, ALL_ASKED, digest, "true")


def _judged(ws: Workspace, key: str) -> None:
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
    measure(ws, system, datetime.now(UTC))


def _ready(ws: Workspace, cursor: Cursor, system: System, version: str, started: bool) -> None:
    held = explain.sources(ws, cursor, system, version, surrogate=False)
    around = surroundings(ws, cursor, system, version)
    cut_off(ws, cursor, system, version)
    if started:  # the process, and its tables
        explain.contributions_of(system, held, around.frame.head(1))

"""What one decision's page needs, made ready before anybody asks: after a load, and when a server starts."""

from __future__ import annotations

from collections.abc import Callable

from plumbline.answers import explain
from plumbline.answers.cutoffs import cut_off
from plumbline.answers.decision import reference_profiles, surroundings
from plumbline.domain import PlumblineError, System
from plumbline.explain.warm import KEPT
from plumbline.profile import decisions
from plumbline.store import model_files, systems
from plumbline.store.workspace import Cursor, Workspace

#: versions of a system whose files are looked at again; the others are when they are asked for
VERSIONS = 8


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


def _ready(ws: Workspace, cursor: Cursor, system: System, version: str, started: bool) -> None:
    held = explain.sources(ws, cursor, system, version, surrogate=False)
    around = surroundings(ws, cursor, system, version)
    cut_off(ws, cursor, system, version)
    if started:  # the process, and its tables
        explain.contributions_of(system, held, around.frame.head(1))

"""What pages need, made ready before anybody asks: after a load, when a server starts, and while it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from plumbline.answers.decisions import explain
from plumbline.answers.decisions.context import reference_profiles, surroundings
from plumbline.answers.decisions.cutoff import sampled_cut_off
from plumbline.answers.governance.facts import measure
from plumbline.answers.performance.leakage import find_leaks
from plumbline.answers.performance.segments import segments
from plumbline.answers.releases.history import releases
from plumbline.domain import PlumblineError, System
from plumbline.explain.sandbox.pool import KEPT
from plumbline.profile.scan import decisions
from plumbline.store import systems
from plumbline.store.cache import answer_cache
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.models import model_files
from plumbline.store.workspace import Cursor, Workspace

LOG = logging.getLogger("plumbline")

#: versions of a system whose files are looked at again; the others are when they are asked for
VERSIONS = 8
#: kept of a system once everything below was asked
ALL_ASKED = "all of these"


def check_model_files(ws: Workspace, key: str) -> None:
    """Hold the model files of a system against the log again, and keep what was found."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        files = sorted(model_files.model_files(cursor, key), key=lambda m: m.at, reverse=True)
        for model_file in files[:VERSIONS]:
            explain.sources(ws, cursor, system, model_file.version, surrogate=False)


def warm_caches(ws: Workspace, stop: Callable[[], bool] = lambda: False) -> None:
    """Read what is kept into memory and start the processes of the newest model files; no surrogate is fitted.

    What fails of one version or system is left to whoever asks for it, and costs nothing else.

    Args:
        stop: asked between versions.
    """
    with ws.read() as cursor:
        all_systems = systems.list_systems(cursor)
        files = {s.key: [m for m in model_files.model_files(cursor, s.key) if m.passed] for s in all_systems}
    newest = sorted((m.at, key, m.version) for key, system_files in files.items() for m in system_files)[
        -KEPT:
    ]
    started = {(key, version) for _, key, version in newest}
    for system in all_systems:
        versions = [m.version for m in files[system.key][:VERSIONS]]
        attempt(f"{system.key}: versions", stop, _warm_versions, ws, system, versions, started, stop)
        if stop():
            return
        attempt(f"{system.key}: reference", stop, _warm_reference, ws, system)


def measure_changed_systems(
    ws: Workspace, stop: Callable[[], bool] = lambda: False, rest: Callable[[], object] = lambda: None
) -> None:
    """Ask what only scans can tell of each system whose decisions changed, so that it is kept when a page asks.

    A question that fails in a way that nobody foresaw is asked again after the next change.

    Args:
        stop: asked between questions.
        rest: called before each question, to let others go first.
    """
    with ws.read() as cursor:
        all_systems = systems.list_systems(cursor)
    for system in all_systems:
        if stop():
            return
        attempt(f"{system.key}: measuring", stop, _measure_system, ws, system, stop, rest)


def attempt(what: str, stop: Callable[[], bool], step: Callable[..., object], *arguments: object) -> bool:
    """Take one step that others do not depend on; False where it failed in a way that the log has to tell."""
    try:
        step(*arguments)
    except PlumblineError:
        return True  # its own page says why
    except Exception as error:
        if not stop():  # what is being closed fails, and nobody waits for it
            LOG.warning("not made ready: %s: %r", what, error)
        return False
    return True


def _measure_system(
    ws: Workspace, system: System, stop: Callable[[], bool], rest: Callable[[], object]
) -> None:
    with ws.read() as cursor:
        digest = fingerprint(cursor, system)
        if answer_cache.find(cursor, system.key, ALL_ASKED, digest) is not None:
            return
    done = True
    for name, question in (
        ("judging", _warm_scorecard),
        ("releases", releases),
        ("segments", segments),
        ("inputs", _inputs),
    ):
        rest()
        if stop():
            return
        done &= attempt(f"{system.key}: {name}", stop, question, ws, system.key)
    if done:
        with ws.read() as cursor:
            answer_cache.keep(cursor, system.key, ALL_ASKED, digest, "true")
        LOG.info("%s: measured", system.key)


def _warm_versions(
    ws: Workspace,
    system: System,
    versions: list[str],
    started: set[tuple[str, str]],
    stop: Callable[[], bool],
) -> None:
    with ws.read() as cursor:
        main = decisions.main_version(cursor, system)
        for version in dict.fromkeys([*versions, main]):
            if stop():
                return
            begun = (system.key, version) in started
            attempt(f"{system.key}: a version", stop, _warm_version, ws, cursor, system, version, begun)


def _warm_reference(ws: Workspace, system: System) -> None:
    with ws.read() as cursor:
        reference_profiles(ws, cursor, system)


def _warm_scorecard(ws: Workspace, key: str) -> None:
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
    measure(ws, system, datetime.now(UTC))


def _inputs(ws: Workspace, key: str) -> None:
    with ws.read() as cursor:
        find_leaks(cursor, systems.get_system(cursor, key))


def _warm_version(ws: Workspace, cursor: Cursor, system: System, version: str, started: bool) -> None:
    held = explain.sources(ws, cursor, system, version, surrogate=False)
    around = surroundings(ws, cursor, system, version)
    sampled_cut_off(ws, cursor, system, version)
    if started:  # the process, and its tables
        explain.contributions_of(system, held, around.frame.head(1))

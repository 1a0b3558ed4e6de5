"""What the columns of a loaded system mean, and giving them other roles in place."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.answers.data.load import Progress, read_maps
from plumbline.answers.faults import sentence
from plumbline.domain import IGNORE, TEXT, PlumblineError, System
from plumbline.domain.messages import message
from plumbline.logs.load import new_roles
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace


def roles_of(ws: Workspace, key: str) -> dict[str, tuple[str, ...]]:
    """Column of the logs -> its roles; one that is kept as text alone is ignored.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        column_places = new_roles.column_layout(cursor, systems.get_system(cursor, key))
    return {
        column: tuple(IGNORE if p.role.role == TEXT else str(p.role) for p in places)
        for column, places in column_places.items()
    }


def change_roles(
    ws: Workspace, key: str, maps: Sequence[str], *, actor: str, progress: Progress | None = None
) -> dict[str, str]:
    """Give columns other roles, count anew, and check every chunk; returns column -> its roles now.

    Args:
        maps: ``COLUMN=ROLE``.
        progress: as of ``load_file``.

    Raises:
        PlumblineError: see ``new_roles.change_roles``; nothing has changed.
    """
    return _change_roles(ws, key, read_maps(maps), actor, None, progress)


def undo_roles(ws: Workspace, key: str, *, actor: str, progress: Progress | None = None) -> dict[str, str]:
    """Take the last change of roles back.

    Raises:
        PlumblineError: there is none that stands.
    """
    with ws.read() as cursor:
        last = new_roles.last_role_change(cursor, systems.get_system(cursor, key).key)
    if last is None:
        raise PlumblineError(
            message("No change of roles of {key} stands", key=key), todo="See the trail: plumbline trail."
        )
    return _change_roles(ws, key, last[1], actor, last[0], progress)


def _change_roles(
    ws: Workspace,
    key: str,
    maps: Sequence[tuple[str, str]],
    actor: str,
    undoes: int | None,
    progress: Progress | None,
) -> dict[str, str]:
    from plumbline.answers.alerts.check import check

    say = progress or (lambda _phrase, _share: None)

    def recount(cursor: Cursor, system: System) -> None:
        say("Counting anew", 0.4)
        build.rebuild(cursor, system)
        say("Checking every period", 1.0)  # what is left of the transaction is its commit

    say("Writing the columns anew", 0.0)
    changed_roles = new_roles.change_roles(ws, key, maps, actor=actor, after=recount, undoes=undoes)
    try:
        check(ws, key, actor=actor, all_signals=False)
    except Exception as error:  # the change is committed: nothing that fails from here on takes it back
        raise PlumblineError(
            "The roles are changed, but the signals could not be checked", where=key, todo=sentence(error)
        ) from error
    return changed_roles

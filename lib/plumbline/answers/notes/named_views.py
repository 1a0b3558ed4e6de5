"""Views under a name: a page with its window, version and filter as somebody set it up, for everybody to open."""

from __future__ import annotations

from collections.abc import Mapping

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.notes import NamedView
from plumbline.store import systems, trail
from plumbline.store.notes import named_views as store
from plumbline.store.workspace import Workspace, now

LONGEST_NAME = 60
#: of all values of an address together, in characters
LONGEST_QUERY = 4000


def list_views(ws: Workspace, key: str) -> tuple[NamedView, ...]:
    """Those of a system, by name."""
    with ws.read() as cursor:
        return store.views_of_system(cursor, key)


def save(ws: Workspace, key: str, *, name: str, page: str, query: Mapping[str, str], by: str) -> NamedView:
    """Keep a view under a name; one of the same name is replaced.

    Raises:
        PlumblineError: no such system, no name, or an address that is too long to be one.
    """
    who, title = signer(by, "A view"), " ".join(name.split())
    if not title:
        raise PlumblineError("A view has a name", todo="Give it one.")
    if len(title) > LONGEST_NAME:
        raise PlumblineError(
            message(
                "A name has {longest_name} characters at most; this one has {title}",
                longest_name=str(LONGEST_NAME),
                title=str(len(title)),
            )
        )
    if sum(len(part) for pair in query.items() for part in pair) > LONGEST_QUERY:
        raise PlumblineError("This view is too long to be kept", todo="Leave a filter out.")
    view = NamedView(name=title, system=key, page=page, query=tuple(query.items()), by=who, at=now())
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        store.keep(cursor, view)
        detail = {"view": title, "page": page}
        trail.append(cursor, actor=who, action=Act.VIEW_SAVED, system=key, detail=detail)
    return view


def remove(ws: Workspace, key: str, name: str, *, by: str) -> None:
    """Delete a view.

    Raises:
        PlumblineError: no such view of that system, or no name of who does it.
    """
    who = signer(by, "Removing a view")
    with ws.write() as cursor:
        store.read_view(cursor, key, name)
        store.remove(cursor, key, name)
        trail.append(cursor, actor=who, action=Act.VIEW_REMOVED, system=key, detail={"view": name})

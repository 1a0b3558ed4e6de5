"""Which hosts and folders the pages may read: listed by an owner on the trail, or by the machine's operator."""

from __future__ import annotations

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.probe.places import Place, is_link_local, parse_place
from plumbline.probe.places import operator_places as operator_places  # the pages and the command ask here
from plumbline.store import places as kept
from plumbline.store import trail
from plumbline.store.workspace import Workspace

MOST = 200


def places(ws: Workspace) -> tuple[Place, ...]:
    """All that is listed; the operator's own first, as what they bind holds."""
    return (*operator_places(), *owner_places(ws))


def owner_places(ws: Workspace) -> tuple[Place, ...]:
    """What owners listed in this workspace."""
    with ws.read() as cursor:
        return tuple(parse_place(text) for text in kept.places(cursor))


def list_place(ws: Workspace, text: str, *, by: str) -> Place:
    """List a place for the pages to read.

    Raises:
        PlumblineError: no name, no place, or a link-local address, which only the operator may list.
    """
    place = parse_place(text)
    if is_link_local(place):
        raise PlumblineError(
            "A link-local address is where a cloud hands out a machine's own credentials",
            where=place.text,
            todo="Only PLUMBLINE_HOSTS can list it.",
        )
    with ws.write() as cursor:
        places = kept.places(cursor)
        if place.text in places:
            raise PlumblineError("This place is listed already", where=place.text)
        if len(places) >= MOST:
            raise PlumblineError(
                message("{most} places are listed", most=str(MOST)), todo="Leave one out first."
            )
        kept.keep(cursor, [*places, place.text])
        trail.append(cursor, actor=_require_name(by), action=Act.PLACE_LISTED, detail={"place": place.text})
    return place


def remove_place(ws: Workspace, text: str, *, by: str) -> None:
    """Let the pages read a place no longer.

    Raises:
        PlumblineError: no name, or it is not listed in this workspace.
    """
    place = parse_place(text)
    with ws.write() as cursor:
        places = kept.places(cursor)
        if place.text not in places:
            raise PlumblineError("This place is not listed in this workspace", where=place.text)
        kept.keep(cursor, [other for other in places if other != place.text])
        trail.append(cursor, actor=_require_name(by), action=Act.PLACE_LEFT_OUT, detail={"place": place.text})


def _require_name(by: str) -> str:
    if not by.strip():
        raise PlumblineError("A list of places needs a name behind it", todo="Say who lists it.")
    return by.strip()

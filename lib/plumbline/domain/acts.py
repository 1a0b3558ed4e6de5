"""Who may do what: three roles, and the role that each act asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Access(StrEnum):
    """What a person who signs in may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    OWNER = "owner"

    def covers(self, needed: Access) -> bool:
        """Whether this role may do what asks for ``needed``."""
        ranks = list(Access)
        return ranks.index(self) >= ranks.index(needed)


#: role -> what it may do, in words
MAY = {
    Access.VIEWER: "sees everything and takes reports away; changes nothing",
    Access.ANALYST: "also loads logs and takes them back, registers model files, reads registries, sees alerts and "
    "keeps incidents and rehearsals",
    Access.OWNER: "also states what the verdict rests on (context, attestations, exemptions, settings, reviews), "
    "erases people, and says who may do what",
}

#: how an act begins on the trail -> the role it asks for; what is not named here asks for an owner
_NEEDS = (
    ("document issued", Access.VIEWER),
    ("load", Access.ANALYST),
    ("undo", Access.ANALYST),
    ("roles changed", Access.ANALYST),
    ("pull", Access.ANALYST),
    ("pull refused", Access.ANALYST),
    ("reference set", Access.ANALYST),
    ("signals checked", Access.ANALYST),
    ("decision records tried", Access.ANALYST),
    ("recorded: ", Access.ANALYST),
    ("incident ", Access.ANALYST),
    ("registry ", Access.ANALYST),
    ("attributions stored", Access.ANALYST),
    ("model file registered", Access.ANALYST),
    ("columns grouped", Access.ANALYST),
)


def needed(action: str) -> Access:
    """The role that an act on the trail asks for; an act that nobody thought of asks for the highest."""
    for begins, role in _NEEDS:
        if action == begins or (begins.endswith(" ") and action.startswith(begins)):
            return role
    return Access.OWNER


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, with the e-mail address as the provider gives it, in small letters."""

    email: str
    access: Access
    given_by: str
    given_at: datetime

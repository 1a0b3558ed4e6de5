"""Who may do what: three roles, and every act that is put on the trail with the role that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Access(StrEnum):
    """What a person who signs in may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    OWNER = "owner"

    def covers(self, needed: Access) -> bool:
        """Whether this role may do what asks for ``role_for``."""
        ranks = list(Access)
        return ranks.index(self) >= ranks.index(needed)


#: role -> what it may do, in words
MAY = {
    Access.VIEWER: "sees everything and takes reports away; changes nothing",
    Access.ANALYST: "also loads logs and takes them back, registers model files, reads registries, handles findings, "
    "tests channels and keeps incidents and rehearsals",
    Access.OWNER: "also states what the verdict rests on (context, attestations, exemptions, settings, reviews), "
    "sets up channels, erases people, and says who may do what",
}


class Act(StrEnum):
    """Everything that is put on the trail, in the words that are stored there: never change one.

    ``access``: the role that it asks for. ``changes_decisions``: whether a system's decisions, or what is counted of
    them, may be others after it; what scans of the decisions said is then measured again. Words that end with a blank
    are the beginning of a family of acts.
    """

    access: Access
    changes_decisions: bool

    def __new__(cls, words: str, access: Access, changes_decisions: bool = False) -> Act:
        """A member whose value is the words."""
        member = str.__new__(cls, words)
        member._value_ = words
        member.access = access
        member.changes_decisions = changes_decisions
        return member

    # --- decisions
    LOADED = "load", Access.ANALYST, True
    UNDONE = "undo", Access.ANALYST, True
    ERASED = "erase", Access.OWNER, True
    ROLES_CHANGED = "roles changed", Access.ANALYST, True
    REFERENCE_SET = "reference set", Access.ANALYST, True
    SYSTEM_REMOVED = "system removed", Access.OWNER, True
    COUNTED_ANEW = "counted anew", Access.ANALYST, True
    PUSHES_MERGED = "pushes merged", Access.ANALYST, True
    PULLED = "pull", Access.ANALYST
    PULL_REFUSED = "pull refused", Access.ANALYST
    # --- what was measured and kept
    SIGNALS_CHECKED = "signals checked", Access.ANALYST
    SCORECARD_KEPT = "scorecard kept", Access.OWNER
    RECORDS_TRIED = "decision records tried", Access.ANALYST
    ATTRIBUTIONS_STORED = "attributions stored", Access.ANALYST
    MODEL_REGISTERED = "model file registered", Access.ANALYST
    MODEL_REFUSED = "model file refused", Access.ANALYST
    COLUMNS_GROUPED = "columns grouped", Access.ANALYST
    REGISTRY = "registry ", Access.ANALYST
    REGISTRY_READ = "registry read", Access.ANALYST
    REGISTRY_FORGOTTEN = "registry forgotten", Access.ANALYST
    # --- what people state
    CONTEXT_ANSWERED = "context answered", Access.OWNER
    CONTEXT_APPROVED = "context approved", Access.OWNER
    SETTINGS_CHANGED = "settings changed", Access.OWNER
    CONTROL_ATTESTED = "control attested", Access.OWNER
    ATTESTATION_APPROVED = "attestation approved", Access.OWNER
    CONTROL_EXEMPTED = "control exempted", Access.OWNER
    EXEMPTION_ASKED = "exemption asked for", Access.OWNER
    EXEMPTION_APPROVED = "exemption approved", Access.OWNER
    DOCUMENT_ISSUED = "document issued", Access.VIEWER
    DOCUMENT_REVIEWED = "document reviewed", Access.OWNER
    RECORDED = "recorded: ", Access.ANALYST
    INCIDENT = "incident ", Access.ANALYST
    INCIDENT_CLASSIFIED = "incident classified", Access.ANALYST
    INCIDENT_NOTIFIED = "incident notified", Access.ANALYST
    # --- acting on what was found
    TRIGGER_SET = "trigger set", Access.OWNER
    TRIGGER_REMOVED = "trigger removed", Access.OWNER
    TRIGGER_APPROVED = "trigger approved", Access.OWNER
    TRIGGER_FIRED = "trigger fired", Access.OWNER
    TRIGGER_TESTED = "trigger tested", Access.ANALYST
    TRIGGER_FOLLOWED = "trigger followed", Access.ANALYST
    ROLLBACK_ARMED = "rollback armed", Access.OWNER
    ROLLBACK_LOWERED = "rollback mode lowered", Access.ANALYST
    ROLLBACK_PROPOSED = "rollback proposed", Access.ANALYST
    ROLLBACK_FOLLOWED = "rollback followed", Access.ANALYST
    ROLLBACK_DRILLED = "rollback drilled", Access.ANALYST
    ROLLBACK_DONE = "rollback done", Access.OWNER
    ALERTS_SENT = "alerts sent", Access.ANALYST
    ALERT_NOT_DELIVERED = "alert not delivered", Access.ANALYST
    CHANNEL_ADDED = "channel added", Access.OWNER
    CHANNEL_CHANGED = "channel changed", Access.OWNER
    CHANNEL_REMOVED = "channel removed", Access.OWNER
    CHANNEL_TESTED = "channel tested", Access.ANALYST
    CHANNEL_CONFIRMED = "channel confirmed", Access.ANALYST
    CHANNEL_GONE = "channel gone", Access.ANALYST
    FINDING_ASSIGNED = "finding assigned", Access.ANALYST
    FINDING_MUTED = "finding muted", Access.ANALYST
    FINDING_COMMENTED = "finding commented", Access.ANALYST
    # --- what people write beside the figures
    EVENT_ADDED = "event added", Access.ANALYST
    EVENT_REMOVED = "event removed", Access.ANALYST
    DECISION_COMMENTED = "decision commented", Access.ANALYST
    VIEW_SAVED = "view saved", Access.ANALYST
    VIEW_REMOVED = "view removed", Access.ANALYST
    # --- stopping it all
    ACTING_STOPPED = "acting stopped", Access.ANALYST
    ACTING_RESUMED = "acting resumed", Access.OWNER
    # --- of the workspace, not of a system
    RELEASES_FROZEN = "releases frozen", Access.OWNER
    ROLE_GIVEN = "role given", Access.OWNER
    ROLE_TAKEN = "role taken", Access.OWNER
    SIGN_IN = "sign-in ", Access.OWNER
    TOKEN_ADDED = "token added", Access.OWNER
    TOKEN_REVOKED = "token revoked", Access.OWNER
    PLACE_LISTED = "place listed", Access.OWNER
    PLACE_LEFT_OUT = "place left out", Access.OWNER
    COPIES_DELETED = "copies deleted", Access.OWNER
    WORKSPACE_MIGRATED = "workspace migrated", Access.OWNER
    SCHEDULE_SET = "schedule set", Access.OWNER
    TIME_AUTHORITY_SET = "time authority set", Access.OWNER
    BACKED_UP = "workspace backed up", Access.OWNER
    WORKSPACE_RESTORED = "workspace restored", Access.OWNER
    RESTORE_REHEARSED = "restore of a copy rehearsed", Access.OWNER

    @property
    def is_family(self) -> bool:
        """Whether more words follow, which say what was done."""
        return self.value.endswith(" ")

    def with_words(self, words: str) -> str:
        """One act of a family, as it is stored."""
        return f"{self.value}{words}"


_BY_WORDS = {act.value: act for act in Act}
#: acts of watching: they say what was measured, and that it was told; no figure rests on them
WATCHING = (Act.SIGNALS_CHECKED, Act.SCORECARD_KEPT, Act.ALERTS_SENT, Act.ALERT_NOT_DELIVERED)
#: acts that nobody waits for: rows that arrive, and what follows from them by itself
ARRIVING = (
    *WATCHING, Act.LOADED, Act.PULLED, Act.PULL_REFUSED, Act.PUSHES_MERGED, Act.RECORDS_TRIED, Act.TRIGGER_FIRED,
    Act.TRIGGER_FOLLOWED, Act.ROLLBACK_PROPOSED, Act.ROLLBACK_FOLLOWED,
)  # fmt: skip
#: acts that keep or hand out what was measured
_MEASURING = frozenset(
    (Act.SIGNALS_CHECKED, Act.SCORECARD_KEPT, Act.RECORDS_TRIED, Act.ATTRIBUTIONS_STORED, Act.MODEL_REGISTERED,
     Act.MODEL_REFUSED, Act.DOCUMENT_ISSUED)
)  # fmt: skip


def measures(words: str) -> bool:
    """Whether an act, by its words on the trail, keeps or hands out what was measured of a system's decisions."""
    return words in _MEASURING


def act_of(action: str) -> Act | None:
    """The act that an entry of the trail is, or its family; None where nobody named it."""
    return _BY_WORDS.get(action) or next(
        (act for act in Act if act.is_family and action.startswith(act)), None
    )


def role_for(action: str) -> Access:
    """The role that an act on the trail asks for; an act that nobody thought of asks for the highest."""
    act = act_of(action)
    return act.access if act else Access.OWNER


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, with the e-mail address as the provider gives it, in small letters."""

    email: str
    access: Access
    given_by: str
    given_at: datetime


#: before a token's name where it signs an act: no e-mail address holds a blank
SIGNATURE = "token "


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token, without its secret. ``systems``: keys of those that it may be used for; empty: all.

    ``until``: the last day (UTC) on which it holds; None: until it is revoked.
    """

    name: str
    access: Access
    systems: tuple[str, ...]
    until: date | None
    given_by: str
    given_at: datetime
    revoked_at: datetime | None = None

    @property
    def actor(self) -> str:
        """Who acts, as the trail names it."""
        return f"{SIGNATURE}{self.name}"

    def is_valid(self, on: date) -> bool:
        """Whether it may be used on a day."""
        return self.revoked_at is None and (self.until is None or on <= self.until)

    def covers(self, system: str) -> bool:
        """Whether it may be used for a system."""
        return not self.systems or system in self.systems

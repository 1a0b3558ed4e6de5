"""What happened to a system between two moments, as an audit over a period asks: changes, incidents, access, controls.

Everything is read from the trail, the registers and the kept scorecards; nothing that they do not hold is filled in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from plumbline.answers.alerts.incidents import read_incidents
from plumbline.answers.events import REHEARSAL_EVENTS
from plumbline.domain import PlumblineError, Scorecard, Status, System, TrailEntry
from plumbline.domain.acts import Act, act_of
from plumbline.governance import canonical_json
from plumbline.governance.incident_deadlines import Incident
from plumbline.monitor.chunks import midnight
from plumbline.store import findings, scorecards, systems, trail
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Cursor, Workspace

T = TypeVar("T", Incident, FindingRecord)

#: acts that change what a system decides, how it is judged, or who is told
CHANGES = (
    Act.LOADED,
    Act.UNDONE,
    Act.ERASED,
    Act.ROLES_CHANGED,
    Act.REFERENCE_SET,
    Act.COUNTED_ANEW,
    Act.PUSHES_MERGED,
    Act.COLUMNS_GROUPED,
    Act.MODEL_REGISTERED,
    Act.CONTEXT_ANSWERED,
    Act.CONTEXT_APPROVED,
    Act.SETTINGS_CHANGED,
    Act.CONTROL_ATTESTED,
    Act.ATTESTATION_APPROVED,
    Act.CONTROL_EXEMPTED,
    Act.EXEMPTION_ASKED,
    Act.EXEMPTION_APPROVED,
    Act.TRIGGER_SET,
    Act.TRIGGER_REMOVED,
    Act.TRIGGER_APPROVED,
    Act.TRIGGER_FIRED,
    Act.ROLLBACK_ARMED,
    Act.ROLLBACK_LOWERED,
    Act.ROLLBACK_DONE,
    Act.CHANNEL_ADDED,
    Act.CHANNEL_CHANGED,
    Act.CHANNEL_CONFIRMED,
    Act.CHANNEL_REMOVED,
    Act.CHANNEL_GONE,
    Act.FINDING_MUTED,
    Act.ACTING_STOPPED,
    Act.ACTING_RESUMED,
    Act.RELEASES_FROZEN,
    Act.SCHEDULE_SET,
    Act.TIME_AUTHORITY_SET,
    Act.WORKSPACE_MIGRATED,
    Act.WORKSPACE_RESTORED,
)
#: acts that say who may do what
ACCESS = (Act.ROLE_GIVEN, Act.ROLE_TAKEN, Act.TOKEN_ADDED, Act.TOKEN_REVOKED, Act.SIGN_IN)
#: acts that try whether something works; recorded events beside them, see ``events.REHEARSAL_EVENTS``
REHEARSALS = (
    Act.RESTORE_REHEARSED,
    Act.ROLLBACK_DRILLED,
    Act.TRIGGER_TESTED,
    Act.CHANNEL_TESTED,
    Act.RECORDS_TRIED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """From when somebody had another role. Empty: none. ``expired``: nobody did it, as a token ends by itself."""

    at: datetime
    by: str
    before: str
    after: str
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """One person's or token's access. Empty: none. ``changes``: those within the period."""

    who: str
    at_start: str
    at_end: str
    changes: tuple[AccessChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSpell:
    """A time in which a control stood the same. ``until`` None: to the end of the period.

    ``card_sha256``: the kept scorecard that says so first; ``sentence``: its evidence then.
    """

    control: str
    title: str
    status: Status
    requirement: str
    kind: str
    since: datetime
    until: datetime | None
    sentence: str
    card_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One system from ``start`` to before ``end``. Entries are oldest first.

    ``known_from``: the moment of the first kept scorecard that speaks for the period; None: there is none. ``checks``:
    when the signals were checked.
    """

    system: System
    start: datetime
    end: datetime
    at: datetime
    changes: tuple[TrailEntry, ...]
    rehearsals: tuple[TrailEntry, ...]
    access: tuple[AccessRecord, ...]
    incidents: tuple[Incident, ...]
    findings: tuple[FindingRecord, ...]
    spells: tuple[ControlSpell, ...]
    verdicts: tuple[tuple[datetime, str], ...]
    known_from: datetime | None
    checks: tuple[datetime, ...]

    @property
    def longest_pause(self) -> float | None:
        """Days of the longest time without a check, up to the end or today; None where none was made."""
        if not self.checks:
            return None
        last = min(self.end, self.at)
        moments = [self.start, *self.checks, last]
        return max((b - a).total_seconds() for a, b in pairwise(moments)) / 86_400


def period(ws: Workspace, key: str, start: datetime | None, end: datetime | None) -> Period:
    """The evidence of one system over a period.

    Raises:
        PlumblineError: no such system, a side of the period is open, or it has not begun.
    """
    at = datetime.now(UTC)
    if start is None or end is None:
        raise PlumblineError("A period needs both its days", todo="Write A..B, e.g. 2026-01-01..2026-07-01.")
    if start > at:
        raise PlumblineError("The period has not begun", todo="Choose an earlier one.")
    with ws.read_consistently() as cursor:
        length = trail.length(cursor)
        system = systems.get_system(cursor, key)
        entries = [
            e
            for e in reversed(trail.entries(cursor, limit=length, before=length + 1))
            if e.system in ("", key) and e.at < end
        ]
        inside = [e for e in entries if e.at >= start]
        spells, known_from = _control_spells(cursor, key, start, end)
        return Period(
            system=system,
            start=start,
            end=end,
            at=at,
            changes=tuple(_entries_of_acts(inside, CHANGES)),
            rehearsals=tuple(_rehearsals(inside)),
            access=_access(_entries_of_acts(entries, ACCESS), key, start, min(end, at)),
            incidents=_open_in_period(read_incidents(cursor, key), lambda i: i.aware_at, start, end),
            findings=_open_in_period(
                findings.recorded_findings(cursor, key), lambda r: r.recorded_at, start, end
            ),
            spells=spells,
            verdicts=tuple((t, v) for t, v in scorecards.verdicts(cursor, key) if start <= t < end),
            known_from=known_from,
            checks=tuple(e.at for e in _entries_of_acts(inside, (Act.SIGNALS_CHECKED,))),
        )


def _entries_of_acts(entries: Iterable[TrailEntry], acts: Sequence[Act]) -> list[TrailEntry]:
    return [entry for entry in entries if act_of(entry.action) in acts]


def _rehearsals(entries: Iterable[TrailEntry]) -> list[TrailEntry]:
    """What was rehearsed or tested. A drill or test of a trigger is noted before it begins and when it ends: its last
    entry counts."""
    last_entries: dict[str, TrailEntry] = {}
    for entry in entries:
        act = act_of(entry.action)
        event = entry.action.removeprefix(Act.RECORDED)
        if act in REHEARSALS or (act is Act.RECORDED and event in REHEARSAL_EVENTS):
            last_entries[str(entry.detail.get("run") or entry.seq)] = entry
    return sorted(last_entries.values(), key=lambda entry: entry.seq)


def _open_in_period(
    known: Iterable[T], opened: Callable[[T], datetime], start: datetime, end: datetime
) -> tuple[T, ...]:
    """The incidents or findings that were open at any time of the period, the oldest first."""
    within = [
        item for item in known if opened(item) < end and (item.closed_at is None or item.closed_at >= start)
    ]
    return tuple(sorted(within, key=lambda item: (opened(item), item.id)))


def _access(
    entries: Iterable[TrailEntry], key: str, start: datetime, end: datetime
) -> tuple[AccessRecord, ...]:
    """Who could do what with a system at the start and at the end, by playing the trail of before the end."""
    people: dict[str, AccessRecord] = {}
    for moment, by, who, role, expired in sorted(
        _access_events(entries, key, end), key=lambda event: event[0]
    ):
        person = people.get(who, AccessRecord(who=who, at_start="", at_end="", changes=()))
        if moment < start:
            people[who] = replace(person, at_start=role, at_end=role)
        elif role != person.at_end:
            change = AccessChange(at=moment, by=by, before=person.at_end, after=role, expired=expired)
            people[who] = replace(person, at_end=role, changes=(*person.changes, change))
    present = (a for a in people.values() if a.at_start or a.at_end or a.changes)
    return tuple(sorted(present, key=lambda a: a.who))


def _access_events(
    entries: Iterable[TrailEntry], key: str, end: datetime
) -> Iterator[tuple[datetime, str, str, str, bool]]:
    """Each moment with by whom, who, the role from then on, and whether nobody did it: tokens end by themselves."""
    elsewhere: set[str] = set()  # tokens that are for other systems only
    for entry in entries:
        act, detail = act_of(entry.action), entry.detail
        if act is Act.SIGN_IN:
            yield entry.at, entry.actor, "sign-in", entry.action.removeprefix(Act.SIGN_IN), False
        elif act in (Act.TOKEN_ADDED, Act.TOKEN_REVOKED):
            who = f"token {detail.get('name', '')}"
            if detail.get("systems") and key not in detail["systems"]:
                elsewhere.add(who)
            if who in elsewhere:
                continue
            yield entry.at, entry.actor, who, str(detail.get("role", "")), False
            if detail.get("until"):
                last = date.fromisoformat(str(detail["until"]))
                over = midnight(last + timedelta(days=1))
                if over < end:
                    yield over, "", who, "", True
        else:
            role = str(detail.get("role", "")) if act is Act.ROLE_GIVEN else ""
            yield entry.at, entry.actor, str(detail.get("email", "")), role, False


def _control_spells(
    cursor: Cursor, key: str, start: datetime, end: datetime
) -> tuple[tuple[ControlSpell, ...], datetime | None]:
    """How each control stood, from scorecard to scorecard, and from when that is known."""
    stored_cards = [item for item in scorecards.list_scorecards(cursor, key) if item.at < end and item.card]
    before = [item for item in stored_cards if item.at < start]
    cards = [*before[-1:], *(item for item in stored_cards if item.at >= start)]
    spells_by_control: dict[str, list[ControlSpell]] = {}
    for item in cards:
        card = canonical_json.read(Scorecard, item.card)
        since = max(item.at, start)
        for control in card.controls:
            spells = spells_by_control.setdefault(control.id, [])
            standing = (control.status, control.requirement.value, control.evidence.kind.value)
            last = spells[-1] if spells else None
            if last is not None:
                if (last.status, last.requirement, last.kind) == standing:
                    continue
                spells[-1] = replace(last, until=since)
            spells.append(
                ControlSpell(
                    control=control.id,
                    title=control.title,
                    status=control.status,
                    requirement=control.requirement.value,
                    kind=control.evidence.kind.value,
                    since=since,
                    until=None,
                    sentence=control.evidence.sentence,
                    card_sha256=item.card_sha256,
                )
            )
    control_spells = tuple(
        spell for control in sorted(spells_by_control) for spell in spells_by_control[control]
    )
    return control_spells, max(cards[0].at, start) if cards else None


def detail_json(entry: TrailEntry) -> str:
    """What an entry says beside its act, as JSON on one line."""
    return json.dumps(entry.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

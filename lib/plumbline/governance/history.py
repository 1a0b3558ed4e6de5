"""Scorecards of the past: what one was computed from, computing it again, and what changed between two.

A scorecard is a pure function of its inputs, the catalogue and the rules. The inputs are kept as canonical JSON;
catalogue and rules by their hash, so that a change of either is said and never silent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from plumbline.domain import (
    Attestation,
    ControlResult,
    Exemption,
    Requirement,
    Scorecard,
    Status,
    json_object,
    json_value,
)
from plumbline.domain.source_digest import source_digest
from plumbline.governance import canonical_json
from plumbline.governance.catalogue import FILE
from plumbline.governance.facts import Facts
from plumbline.governance.verdict import scorecard

HERE = Path(__file__).parent
HOME = HERE.parent
#: modules of other rooms that the rules of evidence import
CALLED = ("monitor/fairness/groups.py", "monitor/statistics/proportions.py", "wording/quantities.py")
NO_MOMENT = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardInputs:
    """Everything that one scorecard is computed from."""

    system: str
    at: datetime
    facts: Facts
    context: dict[str, str] = field(default_factory=dict)
    attestations: tuple[Attestation, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    limits: dict[str, dict[str, float]] = field(default_factory=dict)  # the owner's stricter ones
    stake: dict[str, Any] = field(default_factory=dict)
    four_eyes: bool = False
    alone: tuple[str, ...] = ()  # questions whose answer no second person has approved


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChange:
    """One control that stands differently in two scorecards. A status is empty where it was not in one."""

    id: str
    title: str
    before: str
    after: str
    was: str  # the evidence then
    now: str
    mandatory: bool

    @property
    def is_improvement(self) -> bool:
        """Whether it moved towards pass."""
        order = [Status.PASS, Status.EXEMPT, Status.PARTIAL, Status.UNKNOWN, Status.FAIL]
        known = [s.value for s in order]
        return self.after in known and (
            self.before not in known or known.index(self.after) < known.index(self.before)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed from one scorecard to a later one."""

    before: Scorecard
    after: Scorecard
    controls: tuple[ControlChange, ...]  # what became worse first
    context: tuple[tuple[str, str, str], ...] = ()  # question, answer then, answer now
    statements: tuple[str, ...] = ()  # made, withdrawn or ended between the two, in words
    catalogue_changed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Verdicts of two scorecards and every control that stands differently, what became worse first."""
        return json_object(
            {
                "system": self.after.system,
                "before": {"at": self.before.at, "verdict": self.before.verdict},
                "after": {"at": self.after.at, "verdict": self.after.verdict},
                "controls": [{**json_value(c), "better": c.is_improvement} for c in self.controls],
                "context": [{"question": key, "before": was, "after": now} for key, was, now in self.context],
                "statements": self.statements,
                "catalogue_changed": self.catalogue_changed,
            }
        )


def judge(inputs: ScorecardInputs) -> Scorecard:
    """The scorecard of these inputs: the only way in which one is made."""
    return scorecard(
        inputs.system,
        inputs.facts,
        inputs.context,
        inputs.attestations,
        inputs.exemptions,
        inputs.at,
        inputs.stake,
        tightened=inputs.limits,
        four_eyes=inputs.four_eyes,
        alone=inputs.alone,
    )


def recompute(given: str) -> str:
    """From kept inputs to the scorecard's canonical JSON.

    Raises:
        PlumblineError: the inputs cannot be read.
    """
    return canonical_json.write(judge(canonical_json.read(ScorecardInputs, given)))


def sha256(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def scorecard_digest(inputs: ScorecardInputs, card: Scorecard) -> str:
    """A hash of the inputs apart from the moment, and of what they come to.

    Two scorecards with the same one rest on the same and say the same: only the first has to be kept. A
    statement that ends changes what they come to, with no input changed. Measured numbers count to nine digits: a
    sum that ends in other bits on another processor is no other input.
    """
    timeless = replace(inputs, at=NO_MOMENT)
    if not inputs.facts.decisions:  # without a log the facts speak for the moment itself
        timeless = replace(timeless, facts=replace(inputs.facts, as_of=NO_MOMENT))
    statuses = {control.id: control.status for control in card.controls}
    text = canonical_json.write([timeless, card.verdict, statuses])
    return sha256(
        canonical_json.write(json.loads(text, parse_float=lambda number: float(f"{float(number):.9g}")))
    )


@cache
def catalogue_hash() -> str:
    """The SHA-256 of the catalogue's file."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


@cache
def rules_hash() -> str:
    """The SHA-256 over the source of every module that takes part in a verdict, and over their places."""
    return source_digest(rule_files(), HOME)


def rule_files() -> tuple[Path, ...]:
    """The modules that take part in a verdict: this room, folders below it included, the nouns, and what it calls."""
    rooms = [path for room in (HERE, HOME / "domain") for path in room.rglob("*.py")]
    return tuple(sorted([*rooms, *(HOME / name for name in CALLED)]))


def compare(
    before: Scorecard,
    after: Scorecard,
    given: tuple[ScorecardInputs, ScorecardInputs] | None = None,
    *,
    catalogue_changed: bool = False,
) -> Changes:
    """What changed from one scorecard to another, control by control; with inputs also what people said."""
    old, new = ({c.id: c for c in card.controls} for card in (before, after))
    changed = [
        _change(old.get(key), new.get(key))
        for key in dict.fromkeys([*new, *old])
        if _status_and_requirement(old.get(key)) != _status_and_requirement(new.get(key))
    ]
    changed.sort(key=lambda c: (c.is_improvement, not c.mandatory))
    context, statement_lines = ((), ()) if given is None else (_answers(*given), _statements(*given))
    return Changes(
        before=before,
        after=after,
        controls=tuple(changed),
        context=context,
        statements=statement_lines,
        catalogue_changed=catalogue_changed,
    )


def _status_and_requirement(result: ControlResult | None) -> tuple[str, str]:
    return ("", "") if result is None else (result.status.value, result.requirement.value)


def _change(old: ControlResult | None, new: ControlResult | None) -> ControlChange:
    result = new or old
    assert result is not None
    return ControlChange(
        id=result.id,
        title=result.title,
        before=old.status.value if old else "",
        after=new.status.value if new else "",
        was=old.evidence.sentence if old else "",
        now=new.evidence.sentence if new else "",
        mandatory=any(r is not None and r.requirement is Requirement.MANDATORY for r in (old, new)),
    )


def _answers(before: ScorecardInputs, after: ScorecardInputs) -> tuple[tuple[str, str, str], ...]:
    keys = sorted({*before.context, *after.context})
    pairs = ((key, before.context.get(key, ""), after.context.get(key, "")) for key in keys)
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _statements(before: ScorecardInputs, after: ScorecardInputs) -> tuple[str, ...]:
    lines = [
        f"{a.owner} attested {a.control} ({a.status.value})"
        for a in after.attestations
        if a.id not in {b.id for b in before.attestations} or (not a.id and a not in before.attestations)
    ]
    lines += [_exemption_words(e, before.exemptions) for e in _new_items(before.exemptions, after.exemptions)]
    known = {a.id for a in before.attestations if not a.approved_by}
    lines += [
        f"{a.approved_by} approved the statement by {a.owner} on {a.control}"
        for a in after.attestations
        if a.approved_by and a.id in known
    ]
    lines += [
        f"a second person approved the answer to {key}"
        for key in before.alone
        if key not in after.alone and before.context.get(key) == after.context.get(key)
    ]
    day, since = after.at.date(), before.at.date()
    lines += [
        f"the statement by {a.owner} on {a.control} ended on {a.expires.isoformat()}"
        for a in after.attestations
        if since <= a.expires < day
    ]
    lines += [
        f"the exemption of {e.control} ended on {e.until.isoformat()}"
        for e in after.exemptions
        if since <= e.until < day
    ]
    for name, limits in _changed_limits(before.limits, after.limits).items():
        lines.append(
            f"limits of {name} set to {', '.join(f'{k} {v:g}' for k, v in limits.items()) or 'the catalogue'}"
        )
    return tuple(lines)


def _exemption_words(given: Exemption, before: tuple[Exemption, ...]) -> str:
    until = f"until {given.until.isoformat()}"
    if not given.approver:
        return f"{given.proposer} asked for an exemption of {given.control} {until}"
    if given.id and given.id in {e.id for e in before}:
        return f"{given.approver} approved the exemption of {given.control} {until}"
    return f"{given.approver} exempted {given.control} {until}"


def _new_items(before: tuple[Any, ...], after: tuple[Any, ...]) -> list[Any]:
    return [item for item in after if item not in before]


def _changed_limits(
    before: Mapping[str, dict[str, float]], after: Mapping[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    return {key: after.get(key, {}) for key in sorted({*before, *after}) if before.get(key) != after.get(key)}

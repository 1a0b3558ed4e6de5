"""Scorecards of the past: the one of a date, computed again from what was kept, and what changed between two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from plumbline.domain import PlumblineError, Scorecard
from plumbline.domain.messages import message
from plumbline.governance import canonical_json, history
from plumbline.governance.history import Changes, ScorecardInputs
from plumbline.store import scorecards, systems
from plumbline.store.scorecards import StoredScorecard
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.times import iso_day, read_time

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastScorecard:
    """One kept scorecard.

    ``same``: computed again from its inputs, it came out with the same bytes; None where catalogue or rules
    changed since, or where it was kept before inputs were. ``sentence`` says so.
    """

    card: Scorecard
    at: datetime
    same: bool | None
    sentence: str
    inputs_sha256: str
    card_sha256: str
    catalogue_sha256: str


def past_scorecard(ws: Workspace, key: str, day: str) -> PastScorecard:
    """The scorecard that held at the end of a day (or at a moment), as it was kept, and proof that it is whole.

    Raises:
        PlumblineError: none had been made by then, or it was kept without its inputs.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        scorecard = _scorecard_on(cursor, key, day)
    same, sentence = _proof(scorecard)
    return PastScorecard(
        card=canonical_json.read(Scorecard, scorecard.card),
        at=scorecard.at,
        same=same,
        sentence=sentence,
        inputs_sha256=history.sha256(scorecard.given),
        card_sha256=scorecard.card_sha256,
        catalogue_sha256=scorecard.catalogue,
    )


def changes(ws: Workspace, key: str, first: str, second: str) -> Changes:
    """What changed between the scorecards that held on two days, control by control.

    Raises:
        PlumblineError: as ``past_scorecard``.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        return _compare_scorecards(_scorecard_on(cursor, key, first), _scorecard_on(cursor, key, second))


def changes_since_last(cursor: Cursor, key: str) -> Changes | None:
    """What changed from the scorecard before the newest one; None where there is none before."""
    now, before = scorecards.newest_pair(cursor, key)
    return _compare_scorecards(before, now) if now and before else None


def _compare_scorecards(before: StoredScorecard, after: StoredScorecard) -> Changes:
    cards = [canonical_json.read(Scorecard, record.card) for record in (before, after)]
    inputs = (
        canonical_json.read(ScorecardInputs, before.given),
        canonical_json.read(ScorecardInputs, after.given),
    )
    moved = (before.catalogue, before.rules) != (after.catalogue, after.rules)
    return history.compare(cards[0], cards[1], inputs, catalogue_changed=moved)


def _scorecard_on(cursor: Cursor, key: str, day: str) -> StoredScorecard:
    moment = read_time(day, "--at")
    whole_day = len(day.strip()) == len("2026-01-01")
    scorecard = scorecards.scorecard_before(
        cursor, key, moment + (DAY if whole_day else timedelta(microseconds=1))
    )
    if scorecard is None:
        verdict_history = scorecards.verdicts(cursor, key)
        first = (
            f"The first one is of {iso_day(verdict_history[0][0])}."
            if verdict_history
            else "Compute one first."
        )
        raise PlumblineError(
            message("No scorecard of {key} had been made by {day}", key=key, day=day), todo=first
        )
    if not scorecard.given:
        raise PlumblineError(
            message(
                "The scorecard of {key} of {at} was kept as its verdict alone ({verdict})",
                key=key,
                at=iso_day(scorecard.at),
                verdict=scorecard.verdict,
            ),
            todo="Choose a later date.",
        )
    return scorecard


def _proof(stored: StoredScorecard) -> tuple[bool | None, str]:
    if history.sha256(stored.card) != stored.card_sha256:
        return False, "The kept scorecard does not fit its own hash: it was altered."
    if stored.catalogue != history.catalogue_hash():
        return None, "The catalogue changed since. This is the scorecard as it was made then."
    again = history.recompute(stored.given)
    if again == stored.card:
        return True, "Computed again from its inputs, it comes out the same to the byte."
    if stored.rules != history.rules_hash():
        return None, "The rules changed since. This is the scorecard as it was made then."
    return False, "Computed again from its inputs, it comes out otherwise: what was kept was altered."

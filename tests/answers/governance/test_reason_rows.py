"""The rows that a reason opens are those that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.decisions.find import find
from plumbline.answers.governance.reason_rows import EvidenceRows, _levels, evidence_rows
from plumbline.answers.governance.scorecard import Answer, scorecard_answer
from plumbline.answers.statements import change_settings
from plumbline.governance.facts import FairnessGroup
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import HEADER, csv_bytes, decisions
from tests.factory.workspaces import load_log

START = datetime(2026, 1, 1, tzinfo=UTC)
MORE = (*HEADER, "email", "version", "channel", "trained")
MAPS = [
    ("email", "feature"), ("version", "version"), ("channel", "segment"), ("trained", "trained_at"),
    ("age", "feature"), ("region", "feature"),
]  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A system with its scorecard and the rows of its reasons."""

    ws: Workspace
    answer: Answer
    rows: dict[str, tuple[EvidenceRows, ...]]

    def ids(self, place: EvidenceRows) -> set[str]:
        """The decisions that a place finds."""
        return set(find(self.ws, "shop", place.find, limit=1000).rows["decision_id"])


def _judged(ws: Workspace) -> Judged:
    answer = scorecard_answer(ws, "shop")
    return Judged(ws, answer, evidence_rows(ws, "shop", answer))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """600 decisions of 25 days: every fifth lacks a region, the channel "post" has no outcomes, the model is old."""
    folder = tmp_path_factory.mktemp("rows")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    rows = decisions(
        600,
        region=lambda i: "" if i % 5 == 0 else "north",
        label=lambda i: "" if i % 3 == 0 else "yes" if i % 2 else "no",
    )
    more = [
        [*row, f"ana{i}@example.org", "7", "post" if i % 3 == 0 else "web", "2025-01-01T00:00:00Z"]
        for i, row in enumerate(rows)
    ]
    load_log(ws, folder, csv_bytes(more, MORE), positive="yes", maps=MAPS)
    yield _judged(ws)
    ws.close()


def test_the_days_that_nothing_compared_open_until_a_check_did(judged: Judged) -> None:
    assert "MON-2" not in judged.rows  # loading a log checks it
    with judged.ws.write() as cursor:  # as where a check failed
        span = (START, START + timedelta(days=14))
        systems.set_reference(cursor, systems.get_system(cursor, "shop"), span, "given")
    (place,) = _judged(judged.ws).rows["MON-2"]
    assert place.start is not None
    assert place.end is not None
    assert place.start <= START + timedelta(days=1)
    assert place.end >= START + timedelta(days=25)
    check(judged.ws, "shop", actor="test")
    assert "MON-2" not in _judged(judged.ws).rows


def test_an_old_model_opens_what_its_version_decided(judged: Judged) -> None:
    assert [place.version for place in judged.rows["MON-3"]] == ["7"]


def test_a_segment_without_outcomes_opens_by_its_value(judged: Judged) -> None:
    assert [place.where for place in judged.rows["MON-8"]] == [(("segment:channel", "post"),)]


def test_decisions_that_lack_an_input_open_by_what_is_missing_most(judged: Judged) -> None:
    (place,) = judged.rows["AUD-2"]
    assert judged.ids(place) == {f"d{i:04d}" for i in range(0, 600, 5)}


def test_personal_data_that_nobody_declared_opens_the_rows_that_hold_it(judged: Judged) -> None:
    (place,) = judged.rows["SEC-4"]
    assert place.find == (("feature:email", "is there", ""),)
    change_settings(judged.ws, "shop", {"personal_data": ["feature:email"]}, by="test")
    assert "SEC-4" not in _judged(judged.ws).rows


def _group(attribute: str, group: str, *, pair: bool = False) -> FairnessGroup:
    return FairnessGroup(attribute=attribute, group=group, n=100, ratio=0.5, low=0.4, high=0.6, pair=pair)


def test_a_group_of_two_attributes_is_found_by_both() -> None:
    """Also where a value holds the words that stand between the two."""
    singles = [
        _group("sex", "F"),
        _group("origin", "B"),
        _group("origin", "B and C"),
        _group("sex", "F and origin"),
    ]
    pair = _group("sex", "F and origin = B and C", pair=True)
    assert _levels(pair, [*singles, pair]) == (("sex", "F"), ("origin", "B and C"))
    assert _levels(singles[1], singles) == (("origin", "B"),)
    assert _levels(_group("sex", "F and origin = X", pair=True), singles) == ()

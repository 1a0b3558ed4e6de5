"""Complaints measured from columns of the log: counted, with the days to their answers, or said to be unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data.load import inspect_file
from plumbline.answers.governance.logged_complaints import with_log
from plumbline.answers.governance.misuse import ComplaintFacts
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.statements import save_context
from plumbline.domain import ControlResult, EvidenceKind, Status
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, csv_bytes, decisions
from tests.factory.workspaces import load_log

#: the log ends on 28 January 2026
N, END = 672, date(2026, 1, 28)


def _log(received: dict[int, str], answered: dict[int, str] | None) -> bytes:
    rows = [
        [*row, received.get(i, ""), *([answered.get(i, "")] if answered is not None else [])]
        for i, row in enumerate(decisions(N))
    ]
    more = ("complaint_date", "complaint_answered") if answered is not None else ("complaint_date",)
    return csv_bytes(rows, (*HEADER, *more))


def _day(ago: int) -> str:
    return (END - timedelta(days=ago)).isoformat()


def _control(ws: Workspace) -> ControlResult:
    save_context(ws, "s", {"environment": "production", "impact": "credit", "harm": "yes"}, by="Ana")
    return next(c for c in scorecard_answer(ws, "s").card.controls if c.id == "CMP-10")


@pytest.mark.parametrize(
    ("received", "answered", "status", "words"),
    [
        ({3: _day(20), 9: _day(15)}, {3: _day(18), 9: _day(11)}, Status.PASS, "3 days at the median and 4 days at"),
        ({3: _day(26)}, {}, Status.PARTIAL, "none is answered yet"),
        ({3: _day(100)}, {3: _day(60)}, Status.PARTIAL, "40 days at most"),
        ({3: _day(45)}, {}, Status.FAIL, "without an answer: 1, the oldest for 46 days"),
        ({3: _day(20)}, {3: _day(25)}, Status.PARTIAL, "none is answered yet"),  # an answer before it answers nothing
        ({3: _day(400)}, {3: _day(399)}, Status.UNKNOWN, "no complaint of the last 12 months"),
        ({3: _day(20)}, None, Status.UNKNOWN, "No column says when they were answered."),
        ({3: "yes", 4: "yes"}, {3: _day(2)}, Status.UNKNOWN, "by the log: 2. Not each has dates"),
    ],
)  # fmt: skip
def test_the_days_to_an_answer_are_measured_where_the_log_holds_them(
    workspace: Workspace, tmp_path: Path, received: dict[int, str], answered: dict[int, str] | None,
    status: Status, words: str,
) -> None:  # fmt: skip
    load_log(workspace, tmp_path, _log(received, answered), title="s", positive="yes")
    control = _control(workspace)
    assert (control.status, control.evidence.status) == (status, status)
    assert words in control.evidence.sentence
    if status is not Status.UNKNOWN:
        assert control.evidence.kind is EvidenceKind.MEASURED


def test_what_people_recorded_is_never_outshone_by_the_log(workspace: Workspace, tmp_path: Path) -> None:
    load_log(workspace, tmp_path, _log({3: _day(20)}, {3: _day(18)}), title="s", positive="yes")
    assert _control(workspace).status is Status.PASS
    with workspace.read() as cursor:
        system = systems.get_system(cursor, "s")
        end = datetime(2026, 1, 28, tzinfo=UTC)
        late = ComplaintFacts(
            complaints=1, complaints_open=1, complaints_open_days=90.0, complaint_keeper="Ana"
        )
        both = with_log(cursor, system, late, end)
    assert (both.complaints_open_days, both.complaint_days, both.complaints_logged) == (90.0, 2.0, True)


@pytest.mark.parametrize(
    ("header", "cells", "roles"),
    [
        (("complaint_date", "complaint_answered"), ("2026-01-05", "2026-01-09"), ("complaint", "complaint_answer")),
        (("Beschwerde am", "Beschwerde Antwort am"), ("2026-01-05", "2026-01-09"), ("complaint", "complaint_answer")),
        (("complaint", "other"), ("yes", "a"), ("complaint", "feature")),
        (("complaint", "complaint_date"), ("yes", "2026-01-05"), ("feature", "feature")),  # which of them is not clear
        (("complaint_answered", "other"), ("2026-01-09", "a"), ("feature", "feature")),  # an answer to nothing
        (("complaint", "other"), ("about the price", "a"), ("feature", "feature")),
    ],
)  # fmt: skip
def test_a_role_is_guessed_only_where_it_is_clear(
    tmp_path: Path, header: tuple[str, str], cells: tuple[str, str], roles: tuple[str, str]
) -> None:
    rows = [[*row, *(cells if i % 7 == 0 else ("", ""))] for i, row in enumerate(decisions(100))]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows, (*HEADER, *header)))
    found = {m.column: m.role.role for m in inspect_file(tmp_path / "a.csv").mapping.columns}
    assert tuple("feature" if found[name] == "ignore" else found[name] for name in header) == roles

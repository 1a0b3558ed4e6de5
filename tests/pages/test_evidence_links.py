"""Each reason of the Scorecard opens the rows that it speaks of, and the page that opens understands it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from plumbline.answers.governance.reason_rows import EvidenceRows, evidence_rows
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.domain import ControlResult, Evidence, EvidenceKind, Requirement, Status
from plumbline.domain.messages import as_message
from plumbline.ui.scorecard import evidence_links
from plumbline.ui.state import workspace as opened

from .conftest import open_page, words

SYSTEM = "shop-offers"
LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\((\w+)\?go=([^)\s]+)\)")


@pytest.fixture(autouse=True)
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(made))
    yield
    opened.close()


def test_every_link_to_rows_opens_a_page_that_shows_them() -> None:
    at = open_page("scorecard", system=SYSTEM, section="Controls")
    assert not at.exception
    table = next(t.value for t in at.table if {"Control", "Evidence"} <= set(t.value.columns))
    found = {(page, unquote(go)) for cell in table["Evidence"] for _, page, go in LINK.findall(cell)}
    assert "decisions" in {page for page, _ in found}
    for page, asked in sorted(found):
        shown = open_page(page, go=asked)
        assert not shown.exception
        assert "Not understood" not in words(shown), asked
        assert "not in this log" not in words(shown), asked
        assert shown.selectbox(key="system").value == SYSTEM


def test_what_passes_opens_no_rows_and_what_fails_names_its_own() -> None:
    answer = scorecard_answer(opened.workspace(), SYSTEM)
    rows = evidence_rows(opened.workspace(), SYSTEM, answer)
    passing = {c.id for c in answer.card.controls if c.status is Status.PASS}
    assert rows
    assert not passing & set(rows)
    breach = answer.measured.facts.performance_breach
    if breach is not None:
        assert [(r.page, r.start) for r in rows["MON-4"]] == [
            ("accuracy", breach.since),
            ("decisions", breach.since),
        ]


def _control(page: str) -> ControlResult:
    evidence = Evidence(
        status=Status.FAIL, kind=EvidenceKind.MEASURED, sentence=as_message("It fails."), page=page
    )
    return ControlResult(
        id="REL-5",
        title="t",
        question="q",
        family="REL",
        status=Status.FAIL,
        requirement=Requirement.MANDATORY,
        evidence=evidence,
    )


def test_a_link_carries_window_version_and_filter_and_names_them() -> None:
    place = EvidenceRows(
        start=datetime(2026, 3, 2, 9, tzinfo=UTC), end=datetime(2026, 3, 4, tzinfo=UTC), version="r](x) 9",
        where=(("segment:caller", "app <7>"),), find=(("label", "is missing", ""), ("score", ">=", "0.5")),
    )  # fmt: skip
    text = evidence_links.links(_control("releases"), SYSTEM, {"REL-5": (place,)})
    assert text.startswith(f"[Releases](releases?system={SYSTEM}) [Decisions")
    assert "r](x)" not in text
    assert "2–3 Mar 2026](decisions" in text.replace("\\", "")  # the days that the bar opens
    night = replace(
        place, start=datetime(2026, 3, 2, 21, tzinfo=UTC), end=datetime(2026, 3, 3, 3, tzinfo=UTC)
    )
    shown = evidence_links.links(_control("releases"), SYSTEM, {"REL-5": (night,)})
    assert "2–3 Mar 2026](decisions" in shown.replace("\\", "")
    asked = parse_qs(parse_qs(urlsplit(text.rpartition("(")[2].rstrip(")")).query)["go"][0])
    assert {name: asked[name] for name in ("system", "from", "to", "version", "where", "is", "find")} == {
        "system": [SYSTEM], "from": ["2026-03-02"], "to": ["2026-03-03"], "version": ["r](x) 9"],
        "where": ["segment:caller"], "is": ["app <7>"], "find": ["label is missing\nscore >= 0.5"],
    }  # fmt: skip

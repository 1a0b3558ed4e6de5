"""The register of findings: which of them one joins, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.domain import Finding, Severity
from plumbline.domain.messages import message
from plumbline.store import findings
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Workspace

AT = datetime(2026, 3, 3, tzinfo=UTC)
WHOLES, PARTS = (
    40,
    9,
)  # findings that join others, and how many each joins; one of them is not of those that it names


def register(cursor) -> None:
    """Wholes and their parts in a register, the parts with onsets against the order of their numbers; one has none."""
    for whole in range(WHOLES):
        signals = [f"missing.x{part}" for part in range(PARTS - 1)]
        number = findings.add(cursor, problem("first_year", {"signals": signals}, whole), AT, None)
        for part in range(PARTS):
            own = findings.add(
                cursor, problem(f"missing.x{part}", {}, PARTS - part if part else None), AT, AT
            )
            findings.mark_part(cursor, own, number)


def problem(signal: str, figures: dict[str, object], days: int | None) -> Finding:
    since = None if days is None else AT - timedelta(days=days)
    return Finding(
        system="s", signal=signal, sentence=message("{feature} is not as it was.", feature=signal), since=since,
        until=None, severity=Severity.LOW, confidence=0.9, page="drift", figures=figures,
    )  # fmt: skip


def test_parts_are_those_that_name_the_whole_and_that_it_names_each_looked_at_a_few_times(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workspace.write() as cursor:
        register(cursor)
    looks, part_of = [0], FindingRecord.part_of.fget

    def counted(record: FindingRecord) -> int | None:
        looks[0] += 1
        return part_of(record)

    with workspace.read() as cursor:
        known = findings.recorded_findings(cursor, "s", parts=True)
        assert len(known) == WHOLES * (PARTS + 1)
        pairs = {
            whole.id: [
                part.id
                for part in sorted(known, key=lambda r: (r.finding.since or r.recorded_at, r.id))
                if part.part_of == whole.id and part.finding.signal in whole.finding.figures["signals"]
            ]
            for whole in known
            if whole.part_of is None
        }
        assert {len(parts) for parts in pairs.values()} == {PARTS - 1}
        monkeypatch.setattr(FindingRecord, "part_of", property(counted))
        joined = findings.parts_by_number(known)
        assert {number: [r.id for r in parts] for number, parts in joined.items()} == pairs
        each = {r.id for r in findings.problems_by_themselves(cursor, "s")}
    assert each == {number for parts in pairs.values() for number in parts}
    assert looks[0] <= 6 * len(known)

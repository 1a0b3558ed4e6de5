"""What is dragged over the strip is a span of whole days inside of the log."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from plumbline.domain.notes import CalendarEvent, EventKind
from plumbline.ui.notes.strip import brushed_days
from plumbline.ui.parts.charts import csv_text, with_event_column

FIRST, LAST = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("x", "days"),
    [
        (["2026-01-10 07:12:33.1234", "2026-01-20 18:00:00.5"], (date(2026, 1, 10), date(2026, 1, 20))),
        (["2026-01-20 00:00", "2026-01-10 00:00"], (date(2026, 1, 10), date(2026, 1, 19))),  # to the left
        (["2025-12-01", "2027-01-01"], (date(2026, 1, 5), date(2026, 3, 1))),
        (["2026-01-10 07:00:00", "2026-01-10 08:00:00"], (date(2026, 1, 10), date(2026, 1, 10))),
        (["2027-01-01", "2027-02-01"], None),
        (["soon", "later"], None),
    ],
)
def test_a_drag_is_whole_days(x: list[str], days: tuple[date, date] | None) -> None:
    assert brushed_days({"selection": {"box": [{"x": x, "y": [0, 1]}]}}, FIRST, LAST) == days


@pytest.mark.parametrize("box", [[], [{}], [{"x": []}], [{"x": None}]])
def test_no_drag_is_no_window(box: list[dict[str, object]]) -> None:
    assert brushed_days({"selection": {"box": box}}, FIRST, LAST) is None
    assert brushed_days({}, FIRST, LAST) is None


def test_the_file_of_a_picture_names_the_events_of_each_row_and_no_formula() -> None:
    event = CalendarEvent(
        id=1, system="s", kind=EventKind.OTHER, text='=HYPERLINK("x")', first=date(2026, 1, 7),
        last=date(2026, 1, 7), by="Ana", at=FIRST,
    )  # fmt: skip
    rows = [
        {"start": "2026-01-05T00:00:00+00:00", "end": "2026-01-12T00:00:00+00:00", "value": 1},
        {"start": "2026-01-12T00:00:00+00:00", "end": "2026-01-19T00:00:00+00:00", "value": 2},
        {"value": 3},
    ]
    told = with_event_column(rows, [event])
    assert [row["events"] for row in told] == ['=HYPERLINK("x"), 7 Jan 2026', "", ""]
    assert "'=HYPERLINK" in csv_text(told)
    assert with_event_column(rows, ()) == rows

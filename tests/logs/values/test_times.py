"""Times as programs, mail, web servers and the EU's languages write them: read alike by the guess and by the load."""

from __future__ import annotations

import importlib.util
import time
from datetime import datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest

from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.guess import guess_mapping
from plumbline.logs.values import calendar_names, cast
from plumbline.logs.values.month_names import LANGUAGES
from plumbline.logs.values.times import time_facts
from plumbline.logs.values.zone_names import split

AT = [datetime(2026, 1, 31, 8, 0) + timedelta(hours=13 * i, minutes=i) for i in range(60)]
BERLIN = ZoneInfo("Europe/Berlin")
MONTHS = [datetime(2026, m, 17, 9, 30) for m in range(1, 13)]


def loaded(cells: list[str], form: str, zone: str = "UTC") -> list[datetime | None]:
    """The cells as a load reads them, naive in UTC."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        sql = cast.instant("c", form, zone, kind="VARCHAR")
        return [
            row[0]
            for row in db.execute(
                f"SELECT {sql} FROM (SELECT unnest($cells) AS c)", {"cells": cells}
            ).fetchall()
        ]


def guessed(cells: list[str], order: str = "") -> tuple[str, list[datetime]]:
    """The format that the guess finds, and the times it sees."""
    found = time_facts(cells, order)
    assert found is not None, cells[:3]
    return found.format, [datetime(1970, 1, 1) + timedelta(seconds=float(s)) for s in found.seconds]


def _berlin(at: datetime) -> datetime:
    return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(BERLIN)


WRITTEN = {
    "Python's logging": [f"{at:%Y-%m-%d %H:%M:%S},123" for at in AT],
    "RFC 2822": [format_datetime(at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Asia/Kolkata"))) for at in AT],
    "HTTP": [f"{at:%a, %d %b %Y %H:%M:%S} GMT" for at in AT],
    "ctime": [at.ctime() for at in AT],
    "a web server": [f"{at:%d/%b/%Y:%H:%M:%S} +0000" for at in AT],
    "a web server with brackets": [f"[{at:%d/%b/%Y:%H:%M:%S} +0000]" for at in AT],
    "an abbreviation": [f"{_berlin(at):%Y-%m-%d %H:%M:%S %Z}" for at in AT],
    "a German abbreviation": [f"{_berlin(at):%d.%m.%Y %H:%M} {'MESZ' if _berlin(at).dst() else 'MEZ'}" for at in AT],
    "a region": [f"{_berlin(at):%Y-%m-%d %H:%M:%S} Europe/Berlin" for at in AT],
    "Java": [f"{_berlin(at):%Y-%m-%dT%H:%M:%S}{_berlin(at):%z}"[:-2] + ":00[Europe/Berlin]" for at in AT],
    "local with UTC": [f"{at:%d.%m.%Y %H:%M} UTC" for at in AT],
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_the_guess_and_the_load_read_the_same_moment(name: str) -> None:
    cells = WRITTEN[name]
    form, seen = guessed(cells)
    wanted = [at.replace(microsecond=123_000 if "logging" in name else 0) for at in AT]
    assert [abs(a - b) < timedelta(milliseconds=1) for a, b in zip(seen, wanted, strict=True)] == [
        True
    ] * len(AT)
    assert loaded(cells, form) == wanted


def test_summer_time_is_known_where_the_sample_was_of_winter() -> None:
    form, _ = guessed([f"{at:%Y-%m-%d %H:%M} CET" for at in AT[:20]])
    assert loaded(["2026-07-01 10:00 CEST", "2026-07-01 10:00 XYZ"], form) == [datetime(2026, 7, 1, 8), None]


@pytest.mark.parametrize(
    ("cells", "form"), [(["2026-01", "2026-02"], "%Y-%m"), (["01.2026", "12.2026"], "%m.%Y")]
)
def test_months_alone_stand_for_their_first_day(cells: list[str], form: str) -> None:
    found, seen = guessed(cells)
    assert found == form
    assert loaded(cells, form) == seen
    assert seen[0] == datetime(2026, 1, 1)


def _cell(language: str, at: datetime) -> str:
    """A date as CLDR's long form writes it, with the first spelling of the month."""
    name = calendar_names.MONTHS[language].split(",")[at.month - 1].split()[0]
    day = calendar_names.WEEKDAYS[language].split(",")[at.weekday()].split()[0]
    if language in ("hu", "lt", "lv"):
        return f"{at.year}. {name} {at.day}. {at:%H:%M}"
    return f"{day}, {at.day}. {name.capitalize()} {at.year} {at:%H:%M}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_months_of_every_language_are_read(language: str) -> None:
    cells = [_cell(language, at) for at in MONTHS]
    form, seen = guessed(cells)
    assert seen == MONTHS
    assert loaded(cells, form) == MONTHS


def test_a_month_of_two_meanings_is_asked_and_the_answer_holds() -> None:
    cells = tuple(f"{1 + i % 28}. listopada 2026 10:{i % 60:02d}" for i in range(80))
    columns = [
        ColumnFacts(name="when", cells=cells),
        ColumnFacts(name="score", cells=tuple(f"{i % 97 / 97:.4f}" for i in range(80))),
    ]
    (question,) = [q for q in guess_mapping(columns).questions if q.must]
    assert {"hr", "pl"} <= set(question.options)
    for language, month in (("hr", 10), ("pl", 11)):
        facts = ColumnFacts(name="when", cells=cells, order=language)
        found = guess_mapping([facts, columns[1]], None, StatedRoles(order=language))
        assert not [q for q in found.questions if q.must]
        form = next(m.format for m in found.mapping.columns if m.column == "when")
        assert loaded([cells[0]], form) == [datetime(2026, month, 1, 10, 0)]


def test_the_other_months_tell_the_language() -> None:
    cells = [_cell("hr", at) for at in MONTHS]
    found = time_facts(cells)
    assert found is not None
    assert found.languages == ()


def test_an_abbreviation_of_several_zones_is_asked_and_taken_as_stated() -> None:
    cells = tuple(f"{at:%Y-%m-%d %H:%M:%S} EST" for at in AT)
    columns = [
        ColumnFacts(name="when", cells=cells),
        ColumnFacts(name="score", cells=tuple(f"{i / 97:.4f}" for i in range(len(AT)))),
    ]
    (question,) = [q for q in guess_mapping(columns).questions if q.must]
    assert question.options == ("America/New_York", "Australia/Sydney")
    form = guess_mapping(columns).mapping.columns[0].format
    assert loaded(["2026-01-31 08:00:00 EST"], form, "America/New_York") == [datetime(2026, 1, 31, 13)]
    assert loaded(["2026-01-31 08:00:00 EST"], form, "Australia/Sydney") == [datetime(2026, 1, 30, 21)]


def test_numbers_of_excel_are_asked_and_never_taken() -> None:
    serial = tuple(f"{46053 + i / 24:.6f}" for i in range(80))
    columns = [
        ColumnFacts(name="when", cells=serial),
        ColumnFacts(name="score", cells=tuple(f"{i % 97 / 97:.4f}" for i in range(80))),
    ]
    found = guess_mapping(columns)
    (question,) = [q for q in found.questions if q.must]
    assert "31 January 2026" in question.text
    assert question.options == ("excel",)
    assert loaded([serial[0], serial[30], "46053,5", "soon"], "excel") == [
        datetime(2026, 1, 31), datetime(2026, 2, 1, 6), datetime(2026, 1, 31, 12), None,
    ]  # fmt: skip
    said = guess_mapping(
        [ColumnFacts(name="when", cells=serial, order="excel"), columns[1]], None, StatedRoles(order="excel")
    )
    assert not [q for q in said.questions if q.must]
    other = guess_mapping(
        [
            ColumnFacts(name="amount", cells=serial),
            columns[1],
            ColumnFacts(name="at", cells=tuple(map(str, AT * 2))[:80]),
        ]
    )
    assert not other.questions


def test_no_word_is_two_months_in_one_language() -> None:
    for language, months in calendar_names.MONTHS.items():
        words = [word for month in months.split(",") for word in set(month.split())]
        assert len(words) == len(set(words)), language


@pytest.mark.skipif(
    importlib.util.find_spec("babel") is None, reason="Babel makes the table and is not installed"
)
def test_the_table_is_what_cldr_says() -> None:
    from tests.logs import make_calendar

    assert make_calendar.made() == make_calendar.TARGET.read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["a1 " * 40_000, "1" * 120_000, "[" * 120_000, "1 Europe/" * 14_000, "12 jan " * 17_000]
)
def test_a_long_cell_holds_nobody_up(text: str) -> None:
    begun = time.process_time()
    time_facts([text] * 3)
    split([text] * 3)
    assert time.process_time() - begun < 2


def test_texts_that_hold_a_month_s_name_cost_no_trial_of_every_pattern() -> None:
    cells = [f"letter {i} of 12 may" for i in range(2000)]
    begun = time.process_time()
    assert time_facts(cells) is None
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("zone", "left_out", "later", "twice"),
    [
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 03:30:00", "2026-10-25 02:30:00"),
        ("America/New_York", "2026-03-08 02:30:00", "2026-03-08 03:30:00", "2026-11-01 01:30:00"),
    ],
)
def test_hours_that_a_clock_leaves_out_or_shows_twice_are_read_as_the_methods_say(
    zone: str, left_out: str, later: str, twice: str
) -> None:
    second = datetime.fromisoformat(twice).replace(tzinfo=ZoneInfo(zone), fold=1)
    expected = second.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    for form in ("iso", "%Y-%m-%d %H:%M:%S"):
        here = loaded([left_out, later, twice], form, zone)
        assert here[0] == here[1]
        assert here[2] == expected

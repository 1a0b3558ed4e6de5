"""Hours and families: what a channel takes, and when it is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.respond.channels import new_channel, read_channel
from plumbline.respond.routes import FAMILIES, event_family, opening, parse_hours

AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "at", "zone", "opens"),
    [
        ("", "2026-03-03T03:00", "UTC", "2026-03-03T03:00"),
        ("08:00-18:00", "2026-03-03T08:00", "UTC", "2026-03-03T08:00"),
        ("08:00-18:00", "2026-03-03T18:00", "UTC", "2026-03-04T08:00"),
        ("08:00-18:00", "2026-03-03T07:30", "UTC", "2026-03-03T08:00"),
        ("08:00-18:00", "2026-03-03T07:30", "Europe/Berlin", "2026-03-03T07:30"),
        ("18:00-08:00", "2026-03-03T03:00", "UTC", "2026-03-03T03:00"),
        ("18:00-08:00", "2026-03-03T12:00", "UTC", "2026-03-03T18:00"),
        ("08:00-24:00", "2026-03-03T23:59", "UTC", "2026-03-03T23:59"),
        (
            "08:00-18:00",
            "2026-03-28T20:00",
            "Europe/Berlin",
            "2026-03-29T06:00",
        ),  # clocks go forward that night
    ],
)
def test_a_channel_opens_at_its_hour(hours: str, at: str, zone: str, opens: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, opens)]
    assert opening(hours, moments[0], zone) == moments[1]


@given(
    st.integers(0, 1439), st.integers(0, 1439), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)  # fmt: skip
def test_an_opening_is_within_the_hours_and_within_a_day_and_stays(
    start: int, end: int, at: datetime, zone: str
) -> None:
    if start == end:
        return
    hours = parse_hours(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    moment = at.replace(tzinfo=UTC)
    opens = opening(hours, moment, zone)
    assert moment <= opens <= moment + timedelta(hours=26)
    assert opens == moment or f"{opens.astimezone(ZoneInfo(zone)):%H:%M}" >= hours[:5]


@pytest.mark.parametrize("text", ["8-18", "08:00", "25:00-26:00", "08:00-08:00", "08:00-24:30", "always"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(PlumblineError, match="no hours"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("kind", "signal", "family"),
    [
        ("finding.opened", "performance.accuracy", "performance"), ("finding.opened", "missing.x", "drift"),
        ("finding.resolved", "release.guardrail", "releases"), ("rollback.proposed", "", "releases"),
        ("source.silent", "source.silent.s3", "sources"), ("check.failed", "", "sources"),
        ("trigger.fired", "", "retraining"), ("finding.opened", "retraining", "retraining"),
        ("channel.failed", "", ""), ("digest", "", ""), ("clock.due", "", "clocks"),
    ],
)  # fmt: skip
def test_an_event_has_the_family_of_its_signal(kind: str, signal: str, family: str) -> None:
    assert event_family(kind, signal) == family


def test_a_channel_of_one_family_takes_it_and_what_belongs_to_none() -> None:
    channel = new_channel("ops", "https://hooks.example.com/x", families=("drift",), hours="08:00-18:00")
    assert [channel.accepts("s", channel.severity, family) for family in ("drift", "performance", "")] == [
        True,
        False,
        True,
    ]
    assert read_channel(channel.body()) == channel
    with pytest.raises(PlumblineError, match="no family"):
        new_channel("ops", "https://hooks.example.com/x", families=("weather",))
    assert all(starts for starts in FAMILIES.values())

"""An owner's settings: what is stored keeps its form, what cannot be read harms nothing, what is wrong is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plumbline.demo.scenarios import SCENARIOS
from plumbline.domain import PlumblineError, Settings
from plumbline.domain.settings import OWNED

#: one value of every setting, as the pages store it
STORED: dict[str, Any] = {
    "as_of": "2026-10-31T00:00:00+00:00", "headline": "recall", "unit": "parcels", "floors": {"accuracy": 0.8},
    "limits": {"MON-3": {"age_days": 90.0}},
    "cost_matrix": {"currency": "EUR", "over": 3.0, "under": 0.0, "reason": ""},
    "at_stake": {"amount": 200_000, "currency": "EUR", "sentence": "The deal."}, "split": 0.1, "favourable": "grant",
    "four_eyes": True, "commercial_from": "2027-01-04",
    "covers_launch": False, "retention_days": 30, "personal_data": ["subject"],
    "ai_act": {"class": "minimal", "open": [], "answers": {}, "role": "deployer", "duties": {}, "by": "Ana"},
    "documents": {"purpose": {"text": "Offers.", "by": "Ana", "on": "2026-01-01"}},
    "plan": {"MON-4": {"owner": "Ana", "due": None}}, "adverse": "high", "role": "decides",
    "reasons": {"age": "Age"}, "contest": "Write to us.", "contact": "us@example.com",
    "changeable": {"basket": {"direction": "up", "levels": []}}, "feature_groups": {"a": "g"},
}  # fmt: skip


def test_every_setting_is_stored_again_as_it_was() -> None:
    assert set(STORED) == {item.name for item in OWNED}
    for name, value in STORED.items():
        assert Settings.parse({name: value}).to_dict() == {name: value}
    settings = Settings.parse(STORED)
    assert json.dumps(settings.to_dict(), sort_keys=True) == json.dumps(STORED, sort_keys=True)
    assert settings.other == {}


def test_the_stories_settings_survive_the_workspace() -> None:
    for scenario in SCENARIOS.values():
        stored = json.loads(json.dumps(scenario.settings.to_dict()))
        assert Settings.parse(stored) == scenario.settings


def test_what_this_version_cannot_read_is_kept_and_has_no_effect() -> None:
    stored = {"unit": 7, "at_stake": {"currency": "EUR"}, "retention_days": True, "of a later version": [1]}
    settings = Settings.parse(stored)
    assert (settings.unit, settings.at_stake, settings.retention_days) == ("", None, None)
    assert settings.to_dict() == stored


def test_a_change_replaces_and_a_none_takes_away() -> None:
    settings = Settings.parse(STORED).with_changes({"unit": "vans", "floors": None, "split": None})
    assert (settings.unit, settings.floors, settings.split) == ("vans", {}, None)
    assert set(STORED) - set(settings.to_dict()) == {"floors", "split"}


@pytest.mark.parametrize(
    "changes",
    [
        {"at_stake": {"currency": "EUR"}}, {"as_of": "soon"}, {"retention_days": "30"}, {"retention_days": True},
        {"limits": {"MON-3": 90}}, {"floors": {"accuracy": "high"}}, {"personal_data": "subject"}, {"nonsense": 1},
    ],
)  # fmt: skip
def test_a_value_that_a_setting_cannot_have_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PlumblineError) as raised:
        Settings().with_changes(changes)
    assert next(iter(changes)) in str(raised.value)


def test_a_time_without_a_zone_is_utc() -> None:
    moment = Settings.parse({"as_of": "2026-10-31"}).as_of
    assert moment is not None
    assert moment.isoformat() == "2026-10-31T00:00:00+00:00"

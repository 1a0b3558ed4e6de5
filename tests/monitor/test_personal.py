"""Personal data is found by published examples, and ordinary text is left alone."""

from __future__ import annotations

import pytest

from plumbline.monitor.personal import is_iban, personal_data


@pytest.mark.parametrize(
    "iban", ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]
)
def test_published_ibans_fit_and_altered_ones_do_not(iban: str) -> None:
    assert is_iban(iban)
    assert not is_iban(iban[:-1] + ("1" if iban[-1] != "1" else "2"))


def test_columns_with_personal_data_are_named() -> None:
    found = personal_data(
        {
            "feature:note": ["call ann.lee@example.com", "nothing"],
            "feature:account": ["DE89 3704 0044 0532 0130 00"],
            "feature:region": ["north", "south"],
            "feature:ref": ["AB12CDEFGHIJKLMN"],
            "feature:empty": [],
        }
    )
    assert found == ("feature:account", "feature:note")

"""Personal data is found by published examples, and ordinary text and numbers are left alone."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from plumbline.monitor.quality.personal_data import NATIONAL, find_personal, is_iban, mask, personal_data

RNG = np.random.default_rng(5)


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
            "feature:phone": ["+44 20 7946 0958", "0049 30 901820"],
            "feature:region": ["north", "south"],
            "feature:ref": ["AB12CDEFGHIJKLMN"],
            "feature:empty": [],
        }
    )
    assert found == ("feature:account", "feature:note", "feature:phone")


@pytest.mark.parametrize(
    ("validator", "published"),
    [
        ("de.idnr", "36 574 261 809"), ("fr.nir", "2 95 10 99 126 111 93"), ("es.dni", "54362315-K"),
        ("es.nie", "x-2482300w"), ("it.codicefiscale", "RCCMNL83S18D969H"), ("nl.bsn", "1112.22.333"),
        ("pl.pesel", "44051401359"), ("be.nn", "85.07.30-033 28"), ("fi.hetu", "131052-308T"),
        ("ro.cnp", "1630615123457"), ("gb.nhs", "943-476-5870"), ("hr.oib", "33392005961"),
    ],
)  # fmt: skip
def test_published_national_numbers_have_a_validator(validator: str, published: str) -> None:
    assert importlib.import_module(f"stdnum.{validator}").is_valid(published)
    assert validator in {n.validator for n in NATIONAL}


def _pesels(n: int) -> list[str]:
    made = []
    for i in range(n):
        body = f"{60 + i % 35:02d}{1 + i % 12:02d}{1 + i % 28:02d}{i % 10000:04d}"
        check = (10 - sum(int(d) * w for d, w in zip(body, (1, 3, 7, 9) * 3, strict=False)) % 10) % 10
        made.append(body + str(check))
    return made


def test_a_column_of_national_numbers_is_found_as_text_and_as_numbers_and_never_shown() -> None:
    values = _pesels(80)
    (text,) = find_personal({"feature:who": values})
    (number,) = find_personal({}, {"feature:who": [float(v) for v in values]})
    for found in (text, number):
        assert (found.kind, found.sure, found.hits) == ("Polish PESEL", "likely", 80)
        assert found.example == values[0][0] + "•" * 10


def test_plain_numbers_codes_and_prices_are_nobodys() -> None:
    numeric = {
        "nine": RNG.integers(10**8, 10**9, 2000).astype(float).tolist(),
        "ten": RNG.integers(10**9, 10**10, 2000).astype(float).tolist(),
        "eleven": RNG.integers(10**10, 10**11, 2000).astype(float).tolist(),
        "epoch": (1.7e9 + np.arange(2000)).tolist(),
        "price": RNG.gamma(2, 100, 2000).tolist(),
    }
    text = {name: [f"{v:.0f}" for v in values] for name, values in numeric.items()}
    text |= {
        "dates": ["2026-01-05 10:00"] * 50,
        "sku": [f"SK-{i:06d}" for i in range(90)],
        "free": ["5 + 3 apples"] * 9,
    }
    assert find_personal(text, numeric) == ()


def test_a_form_without_check_digits_is_only_possible() -> None:
    values = [f"QQ{i:06d}A".replace("QQ", "AB") for i in range(30)]
    (found,) = find_personal({"feature:code": values})
    assert (found.sure, found.kind) == ("possible", "British National Insurance number")
    assert personal_data({"feature:code": values}) == ()


def test_a_masked_example_keeps_its_shape_only() -> None:
    assert mask("ann.lee@example.com") == "a••.•••@•••••••.•••"

"""Personal data in small columns of text and numbers: check digits are those of python-stdnum and phonenumbers;
what is told of a column, and how sure, was read against the shares that the module names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plumbline.monitor.quality.personal_data import (
    _email,
    _iban,
    _normalise,
    _phone,
    find_personal,
    is_iban,
    mask,
    personal_data,
)
from tests.known_answers import Table, differences


def _idnr(n: int) -> list[str]:
    """Valid German tax numbers, by their check digit (ISO 7064, Mod 11, 10)."""
    found: list[str] = []
    base = 1_012_345_678
    while len(found) < n:
        base += 37
        digits = str(base)
        twice = [digits.count(d) for d in set(digits)]
        if sorted(twice)[-1] not in (2, 3) or sum(t > 1 for t in twice) != 1:
            continue
        check = 10
        for d in digits:
            check = ((int(d) + check) % 10 or 10) * 2 % 11
        found.append(digits + str((11 - check) % 10))
    return found


def _columns() -> Iterator[tuple[str, list[str]]]:
    numbers = _idnr(40)
    plain = [f"order {i}" for i in range(99)]
    yield "nothing", []
    yield "plain", plain
    yield "one address in a hundred", [*plain, "a.b@example.org"]
    yield "one in a hundred and one", [*plain, "order", "a.b@example.org"]
    yield "addresses", [f"n{i}@mail.example.com" for i in range(30)]
    yield "an account", [*plain[:50], "pay to DE89 3702 0044 0532 0130 00 now"]
    yield "a wrong account", [*plain[:50], "DE88 3702 0044 0532 0130 00"]
    yield "telephones", ["+49 30 901820", "0049 30 901820", "call +44 20 7946 0958", "12345"]
    yield "tax numbers", numbers
    yield "nineteen tax numbers", numbers[:19]
    yield "twenty tax numbers", numbers[:20]
    yield "half tax numbers", [*numbers[:30], *plain[:30]]
    yield "under half", [*numbers[:30], *plain[:31]]
    yield "repeated", numbers[:20] * 3
    yield "national insurance", ["QQ123456C", "AB123456C", "AB 12 34 56 D", "JG103759A"]
    yield "two of them", ["AB123456C", "JG103759A"]
    yield "DNI", ["12345678Z", "00000000T", "87654321X", "11111111H"]
    yield "codice", ["RSSMRA85T10A562S", "BNCGNN70A01F205N", "VRDLGU80A01H501Z"]


def _found() -> Iterator[tuple[str, Any]]:
    for name, values in _columns():
        yield name, (find_personal({name: values}), personal_data({name: values}))
    numbers = [float(x) for x in _idnr(40)]
    for name, figures in (
        ("nothing", []),
        ("numbers", numbers),
        ("nineteen", numbers[:19]),
        ("nine in ten", [*numbers[:36], 1.0, 2.0, 3.0, 4.5]),
        ("fewer", [*numbers[:35], 1.0, 2.0, 3.0, 4.5]),
        ("small", [float(i) for i in range(40)]),
        ("fractions", [x + 0.5 for x in numbers]),
    ):
        yield f"{name} as numbers", find_personal({}, {name: figures})
    yield "all at once", [p.column for p in find_personal(dict(_columns()), {"figures": numbers})]


def _parts() -> Iterator[tuple[str, Any]]:
    for text in (
        "",
        "a",
        "a@b",
        "a@b.c",
        "a@b.co",
        "x a.b+c@d-e.example.org,",
        "@b.co",
        "a b@c.de",
        "DE89370400440532013000",
        "de89 3704 0044 0532 0130 00",
        "GB82 WEST 1234 5698 7654 32",
        "GB82 WEST 1234 5698 7654 33",
        "DE8937040044",
        "+49 30 901820",
        "0049 30 901820",
        "+1 (212) 555-0199",
        "+999 1234567",
        "00",
        "+",
        "1+2345678",
        "12.345.678-9",
        " ab 1.2 ",
        "\u00fcber@mail.de",
    ):
        yield (
            f"text {text!r}",
            (_email(text), _iban(text), _phone(text), _normalise(text), mask(text), is_iban(text)),
        )
    yield "a long one", mask("x" * 60)


TABLES: dict[str, Table] = {"found": _found, "parts": _parts}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []

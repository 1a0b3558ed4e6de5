"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plumbline.monitor.performance.money_at_stake import say_stake
from plumbline.wording import numbers


@pytest.mark.parametrize(
    ("value", "metric", "words"),
    [
        (0.6123, "accuracy", "61.2 %"),
        (0.00412, "positive_rate", "0.41 %"),
        (0.0, "accuracy", "0.0 %"),
        (0.8123, "roc_auc", "0.812"),
        (1234567.0, "mae", "1,234,567"),
        (-12.345, "bias", "−12.3"),
        (None, "mae", "–"),
        (float("nan"), "accuracy", "–"),
        (0.5, "recall:a b", "50.0 %"),
        (0.00001234, "mae", "1.23e-05"),
    ],
)
def test_a_figure_has_three_digits_and_its_unit(value: float | None, metric: str, words: str) -> None:
    assert numbers.figure(value, metric) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ((2026, 3, 3), (2026, 3, 10), "3–9 Mar 2026"),
        ((2026, 3, 3), (2026, 3, 4), "3 Mar 2026"),
        ((2026, 2, 23), (2026, 3, 2), "23 Feb – 1 Mar 2026"),
        ((2025, 12, 29), (2026, 1, 5), "29 Dec 2025 – 4 Jan 2026"),
        ((2026, 3, 3, 9), (2026, 3, 3, 10), "3 Mar 2026, 09:00–10:00"),
    ],
)
def test_a_half_open_span_names_its_last_day(
    start: tuple[int, ...], end: tuple[int, ...], words: str
) -> None:
    assert numbers.span(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC)) == words  # type: ignore[misc,arg-type]


def test_money_says_its_currency() -> None:
    assert numbers.money(2_012_345, "EUR") == "EUR 2.01 million"
    assert numbers.money(12_345, "EUR") == "EUR 12,300"
    assert numbers.money(-18_812, "EUR") == "EUR −18,800"
    assert numbers.money(-2_012_345, "EUR") == "EUR −2.01 million"


def test_signs_are_said() -> None:
    assert numbers.signed_number(0.01234) == "+0.0123"
    assert numbers.signed_number(-0.01234) == "−0.0123"
    assert numbers.signed_number(0) == "0"


def test_metrics_have_names() -> None:
    assert numbers.name("roc_auc") == "ROC AUC"
    assert numbers.name("recall:UP") == "Recall (UP)"
    assert numbers.name("balanced_accuracy") == "Balanced accuracy"


def test_the_edge_of_a_bin_just_beside_zero_is_zero() -> None:
    assert numbers.significant(-5e-324) == "0"
    assert numbers.significant(1e-300) == "1.00e-300"


@pytest.mark.parametrize(
    ("p", "said"), [(None, "–"), (0.0, "< 0.001"), (2.6e-173, "< 0.001"), (0.0756, "0.076"), (1.0, "1.0")]
)
def test_p_values_too_small_to_matter_are_not_spelled_out(p: float | None, said: str) -> None:
    assert numbers.p_value(p) == said


@pytest.mark.parametrize(
    ("stake", "words"),
    [
        ({}, "not known"),
        ({"state": "none"}, "no loss found"),
        (
            {"source": "measured", "amount": 7690.0, "low": -8580.0, "high": 24000.0, "currency": "EUR"},
            "no loss proven (EUR -8,580 to EUR 24,000)",
        ),
        (
            {"source": "measured", "amount": 9.0, "low": None, "high": None, "currency": "EUR"},
            "no loss proven",
        ),
        ({"source": "measured", "amount": 7690.0, "low": 10.0, "high": 9e4, "currency": "EUR"}, "EUR 7,690"),
        ({"source": "stated", "amount": 200000, "low": None, "currency": "EUR"}, "EUR 200,000"),
    ],
)
def test_money_at_stake_is_an_amount_only_where_it_is_no_chance(stake: dict[str, object], words: str) -> None:
    assert say_stake(stake).replace("−", "-") == words

"""One value of a metric in words."""

import pytest

from plumbline.monitor.figures import say_figure
from plumbline.monitor.metrics.metrics import metric


@pytest.mark.parametrize(
    ("name", "value", "unit", "largest", "words"),
    [
        ("accuracy", 0.8219, "parcels", None, "82.2 %"),
        ("roc_auc", 0.91264, "parcels", None, "0.913"),
        ("bias", 36.5312, "parcels", None, "+36.5 parcels"),
        ("bias", -36.5312, "", None, "−36.5"),
        ("bias", -0.00805, "parcels", 36.5, "about 0 parcels"),
        ("bias", 0.0, "parcels", 36.5, "0 parcels"),
        ("bias", 0.0, "", None, "0"),
        ("mae", 12345.6, "EUR", None, "EUR 12,346"),
        ("bias", 12.345, "EUR", None, "EUR +12.3"),
        ("value", -0.8851, "EUR", None, "EUR −0.885"),
        ("value", -0.0000001, "CHF", 2.0, "about CHF 0"),
        ("mae", 0.00001234, "", None, "1.23e-05"),
        ("mae", 3.14159, "", 250.0, "3"),
    ],
)
def test_says_the_unit_the_sign_and_the_digits_that_mean_something(name, value, unit, largest, words):
    assert say_figure(metric(name), value, unit, largest) == words

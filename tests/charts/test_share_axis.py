"""An axis of shares is written as sentences are."""

from __future__ import annotations

import pytest

from plumbline.charts.share_axis import share_axis
from plumbline.charts.style import Mode
from tests.charts.figures import all_figures

FIGURES = all_figures()


@pytest.mark.parametrize(
    ("low", "high", "most", "signed", "words"),
    [
        (0, 1, 6, False, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.52, 0.91, 4, False, ["60 %", "70 %", "80 %", "90 %"]),
        (0.78, 0.806, 6, False, ["78.0 %", "78.5 %", "79.0 %", "79.5 %", "80.0 %", "80.5 %"]),
        (-0.1, 0.1, 6, True, ["−10 %", "−5 %", "0 %", "+5 %", "+10 %"]),
        (0.0, 0.0012, 6, False, ["0.000 %", "0.025 %", "0.050 %", "0.075 %", "0.100 %"]),
        (0.5, 0.5, 6, False, ["50 %"]),
    ],
)
def test_ticks_are_round_shares_in_per_cent(
    low: float, high: float, most: int, signed: bool, words: list[str]
) -> None:
    axis = share_axis(low, high, most=most, signed=signed)
    assert [tick.replace("\u00a0", " ") for tick in axis["ticktext"]] == words
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in axis["tickvals"])


@pytest.mark.parametrize("mode", ["light"])
@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_leaves_its_per_cent_to_plotly(name: str, mode: Mode) -> None:
    layout = FIGURES[name](mode).to_plotly_json()["layout"]
    formats = [layout.get(axis, {}).get("tickformat", "") for axis in ("xaxis", "yaxis")]
    assert not [one for one in formats if "%" in one]

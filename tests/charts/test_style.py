"""The look: one token table, in agreement with the theme, readable, and explicit in every figure."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from plumbline.charts.style import MARKS, TOKENS, Mode, colour, mark, text
from plumbline.domain import PointStatus, Status, Verdict
from tests.charts.figures import HOSTILE, all_figures

MODES: tuple[Mode, Mode] = ("light", "dark")
FIGURES = all_figures()
THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
#: attribute of Tokens -> option of the theme
SAME = {
    "paper": "backgroundColor", "surface": "secondaryBackgroundColor", "ink": "textColor",
    "line": "dataframeBorderColor", "accent": "primaryColor", "passed": "greenColor", "watch": "orangeColor",
    "watch_text": "orangeTextColor", "fail": "redColor", "unknown": "grayColor", "muted": "grayTextColor",
}  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("mode", MODES)
def test_the_theme_and_the_figures_share_their_colours(mode: Mode) -> None:
    for token, option in SAME.items():
        assert getattr(TOKENS[mode], token) == THEME[mode][option], (token, option)
    assert list(TOKENS[mode].series) == THEME[mode]["chartCategoricalColors"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["Categorical", "Sequential", "Diverging"])
def test_there_are_exactly_ten_chart_colours(mode: Mode, kind: str) -> None:
    assert len(set(THEME[mode][f"chart{kind}Colors"])) == 10


@pytest.mark.parametrize("mode", MODES)
def test_the_border_of_a_field_is_seen_on_every_ground(mode: Mode) -> None:
    """WCAG 2.2, 1.4.11: a control is told from what lies beside it by 3 to 1."""
    for part in (THEME[mode], THEME[mode]["sidebar"]):
        for ground in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(part["borderColor"], part[ground]) >= 3, ground


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_is_readable_on_its_ground(mode: Mode, ground: str) -> None:
    options = [o for o in THEME[mode] if o.endswith("TextColor") or o in {"textColor", "linkColor"}]
    for option in options:
        assert contrast(THEME[mode][option], THEME[mode][ground]) >= 4.5, option


@pytest.mark.parametrize("mode", MODES)
def test_badges_are_readable_on_their_own_ground(mode: Mode) -> None:
    for name in ("green", "orange", "red", "gray", "blue"):
        assert contrast(THEME[mode][f"{name}TextColor"], THEME[mode][f"{name}BackgroundColor"]) >= 4.5, name


def test_every_status_has_word_shape_and_colour() -> None:
    for status in (*PointStatus, *Status, *Verdict):
        assert status.value.lower() in MARKS
    assert len({m.glyph for m in MARKS.values()}) == len({m.symbol for m in MARKS.values()})
    assert mark("never heard of").glyph == MARKS["unknown"].glyph
    assert mark("never heard of").word == "never heard of"
    assert colour("FAIL", "light") == TOKENS["light"].fail


def test_unknown_never_looks_like_pass() -> None:
    assert (MARKS["unknown"].glyph, MARKS["unknown"].token) != (MARKS["pass"].glyph, MARKS["pass"].token)
    assert MARKS["unknown"].glyph != MARKS["pass"].glyph


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_shape_line_and_annotation_has_its_own_colour(name: str, mode: Mode) -> None:
    layout = FIGURES[name](mode).to_plotly_json()["layout"]
    for shape in layout.get("shapes", ()):
        assert shape.get("line", {}).get("color"), shape
    for annotation in layout.get("annotations", ()):
        assert annotation.get("font", {}).get("color"), annotation
    for trace in FIGURES[name](mode).to_plotly_json()["data"]:
        assert _has_colour(trace), trace


def _has_colour(trace: dict[str, Any]) -> bool:
    if trace["type"] == "heatmap":
        return "colorscale" in trace
    if trace["type"] == "waterfall":
        return all(trace[part]["marker"]["color"] for part in ("increasing", "decreasing", "totals"))
    return bool(trace.get("marker", {}).get("color") or trace.get("line", {}).get("color"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_no_title_no_legend_and_no_ground_of_its_own(name: str, mode: Mode) -> None:
    figure = FIGURES[name](mode)
    assert figure.layout.title.text is None
    assert figure.layout.template.layout.showlegend is False
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("name", FIGURES)
def test_names_from_a_log_are_text_not_markup(name: str) -> None:
    spec = FIGURES[name]("light").to_json()
    shown = re.sub(r'"customdata":\[.*?\]\]', "", spec)  # what a click hands back is never drawn
    assert HOSTILE not in shown.encode().decode("unicode_escape", "ignore")


def test_a_long_name_is_cut_before_it_is_escaped() -> None:
    assert text("<" * 30, 5) == "&lt;" * 4 + "…"

"""The look of every figure: one table of colours a mode, one template, one table of status marks."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import plotly.graph_objects as go

from plumbline.domain.messages import Message
from plumbline.wording.language import code, digits, localise

Mode = Literal["light", "dark"]
Axis = dict[str, Any]  # as plotly has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Colours of one mode, as in ``.streamlit/config.toml``. Text colours have 4.5 to 1 on paper."""

    paper: str
    surface: str
    ink: str
    muted: str
    line: str
    accent: str
    passed: str
    watch: str
    watch_text: str
    fail: str
    unknown: str
    accent_band: str
    reference_band: str
    event: str  # what happened outside of a log
    event_band: str
    #: ten: the nth version, segment or class has the nth colour on every page
    series: tuple[str, ...]
    #: from nothing to the strongest, for drift at once and twice its threshold
    heat: tuple[str, ...]


TOKENS: dict[Mode, Tokens] = {
    "light": Tokens(
        paper="#FBFAF7",
        surface="#F2F0EA",
        ink="#1B2430",
        muted="#5B6673",
        line="#E3E0D8",
        accent="#1F5FA8",
        passed="#2F7D4F",
        watch="#B7791F",
        watch_text="#8A5A12",
        fail="#B3261E",
        unknown="#6B7280",
        accent_band="rgba(31, 95, 168, 0.14)",
        reference_band="rgba(91, 102, 115, 0.08)",
        event="#8C4F8F",
        event_band="rgba(140, 79, 143, 0.10)",
        series=(
            "#1F5FA8", "#8C4F8F", "#1E7F7A", "#A8572A", "#5B6673",
            "#6E7D1E", "#B0487C", "#3C7DB5", "#6A5AA3", "#3F8A60",
        ),
        heat=("#F2F0EA", "#E6DCCB", "#DDA98C", "#B3261E"),
    ),
    "dark": Tokens(
        paper="#14181E",
        surface="#1D232B",
        ink="#E8E6E1",
        muted="#A7AFB9",
        line="#2F3741",
        accent="#7FB2EA",
        passed="#6CC192",
        watch="#E0AE5A",
        watch_text="#E0AE5A",
        fail="#F2867C",
        unknown="#A0A8B3",
        accent_band="rgba(127, 178, 234, 0.18)",
        reference_band="rgba(167, 175, 185, 0.10)",
        event="#CE95D0",
        event_band="rgba(206, 149, 208, 0.16)",
        series=(
            "#7FB2EA", "#CE95D0", "#5FC2BB", "#E09A6E", "#A7AFB9",
            "#B6C45C", "#E88DB8", "#9CC7EC", "#AFA2E4", "#7FCBA0",
        ),
        heat=("#1D232B", "#3A3128", "#8C4A40", "#F2867C"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """How a status looks: a word, a shape and a colour, so that none of them carries it alone."""

    word: str
    glyph: str
    symbol: str  # plotly's name for the glyph
    token: str  # attribute of Tokens
    markdown: str  # Streamlit's name for the colour


_PASS = ("●", "circle", "passed", "green")
_WATCH = ("▲", "triangle-up", "watch", "orange")
_FAIL = ("■", "square", "fail", "red")
_UNKNOWN = ("○", "circle-open", "unknown", "gray")
_ASIDE = ("◇", "diamond-open", "unknown", "gray")

#: every status, verdict and state there is, by its value in lower case
MARKS: dict[str, Mark] = {
    word: Mark(word, *look)
    for look, words in {
        _PASS: ("pass", "ok", "cleared", "managed", "mature", "delivered", "intact", "yes"),
        _WATCH: ("partial", "watch", "open", "exposed", "medium", "provisional"),
        _FAIL: ("fail", "breach", "met", "liability", "high", "drifted", "broken"),
        _UNKNOWN: ("unknown", "low", "no data", "not_yet_judged"),
        _ASIDE: ("exempt", "not applicable", "undone"),
    }.items()
    for word in words
}


def mark(status: str) -> Mark:
    """The look of a status; one that is not in the table is shown as unknown, under its own word."""
    known = MARKS.get(status.lower())
    return known or Mark(status, *_UNKNOWN)


def status_word(status: str) -> str:
    """The word of a status in the reader's language."""
    return localise(mark(status).word, "status")


def colour(status: str, mode: Mode) -> str:
    """The colour of a status in a mode."""
    return str(getattr(TOKENS[mode], mark(status).token))


def text(name: object, longest: int = 0) -> str:
    """A name from a log, or a message, as text in a figure: plotly would read its tags. ``longest``: cut to it."""
    plain = localise(name) if isinstance(name, Message) else str(name)
    if longest and len(plain) > longest:
        plain = plain[: longest - 1] + "…"
    return escape(plain, quote=False)


def template(mode: Mode) -> Any:
    """The plotly template of a mode: no grid but faint horizontals, no box, no title, tabular figures."""
    t = TOKENS[mode]
    axis = {
        "color": t.muted,
        "linecolor": t.line,
        "gridcolor": t.line,
        "zerolinecolor": t.line,
        "tickcolor": t.line,
        "tickfont": {"color": t.muted, "size": 12},
        "title": {"font": {"color": t.muted, "size": 12}},
        "automargin": True,
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": '"Source Sans", sans-serif', "size": 13, "color": t.ink},
            "colorway": list(t.series),
            "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
            "showlegend": False,
            "hovermode": "closest",
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": t.paper,
                "bordercolor": t.line,
                "font": {"color": t.ink, "size": 13, "family": '"Source Sans", sans-serif'},
                "align": "left",
            },
            "xaxis": axis | {"showgrid": False, "showline": True, "ticks": "outside"},
            "yaxis": axis | {"showgrid": True, "showline": False, "ticks": ""},
            "separators": digits(".,"),
        }
    )


#: language -> how an axis of times is written, day before month, by how far it is zoomed
_TICKS = {
    "en": ("%H:%M\n%-d %b", "%-d %b\n%Y", "%b\n%Y", "%Y"),
    "de": ("%H:%M\n%-d.%-m.", "%-d.%-m.\n%Y", "%m/%Y", "%Y"),
}
#: the same in one line, for a low picture
_LOW_TICKS = {
    "en": ("%H:%M, %-d %b", "%-d %b %y", "%b %Y", "%Y"),
    "de": ("%H:%M, %-d.%-m.", "%-d.%-m.%y", "%m/%Y", "%Y"),
}
#: from where to where each is used: milliseconds and months between two ticks
_ZOOMS = ([None, 86_399_999], [86_400_000, 2_419_199_999], ["M1", "M11"], ["M12", None])


def dates(*, low: bool = False) -> Axis:
    """An axis of times in the reader's language; ``low``: in one line, for a low picture."""
    ticks = (_LOW_TICKS if low else _TICKS)[code()]
    stops = [{"dtickrange": zoom, "value": tick} for zoom, tick in zip(_ZOOMS, ticks, strict=True)]
    return {"type": "date", "tickformatstops": stops} | ({"nticks": LOW_DATES, "tickangle": 0} if low else {})


def hover_day() -> str:
    """How plotly writes a day when one points at a mark."""
    return {"en": "%-d %b %Y", "de": "%-d.%-m.%Y"}[code()]


LOW_DATES = 4  # dates at most that a low picture writes: as many as stand side by side on a phone
LOW = 150  # pixels, below which a picture has no room for a second line of dates


def blank(mode: Mode, height: int) -> go.Figure:
    """An empty figure in the house style, ``height`` pixels high."""
    figure = go.Figure()
    figure.update_layout(template=template(mode), height=height)
    return figure


def note(figure: go.Figure, mode: Mode, words: str) -> go.Figure:
    """Say in the middle of an empty figure why there is nothing to draw."""
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.update_layout(height=96)
    figure.add_annotation(
        text=words,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"color": TOKENS[mode].muted, "size": 13},
    )
    return figure

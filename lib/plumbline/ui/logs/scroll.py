"""Bringing what is new into view: the one thing about a page that Streamlit leaves to the browser."""

from __future__ import annotations

import streamlit as st


def to_top(turn: int) -> None:
    """Scroll to the top, once a turn: drawn again for the same turn, the script is not run again.

    The script is fixed but for the number, so that nothing of a log can get into it.
    """
    st.html(
        f"<script>/* {int(turn)} */ document.querySelector('[data-testid=stMain]')?.scrollTo({{top: 0}})</script>",
        unsafe_allow_javascript=True,
    )

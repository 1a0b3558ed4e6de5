"""The tabs of a page, named in the reader's language; a link names them in any of ours."""

from __future__ import annotations

from typing import Any

import streamlit as st

from plumbline.ui import language
from plumbline.ui.state import session


def tabs(*names: str) -> Any:
    """The page's tabs, by their English names, which ``screen_text`` marks; the address carries the open one."""
    return st.tabs(
        language.adapt(session.SECTION.name, names),
        key=session.SECTION.name,
        on_change="rerun",
        bind="query-params",
    )

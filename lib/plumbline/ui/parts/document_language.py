"""In which language a document is made."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from plumbline.wording.language import phrase


def document_language(names: Mapping[str, str], *, default: str, key: str) -> str:
    """Let the reader choose the language of a document; its code.

    Args:
        names: of each language, by its code, as it calls itself.
        key: of the widget; a reader who turns to another language begins with that one.
    """
    return str(
        st.segmented_control(
            phrase("Language"),
            list(names),
            default=default,
            required=True,
            key=f"{key}.{default}",
            format_func=names.__getitem__,
            label_visibility="collapsed",
        )
    )

"""Model files on the Logs page, and the Model use page, on a system that holds none."""

from __future__ import annotations

import pytest

from .conftest import open_page, words

pytestmark = pytest.mark.usefixtures("held")


def test_model_files_have_a_section_that_takes_one() -> None:
    at = open_page("logs")
    assert not at.exception
    assert "Model files" in words(at)
    assert any(item.label == "Version" for item in at.selectbox) or "names no version" in words(at)


def test_model_use_says_what_it_leans_on_or_why_not() -> None:
    at = open_page("model_use")
    assert not at.exception
    said = words(at)
    assert "leans" in said or "cannot be told" in said
    assert "How much is explained" in said

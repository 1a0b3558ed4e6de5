"""A system that cannot be judged is named on the portfolio, and the others are listed all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.conftest import open_page, words


def test_the_portfolio_names_a_system_that_cannot_be_judged(
    held: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OverflowError

    with monkeypatch.context() as patched:
        patched.setattr("plumbline.ui.portfolio.scorecard_answer", fail)
        at = open_page("portfolio")
    assert not at.exception
    said = words(at)
    assert "Shop offers could not be judged" in said
    assert "OverflowError" in said

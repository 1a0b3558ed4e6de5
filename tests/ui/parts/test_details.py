"""The trail's details as people read them."""

import pytest

from plumbline.ui.parts.details import say_detail


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"sha256": "5e" * 32, "file": "shop.csv", "rows_loaded": 60000, "reference": False},
         "file shop.csv; rows loaded 60,000; reference no; sha256 5e5e5e5e5e5e…"),
        ({"chunks": ["2026-05-04", "2026-05-11", "2026-05-18", "2026-05-25"], "by": "week"},
         "chunks 2026-05-04 to 2026-05-25 (4); by week"),
        ({"at": "2026-06-10T09:00:00+00:00", "note": "", "link": None}, "at 10 Jun 2026, 09:00 UTC"),
        ({"cost_matrix": {"over": 3.0, "currency": "EUR"}}, "cost matrix (over 3; currency EUR)"),
        ({"at": "2026-06-99T09:00"}, "at 2026-06-99T09:00"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_detail_is_told_in_words_with_digests_last(detail, words):
    assert say_detail(detail) == words

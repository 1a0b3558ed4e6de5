"""Which class people want: told by names only where these leave no doubt."""

from __future__ import annotations

import pytest

from plumbline.answers.fairness.favourable import class_by_names


@pytest.mark.parametrize(
    ("classes", "columns", "wanted"),
    [
        (("grant", "refuse"), [], "grant"),
        (("ok", "fraud"), [], "ok"),
        (("fraud", "not_fraud"), [], "not_fraud"),
        (("abgelehnt", "Genehmigt"), [], "Genehmigt"),
        (("block", "pass"), [], "pass"),
        (("0", "1"), ["flag", "is_fraud"], "0"),
        (("no", "yes"), ["loanApproved", ""], "yes"),
        (("False", "True"), ["default", "default_next_month"], "False"),
        (("nein", "ja"), ["zahlungsverzug", ""], "nein"),
        (("0", "1"), ["approved", "default"], ""),  # granted, and did not pay back: which decision is meant
        (("0", "1"), ["prediction", "label"], ""),
        (("take", "leave"), ["prediction", "label"], ""),
        (("good", "ok"), [], ""),
        (("a", "b"), ["is_fraud"], ""),  # which of the two is yes
        (("low", "middle", "fraud"), [], ""),
        (("fraud", "fraud_approved"), [], ""),
    ],
)
def test_the_wanted_class_is_told_by_names(classes: tuple[str, ...], columns: list[str], wanted: str) -> None:
    assert class_by_names(classes, columns) == wanted

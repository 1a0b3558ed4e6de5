"""A next step begins with the first thing to do."""

from __future__ import annotations

import pytest

from plumbline.governance.catalogue import catalogue
from plumbline.ui.scorecard.next_steps import first_step


@pytest.mark.parametrize(
    ("instruction", "first"),
    [
        ("Switch the guardrail on, and close each of its findings.", "Switch the guardrail on."),
        ("Look at the features; open an incident.", "Look at the features."),
        ("Find why inputs differ (noise, or a bug; both) and send them.", ""),
        ("Log the inputs in the same record as the decision.", ""),
        ("Verify the trail with `a; b`; load again.", "Verify the trail with `a; b`."),
        ("Beitr\u00e4ge protokollieren, oder die Modelldatei registrieren.", "Beitr\u00e4ge protokollieren."),
    ],
)
def test_a_step_ends_where_the_next_one_begins(instruction: str, first: str) -> None:
    assert first_step(instruction) == (first or instruction)


def test_every_control_has_a_first_step_of_some_words() -> None:
    steps = [first_step(control.next_action) for control in catalogue().controls]
    assert [step for step in steps if len(step.split()) < 3 or not step.endswith(".")] == []

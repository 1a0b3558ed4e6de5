"""All evidence rules: one a control, from facts to an answer with its figures, window and sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from plumbline.domain import Evidence
from plumbline.governance.catalogue import Control
from plumbline.governance.evidence import attestations, model_security, monitoring, people, records, release
from plumbline.governance.evidence.case import ControlCase, Rule
from plumbline.governance.facts import Facts

RULES: dict[str, Rule] = {
    **monitoring.RULES,
    **release.RULES,
    **records.RULES,
    **people.RULES,
    **model_security.RULES,
    **attestations.RULES,
}


def gather(
    control: Control, facts: Facts, limits: Mapping[str, float], context: Mapping[str, str], today: date
) -> Evidence:
    """What the log and the workspace say about one control, before any statement is heard."""
    found = RULES[control.id](ControlCase(facts, limits, context, today))
    return replace(found, page=control.page)

"""Controls that no log and no workspace can show: what a named person states, and nothing else, answers them."""

from __future__ import annotations

from plumbline.domain import Evidence
from plumbline.domain.messages import Message, message
from plumbline.governance.evidence.case import ControlCase, Rule, unknown_evidence

SILENCE = {
    "REL-9": message("Nobody states who besides its maker approves a release."),
    "REL-10": message("Nobody states how a release is tested before it takes over."),
    "SEC-1": message("Nobody states who can see and change the model, its data and its files."),
    "SEC-2": message("Nobody states how training data and model files are encrypted."),
    "SEC-7": message("Nobody states how training and trials are kept apart from production."),
    "CMP-1": message("Nobody states a record of processing."),
    "CMP-7": message("Nobody is named as owner."),
    "CMP-8": message("Nobody states an independent audit."),
    "CMP-9": message("Nobody states a plan for recovery with its times."),
}


def _unstated_rule(silence: Message) -> Rule:
    def rule(_case: ControlCase) -> Evidence:
        return unknown_evidence(silence)

    return rule


RULES: dict[str, Rule] = {control: _unstated_rule(silence) for control, silence in SILENCE.items()}

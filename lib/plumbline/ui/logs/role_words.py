"""What a column of a log can mean, in words for the person who confirms the mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoleWords:
    """One role: what it is, what it makes possible, what is lost without it."""

    role: str
    meaning: str
    enables: str
    without: str


ROLES = (
    RoleWords("timestamp", "when the decision was made", "everything over time", "the log cannot be loaded"),
    RoleWords(
        "prediction", "the class, number or action decided", "rates, drift of the output",
        "it is taken from the score",
    ),
    RoleWords(
        "score", "the probability or raw score behind it", "calibration, AUC, estimated accuracy",
        "no calibration, AUC or estimate",
    ),
    RoleWords(
        "label", "what turned out to be true", "accuracy and every other performance metric",
        "no accuracy: load a labels file later",
    ),
    RoleWords(
        "label_time", "when the truth was known", "label delay",
        "late labels cannot be told from missing",
    ),
    RoleWords(
        "decision_id", "the name of the decision", "late labels, finding one decision",
        "no late labels, and the audit trail control says so",
    ),
    RoleWords(
        "version", "the model version that decided", "releases, comparisons, rollback",
        "the release controls stay unknown",
    ),
    RoleWords(
        "arm", "champion, challenger or shadow", "comparisons before a release",
        "overlaps stay unknown",
    ),
    RoleWords("trained_at", "when that version was trained", "staleness", "age counts from first sight"),
    RoleWords(
        "subject", "the person concerned, kept as a keyed hash", "erasure",
        "erasure by person is impossible",
    ),
    RoleWords(
        "override", "the human's final decision", "human oversight, measured",
        "oversight is only claimed",
    ),
    RoleWords(
        "proba", "the probability of one class", "log loss over several classes",
        "only the class is known",
    ),
    RoleWords("segment", "a slice worth watching", "performance for whom", "no view by segment"),
    RoleWords("protected", "a protected attribute", "fairness", "fairness stays unknown"),
    RoleWords(
        "attribution", "a logged SHAP or LIME value", "explanations as recorded",
        "a surrogate at best",
    ),
    RoleWords(
        "weight", "how many decisions a row of a sample stands for", "that no share of a sample is told as one of all",
        "every row counts once",
    ),
    RoleWords("feature", "an input of the model", "drift, explanations", "no drift of the inputs"),
    RoleWords("ignore", "not loaded", "", ""),
)  # fmt: skip
WORDS = {role.role: role for role in ROLES}
#: the roles whose absence costs something worth saying
ASKED = (
    "prediction",
    "score",
    "label",
    "decision_id",
    "version",
    "trained_at",
    "override",
    "segment",
    "protected",
)


def gains(roles: Iterable[str]) -> list[tuple[str, str, bool]]:
    """What a mapping makes possible and what it lacks: (role, sentence, there) in the order of ROLES."""
    there = set(roles)
    return [
        (word.role, word.enables if word.role in there else word.without, word.role in there)
        for word in ROLES
        if word.role in ASKED or (word.role in there and word.enables)
    ]

"""What a column of a log can mean, and why a row cannot be loaded, in words for the person who confirms the mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoleWords:
    """One role: its name on a screen, what it is, what it makes possible, what is lost without it."""

    role: str
    title: str
    meaning: str
    enables: str
    without: str


ROLES = (
    RoleWords(
        "timestamp",
        "Time of the decision",
        "when the decision was made",
        "everything over time",
        "the log cannot be loaded",
    ),
    RoleWords(
        "prediction",
        "Prediction",
        "the class, number or action decided",
        "rates, drift of the output",
        "it is taken from the score",
    ),
    RoleWords(
        "score",
        "Score or probability",
        "the probability or raw score behind it",
        "calibration, AUC, estimated accuracy",
        "no calibration, AUC or estimate",
    ),
    RoleWords(
        "label",
        "True outcome",
        "what turned out to be true",
        "accuracy and every other performance metric",
        "no accuracy: load a labels file later",
    ),
    RoleWords(
        "label_time",
        "Time of the outcome",
        "when the truth was known",
        "label delay",
        "late labels cannot be told from missing",
    ),
    RoleWords(
        "decision_id",
        "Decision ID",
        "the name of the decision",
        "late labels, finding one decision",
        "no late labels, and the audit trail control says so",
    ),
    RoleWords(
        "version",
        "Model version",
        "the model version that decided",
        "releases, comparisons, rollback",
        "the release controls stay unknown",
    ),
    RoleWords(
        "arm",
        "Test arm",
        "champion, challenger or shadow",
        "comparisons before a release",
        "overlaps stay unknown",
    ),
    RoleWords(
        "trained_at",
        "Training date",
        "when that version was trained",
        "staleness",
        "age counts from first sight",
    ),
    RoleWords(
        "subject",
        "Person concerned",
        "the person concerned, kept as a keyed hash",
        "erasure",
        "erasure by person is impossible",
    ),
    RoleWords(
        "override",
        "Human's final decision",
        "the human's final decision",
        "human oversight, measured",
        "oversight is only claimed",
    ),
    RoleWords(
        "proba",
        "Probability of one class",
        "the probability of one class",
        "log loss over several classes",
        "only the class is known",
    ),
    RoleWords("segment", "Segment", "a slice worth watching", "performance for whom", "no view by segment"),
    RoleWords(
        "protected", "Protected attribute", "a protected attribute", "fairness", "fairness stays unknown"
    ),
    RoleWords(
        "attribution",
        "Contribution to the score",
        "a logged SHAP or LIME value",
        "explanations as recorded",
        "a surrogate at best",
    ),
    RoleWords(
        "weight",
        "Sample weight",
        "how many decisions a row of a sample stands for",
        "that no share of a sample is told as one of all",
        "every row counts once",
    ),
    RoleWords(
        "feature", "Model input", "an input of the model", "drift, explanations", "no drift of the inputs"
    ),
    RoleWords("ignore", "Not used", "not loaded", "", ""),
)
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


def say_role(role: object) -> str:
    """A role in plain words with its code beside, as the command line and the documents spell it."""
    words = WORDS.get(str(role))
    if words is None:
        return str(role)
    return words.title if words.title.lower() == words.role else f"{words.title} ({words.role})"


def title(role: str) -> str:
    """A role in plain words alone."""
    return WORDS[role].title


def lower(role: str) -> str:
    """The same inside a sentence."""
    words = WORDS[role].title
    return f"{words[0].lower()}{words[1:]}"


_REASONS = {
    "no_prediction": "there is neither a prediction nor a score",
    "too_few_fields": "the line has too few cells",
    "too_many_fields": "the line has too many cells",
    "unknown_decision": "no decision here has this ID",
}


def say_reason(reason: str) -> str:
    """Why a row cannot be loaded, as the end of a sentence."""
    if reason.startswith("bad_") and reason.removeprefix("bad_") in WORDS:
        return f"the {lower(reason.removeprefix('bad_'))} cannot be read"
    return _REASONS.get(reason, reason.replace("_", " "))

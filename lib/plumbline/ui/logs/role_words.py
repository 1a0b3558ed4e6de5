"""What a column of a log can mean, and why a row cannot be loaded, in words for the person who confirms the mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plumbline.wording.language import SOURCE, code, localise, phrase, screen_text


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
        screen_text("Time of the decision"),
        screen_text("when the decision was made"),
        screen_text("everything over time"),
        screen_text("the log cannot be loaded"),
    ),
    RoleWords(
        "prediction",
        screen_text("Prediction"),
        screen_text("the class, number or action decided"),
        screen_text("rates, drift of the output"),
        screen_text("it is taken from the score"),
    ),
    RoleWords(
        "score",
        screen_text("Score or probability"),
        screen_text("the probability or raw score behind it"),
        screen_text("calibration, AUC, estimated accuracy"),
        screen_text("no calibration, AUC or estimate"),
    ),
    RoleWords(
        "label",
        screen_text("True outcome"),
        screen_text("what turned out to be true"),
        screen_text("accuracy and every other performance metric"),
        screen_text("no accuracy: load a labels file later"),
    ),
    RoleWords(
        "label_time",
        screen_text("Time of the outcome"),
        screen_text("when the truth was known"),
        screen_text("label delay"),
        screen_text("late labels cannot be told from missing"),
    ),
    RoleWords(
        "decision_id",
        screen_text("Decision ID"),
        screen_text("the name of the decision"),
        screen_text("late labels, finding one decision"),
        screen_text("no late labels, and the audit trail control says so"),
    ),
    RoleWords(
        "version",
        screen_text("Model version"),
        screen_text("the model version that decided"),
        screen_text("releases, comparisons, rollback"),
        screen_text("the release controls stay unknown"),
    ),
    RoleWords(
        "arm",
        screen_text("Test arm"),
        screen_text("champion, challenger or shadow"),
        screen_text("comparisons before a release"),
        screen_text("overlaps stay unknown"),
    ),
    RoleWords(
        "trained_at",
        screen_text("Training date"),
        screen_text("when that version was trained"),
        screen_text("staleness"),
        screen_text("age counts from first sight"),
    ),
    RoleWords(
        "subject",
        screen_text("Person concerned"),
        screen_text("the person concerned, kept as a keyed hash"),
        screen_text("erasure"),
        screen_text("erasure by person is impossible"),
    ),
    RoleWords(
        "override",
        screen_text("Human's final decision"),
        screen_text("the human's final decision"),
        screen_text("human oversight, measured"),
        screen_text("oversight is only claimed"),
    ),
    RoleWords(
        "proba",
        screen_text("Probability of one class"),
        screen_text("the probability of one class"),
        screen_text("log loss over several classes"),
        screen_text("only the class is known"),
    ),
    RoleWords(
        "segment",
        screen_text("Segment"),
        screen_text("a slice worth watching"),
        screen_text("performance for whom"),
        screen_text("no view by segment"),
    ),
    RoleWords(
        "protected",
        screen_text("Protected attribute"),
        screen_text("a protected attribute"),
        screen_text("fairness"),
        screen_text("fairness stays unknown"),
    ),
    RoleWords(
        "attribution",
        screen_text("Contribution to the score"),
        screen_text("a logged SHAP or LIME value"),
        screen_text("explanations as recorded"),
        screen_text("a surrogate at best"),
    ),
    RoleWords(
        "weight",
        screen_text("Sample weight"),
        screen_text("how many decisions a row of a sample stands for"),
        screen_text("that no share of a sample is told as one of all"),
        screen_text("every row counts once"),
    ),
    RoleWords(
        "complaint",
        screen_text("Complaint"),
        screen_text("the day of a complaint about the decision, or that there was one"),
        screen_text("complaints, counted"),
        screen_text("complaints are known by records alone"),
    ),
    RoleWords(
        "complaint_answer",
        screen_text("Answer to a complaint"),
        screen_text("the day on which a complaint was answered"),
        screen_text("days to an answer, measured"),
        screen_text("the days to an answer are not measured"),
    ),
    RoleWords(
        "feature",
        screen_text("Model input"),
        screen_text("an input of the model"),
        screen_text("drift, explanations"),
        screen_text("no drift of the inputs"),
    ),
    RoleWords("ignore", screen_text("Not used"), screen_text("not loaded"), "", ""),
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
        (
            word.role,
            localise(word.enables if word.role in there else word.without),
            word.role in there,
        )
        for word in ROLES
        if word.role in ASKED or (word.role in there and word.enables)
    ]


def say_role(role: object) -> str:
    """A role in plain words with its code beside, as the command line and the documents spell it."""
    words = WORDS.get(str(role))
    if words is None:
        return str(role)
    shown = localise(words.title)
    return shown if shown.lower() == words.role else f"{shown} ({words.role})"


def title(role: str) -> str:
    """A role in plain words alone."""
    return localise(WORDS[role].title)


def lower_title(role: str) -> str:
    """The same inside a sentence."""
    words = title(role)
    return f"{words[0].lower()}{words[1:]}" if code() == SOURCE else words


_REASONS = {
    "no_prediction": screen_text("there is neither a prediction nor a score"),
    "too_few_fields": screen_text("the line has too few cells"),
    "too_many_fields": screen_text("the line has too many cells"),
    "unknown_decision": screen_text("no decision here has this ID"),
    "no_decision_id": screen_text("there is no decision ID"),
    "no_label": screen_text("there is no outcome"),
    "bad_quotes": screen_text("a quotation mark is not closed, or text follows one that closes"),
    "line_too_long": screen_text("the record is longer than 16 MB"),
    "bad_encoding": screen_text("it holds bytes that are no letters"),
    "bad_json": screen_text("the line is no JSON, or breaks off"),
    "not_an_object": screen_text("the line is JSON, but no object with names and values"),
    "unreadable": screen_text("it cannot be split into cells"),
}


def say_reason(reason: str) -> str:
    """Why a row cannot be loaded, as the end of a sentence."""
    if reason.startswith("bad_") and reason.removeprefix("bad_") in WORDS:
        return phrase("the {role} cannot be read", role=lower_title(reason.removeprefix("bad_")))
    return localise(_REASONS.get(reason, reason.replace("_", " ")))

"""The pages by the names of their files, and what each is called."""

from __future__ import annotations

from plumbline.wording.language import localise, screen_text

NAMES = {
    "portfolio": screen_text("Portfolio", "page"),
    "scorecard": screen_text("Scorecard", "page"),
    "accuracy": screen_text("Accuracy", "page"),
    "drift": screen_text("Drift", "page"),
    "decisions": screen_text("Decisions", "page"),
    "model_use": screen_text("Model use", "page"),
    "releases": screen_text("Releases", "page"),
    "fairness": screen_text("Fairness", "page"),
    "quality": screen_text("Log quality", "page"),
    "logs": screen_text("Logs", "page"),
    "alerts": screen_text("Alerts", "page"),
    "governance": screen_text("Governance", "page"),
    "trail": screen_text("Trail", "page"),
    "people": screen_text("People", "page"),
    "glossary": screen_text("Glossary", "page"),
}


def page_name(page: str) -> str:
    """What a page is called in the reader's language, by the name of its file."""
    return localise(NAMES.get(page, page.capitalize()), "page")

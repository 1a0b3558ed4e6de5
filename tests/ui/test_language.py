"""The screens in German: every text passes through the language, has its entry, and numbers are written its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from plumbline.answers.fairness.facts import group_name
from plumbline.charts.style import dates
from plumbline.domain import PlumblineError
from plumbline.domain.messages import PLACE, message
from plumbline.ui.language import control_title, reader
from plumbline.ui.parts.charts import PLOTLY_TEXTS, config
from plumbline.ui.parts.empty_states import error_sentence
from plumbline.ui.state.cache import _answer
from plumbline.wording import numbers
from plumbline.wording.language import address, localise, phrase
from plumbline.wording.quantities import count, percent, plural

from .screen_texts import (
    HOME,
    SCREENS,
    bare,
    error_texts,
    file_of,
    flattened_numbers,
    rows,
    screen_texts,
    sources,
)

#: files whose words for people are still English; it may only shrink
ENGLISH: frozenset[str] = frozenset(
    (
        "ui/server/application.py",  # the log of the server, for whoever runs it
        "ui/state/refresh.py",  # the same
        "ui/server/gate.py",  # answers of the protocol, before any page is there
        "charts/answers.py",  # for a notebook, which is English as the rest of the interface
    )
)
#: words that are none: keys of tables and links, names of files, of places in the code, of languages
NO_TEXT = {
    "ui/accuracy/retraining.py": {"https://..., github:OWNER/REPO, gitlab:PROJECT@REF", "retrain"},
    "ui/alerts/channels.py": {"Webhook", "on-call"},
    "ui/alerts/register.py": {"open finding"},
    "ui/alerts/triage.py": {"Incidents"},
    "ui/decisions/context.py": {"this one"},
    "ui/decisions/finder.py": {"is missing", "not labelled"},
    "ui/decisions/record.py": {"Float64", "Input", "From", "To", "Step"},
    "ui/drift.py": {"whole rows", "drift {}", "Then", "Now"},
    "ui/drift_feature.py": {"{} then and now"},
    "ui/frame/drill_down.py": {"Two windows"},
    "ui/frame/jobs.py": {"Starting"},
    "ui/frame/reading_language.py": {"Language / Sprache"},
    "ui/parts/charts.py": {*PLOTLY_TEXTS},
    "ui/frame/return_link.py": {"{}; Path=/; HttpOnly; SameSite=Lax"},
    "ui/frame/sign_in.py": {
        "Mend the file of secrets as docs/sign-in.md shows, and start the server again.",
        "this machine",
    },
    "ui/glossary.py": {"English", "Deutsch"},
    "ui/governance/ai_act.py": {"high risk", "not high risk"},
    "ui/governance/context.py": {"not applicable"},
    "ui/governance/costs.py": {"Decided"},
    "ui/language.py": {"English", "Deutsch"},
    "ui/logs/mapping.py": {"Column", "Values", "Examples", "Confidence", "Reason"},
    "ui/parts/filters.py": {"is missing", "is there", "probability of {}"},
    "ui/parts/openings.py": {"judged system"},
    "ui/releases.py": {"in charge"},
    "ui/releases_switches.py": {"who did it is unknown"},
    "ui/scorecard/verdict.py": {"not applicable"},
    "ui/shell.py": {"Plumbline"},
    "ui/state/session.py": {"local user"},
    "charts/style.py": {'"Source Sans", sans-serif', "no data", "not applicable"},
}
#: files with errors that are put together and stay English: faults of the program itself, and what is typed there
ERRORS = frozenset(
    (
        "answers/alerts/check.py",
        "answers/decisions/importance.py",
        "explain/counterfactual/actionable.py",
        "governance/ai_act.py",
        "governance/context.py",
        "governance/frameworks.py",
        "report/decision_record.py",
        "report/documents.py",
        "report/issue.py",
        "report/language.py",
        "report/translation.py",
        "store/notes/calendar_events.py",
    )
)
#: contexts of words that are put together in the code, as "a viewer" from its role
BUILT = frozenset(("role", "tier", "verdict", "status", "glossary", "lock", "age"))


@pytest.fixture
def german() -> Iterator[None]:
    address(reader("de"))
    yield
    address(None)


def catalogue(package: str) -> Catalog:
    with (HOME / package / "texts" / "de.po").open("rb") as lines:
        return read_po(lines, locale="de", abort_invalid=True)


def entries(package: str = "ui") -> dict[tuple[str, str], Message]:
    return {
        (entry.id if isinstance(entry.id, str) else entry.id[0], entry.context or ""): entry
        for entry in catalogue(package)
        if entry.id
    }


def worded(text: str) -> bool:
    return any(letter.isalpha() for letter in PLACE.sub("", text))


def test_every_text_of_the_screens_has_its_entry_and_none_is_left_over() -> None:
    asked = {(t.text, t.context) for t in screen_texts() if worded(t.text)}
    own, shared = entries(), entries("report")
    assert sorted(asked - own.keys() - shared.keys()) == []
    left = [key for key in own.keys() - asked if key[1] not in BUILT and key[0] not in sources()]
    assert sorted(left) == []
    assert len(asked) > 1_500


def test_every_error_that_a_page_shows_has_its_entry() -> None:
    known = {text for text, _ in (*entries(), *entries("report"))}
    errors = list(error_texts())
    assert [error for error in errors if error[2] is not None and error[2] not in known] == []
    assert {file for file, _, text in errors if text is None} - ERRORS == set()
    assert len(errors) > 350


@pytest.mark.usefixtures("german")
def test_an_error_is_said_in_german_but_for_names() -> None:
    error = PlumblineError(
        message("{system} has no view of the name {name}", system="loans", name="'x'"),
        where="loans",
        todo="Check the path.",
    )
    assert error_sentence(error) == "loans hat keine Ansicht namens 'x' (loans). Prüfen Sie den Pfad."
    assert str(error) == "loans has no view of the name 'x' (loans). Check the path."
    typed = "Give one the role timestamp; in a terminal: --map COLUMN=timestamp."
    assert error_sentence(PlumblineError("The file is empty", todo=typed)) == (
        "Die Datei ist leer. Geben Sie einer die Rolle timestamp."
    )


@pytest.mark.usefixtures("german")
def test_no_table_has_one_heading_twice() -> None:
    """A table's columns are told apart by their headings."""
    for file, keys in rows():
        shown = [localise(key) for key in keys]
        assert len(set(shown)) == len(set(keys)), (file, shown)


def test_places_agree() -> None:
    for (english, _), entry in entries().items():
        assert entry.string, english
        assert isinstance(entry.string, str), f"{english}: nouns with a number stand in report/texts/de.po"
        assert {p[1] for p in PLACE.finditer(entry.string)} == {p[1] for p in PLACE.finditer(english)}, (
            english
        )
        assert entry.string.count("{") == len(PLACE.findall(entry.string)), english
        assert (english[:1] == " ", english[-1:] == " ") == (
            entry.string[:1] == " ",
            entry.string[-1:] == " ",
        )


@pytest.mark.parametrize("path", [p for room in SCREENS for p in sorted(room.rglob("*.py"))], ids=file_of)
def test_words_for_people_pass_through_the_language(path: Path) -> None:
    file = file_of(path)
    words = {text for _, text in bare(path)} - NO_TEXT.get(file, set())
    assert (words == set()) is (file not in ENGLISH), words
    assert NO_TEXT.get(file, set()) <= {text for _, text in bare(path)}


def test_no_number_becomes_english_text_on_its_way_to_a_sentence() -> None:
    files = [path for room in SCREENS for path in sorted(room.rglob("*.py"))]
    assert [(file_of(path), *place) for path in files for place in flattened_numbers(path)] == []


@pytest.mark.usefixtures("german")
def test_numbers_and_days_are_written_in_german() -> None:
    start, end = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)
    assert numbers.count(12345) == "12.345"
    assert numbers.share(0.1234) == "12,3 %"
    assert numbers.significant(-1234.5) == "−1.234"
    assert numbers.cell_value(0.25) == "0,25"
    assert numbers.p_value(0.0001) == "< 0,001"
    assert numbers.signed_to_largest(1.25, 12.5) == "+1,2"
    assert numbers.interval(0.1, 0.2) == "0,100 bis 0,200"
    assert numbers.money(2_010_000, "EUR") == "EUR 2,01 Millionen"
    assert numbers.day(start) == "3. März 2026"
    assert numbers.span(start, end) == "3.–9. März 2026"
    assert numbers.name("recall:ja") == "Trefferquote (ja)"
    assert numbers.unit("log-odds") == "Log-Odds"
    assert numbers.unit("log of the value") == "Logarithmus des Werts"
    assert dates()["tickformatstops"][1]["value"] == "%-d.%-m.\n%Y"


@pytest.mark.usefixtures("german")
def test_the_bar_of_a_chart_is_told_in_german() -> None:
    settings = config("drift")
    words = settings["locales"][settings["locale"]]["dictionary"]
    assert words["Download plot as a PNG"] == words["Download plot"] == "Bild speichern"


@pytest.mark.usefixtures("german")
def test_texts_messages_and_titles_are_rendered() -> None:
    assert phrase("{n} more", n=3) == "3 weitere"
    assert phrase("{fit} of the {what} will load.", fit=2, what=plural(4, "row")).startswith("2 von 4 Zeilen")
    assert phrase("{name} is open and not loaded yet.", name="{n} more").startswith("{n} more ist")
    said = message("{metric} is {value} (n = {n})", metric="X", value=count(1000), n=count(2000))
    assert localise(said) == "X: 1.000 (n = 2.000)"
    assert localise("pass", "status") == "bestanden"
    assert localise("a name that nobody translates {n}") == "a name that nobody translates {n}"
    assert control_title("MON-1", "Accuracy is tracked") == "Genauigkeit wird verfolgt"


@pytest.mark.usefixtures("german")
def test_what_is_kept_between_runs_is_english() -> None:
    def question(_: object) -> str:
        return f"{numbers.share(0.5)}, {phrase('not known')}"

    kept = _answer(question, None, "", "", 0, datetime.now(UTC).date(), (), {})  # type: ignore[arg-type]
    assert kept == "50.0 %, not known"


def test_english_is_as_it_is_written() -> None:
    assert phrase("{n} more", n=3) == "3 more"
    assert type(phrase("{n} more", n=3)) is str
    assert control_title("MON-1", "Accuracy is tracked") == "Accuracy is tracked"
    assert numbers.money(2_010_000, "EUR") == "EUR 2.01 million"


def test_percent_and_a_group_of_two_attributes_are_written_the_reader_s_way() -> None:
    """The name of a group goes into the reasons of a control, the share into the title of Model use."""
    name, share = group_name("Female", [("Herkunft", "Black")]), percent(0.46, ".0f")
    assert (name, share) == ("Female and Herkunft = Black", "46 %")
    german = reader("de")
    assert german.render(name) == "Female und Herkunft = Black"
    assert german.render(share) == "46 %"

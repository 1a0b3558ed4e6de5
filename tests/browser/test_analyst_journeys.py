"""From a file to what is wrong, since when, for whom and why, and from the Portfolio to the report: counted in clicks.

A log of our own always, real ones where they lie beside the repository. Seconds are printed and never asserted.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.conftest import REAL_LOGS
from tests.factory.shop import shop_log

from .conftest import settled

pytestmark = pytest.mark.browser

#: clicks from the empty workspace to the last of the four answers, however many files a log has
MOST_CLICKS = 6
#: presses of the Tab key from one thing to the next that a person wants
MOST_TABS = 60
#: how long a load may take on a machine that is busy with other tests
LOADED = 180_000


@dataclass
class Journey:
    """A person with files: each click counts, as does each choice of files, which takes several in one go."""

    page: Page
    clicks: int = 0
    begun: float = field(default_factory=time.monotonic)

    def click(self, place: Locator) -> None:
        place.click(timeout=LOADED)
        self.clicks += 1

    def load(self, files: Sequence[Path] | Sequence[FilePayload]) -> None:
        """Choose the files in one go, wait until they are understood, and load them."""
        several = len(files) > 1
        first = files[0].name if isinstance(files[0], Path) else files[0]["name"]
        name = f"{len(files)} files" if several else first
        self.page.locator("input[type=file]").set_input_files(list(files))  # type: ignore[arg-type]
        self.clicks += 1
        expect(
            self.page.get_by_role(
                "heading", name=re.compile(rf"{re.escape(name)} (is|are) open and not loaded yet")
            )
        ).to_be_visible(timeout=LOADED)
        expect(self.page.get_by_role("heading", name="What each column means")).to_be_visible(timeout=LOADED)
        verdict = f"All {len(files)} files will load" if several else "will load"
        expect(self.page.get_by_role("heading", name=verdict).first).to_be_visible(timeout=LOADED)
        settled(self.page)
        self.click(self.page.get_by_role("button", name="Load", exact=True).first)
        expect(
            self.page.get_by_role("heading", name=re.compile(rf"{re.escape(name)} (is|are) loaded into"))
        ).to_be_visible(timeout=LOADED)
        settled(self.page)

    def open(self, link: str, heading: str) -> None:
        """Follow a link of the page or the list of pages to the page whose first heading says so."""
        self.click(self.page.get_by_role("link", name=re.compile(rf"\b{link}$")).first)
        expect(
            self.page.get_by_test_id("stMain").get_by_role("heading", name=re.compile(heading)).first
        ).to_be_visible(timeout=LOADED)
        settled(self.page)

    def read(self, answer: str) -> None:
        """An answer stands on the first screen of the page."""
        words = self.page.get_by_test_id("stMain").get_by_text(re.compile(answer)).first
        expect(words).to_be_visible(timeout=LOADED)
        expect(words).to_be_in_viewport()
        print(f"{self.clicks} clicks, {time.monotonic() - self.begun:.1f} s: {words.inner_text()[:200]}")


@dataclass(frozen=True)
class Answers:
    """What is to be read, by pattern: on the page of the load, on the Scorecard, for whom on Accuracy (empty: nobody in
    particular, or the Scorecard says so), and why on the page that says it."""

    loaded: str
    wrong: str
    whom: str
    why: str
    page: str = "Drift"


#: the log of our own: it falls on the 46th of its days, as one of its columns moves
SHOP = Answers(
    loaded="2,520",
    wrong=r"Accuracy: 74\.9\s% until 19 February 2026, 15\.8\s% since",
    whom=r"season_index is .* or (more|less): accuracy \d\d\.\d %",
    why="season_index comes first",
)
#: real logs: folder -> its files and answers, by the truths that were computed beside them
REAL = {
    "card-offers": (
        ("card_offers.parquet",),
        Answers(
            "120,000",
            r"Accuracy: 75\.5\s% until 2 November 2020, 56\.6\s% since",
            r": accuracy \d",
            "5 of 7 features drifted",
        ),
    ),
    "electricity": (
        ("electricity.csv",),
        Answers(
            "36,312", r"Accuracy: 81\.3\s% until 7 June 1997", r": accuracy \d", "4 of 6 features drifted"
        ),
    ),
    "income-credit": (
        ("kredit_export.csv",),
        Answers(
            "22,561",
            r"Female and Herkunft = Black gets the wanted outcome 0\.21 times as often",
            "",
            "Version 3.2 should have been taken back earlier",
            page="Releases",
        ),
    ),
    "dirty-loans": (
        ("dirty_loans.csv",),
        Answers("2,881", "Nobody has said what this system is for", "", "None of 7 features drifted"),
    ),
    "car-loan": (
        ("reference.parquet", "analysis.parquet", "targets.parquet"),
        Answers(
            "Labels joined",
            r"Accuracy: 94\.4\s% until 31 March 2019, 91\.6\s% since",
            r": accuracy \d",
            "4 of 7 features drifted",
        ),
    ),
    "car-prices": (
        ("reference.csv", "quotes.csv", "sold_later.csv"),
        Answers("Labels joined", "Nobody has said what this system is for", "", "None of 7 features drifted"),
    ),
}


def follow(page: Page, address: str, files: Sequence[Path] | Sequence[FilePayload], answers: Answers) -> int:
    """The journey of one log; the clicks."""
    page.goto(address)
    settled(page)
    journey = Journey(page)
    journey.click(page.get_by_role("link", name="Load a log"))
    journey.load(files)
    journey.read(answers.loaded)
    journey.open("See the verdict", "NOT YET JUDGED")
    journey.read(answers.wrong)
    if answers.whom:
        journey.open("Accuracy", "Accuracy")
        journey.read(answers.whom)
    journey.open(answers.page, answers.why)
    journey.read(answers.why)
    return journey.clicks


def test_a_log_is_understood_in_six_clicks(
    fresh_server: Callable[[Path], str], page: Page, tmp_path: Path
) -> None:
    file = FilePayload(name="shop offers.csv", mimeType="text/csv", buffer=shop_log())
    assert follow(page, fresh_server(tmp_path / "workspace.duckdb"), (file,), SHOP) <= MOST_CLICKS


@pytest.mark.skipif(not REAL_LOGS.exists(), reason="real logs are not part of the repository")
@pytest.mark.parametrize("name", REAL)
def test_a_real_log_is_understood_in_as_many(
    name: str, fresh_server: Callable[[Path], str], page: Page, tmp_path: Path
) -> None:
    names, answers = REAL[name]
    files = tuple(REAL_LOGS / name / file for file in names)
    assert follow(page, fresh_server(tmp_path / "workspace.duckdb"), files, answers) <= MOST_CLICKS


def _reach(page: Page, place: Locator) -> int:
    """Move the keyboard to a place of the page with the Tab key alone; how often it was pressed."""
    for pressed in range(1, MOST_TABS + 1):
        page.keyboard.press("Tab")
        if place.evaluate("e => e.contains(document.activeElement)"):
            return pressed
    raise AssertionError(f"{MOST_TABS} times the Tab key did not reach it")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_leader_has_the_report_in_two_steps(
    by: str, fresh_server: Callable[[Path], str], loaded: Path, page: Page, tmp_path: Path
) -> None:
    """Open, understand, take the report along."""
    address = fresh_server(Path(shutil.copy(loaded, tmp_path / "workspace.duckdb")))
    begun = time.monotonic()
    page.goto(f"{address}/portfolio")
    settled(page)
    main, tabs = page.get_by_test_id("stMain"), 0
    link = main.get_by_role("link", name="Shop offers")
    report = main.get_by_role("button", name="Report (PDF)")
    expect(link).to_be_visible()
    if by == "mouse":
        link.click()
    else:
        tabs += _reach(page, link)
        page.keyboard.press("Enter")
    expect(main.get_by_role("heading", name="Why")).to_be_visible(timeout=LOADED)
    settled(page)
    expect(report).to_be_visible()
    with page.expect_download(timeout=LOADED) as download:
        if by == "mouse":
            report.click()
        else:
            tabs += _reach(page, report)
            page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".pdf")
    print(f"{by}: 2 steps, {tabs} times Tab, {time.monotonic() - begun:.1f} s")

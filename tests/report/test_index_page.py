"""The first page of a pack: whole by itself, escaped, leading to files that are there, in both languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from plumbline.report.index_page import figures, index_page
from plumbline.report.language import language
from plumbline.report.material import Material
from plumbline.report.scorecard_report import report_data
from tests.report.conftest import TITLE
from tests.report.test_pack import read, unpacked


class _Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def page(pack: bytes) -> _Page:
    return _Page(unpacked(pack)["index.html"].decode())


def test_nothing_runs_and_nothing_is_asked_for(page: _Page) -> None:
    assert {tag for tag, _ in page.tags} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1", "h2", "h3", "p", "ol",
        "ul",
        "li", "b", "i", "span", "table", "thead", "tbody", "tr", "th", "td", "img", "a",
    }  # fmt: skip
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert set(attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "aria-hidden",
                                   "src", "alt", "href"}  # fmt: skip
        assert str(attributes.get("src", "data:image/svg+xml;base64,")).startswith(
            "data:image/svg+xml;base64,"
        )
        assert not re.match(r"[a-z]+:|//", str(attributes.get("href", "")))
    (policy,) = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none'")
    style = page.text[next(i for i, text in enumerate(page.text) if "--ink" in text)]
    assert "url(" not in style
    assert "@import" not in style


def test_names_from_a_log_are_text(page: _Page) -> None:
    assert any(TITLE in text for text in page.text)


def test_the_page_says_what_the_report_says(page: _Page, material: Material) -> None:
    data, whole = report_data(material, language("en")), " ".join(page.text)
    for row in data["conditions"]["rows"]:
        assert row["text"] in whole
    for family in data["controls"]["families"]:
        assert all(row["text"] in whole and row["id"] in whole for row in family["rows"])
    assert material.proof.chain.head in whole
    pictures = [a for tag, a in page.tags if tag == "img"]
    assert len(pictures) == 2
    assert all(a["alt"] for a in pictures)


def test_links_lead_to_files_of_the_pack(page: _Page, pack: bytes) -> None:
    links = [str(a["href"]) for tag, a in page.tags if tag == "a"]
    assert links
    assert set(links) <= set(unpacked(pack))
    assert {"report.pdf", "controls.csv", "documents/applicability.pdf"} <= set(links)


def test_each_figure_names_loads_filter_window_and_rows(material: Material) -> None:
    rows = figures(material, language("en"))
    assert [row[0] for row in rows] == ["Performance", "Drift", "Releases"]
    for name, loads, chosen, window, n, table in rows:
        assert loads == "1", name
        assert chosen
        assert " – " in window
        assert "…" not in window
        assert int(n.replace(",", "")) > 0
        assert table.startswith("figures/")


def test_the_figure_of_releases_counts_the_rows_of_its_table(material: Material, pack: bytes) -> None:
    rows = read(unpacked(pack)["figures/releases.csv"])
    shown = next(row for row in figures(material, language("en")) if row[0] == "Releases")[4]
    assert int(shown.replace(",", "")) == sum(int(row["n"]) for row in rows)


def test_in_german_the_page_is_german(material: Material) -> None:
    speech = language("de")
    text = index_page(report_data(material, speech), material, speech, ["report.pdf"]).decode()
    assert '<html lang="de">' in text
    assert "Wie sich die Zahlen nachrechnen lassen" in text

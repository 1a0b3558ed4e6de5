"""Times with the month in words, and amounts with their currency: read alike by the guess and by the load."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.data.load import inspect_file, load_file
from plumbline.logs.values.cast import instant, number
from plumbline.logs.values.currency import (
    detect_currency,
    strip_currency,
    strip_currency_sql,
    unread_currencies,
)
from plumbline.logs.values.month_names import PATTERNS, SPOKEN, spell_time, spell_time_sql
from plumbline.logs.values.times import time_facts
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, rows_of, write

TEN = datetime(2026, 1, 12, 10)
SPELT = {
    "12. Januar 2026 10:00 Uhr": TEN, "Montag, 12. Januar 2026, 10.00 Uhr": TEN, "12. Jänner 2026 um 10:00 Uhr": TEN,
    "12.Jan.2026 10:00": TEN, "12-März-2026 23:59:58": datetime(2026, 3, 12, 23, 59, 58),
    "1er février 2026 à 10h30": datetime(2026, 2, 1, 10, 30), "le 12 août 2026": datetime(2026, 8, 12),
    "12 de enero de 2026 10:00": TEN, "martes, 3 de marzo de 2026, 7:05": datetime(2026, 3, 3, 7, 5),
    "12 gennaio 2026 ore 10:00": TEN, "January 12th, 2026 at 10:00 am": TEN,
    "Mon, Jan 12, 2026 10:30 p.m.": datetime(2026, 1, 12, 22, 30), "31. Dez. 2026": datetime(2026, 12, 31),
    "12.01.2026 10:00 Uhr": TEN, "30. Februar 2026": None, "12. Januar 2026 10:00 MEZ": datetime(2026, 1, 12, 9),
    "Mai 2026": None, "ein Mann, 12 Jahre": None,
}  # fmt: skip


@pytest.mark.parametrize("text", SPELT)
def test_a_time_in_words_is_read_alike_by_the_guess_and_by_the_load(text: str) -> None:
    found = time_facts([text])
    wanted = SPELT[text]
    stamp = None if wanted is None else (wanted - datetime(1970, 1, 1)).total_seconds()
    assert (found.seconds[0] if found else None) == stamp
    form = found.format if found else "|".join(PATTERNS)
    with duckdb.connect() as bare:
        sql = instant("cell", form, "UTC", kind="VARCHAR")
        row = bare.execute(
            f"SELECT {sql}, {spell_time_sql('cell')} FROM (SELECT ? AS cell)", [text]
        ).fetchone()
    assert row == (wanted, spell_time(text))


def test_a_column_of_times_in_words_says_its_patterns() -> None:
    found = time_facts([f"{1 + i}. März 2026 {i}:00 Uhr" for i in range(10)] + ["soon"])
    assert found
    assert (found.format, round(found.share, 2)) == (f"{SPOKEN}%d %b %Y %H:%M", 0.91)


@pytest.mark.parametrize(
    ("cell", "code", "form", "value"),
    [
        ("12 €", "EUR", "", 12.0), ("1.234,50 EUR", "EUR", "decimal_comma", 1234.5), ("€ -3.5", "EUR", "", -3.5),
        ("-12,00\u00a0€", "EUR", "decimal_comma", -12.0), ("$1,200.50", "$", "thousands_comma", 1200.5),
        ("US$ 7", "USD", "", 7.0), ("CHF 1'000,25", "CHF", "decimal_comma", 1000.25), ("12 USD", "EUR", "", None),
        ("12", "EUR", "", 12.0), ("Europe", "EUR", "", None), ("EUR", "EUR", "", None),
    ],
)  # fmt: skip
def test_a_mark_is_taken_from_its_own_amounts_alone(
    cell: str, code: str, form: str, value: float | None
) -> None:
    with duckdb.connect() as bare:
        sql = number("cell", f"currency:{code} {form}", text=True)
        row = bare.execute(
            f"SELECT {sql}, {strip_currency_sql('cell', code)} FROM (SELECT ? AS cell)", [cell]
        ).fetchone()
    assert row == (value, strip_currency(cell, code))


def test_amounts_are_of_one_currency_or_they_stay_text() -> None:
    assert detect_currency(["12 €", "1 EUR", "€5"] * 10 + ["7"]) == "EUR"
    assert detect_currency(["12 €", "1"]) == ""
    assert detect_currency(["12 €", "1 USD"]) == ""
    assert detect_currency([]) == ""
    assert unread_currencies(["12 €", "1 USD", "3 EUR"]) == ("EUR", "USD")
    assert unread_currencies(["12 €", "7", "3 EUR"]) == ("EUR",)
    assert (
        unread_currencies(["12 €", "1 EUR"])
        == unread_currencies(["north", "south"])
        == unread_currencies([])
        == ()
    )


def test_a_german_export_with_amounts_is_read_and_another_currency_is_not_mixed_in(
    workspace: Workspace, tmp_path: Path
) -> None:
    names = ("id", "when", "score", "pred", "label", "Betrag", "Preis")

    def log(path: Path, first: int, mark: str) -> Path:
        rows = []
        for i, line in enumerate(decisions(60, first), first):
            when = f"{1 + i % 28}. März 2026 {i % 24:02d}:00 Uhr"
            rows.append([line[0], when, *line[2:5], f"1.{100 + i},50 {mark}", f"{i} €"])
        return write(path, rows, names, sep=";")

    path = log(tmp_path / "a.csv", 0, "EUR")
    found = inspect_file(path, ws=workspace)
    assert "Amounts in EUR are read as numbers, their mark is taken away: Betrag, Preis." in found.notes
    assert load_file(workspace, path, title="s", actor="t").rows_loaded == 60
    columns = '"timestamp", "feature:Betrag", "feature:Preis"'
    assert rows_of(workspace, columns)[3] == (datetime(2026, 3, 4, 3), 1103.5, 3.0)
    path = log(tmp_path / "b.csv", 60, "USD")
    assert any(
        "was in EUR in earlier logs and is in USD" in n
        for n in inspect_file(path, ws=workspace, system="s").notes
    )
    made = load_file(workspace, path, title="s", actor="t")
    kept = '"feature:Betrag", "text:Betrag", "feature:Preis"'
    assert rows_of(workspace, kept, where=f"_load_id = {made.load_id}")[0] == (None, "1.160,50 USD", 60.0)

"""Recognising files by content, whatever they are called."""

from __future__ import annotations

import codecs
import hashlib
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.logs.files import byte_scan as survey_module
from plumbline.logs.files.byte_scan import survey
from plumbline.logs.files.sniff import find_delimiter, sniff, unique_names
from plumbline.logs.files.source import open_source
from plumbline.store.workspace import Workspace
from tests.examples import examples

TABLE = "id,when,score\n1,2026-01-01,0.5\n2,2026-01-02,0.25\n"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"id,when,score\n", "no rows"),
        (pickle.dumps({"a": [1]}, protocol=2), "pickle"),
        (pickle.dumps({"a": [1]}, protocol=5), "pickle"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<html></html>", "HTML"),
        (bytes(range(256)) * 40, "binary"),
        (b"a,b\n1,\x002\n", "NUL"),
        (b"SQLite format 3\x00", "SQLite"),
    ],
)
def test_what_is_no_log_is_refused_in_one_sentence(tmp_path: Path, body: bytes, word: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(body)
    with pytest.raises(PlumblineError, match=word) as refused:
        sniff(path)
    assert "log.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlumblineError, match="no such file"):
        sniff(tmp_path / "nothing.csv")
    with pytest.raises(PlumblineError, match="folder"):
        sniff(tmp_path)


def test_a_line_of_four_gigabytes_is_refused_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("wb") as file:
        file.truncate(4 * 1024**3)  # sparse
    with pytest.raises(PlumblineError, match="16 MB"):
        sniff(path)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_first_row_without_an_end_is_a_long_line_and_not_no_row(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "wide.csv"
    with path.open("wb") as file:
        file.write(b"id,when,score" + end)
        file.write(b"7" * (2**24 + 2**20))
    with pytest.raises(PlumblineError, match="16 MB"):
        sniff(path)


def test_a_first_row_of_two_megabytes_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("id,when,note\n1,2026-01-01," + "x" * 2**21 + "\n2,2026-01-02,y\n", "utf-8")
    assert sniff(path).columns == ("id", "when", "note")


def test_a_long_line_further_on_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(TABLE.encode() * 50_000 + b"x" * (17 * 1024**2) + b"\n" + TABLE.encode())
    with pytest.raises(PlumblineError, match="16 MB"):
        survey(path, text=True)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, sep: str) -> None:
    path = tmp_path / "log.txt"
    path.write_text(TABLE.replace(",", sep), "utf-8")
    assert sniff(path).delimiter == sep
    assert sniff(path).columns == ("id", "when", "score")


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    assert find_delimiter("a;b;c\n1,5;2,5;3\n4,5;2,25;1,5\n") == ";"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_encoding_and_line_end_gives_the_same_table(
    workspace: Workspace, tmp_path: Path, encoding: str, ends: str
) -> None:
    text = "Nr;Käufer;Preis\n" + "".join(f"{i};Müller €;{i},5\n" for i in range(200))
    path = tmp_path / "log.csv"
    path.write_bytes(text.replace("\n", ends).encode(encoding))
    source = open_source(workspace, path, whole=True)
    assert source.columns == ("Nr", "Käufer", "Preis")
    with workspace.read() as cursor:
        from plumbline.logs.files.source import relation

        found = cursor.execute(f"SELECT * FROM {relation(source, rejects=False)}").fetchall()
    assert found == [(str(i), "Müller €", f"{i},5") for i in range(200)]


def test_lines_before_the_table_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Report of 2026\nmade by: A\n\n" + TABLE, "utf-8")
    form = sniff(path)
    assert (form.skip, form.columns) == (3, ("id", "when", "score"))


def test_a_table_without_a_header_gets_names(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a1,2026-01-01T10:00:00,0.5\na2,2026-01-01T11:00:00,0.7\n", "utf-8")
    form = sniff(path)
    assert not form.header
    assert form.columns == ("column_1", "column_2", "column_3")


def test_names_are_unique_whatever_their_case() -> None:
    assert unique_names(["Score", "score", "", "a\nb", "SCORE"]) == (
        "Score",
        "score_2",
        "column_3",
        "a b",
        "SCORE_3",
    )


def test_a_ragged_comma_file_with_semicolons_in_its_cells_is_read_by_commas() -> None:
    rows = [f"{i},2026-01-0{i},0.5,a;b" + (",extra" if i % 2 else "") for i in range(1, 7)]
    assert find_delimiter("\n".join(["id,when,score,note", *rows])) == ","
    assert find_delimiter("id;score\n1;0,5\n2;0,25\n3;0,125\n") == ";"


def test_titles_filled_up_with_delimiters_stand_above_the_header(tmp_path: Path) -> None:
    lines = ["Auswertung Kredit;;;;", "Stand:;;;;", ";;;;", "", "Antrag;Datum;Wert;Rate;Straße",
             *(f"A{i};{i + 1:02d}.01.2026;{i},5;{i},1 %;Königsallee" for i in range(20)), "Summe;;190,0;;"]  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    found = sniff(path)
    assert (found.skip, found.columns) == (4, ("Antrag", "Datum", "Wert", "Rate", "Straße"))


@pytest.mark.parametrize(
    "first", ["a;;;;", "id;when;score;pred;label", "1;2026-01-01;0,5;yes;no", ";;;;", "x;y;;;"]
)
def test_a_sparse_first_row_above_rows_of_values_is_no_title(tmp_path: Path, first: str) -> None:
    rows = [f"{i};{i + 1:02d}.01.2026;{i},5;yes;no" for i in range(20)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([first, *rows]) + "\n", "utf-8")
    assert sniff(path).skip == 0


@settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r", "ü".encode(), b"\xc3"]), max_size=12).map(
        b"".join
    )
)
def test_a_survey_in_blocks_sees_what_the_whole_file_holds(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_module, "_BLOCK", 3)
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    seen = survey(path, text=True)
    pairs, returns, feeds = data.count(b"\r\n"), data.count(b"\r"), data.count(b"\n")
    assert seen.mixed_ends == (returns > 0 and not returns == pairs == feeds)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        assert seen.foreign
    else:
        assert not seen.foreign
    assert seen.sha256 == hashlib.sha256(data).hexdigest()

"""Several files dropped in one go: one mapping, one press, the outcomes after the decisions, a wrong file left out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.data.load import system_loads
from plumbline.domain import Load
from plumbline.ui.logs.spool import left_out
from plumbline.ui.state import workspace as opened
from tests.factory.decisions import HEADER, csv_bytes, decisions

from .conftest import open_page, words
from .test_writing import press

pytestmark = pytest.mark.usefixtures("empty")

#: the later decisions come without their outcomes
EARLY = csv_bytes(decisions(300))
LATE = csv_bytes([[*line[:4], *line[5:]] for line in decisions(300, 300)], [*HEADER[:4], *HEADER[5:]])
OUTCOMES = csv_bytes([[line[0], line[4]] for line in decisions(300, 300)], ["id", "label"])
STRANGE = csv_bytes([[f"{n}", f"2026-01-{1 + n % 28:02d}", "7"] for n in range(40)], ["no", "day", "price"])
STRANGE_OUTCOMES = csv_bytes([[f"x{n}", "yes" if n % 2 else "no"] for n in range(40)], ["id", "label"])


def _drop(*files: tuple[str, bytes]) -> AppTest:
    at = open_page("logs")
    at.file_uploader[0].set_value([(name, body, "text/csv") for name, body in files])
    return at.run(timeout=60)


def _plain(at: AppTest) -> str:
    """What the page says, without the strokes that keep it from being read as Markdown."""
    return words(at).replace("\\", "")


def _loads(system: str) -> list[Load]:
    """Those of a system, in the order in which they were made."""
    return sorted(system_loads(opened.workspace(), system).loads, key=lambda load: load.load_id)


def test_files_of_one_system_load_with_one_press_in_the_order_of_their_decisions() -> None:
    at = _drop(("a_late.csv", LATE), ("b_outcomes.csv", OUTCOMES), ("c_early.csv", EARLY))
    assert not at.exception
    text = _plain(at)
    assert "3 files are open and not loaded yet" in text
    assert "All 3 files will load" in text
    assert "found by id: all 300 are of decisions here" in text
    assert len(at.data_editor) == 1
    press(at, "Load")
    assert not at.exception
    assert "3 files are loaded into c-early" in _plain(at)
    (one, two, three) = _loads("c-early")
    assert [load.file for load in (one, two, three)] == ["c_early.csv", "a_late.csv", "b_outcomes.csv"]
    assert [load.rows_loaded for load in (one, two)] == [300, 300]
    assert three.labels_joined == 300
    assert not [path for path in opened.workspace().inbox.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("prices.csv", STRANGE, "Its columns are not those of early.csv"),
        ("letter.csv", b"hello\n\x00\x01\x02", "Left out"),
        ("others.csv", STRANGE_OUTCOMES, "none of its ids (id) is that of a decision in these files"),
    ],
)
def test_a_wrong_file_is_named_and_the_others_load(name: str, body: bytes, why: str) -> None:
    at = _drop((name, body), ("early.csv", EARLY), ("late.csv", LATE))
    text = _plain(at)
    assert "2 of 3 files will load; the others are left out" in text
    assert sum(why in line and name in line for line in text.splitlines()) == 1
    press(at, "Load")
    assert not at.exception
    assert [load.file for load in _loads("early")] == ["early.csv", "late.csv"]


def test_what_is_changed_in_the_mapping_holds_for_every_file() -> None:
    at = _drop(("early.csv", EARLY), ("late.csv", LATE))
    editor = at.data_editor[0]
    place = list(editor.value["Column"]).index("region")
    at.session_state[editor.key] = {
        "edited_rows": {place: {"Role": "segment"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    at.run(timeout=60)
    press(at, "Load")
    assert not at.exception
    with opened.workspace().read() as cursor:
        from plumbline.store.systems import decision_columns, find_system

        assert find_system(cursor, "early") is not None
        assert "segment:region" in {column.name for column in decision_columns(cursor, "early")}
        regions = cursor.execute('SELECT count("segment:region") FROM decision_early').fetchone()
    assert regions == (600,)


def test_a_file_taken_out_of_the_uploader_is_not_loaded() -> None:
    at = _drop(("early.csv", EARLY), ("prices.csv", STRANGE))
    assert "1 of 2 files will load" in _plain(at)
    at.file_uploader[0].set_value([("early.csv", EARLY, "text/csv")])
    at.run(timeout=60)
    assert "All 300 rows will load" in _plain(at)
    assert [path.name for path in opened.workspace().inbox.rglob("*.csv")] == ["early.csv"]


def test_several_files_are_looked_at_and_kept_after_all() -> None:
    at = _drop(("early.csv", EARLY), ("late.csv", LATE), ("outcomes.csv", OUTCOMES))
    press(at, "Just look at this file")
    assert not at.exception
    assert "3 files are loaded into early" in _plain(at)
    assert "scratch" in _plain(at)
    press(at, "Keep as a system")
    assert not at.exception
    assert [load.file for load in _loads("early")] == ["early.csv", "late.csv", "outcomes.csv"]


def test_which_sheet_of_each_workbook_is_read_is_said(tmp_path: Path) -> None:
    books = []
    for name, rows in (("early.xlsx", decisions(300)), ("late.xlsx", decisions(300, 300))):
        with pd.ExcelWriter(tmp_path / name, engine="openpyxl") as out:
            pd.DataFrame({"note": ["a", "b"], "day": ["1", "2"]}).to_excel(
                out, sheet_name="Notes", index=False
            )
            pd.DataFrame(rows, columns=HEADER).to_excel(out, sheet_name="Log", index=False)
        books.append((name, (tmp_path / name).read_bytes()))
    lines = [line for line in _plain(_drop(*books)).splitlines() if "Of its sheets Log is read" in line]
    assert ["early.xlsx" in line.split(":")[1] for line in lines] == [True, False]


def test_any_file_of_a_group_may_be_the_healthy_one() -> None:
    at = _drop(("early.csv", EARLY), ("late.csv", LATE))
    healthy = next(item for item in at.selectbox if "healthy" in item.label)
    assert healthy.value is None
    healthy.set_value(next(path for path in opened.workspace().inbox.rglob("late.csv"))).run(timeout=60)
    press(at, "Load")
    assert not at.exception
    assert {load.file: load.reference for load in _loads("early")} == {"early.csv": False, "late.csv": True}


def test_where_a_larger_file_goes_is_said_beside_files_that_are_taken() -> None:
    at = open_page("logs")
    assert "Larger than 200 MB?" in _plain(at)
    at.file_uploader[0].set_value([("early.csv", EARLY, "text/csv")])
    at.run(timeout=60)
    assert "Larger than 200 MB?" in _plain(at)


def test_a_file_that_the_server_could_not_hold_is_named() -> None:
    assert left_out((), ["a.csv"]) == ""
    assert left_out(("a.csv",), ["a.csv"]) == ""  # it was dropped again
    assert left_out(("a_b.csv",), ["c.csv"]) == (
        "Not taken: a\\_b\\.csv. The files of one go hold at most 400 MB. Load the others, then drop the rest."
    )

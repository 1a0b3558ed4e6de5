"""The Logs page: questions before a load, a look without keeping, the quarantine and another try."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from plumbline.store.workspace import Workspace
from plumbline.ui.state import session_files
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.refresh import Refresh
from tests.factory.decisions import csv_bytes, decisions

from .conftest import open_page, words
from .test_writing import drop, press

pytestmark = pytest.mark.usefixtures("empty")


def _late(i: int) -> str:
    """Every tenth time as a German writes it."""
    iso = f"2026-01-{1 + i // 24 % 28:02d}T{i % 24:02d}:00:00Z"
    return iso if i % 10 else f"{1 + i // 24 % 28:02d}.01.2026 {i % 24:02d}:00"


def _grid(at: AppTest, column: str) -> list[object]:
    """The cells of that column in the first table that has it."""
    return next(list(d.value[column]) for d in at.dataframe if column in d.value and "Why" not in d.value)


def _button(at: AppTest, label: str) -> bool:
    return next(b for b in at.button if b.label == label).disabled


def test_the_first_rows_are_shown_as_they_will_be_loaded() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120, when=_late)), "s.csv")
    assert not at.exception
    states = _grid(at, "Row")
    assert len(states) == 10
    assert states[0] == "▲ the time of the decision cannot be read"
    assert set(states[1:]) == {"● loads"}
    assert "1 of them would go to quarantine" in words(at)
    assert _grid(at, "Time of the decision: when")[1] == "2026-01-01 01:00:00 UTC"


def test_the_preview_and_its_worth_follow_a_changed_role() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    assert "no label" not in words(at)
    place = list(at.data_editor[0].value["Column"]).index("label")
    at.session_state[at.data_editor[0].key] = {
        "edited_rows": {place: {"Role": "segment"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    at.run()
    assert len(_grid(at, "Segment: label")) == 10
    assert "load a labels file later" in words(at)


def test_a_question_stops_the_load_until_it_is_answered() -> None:
    both = csv_bytes(decisions(120, when=lambda i: f"0{1 + i % 9}/0{1 + i % 5}/2026 {i % 24:02d}:00"))
    at = drop(open_page("logs"), both, "s.csv")
    assert "day first or month first" in words(at)
    assert _button(at, "Load")
    next(r for r in at.radio if "dmy" in r.options[0] or "Day" in r.options[0]).set_value("mdy").run()
    assert not _button(at, "Load")
    assert _grid(at, "Time of the decision: when")[1] == "2026-02-02 01:00:00 UTC"
    press(at, "Load")
    assert "is loaded into s" in words(at)


def test_a_look_leaves_nothing_and_can_be_kept() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "look.csv")
    press(at, "Just look at this file")
    assert not at.exception
    assert "scratch" in words(at)
    assert at.selectbox(key="system").value == "look"
    with opened.workspace().read() as cursor:
        assert cursor.execute("SELECT count(*) FROM system").fetchone() == (0,)
    for page in ("accuracy", "scorecard", "trail"):
        at.switch_page(f"../../../pages/{page}.py").run(timeout=60)
        assert not at.exception
        assert "scratch" in words(at)
    press(at, "Keep as a system")
    assert not at.exception
    assert "Nothing is kept" not in words(at)
    with opened.workspace().read() as cursor:
        assert cursor.execute("SELECT key FROM system").fetchall() == [("look",)]
    assert not [path for path in opened.workspace().inbox.rglob("*") if path.is_file()]


def test_what_is_thrown_away_is_gone() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "look.csv")
    press(at, "Just look at this file")
    folder = opened.workspace().inbox
    assert [path for path in folder.rglob("*.duckdb")]
    press(at, "Throw away")
    assert "No system yet" in words(at)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_scratch_outlives_cleared_caches_and_a_lost_connection_and_ends_with_its_session() -> None:
    """Streamlit empties a session's caches when its connection is lost, and everybody's when anybody asks for it."""
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "look.csv")
    press(at, "Just look at this file")
    folder = opened.workspace().inbox
    (database,) = folder.rglob("*.duckdb")
    clear_session_resource_cache("test session id")
    st.cache_resource.clear()
    st.cache_data.clear()
    session_files.schedule_clearing("another session", after=0)
    session_files.schedule_clearing("test session id", after=600)
    session_files.keep_session("test session id")
    at.run()
    assert database.exists()
    assert "scratch" in words(at)
    session_files.schedule_clearing("test session id", after=0)
    for _ in range(1000):  # a thread of its own clears it
        if not list(folder.iterdir()):
            break
        time.sleep(0.01)
    assert list(folder.iterdir()) == []
    at.run()  # the tab comes back: nothing is there, and nothing is broken
    assert not at.exception
    assert "scratch" not in words(at)


def test_scratch_is_gone_when_the_server_ends() -> None:
    press(drop(open_page("logs"), csv_bytes(decisions(120)), "look.csv"), "Just look at this file")
    folder = opened.workspace().inbox
    assert list(folder.rglob("*.duckdb"))
    opened.close()
    assert not folder.exists()


def test_two_desks_share_nothing_and_end_with_their_session(workspace: Workspace) -> None:
    folders = []
    for _ in range(2):
        (workspace.inbox / str(len(folders))).mkdir()
        held = session_files.Desk(workspace.inbox / str(len(folders)))
        folders.append(held)
    assert folders[0].folder != folders[1].folder
    (folders[0].folder / "left.csv").write_text("a\n1\n")
    folders[0].close()
    assert not Path(folders[0].folder).exists()
    assert Path(folders[1].folder).exists()


def test_quarantined_rows_are_filtered_by_link_and_tried_again() -> None:
    at = drop(
        open_page("logs"),
        csv_bytes(decisions(120, when=_late, score=lambda i: "x" if i == 1 else (i * 37) % 100 / 100)),
        "s.csv",
    )
    press(at, "Load")
    assert "13 rows wait in quarantine" in words(at)
    at.selectbox(key="reason").set_value("bad_timestamp").run()
    assert set(_grid(at, "Reason")) == {"the time of the decision cannot be read"}
    assert "12" in next(b.label for b in at.button if b.label.startswith("Load these"))
    press(at, "Load these 12 rows")
    assert not at.exception
    assert "1 row waits in quarantine" in words(at)
    assert "rows of load 1" in _grid(at, "Holds")


def test_a_decision_is_erased_after_a_tick_and_its_certificate_is_shown() -> None:
    at = drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv")
    press(at, "Load")

    def erase(value: str, sure: bool) -> None:
        at.radio(key="logs.erase.by").set_value("decision")
        at.text_input(key="logs.erase.value").set_value(value)
        at.checkbox(key="logs.erase.sure").set_value(sure)
        press(at, "Erase")
        assert not at.exception

    erase("d0007", False)
    assert "Nothing was erased" in words(at)
    erase("nobody", True)
    assert "Nothing of this decision is in s" in words(at)
    erase("d0007", True)
    assert "Certificate of erasure" in words(at)
    assert "s holds 119 decisions" in words(at)
    assert "1 decision, 0 labels" in words(at).replace("\\", "")
    with opened.workspace().read() as cursor:
        rows = "SELECT count(*), count(*) FILTER (decision_id = 'd0007') FROM \"decision_s\""
        assert cursor.execute(rows).fetchone() == (119, 0)
        assert "d0007" not in str(cursor.execute("SELECT detail FROM trail").fetchall())


def test_a_file_of_labels_needs_the_decisions_that_it_is_for() -> None:
    labels = b"id,label\n" + b"".join(b"d%04d,yes\n" % i for i in range(60))
    at = drop(open_page("logs"), labels, "labels.csv")
    assert "load the log of the decisions first" in words(at)
    assert _button(at, "Load")
    at = drop(open_page("logs"), csv_bytes(decisions(120, label="")), "s.csv")
    press(at, "Load")
    at = drop(open_page("logs"), labels, "labels.csv")
    into = next(s for s in at.selectbox if s.label == "Load into")
    assert (into.value, list(into.options)) == ("s", ["s"])
    press(at, "Load")
    at = drop(open_page("logs"), labels, "labels.csv")
    press(at, "Load")
    assert "holds nothing that is new to s" in words(at)


def test_a_title_that_is_taken_is_said_to_be() -> None:
    press(drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv"), "Load")
    other = b"\n".join(b",".join(line.split(b",")[:4]) for line in csv_bytes(decisions(120)).splitlines())
    at = drop(open_page("logs"), other, "other.csv")
    next(t for t in at.text_input if t.label == "Name of the new system").set_value(" S! ").run()
    assert "The system s is there already" in words(at)
    assert "The mapping is remembered" in words(at)


def test_who_loads_rows_sees_them_on_every_page_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others keep to the log before them until they are measured."""
    monkeypatch.setenv("PLUMBLINE_REFRESH_SECONDS", "60")
    monkeypatch.setattr(Refresh, "_run", lambda *_: None)  # they never are here, however fast the machine
    at = press(drop(open_page("logs"), csv_bytes(decisions(120)), "s.csv"), "Load")
    other = open_page("quality", system="s")
    assert "120 decisions" in words(other)
    at = press(drop(at, csv_bytes(decisions(180)), "s.csv"), "Load")
    at.switch_page("../../../pages/quality.py").run(timeout=60)
    assert "180 decisions" in words(at)
    assert "180 decisions" not in words(other.run())
    assert "shows the log before them" in words(other)

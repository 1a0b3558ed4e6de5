"""The Governance page: what each answer switches on, the AI Act's class, incidents, registries, four eyes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.answers.alerts.check import check
from plumbline.answers.data.quality import quality
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.governance.time_authority import time_authority
from plumbline.answers.governance.trail import trail
from plumbline.answers.statements import change_settings
from plumbline.domain import PlumblineError, PointStatus, Scorecard, Status
from plumbline.report.buyers.workbook import FilledWorkbook
from plumbline.report.issue import issue_document, issue_period, issue_workbook
from plumbline.report.language import Language
from plumbline.report.signature import public_key
from plumbline.ui.governance import buyers
from plumbline.ui.state import workspace as opened
from tests.report.buyers.test_workbook import ROWS, workbook

from .conftest import open_page, words

SYSTEM = "shop-offers"
pytestmark = pytest.mark.usefixtures("held")


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception


def test_the_context_says_at_once_what_an_answer_switches_on() -> None:
    at = open_page("governance", system=SYSTEM)
    assert "## Regulated" in words(at)  # nothing is answered: the stricter reading
    calm = {"environment": "production", "impact": "recommendation", "harm": "no", "oversight": "always",
            "critical": "no", "regulated_buyers": "no", "financial_entity": "no"}  # fmt: skip
    for key, value in calm.items():
        at.selectbox(key=f"governance.{SYSTEM}.{key}").set_value(value)
    at.run()
    assert "## Light" in words(at)
    assert "Saving drops" in words(at)
    at.selectbox(key=f"governance.{SYSTEM}.harm").set_value("yes").run()
    assert "## Regulated" in words(at)
    assert "mandatory that 'no' would not" in words(at).replace("\\", "")
    at.text_input(key="governance.context.by").set_value("Ada *A*")
    press(at, "Save answers")
    assert "Ada \\*A\\*" in words(at)


def test_the_questions_of_the_ai_act_lead_to_a_class_whose_duties_have_names() -> None:
    at = open_page("governance", system=SYSTEM)
    for box in [b for b in at.checkbox if b.key.endswith(".none")]:
        box.check()
    at.run()
    assert "These answers come to: minimal" in words(at).replace("\\", "")
    at.text_input(key="governance.duty.literacy").set_value("Bo")
    at.text_input(key="governance.act.by").set_value("Ada")
    press(at, "Save class and duties")
    assert "reviewed on" in words(at)
    at = open_page("scorecard", system=SYSTEM, section="Controls")
    at.get_by_key("scorecard.controls").set_value("All").run()
    controls = next(t.value for t in at.table if {"Control", "Status"} <= set(t.value.columns))
    row = controls[controls["Control"].str.contains("CMP")].iloc[1]
    assert "pass" in row["Status"]
    assert "each duty has a name" in row["Evidence"].replace("\\", "")


def test_an_incident_is_opened_with_its_clock() -> None:
    at = open_page("governance", system=SYSTEM)
    at.text_input(key="governance.incident.title").set_value("Wrong ![x](http://x) prices")
    at.text_input(key="governance.incident.by").set_value("Ada")
    press(at, "Open")
    assert "![x](http://x)" not in words(at)
    steps = next(t.value for t in at.table if "Step" in t.value.columns)
    assert list(steps["Step"]) == ["Classify it"]
    assert "left" in steps["State"].iloc[0] or "overdue" in steps["State"].iloc[0]


def _read_folder(folder: Path) -> AppTest:
    at = open_page("governance", system=SYSTEM)
    at.text_input(key="governance.probe.folder").set_value(str(folder))
    at.text_input(key="governance.probe.by").set_value("Ada")
    press(at, "Read it")
    return at


def test_a_folder_is_read_once_it_is_listed_and_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    refused = {_read_folder(folder).error[0].value for folder in (tmp_path, tmp_path / "nowhere")}
    assert len(refused) == 1  # whether it is there is told to nobody
    assert "not listed" in refused.pop()
    at = open_page("governance", system=SYSTEM)
    at.text_input(key="governance.place.text").set_value(str(tmp_path))
    at.text_input(key="governance.place.by").set_value("Ada")
    press(at, "List it")
    assert not at.error
    entry = trail(opened.workspace()).entries[0]
    assert (entry.actor, entry.action, entry.detail["place"]) == ("Ada", "place listed", str(tmp_path))
    assert "There is no such folder" in _read_folder(tmp_path / "nowhere").error[0].value
    assert any("DVC" in box.label for box in _read_folder(tmp_path).expander)
    press(open_page("governance", system=SYSTEM), "Leave it out")
    assert "not listed" in _read_folder(tmp_path).error[0].value


def test_the_owners_stricter_age_holds_for_the_control_the_log_page_and_findings() -> None:
    at = open_page("governance", system=SYSTEM)
    at.number_input(key=f"governance.{SYSTEM}.age_days").set_value(20)
    at.text_input(key="governance.log.by").set_value("Ada")
    next(b for b in at.button if b.label == "Save" and b.form_id == "governance.log").click().run()
    assert not at.exception
    assert not at.error
    ws = opened.workspace()
    found = quality(ws, SYSTEM).staleness
    assert (found.status, found.age_days) == (PointStatus.BREACH, pytest.approx(33, abs=1))
    control = next(c for c in scorecard_answer(ws, SYSTEM).card.controls if c.id == "MON-3")
    assert control.status is Status.FAIL
    assert "at most 20" in control.evidence.sentence
    raised = [f for f in check(ws, SYSTEM, actor="Ada", all_signals=False) if f.signal == "staleness.age"]
    assert [f.figures["age_days"] for f in raised] == [found.age_days]
    with pytest.raises(PlumblineError, match="would loosen MON-3"):
        change_settings(ws, SYSTEM, {"limits": {"MON-3": {"age_days": 400.0}}}, by="Ada")


def test_four_eyes_ask_for_a_second_person() -> None:
    at = open_page("governance", system=SYSTEM)
    at.toggle(key=f"governance.{SYSTEM}.four_eyes").set_value(True)
    at.text_input(key="governance.approve.by").set_value("Ada")
    press(at, "Save")
    at.text_area(key="governance.attest.statement").set_value("It holds.")
    at.text_input(key="governance.attest.by").set_value("Ada")
    press(at, "Attest")
    waiting = next(box for box in at.checkbox if box.key.startswith("governance.approve."))
    waiting.check()
    at.text_input(key="governance.approve.by").set_value("Bo")
    press(at, "Approve and save")
    assert not [box for box in at.checkbox if box.key.startswith("governance.approve.")]


def test_a_document_is_filled_in_made_and_reviewed_on_its_tab() -> None:
    at = open_page("governance", system=SYSTEM)
    at.session_state["section"] = "Documents"
    at.run()
    assert not at.exception
    assert "None was made yet" in words(at)
    area = next(a for a in at.text_area if a.key == f"governance.{SYSTEM}.text.annex.1a_provider")
    area.set_value("We, *of course*")
    at.text_input(key="governance.texts.by").set_value("Ada")
    press(at, "Save texts")
    assert at.text_area(key=area.key).value == "We, *of course*"
    made = issue_document(opened.workspace(), SYSTEM, "annex_iv", actor="Ada")
    at.run()
    at.text_input(key="governance.review.by").set_value("Bo")
    press(at, "I reviewed this version")
    table = next(t.value for t in at.table if "SHA-256" in t.value.columns)
    assert made.sha256[:12] in table["SHA-256"].iloc[0]
    assert "Bo" in table["Reviewed"].iloc[0]


def _for_buyers() -> AppTest:
    at = open_page("governance", system=SYSTEM)
    at.session_state["section"] = "For buyers"
    return at.run()


def test_a_period_is_chosen_by_its_days_and_both_of_them_belong_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []
    real = issue_period

    def issue(ws: object, key: str, start: object, end: object, **options: object) -> object:
        asked.append((key, start, end, options["language_code"]))
        return real(ws, key, start, end, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(buyers, "issue_period", issue)
    makers: list[Callable[[], bytes]] = []
    maker = buyers._period_maker
    monkeypatch.setattr(buyers, "_period_maker", lambda *args: makers.append(maker(*args)) or makers[-1])
    at = _for_buyers()
    assert not at.exception
    at.date_input(key="governance.buyers.start").set_value(date(2026, 3, 1))
    at.date_input(key="governance.buyers.end").set_value(date(2026, 3, 31)).run()
    with zipfile.ZipFile(io.BytesIO(makers[-1]())) as pack:
        assert "index.html" in pack.namelist() or "verify.py" in pack.namelist()
    assert asked == [(SYSTEM, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), "en")]
    assert next(e.detail["kind"] for e in trail(opened.workspace()).entries) == "evidence of a period"
    at.date_input(key="governance.buyers.end").set_value(date(2026, 2, 1)).run()
    assert "ends before it begins" in words(at)


def test_a_buyers_workbook_is_read_once_and_not_at_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fill, reads = buyers.fill_workbook, []

    def count(content: bytes, card: Scorecard, speech: Language) -> FilledWorkbook:
        reads.append(content)
        return fill(content, card, speech)

    monkeypatch.setattr(buyers, "fill_workbook", count)
    at = _for_buyers()
    contents = [workbook((*ROWS, (f"XYZ-0{i}.1", "What else?", None, None))) for i in (1, 2)]
    for content in contents:
        at.file_uploader(key="governance.buyers.workbook").upload("caiq.xlsx", content, buyers.XLSX)
        at.run()
        at.run()
        assert not at.exception
    assert reads == contents


def test_a_buyers_workbook_is_counted_before_it_is_handed_out() -> None:
    at = _for_buyers()
    at.file_uploader(key="governance.buyers.workbook").upload("caiq.xlsx", workbook(), buyers.XLSX)
    at.run()
    assert not at.exception
    _, filled = issue_workbook(opened.workspace(), SYSTEM, workbook(), actor="Ada")
    parts = (filled.answered, filled.described, filled.kept, filled.left)
    assert all(map(len, parts))
    counts = [m.value for m in at.markdown if m.value.removeprefix("## ").isdigit()]
    assert counts == [f"## {len(ids)}" for ids in parts]
    at.file_uploader(key="governance.buyers.workbook").upload("odd.xlsx", b"no workbook", buyers.XLSX)
    at.run()
    assert not at.exception
    assert at.error


def test_the_key_is_shown_and_an_owner_names_the_authority() -> None:
    at = _for_buyers()
    assert public_key().public_key in [block.value for block in at.code]
    assert "None is named" in words(at)
    at.text_input(key="governance.authority.url").set_value("ftp://tsa.example")
    at.text_input(key="governance.authority.by").set_value("Ada")
    press(at, "Save the authority")
    assert "is no https://" in words(at).replace("\\", "")
    at.text_input(key="governance.authority.url").set_value("https://tsa.example/x")
    press(at, "Save the authority")
    kept = time_authority(opened.workspace())
    assert kept is not None
    assert kept.url == "https://tsa.example/x"
    assert "stamped by tsa.example" in words(at).replace("\\", "")
    assert next((e.actor, e.action) for e in trail(opened.workspace()).entries) == (
        "Ada",
        "time authority set",
    )

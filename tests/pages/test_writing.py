"""What is done on the pages: dropping a log, correcting its mapping, taking it back, stating what holds."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from plumbline.ui.state import workspace as opened
from tests.factory.shop import shop_log

from .conftest import open_page, words

pytestmark = pytest.mark.usefixtures("empty")


def drop(at: AppTest, body: bytes, name: str = "shop offers.csv") -> AppTest:
    at.file_uploader[0].upload(name, body, "text/csv")
    return at.run()


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run(timeout=60)


def test_a_dropped_log_shows_its_mapping_loads_and_leaves_no_file_behind() -> None:
    loaded = press(drop(open_page("logs"), shop_log()), "Load")
    assert not loaded.exception
    said = words(loaded)
    assert "is loaded into shop\\-offers" in said
    for name, figure in (
        ("Rows read", "2\\,520"),
        ("Loaded", "2\\,520"),
        ("Duplicates", "0"),
        ("Quarantined", "0"),
    ):
        assert name in said
        assert f"## {figure}" in said
    assert loaded.selectbox(key="system").value == "shop-offers"
    assert not [path for path in opened.workspace().inbox.rglob("*") if path.is_file()]


def test_what_a_person_changes_in_the_mapping_is_what_is_loaded() -> None:
    at = drop(open_page("logs"), shop_log())
    editor = at.data_editor[0]
    row = list(editor.value["Column"]).index("region")
    at.session_state[editor.key] = {
        "edited_rows": {row: {"Role": "segment"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    at.run()
    press(at, "Load")
    assert not at.exception
    with opened.workspace().read() as cursor:
        from plumbline.store.systems import decision_columns

        assert "segment:region" in {column.name for column in decision_columns(cursor, "shop-offers")}


@pytest.mark.usefixtures("held")
def test_the_same_log_again_adds_nothing() -> None:
    at = drop(open_page("logs"), shop_log(), "shop.csv")
    next(s for s in at.selectbox if s.label == "Load into").set_value("shop-offers").run()
    press(at, "Load")
    assert not at.exception
    assert at.dataframe[0].value["Duplicates"].iloc[0] == 2520


def test_a_file_that_is_no_log_is_a_sentence() -> None:
    at = drop(open_page("logs"), b"hello\n\x00\x01\x02", "letter.csv")
    assert not at.exception
    assert len(at.error) == 1
    assert not any(button.label == "Load" for button in at.button)


@pytest.mark.usefixtures("held")
def test_a_load_can_be_taken_back() -> None:
    at = open_page("logs")
    at.checkbox(key="logs.undo.sure").check().run()
    press(at, "Undo it")
    assert not at.exception
    assert "holds 0 decisions" in words(at)


@pytest.mark.usefixtures("held")
def test_answers_attestations_and_exemptions_are_signed() -> None:
    at = open_page("governance", system="shop-offers")
    at.selectbox(key="governance.shop-offers.environment").set_value("production").run()
    at.text_input(key="governance.context.by").set_value("Ada")
    press(at, "Save answers")
    assert not at.exception
    assert "7 of 8 questions" in words(at)
    assert "Ada" in words(at)
    at.text_area(key="governance.attest.statement").set_value("Access is *reviewed* each quarter.")
    at.text_input(key="governance.attest.by").set_value("Ada")
    press(at, "Attest")
    assert not at.exception
    assert "reviewed" in at.table[0].value["Statement"].iloc[0]
    assert "*reviewed*" not in at.table[0].value["Statement"].iloc[0].replace("\\*", "")


@pytest.mark.usefixtures("held")
def test_a_statement_without_a_name_is_refused_in_words() -> None:
    at = open_page("governance", system="shop-offers")
    at.text_area(key="governance.attest.statement").set_value("It holds.")
    at.text_input(key="governance.attest.by").set_value("")
    press(at, "Attest")
    assert not at.exception
    assert "needs an owner" in at.error[0].value


@pytest.mark.usefixtures("held")
def test_what_decisions_are_worth_is_said_on_the_scorecard() -> None:
    at = open_page("governance", system="shop-offers")
    at.number_input(key="governance.costs.shop-offers.amount").set_value(200000.0)
    at.text_input(key="governance.costs.shop-offers.sentence").set_value("A deal hangs on the review.")
    at.text_input(key="governance.costs.by").set_value("Ada")
    press(at, "Save costs")
    assert not at.exception
    at.switch_page("../../../pages/scorecard.py").run()
    assert "EUR 200\\,000" in words(at)
    assert "A deal hangs on the review" in words(at)


@pytest.mark.usefixtures("held")
def test_what_an_owner_says_of_inputs_is_kept() -> None:
    at = open_page("decisions", system="shop-offers", decision="o-010-003")
    assert not at.exception
    editor = next(e for e in at.data_editor if e.key == "decisions.settings.shop-offers")
    row = list(editor.value["Input"]).index("basket")
    at.session_state[editor.key] = {
        "edited_rows": {row: {"In words": "Basket, in euros", "May change": True, "Direction": "up"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    at.selectbox(key="decisions.adverse").set_value("high")
    at.text_area(key="decisions.contest").set_value(" Write to us. ")
    press(at, "Save")
    assert not at.exception
    with opened.workspace().read() as cursor:
        from plumbline.store.systems import get_system

        kept = get_system(cursor, "shop-offers").settings.to_dict()
    assert kept["reasons"] == {"basket": "Basket, in euros"}
    assert kept["changeable"] == {"basket": {"direction": "up", "levels": []}}
    assert (kept["adverse"], kept["contest"]) == ("high", "Write to us.")
    assert "contact" not in kept

"""The rest of a log is guessed given what a person said of it, and names do not outrank what the columns hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plumbline.domain import IGNORE, Kind, PlumblineError, Task
from plumbline.logs.mapping.choices import StatedRoles
from plumbline.logs.mapping.column_facts import ColumnFacts
from plumbline.logs.mapping.guess import MappingGuess, guess_mapping
from plumbline.logs.mapping.personal_names import personal_data_by_name
from tests.conftest import Ran
from tests.factory.decisions import decisions, row, write
from tests.logs.mapping.test_guess import (
    AGES,
    AT,
    ISO,
    PRICE,
    SCORE,
    TRUE,
    Cell,
    N,
    classes,
    number,
    score,
    truth,
    when,
)

Run = Callable[..., Ran]
SALARY = np.random.default_rng(8).normal(100_000, 20_000, N).round(2)


def years(i: int) -> object:
    return AGES[i]


def look(columns: dict[str, Cell], *maps: str, task: Task | None = None, rows: int = N) -> MappingGuess:
    facts = [
        ColumnFacts(name=name, cells=tuple(str(cell(i)) for i in range(rows)))
        for name, cell in columns.items()
    ]
    pairs = tuple((m.rpartition("=")[0], m.rpartition("=")[2]) for m in maps)
    return guess_mapping(facts, None, StatedRoles(pairs, task))


def roles(found: MappingGuess) -> dict[str, str]:
    return {m.column: str(m.role) for m in reversed(found.mapping.columns)}


BANK: dict[str, Cell] = {
    "RowNumber": lambda i: i + 1, "CustomerId": lambda i: 15_600_000 + 37 * i % 9973, 
    "Surname": lambda i: f"Name{i % 90}",
    "CreditScore": lambda i: 600 + i % 200, "Gender": lambda i: ("Male", "Female")[i % 2], "Age": lambda i: AGES[i],
    "HasCrCard": lambda i: i % 2, "IsActiveMember": lambda i: (i // 3) % 2, "EstimatedSalary": lambda i: SALARY[i],
    "churn_probability_pct": lambda i: round(100 * SCORE[i], 2), "will_leave": classes("yes", "no"),
    "churned": truth("yes", "no"), "scored_at": when(ISO),
}  # fmt: skip


def test_a_bank_s_export_needs_no_correction() -> None:
    found = look(BANK)
    by = roles(found)
    assert by["EstimatedSalary"] == "feature:EstimatedSalary"
    assert (by["will_leave"], by["churned"], by["churn_probability_pct"]) == ("prediction", "label", "score")
    assert (by["CustomerId"], by["Surname"]) == ("subject", IGNORE)
    assert by["scored_at"] == "timestamp"
    assert found.mapping.task is Task.BINARY
    assert next(m.format for m in found.mapping.columns if m.column == "churn_probability_pct") == "percent"
    assert not any(q.must for q in found.questions)


def test_what_a_person_says_comes_first_and_the_task_follows() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "estimated_price": lambda i: PRICE[i], "prob": score,
                            "flag": lambda i: "AB"[i // 2 % 2], "came": truth("A", "B")}  # fmt: skip
    bare = look(log)
    assert (roles(bare)["estimated_price"], bare.mapping.task) == ("prediction", Task.REGRESSION)
    said = look(log, "flag=prediction", "came=label")
    assert said.mapping.task is Task.BINARY
    assert roles(said)["prob"] == "score"
    assert roles(said)["estimated_price"] == "feature:estimated_price"


def test_the_task_that_was_said_is_the_task() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "prediction": lambda i: 1 + i % 5, "age": lambda i: AGES[i]}
    found = look(log, task=Task.REGRESSION)
    assert found.mapping.task is Task.REGRESSION
    assert not found.questions


def test_a_corrected_column_gets_the_type_of_its_content() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"),
                            "model_version": lambda i: 1 + i // 60, "true_income": lambda i: PRICE[i]}  # fmt: skip
    found = look(log, "true_income=feature", "model_version=feature")
    kinds = {m.column: m.kind for m in found.mapping.columns}
    assert (kinds["true_income"], kinds["model_version"]) == (Kind.NUMERIC, Kind.NUMERIC)


def test_notes_are_of_the_time_that_was_mapped() -> None:
    log: dict[str, Cell] = {"scored_at": when("%Y-%m-%d %H:%M:%S"), "day": when("%Y-%m-%d"), "score": score,
                            "pred": classes("1", "0")}  # fmt: skip
    assert any("scored_at" in note for note in look(log).notes)
    notes = look(log, "day=timestamp").notes
    assert any("The times of day " in note for note in notes)
    assert not any("scored_at" in note for note in notes)


def test_a_column_that_is_said_to_be_a_time_and_is_none_is_blamed() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "region": lambda i: "nsw"[i % 3], "score": score}
    with pytest.raises(PlumblineError, match="'region' was given the role timestamp and cannot be read"):
        look(log, "region=timestamp")


def test_two_columns_of_a_role_are_named() -> None:
    with pytest.raises(PlumblineError, match="'a' and 'b' both have the role label"):
        look(
            {"when": when(ISO), "score": score, "a": truth("1", "0"), "b": truth("1", "0")},
            "a=label",
            "b=label",
        )


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("model_release", lambda i: "otp-3" if i > 100 else "otp-2"),
        ("release", lambda i: f"{2010 + i // 80}-H{1 + i // 40 % 2}"),
        ("version", lambda i: f"{2010 + i // 100}.{1 + i // 50 % 2}"),
        ("scoring_version", lambda i: f"{2010 + i // 100}.{1 + i // 50 % 2}"),
        ("col_7", lambda i: "otp-3" if i > 100 else "otp-2"),
        ("col_7", lambda i: f"{2010 + i // 100}.{1 + i // 50 % 2}"),
        ("modelo_version", lambda i: i // 80),
    ],
)
def test_versions_of_every_spelling(name: str, cell: Cell) -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"), name: cell}
    assert roles(look(log))[name] == "version"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("app_version", lambda i: f"{1 + i % 7}"),  # changes from row to row: what the person used
        ("quarter", lambda i: f"2026-Q{1 + i // 60}"),
        ("zone", lambda i: f"zone-{i % 4}"),
        ("month", lambda i: 1 + i // 20),
    ],
)
def test_what_is_no_version(name: str, cell: Cell) -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"), name: cell}
    found = look(log)
    assert roles(found)[name] != "version"
    assert not any("version" in q.text for q in found.questions)


def test_a_day_of_the_week_is_no_label() -> None:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    german = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
    log: dict[str, Cell] = {"when": when(ISO), "prediction": lambda i: 1 + i % 7, "class": lambda i: days[i % 7],
                            "result": lambda i: german[i % 7], "day_of_week": lambda i: 1 + i % 7}  # fmt: skip
    assert "label" not in roles(look(log)).values()


def test_the_time_of_the_decision_is_there_in_nearly_every_row() -> None:
    sparse: Cell = lambda i: AT[i].strftime(ISO) if i % 9 == 0 else ""  # noqa: E731
    log: dict[str, Cell] = {
        "timestamp": sparse,
        "row_written": when(ISO),
        "score": score,
        "pred": classes("1", "0"),
    }
    assert roles(look(log))["row_written"] == "timestamp"
    alone = look({"timestamp": sparse, "score": score, "pred": classes("1", "0")})
    assert any("filled in only 11 %" in q.text for q in alone.questions)


def test_what_parts_the_log_is_no_feature() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"),
                            "period": lambda i: "reference" if i < 100 else "analysis"}  # fmt: skip
    found = look(log)
    assert roles(found)["period"] == IGNORE
    assert any("period parts the log" in note for note in found.notes)


def test_where_attributions_start_from_is_no_feature() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"), "age": years,
                            "shap_age": lambda i: AGES[i] / 900, "shap_base_value": lambda _: 1}  # fmt: skip
    by = roles(look(log))
    assert (by["shap_age"], by["shap_base_value"]) == ("attribution:age", IGNORE)


@pytest.mark.parametrize(
    "name",
    ["Nachname", "apellidos", "nazwisko", "Příjmení", "cognome", "Achternaam", "sukunimi", "customer_last_name", 
     "E-Mail-Adresse",      "vezetéknév", "Prénom"],
)  # fmt: skip
def test_personal_data_is_told_by_its_name(name: str) -> None:
    assert personal_data_by_name(name)


@pytest.mark.parametrize("name", ["name", "age", "last_payment", "address_changes", "model_name", "via_app"])
def test_other_names_are_left_alone(name: str) -> None:
    assert not personal_data_by_name(name)


@pytest.mark.parametrize(
    "name", ["customer_id", "CustomerId", "Kundennummer", "client_no", "Kd-Nr", "id_cliente"]
)
def test_the_number_of_a_customer_is_the_person(name: str) -> None:
    log: dict[str, Cell] = {"request_id": number, "when": when(ISO), "score": score, "pred": classes("1", "0"),
                            name: lambda i: 4000 + 7 * i}  # fmt: skip
    assert roles(look(log))[name] == "subject"


def test_the_mapping_is_less_sure_where_the_first_rows_cannot_be_read_so(
    plumbline: Run, tmp_path: Path
) -> None:
    rows = [
        row(i, label="yes" if TRUE[i] else "no", score=f"{i * 1.37:.2f}", pred=f"{i * 1.37:.2f}")
        for i in range(N)
    ]
    path = write(tmp_path / "log.csv", rows)
    said = plumbline("inspect", path, "--map", "pred=prediction", "--task", "regression", "--json").json
    assert (said["confidence"]["label"], said["unfit"]) == (0, N)
    assert "cannot be read so" in said["reasons"]["label"]


def test_a_decile_as_a_score_without_a_prediction_is_said_to_tell_little() -> None:
    log: dict[str, Cell] = {
        "when": when(ISO),
        "decile": lambda i: 1 + int(10 * SCORE[i]),
        "came": truth("1", "0"),
    }
    found = look(log, "decile=score", "came=label")
    assert any("decile is no probability (it runs from 1 to 10)" in note for note in found.notes)
    assert not any("no probability" in note for note in look(BANK).notes)


def test_labels_for_no_system_are_told_of_as_what_they_were_taken_for(plumbline: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path / "no_time.csv", [[f"d{i}", "yes" if i % 2 else "no"] for i in range(40)], ("id", "label")
    )
    refused = plumbline("load", path, "--system", "x")
    assert refused.code == 2
    assert "was taken for labels (label by id" in refused.err


def test_a_name_that_is_nearly_right_is_offered(plumbline: Run, tmp_path: Path) -> None:
    plumbline("load", write(tmp_path / "log.csv", decisions(40)), "--system", "card-fraud")
    assert "Did you mean card-fraud?" in plumbline("performance", "cardfraud").err


def test_commands_are_listed_by_their_use(plumbline: Run) -> None:
    shown = plumbline("--help").out
    for title in ("Begin:", "Logs:", "Signals:", "Governance:", "Examples:"):
        assert title in shown
    assert "Other:" not in shown or "labels" not in shown.split("Other:")[1]


def test_a_named_class_beats_a_number_that_is_called_estimated() -> None:
    late: Cell = lambda i: int(SALARY[i] > 110_000)  # noqa: E731
    log: dict[str, Cell] = {"when": when(ISO), "estimated_delay": lambda i: PRICE[i], "late": late,
                            "predicted_late": lambda i: late(i) if i % 9 else 1 - int(str(late(i)))}  # fmt: skip
    found = look(log)
    assert (roles(found)["predicted_late"], found.mapping.task) == ("prediction", Task.BINARY)
    assert any("Is 'late' the label" in q.text for q in found.questions)


def test_the_constant_name_of_a_model_is_no_version_beside_its_releases() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"), "model": lambda _: "gbm",
                            "build": lambda i: f"gbm-{1 + i // 80}"}  # fmt: skip
    assert roles(look(log))["build"] == "version"
    assert roles(look({k: v for k, v in log.items() if k != "build"}))["model"] == "version"


def test_halves_of_a_name_are_personal_data() -> None:
    log: dict[str, Cell] = {"when": when(ISO), "score": score, "pred": classes("1", "0"),
                            "first": lambda i: f"A{i % 30}", "last": lambda i: f"B{i % 40}"}  # fmt: skip
    by = roles(look(log))
    assert (by["first"], by["last"]) == (IGNORE, IGNORE)

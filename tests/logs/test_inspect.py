"""The guess: right on the real logs, by content where names say nothing, and a question where it is unsure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from plumbline.domain import IGNORE, ColumnMap, Kind, Mapping, PlumblineError, RoleName, Task
from plumbline.logs.inspect import Inspection, inspect
from plumbline.logs.mapping.guess import SURE
from plumbline.logs.mapping.role_names import name_strength, normalise
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import HEADER, row, write

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real logs are not beside this checkout")

#: file -> roles that are not features (by column), task, positive class
TRUTH: dict[str, tuple[dict[str, str], Task | None, str | None]] = {
    "electricity/electricity.csv": (
        {"request_id": "decision_id", "scored_at": "timestamp", "model_ver": "version", "trained_at": "trained_at",
         "price_up_prob": "score", "forecast": "prediction", "outcome": "label"}, Task.BINARY, "UP"),
    "income-credit/kredit_export.csv": (
        {"Antrag-Nr": "decision_id", "Zeitpunkt": "timestamp", "Modellversion": "version", "Score": "score",
         "Entscheidung": "prediction", "Ergebnis": "label", "Geschlecht": "protected:Geschlecht",
         "Herkunft": "protected:Herkunft"}, Task.BINARY, "bewilligt"),
    "car-prices/reference.csv": (
        {"quote_id": "decision_id", "quoted": "timestamp", "offer_eur": "prediction", "sold_for_eur": "label"},
        Task.REGRESSION, None),
    "car-prices/quotes.csv": (
        {"quote_id": "decision_id", "quoted": "timestamp", "offer_eur": "prediction"}, Task.REGRESSION, None),
    "car-prices/sold_later.csv": ({"quote_id": "decision_id", "sold_for_eur": "label"}, None, None),
    "card-offers/card_offers.parquet": (
        {"id": "decision_id", "timestamp": "timestamp", "y_pred_proba_prepaid_card": "proba:prepaid_card",
         "y_pred_proba_highstreet_card": "proba:highstreet_card", "y_pred_proba_upmarket_card": "proba:upmarket_card",
         "y_pred": "prediction", "y_true": "label"}, Task.MULTICLASS, None),
    "car-loan/reference.parquet": (
        {"id": "decision_id", "timestamp": "timestamp", "y_pred_proba": "score", "y_pred": "prediction",
         "repaid": "label"}, Task.BINARY, "1"),
    "car-loan/analysis.parquet": (
        {"id": "decision_id", "timestamp": "timestamp", "y_pred_proba": "score", "y_pred": "prediction"},
        Task.BINARY, "1"),
    "car-loan/targets.parquet": ({"id": "decision_id", "repaid": "label"}, None, None),
    "dirty-loans/dirty_loans.csv": (
        {"id": "decision_id", "timestamp": "timestamp", "y_pred_proba": "score", "y_pred": "prediction"},
        Task.BINARY, "1"),
}  # fmt: skip
FOUND_WITHOUT_NAMES = ("timestamp", "decision_id", "score", "prediction")


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Path]]:
    folder = tmp_path_factory.mktemp("inspect")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder, *(f for f in SHARED.glob("*") if f.is_dir())])
    yield ws, folder
    ws.close()


def _roles(found: Inspection) -> dict[str, str]:
    return {m.column: str(m.role) for m in found.mapping.columns if m.role.role not in ("feature", IGNORE)}


@real
@pytest.mark.reallogs
@pytest.mark.parametrize("file", TRUTH)
def test_the_real_logs_are_understood_without_a_question(reading: tuple[Workspace, Path], file: str) -> None:
    roles, task, positive = TRUTH[file]
    found = inspect(SHARED / file, ws=reading[0])
    assert _roles(found) == roles
    assert (found.mapping.task, found.mapping.positive) == (task, positive)
    assert found.questions == ()
    assert found.kind == ("labels" if task is None else "decisions")


@real
@pytest.mark.reallogs
def test_protected_columns_are_features_as_well(reading: tuple[Workspace, Path]) -> None:
    found = inspect(SHARED / "income-credit" / "kredit_export.csv", ws=reading[0])
    features = {m.column: m.kind for m in found.mapping.columns_of("feature")}
    assert features["Geschlecht"] is Kind.CATEGORICAL
    assert features["Alter"] is Kind.NUMERIC
    assert found.decimal == ","
    assert next(m.format for m in found.mapping.columns if m.column == "Score") == "decimal_comma"
    assert next(m.format for m in found.mapping.columns if m.column == "Zeitpunkt") == "%d.%m.%Y %H:%M"


def _nameless(file: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """A copy with columns col_1, col_2 ..., and which column was which."""
    out = folder / file.replace("/", "_")
    if file.endswith("csv"):
        head, _, rest = (SHARED / file).read_bytes().partition(b"\n")
        sep = ";" if b";" in head else ","
        names = head.decode("utf-8-sig").strip().split(sep)
        out.write_bytes(sep.join(f"col_{i + 1}" for i in range(len(names))).encode() + b"\n" + rest)
    else:
        con = duckdb.connect()
        names = [r[0] for r in con.execute(f"DESCRIBE FROM '{SHARED / file}'").fetchall()]
        columns = ", ".join(f'"{n}" AS col_{i + 1}' for i, n in enumerate(names))
        con.execute(f"COPY (SELECT {columns} FROM '{SHARED / file}') TO '{out}'")
        con.close()
    return out, {f"col_{i + 1}": name for i, name in enumerate(names)}


@real
@pytest.mark.reallogs
@pytest.mark.parametrize("file", [f for f, (_, task, _) in TRUTH.items() if task is not Task.REGRESSION])
def test_content_decides_where_names_say_nothing(reading: tuple[Workspace, Path], file: str) -> None:
    path, names = _nameless(file, reading[1])
    roles, _, positive = TRUTH[file]
    found = inspect(path, ws=reading[0])
    got = {names[c]: role for c, role in _roles(found).items()}
    for column, role in roles.items():
        if role in FOUND_WITHOUT_NAMES or role.startswith("proba"):
            assert got[column] == role
        elif role == "label" and found.kind == "decisions":
            assert got[column] == role
            assert any("label" in q for q in found.questions)
    assert found.mapping.positive == positive


@real
@pytest.mark.reallogs
def test_two_numbers_without_names_are_asked_about(reading: tuple[Workspace, Path]) -> None:
    path, _ = _nameless("car-prices/reference.csv", reading[1])
    found = inspect(path, ws=reading[0])
    assert any("which came true" in q for q in found.questions)


@real
@pytest.mark.reallogs
def test_what_earlier_loads_settled_is_not_guessed_again(reading: tuple[Workspace, Path]) -> None:
    known = inspect(SHARED / "car-prices" / "reference.csv", ws=reading[0]).mapping
    later = inspect(SHARED / "car-prices" / "quotes.csv", ws=reading[0], known=known)
    assert {m.confidence for m in later.mapping.columns} == {1.0}
    assert later.kind == "decisions"
    labels = inspect(SHARED / "car-prices" / "sold_later.csv", ws=reading[0], known=known)
    assert labels.kind == "labels"
    assert _roles(labels) == {"quote_id": "decision_id", "sold_for_eur": "label"}


Look = Callable[..., Inspection]


@pytest.fixture
def look(workspace: Workspace, tmp_path: Path) -> Look:
    """Inspect a log made of changed rows."""

    def make(rows: int = 200, header: tuple[str, ...] = HEADER, known: Mapping | None = None, sep: str = ",",
             **cells: Callable[[int], object]) -> Inspection:  # fmt: skip
        body = [row(i, **{name: cell(i) for name, cell in cells.items()}) for i in range(rows)]
        return inspect(write(tmp_path / "log.csv", body, header, sep), ws=workspace, known=known)

    return make


def test_a_plain_log_needs_no_question(look: Look) -> None:
    found = look()
    assert _roles(found) == {
        "id": "decision_id", "when": "timestamp", "score": "score", "pred": "prediction", "label": "label",
    }  # fmt: skip
    assert found.questions == ()
    assert found.mapping.positive == "yes"
    assert all(m.confidence >= SURE for m in found.mapping.columns)


def test_a_date_that_could_be_read_two_ways_is_asked_about(look: Look) -> None:
    found = look(rows=12, when=lambda i: f"0{1 + i % 9}/0{1 + i % 5}/2026 10:00")
    assert any("day first or month first" in q for q in found.questions)


def test_the_whole_column_is_asked_before_a_person_is(look: Look) -> None:
    found = look(rows=10_050, when=lambda i: f"{1 + i % 9}/{20 if i > 10_000 else 1 + i % 5}/2026 10:00")
    assert found.questions == ()
    assert next(m.format for m in found.mapping.columns if m.column == "when") == "%m/%d/%Y %H:%M"


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        (lambda i: f"{1 + i % 28}.{1 + i % 12}.2026 {i % 24:02d}:00", "%d.%m.%Y %H:%M"),
        (lambda i: f"{1 + i % 12:02d}/{1 + i % 28:02d}/2026", "%m/%d/%Y"),
        (lambda i: 1_767_225_600 + 3600 * i, "epoch_s"),
        (lambda i: 1_767_225_600_000 + 3_600_000 * i, "epoch_ms"),
        (lambda i: f"202601{1 + i % 28:02d}T{i % 24:02d}0000Z", "%Y%m%dT%H%M%SZ"),
        (lambda i: f"2026-01-{1 + i % 28:02d}", "iso"),
        (lambda i: f"{1 + i % 28:02d} Jan 2026 10:00:00", "%d %b %Y %H:%M:%S"),
    ],
)
def test_time_formats_are_recognised(look: Look, cell: Callable[[int], object], form: str) -> None:
    found = look(when=cell)
    assert found.mapping.column_of("timestamp") == "when"
    assert next(m.format for m in found.mapping.columns if m.column == "when") == form


def test_labels_that_lag_are_found_further_on(look: Look) -> None:
    found = look(rows=10_500, label=lambda i: "" if i < 10_200 else "yes" if i % 3 else "no")
    assert found.mapping.column_of("label") == "label"


def test_a_log_without_any_time_is_refused_by_name(look: Look) -> None:
    with pytest.raises(PlumblineError, match="time"):
        look(when=lambda i: "x")


def test_a_score_in_percent_is_seen(look: Look) -> None:
    found = look(score=lambda i: f"{(i * 37) % 100}%", pred=lambda i: "yes" if (i * 37) % 100 >= 50 else "no")
    assert next(m.format for m in found.mapping.columns if m.column == "score") == "percent"


def test_a_column_where_every_value_differs_is_left_out(look: Look) -> None:
    found = look(region=lambda i: f"customer wrote letter {i}")
    assert next(str(m.role) for m in found.mapping.columns if m.column == "region") == IGNORE


def test_what_a_person_said_is_kept_and_the_rest_is_guessed_around_it(look: Look) -> None:
    said = Mapping(
        (
            ColumnMap(column="age", role=RoleName("prediction")),
            ColumnMap(column="region", role=RoleName("segment", "region")),
        )
    )
    found = look(known=said, age=lambda i: i * 1.5)
    assert found.mapping.column_of("prediction") == "age"
    assert found.mapping.task is Task.REGRESSION
    assert next(m for m in found.mapping.columns if m.column == "region").role == RoleName(
        "segment", "region"
    )
    assert found.mapping.column_of("timestamp") == "when"


def test_what_is_missing_is_said(look: Look) -> None:
    assert any("release checks will be unknown" in note for note in look().notes)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Zeitpunkt", "timestamp"), ("horodatage", "timestamp"), ("fecha_hora", "timestamp"),
        ("scored_at", "timestamp"), ("predictedAt", "timestamp"), ("trained_at", "trained_at"),
        ("Trainingsdatum", "trained_at"), ("Antrag-Nr", "decision_id"), ("request_id", "decision_id"),
        ("id_demande", "decision_id"), ("Wahrscheinlichkeit", "score"), ("probabilité", "score"),
        ("punteggio", "score"), ("puntuación", "score"), ("Entscheidung", "prediction"),
        ("décision", "prediction"), ("predicción", "prediction"), ("previsione", "prediction"),
        ("Ergebnis", "label"), ("résultat", "label"), ("resultado", "label"),
        ("esito", "label"), ("ground_truth", "label"), ("Geschlecht", "protected"),
        ("sexe", "protected"), ("género", "protected"), ("nazionalità", "protected"),
        ("Kunden-Nr", "subject"), ("customer_id", "subject"), ("Modellversion", "version"),
        ("version_modèle", "version"), ("labelled_at", "label_time"), ("Endentscheidung", "override"),
        ("variant", "arm"),
    ],
)  # fmt: skip
def test_names_in_five_languages_are_known(name: str, role: str) -> None:
    assert name_strength(name).get(role) == 1.0


def test_names_are_compared_without_case_accents_and_signs() -> None:
    assert normalise("  Probabilité (Modèle) ") == "probabilite_modele"


def test_a_column_that_is_called_a_time_and_is_none_is_named(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(i, when=f"shift {i}") for i in range(30)])
    with pytest.raises(PlumblineError, match=r"'when' \('shift 0'\) cannot be read as one"):
        inspect(path, ws=workspace)


def test_an_endpoint_s_capture_is_read_without_its_envelope(workspace: Workspace, tmp_path: Path) -> None:
    def part(mode: str, data: dict[str, object]) -> dict[str, object]:
        return {
            "observedContentType": "application/json",
            "mode": mode,
            "data": json.dumps(data),
            "encoding": "JSON",
        }

    lines = [
        json.dumps({
            "captureData": {
                "endpointInput": part("INPUT", {"age": 20 + i % 40, "sex": "mf"[i % 2]}),
                "endpointOutput": part("OUTPUT", {"score": i * 37 % 100 / 100}),
            },
            "eventMetadata": {"eventId": f"e{i}", "inferenceTime": f"2026-01-{1 + i // 24:02d}T{i % 24:02d}:00:00Z"},
            "eventVersion": "0",
        })
        for i in range(100)
    ]  # fmt: skip
    (tmp_path / "capture.jsonl").write_text("\n".join(lines), "utf-8")
    found = inspect(tmp_path / "capture.jsonl", ws=workspace)
    roles = {str(c.role) for c in found.mapping.columns if c.role.role != IGNORE}
    assert roles == {"feature:age", "feature:sex", "protected:sex", "score", "decision_id", "timestamp"}


def test_a_letter_is_no_table(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Hello,\nthis is a letter.\nBest regards\nAnn\n", "utf-8")
    with pytest.raises(PlumblineError, match="so it is no table"):
        inspect(tmp_path / "a.csv", ws=workspace)

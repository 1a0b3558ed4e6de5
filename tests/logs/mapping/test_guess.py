"""Small logs, most without a name that helps: the right meaning, or the right question; never wrong in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from plumbline.domain import IGNORE, Kind, Task
from plumbline.logs.mapping.column_facts import ColumnFacts, uses_decimal_commas
from plumbline.logs.mapping.guess import MappingGuess, guess_mapping

N = 240
RANDOM = np.random.default_rng(5)
SCORE = RANDOM.beta(2, 2, N).round(4)
TRUE = RANDOM.random(N) < SCORE
AGES = RANDOM.integers(18, 80, N)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
AT = [START + timedelta(hours=i) for i in range(N)]
Cell = Callable[[int], object]


def classes(yes: str, no: str, cut: float = 0.5) -> Cell:
    return lambda i: yes if SCORE[i] >= cut else no


def truth(yes: str, no: str) -> Cell:
    return lambda i: yes if TRUE[i] else no


def when(form: str) -> Cell:
    return lambda i: AT[i].strftime(form)


def epoch(unit: int) -> Cell:
    return lambda i: int(AT[i].timestamp()) * unit


def score(i: int) -> object:
    return SCORE[i]


def comma(i: int) -> object:
    return f"{SCORE[i]:.4f}".replace(".", ",")


def number(i: int) -> object:
    return f"A{i:05d}"


def age(i: int) -> object:
    return AGES[i]


THREE = RANDOM.dirichlet((2, 2, 2), N).round(4)
NAMES = ("gold", "silver", "basic")
PRICE = RANDOM.gamma(9, 900, N).round(2)
SOLD = (PRICE * RANDOM.normal(1, 0.05, N)).round(2)
P3: dict[str, Cell] = {f"p_{name}": (lambda i, k=k: THREE[i, k]) for k, name in enumerate(NAMES)}  # type: ignore[misc]
TOP: Cell = lambda i: NAMES[int(THREE[i].argmax())]  # noqa: E731
ISO = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Case:
    """``right``: column -> role (others may be anything that is no single role). ``asks``: words of a question each."""

    name: str
    columns: dict[str, Cell]
    right: dict[str, str]
    task: Task | None = Task.BINARY
    positive: str | None = None
    asks: Sequence[str] = ()
    form: str = ""  # of the time of decision
    must: bool = False
    rows: int = N


def usual(yes: str = "1", no: str = "0", **more: Cell) -> dict[str, Cell]:
    return {
        "col_1": number,
        "col_2": when(ISO),
        "col_3": score,
        "col_4": classes(yes, no),
        "col_5": truth(yes, no),
        **more,
    }


ROLES = {
    "col_1": "decision_id",
    "col_2": "timestamp",
    "col_3": "score",
    "col_4": "prediction",
    "col_5": "label",
}
LABEL = ("Is 'col_5' the label",)

CASES = (
    Case("anonymous 1/0", usual(), ROLES, positive="1", asks=LABEL),
    Case("anonymous yes/no", usual("yes", "no"), ROLES, positive="yes", asks=LABEL),
    Case("anonymous ja/nein", usual("ja", "nein"), ROLES, positive="ja", asks=LABEL),
    Case("anonymous oui/non", usual("oui", "non"), ROLES, positive="oui", asks=LABEL),
    Case("anonymous true/false", usual("True", "False"), ROLES, positive="true", asks=LABEL),
    Case("anonymous approved/declined", usual("approved", "declined"), ROLES, positive="approved", asks=LABEL),
    Case("anonymous bewilligt/abgelehnt", usual("bewilligt", "abgelehnt"), ROLES, positive="bewilligt", asks=LABEL),
    Case("classes that no word list knows", usual("zyx", "abc"), ROLES, positive="zyx", asks=LABEL),
    Case("the positive class sorts first", usual("A", "B"), ROLES, positive="A", asks=LABEL),
    Case("a cut far from one half", usual() | {"col_4": classes("1", "0", 0.7)}, ROLES, positive="1", asks=LABEL),
    Case("features beside them", usual(col_6=age, col_7=lambda i: "nsw"[i % 3]), ROLES, positive="1", asks=LABEL),
    Case("no label at all", {k: v for k, v in usual().items() if k != "col_5"},
         {k: v for k, v in ROLES.items() if k != "col_5"}, positive="1"),
    Case("German names", {"Vorgangs-Nr": number, "Zeitpunkt": when("%d.%m.%Y %H:%M"), "Wahrscheinlichkeit": comma,
         "Entscheidung": classes("ja", "nein"), "Ergebnis": truth("ja", "nein"), "Alter": age},
         {"Vorgangs-Nr": "decision_id", "Zeitpunkt": "timestamp", "Wahrscheinlichkeit": "score",
          "Entscheidung": "prediction", "Ergebnis": "label"}, positive="ja", form="%d.%m.%Y %H:%M"),
    Case("French names", {"id_demande": number, "horodatage": when("%d/%m/%Y %H:%M:%S"), "probabilité": comma,
         "décision": classes("oui", "non"), "résultat": truth("oui", "non"), "sexe": lambda i: "HF"[i % 2]},
         {"id_demande": "decision_id", "horodatage": "timestamp", "probabilité": "score", "décision": "prediction",
          "résultat": "label", "sexe": "protected:sexe"}, positive="oui", form="%d/%m/%Y %H:%M:%S"),
    Case("Spanish names", {"id_solicitud": number, "fecha": when(ISO), "puntuación": score,
         "predicción": classes("si", "no"), "resultado": truth("si", "no")},
         {"id_solicitud": "decision_id", "fecha": "timestamp", "puntuación": "score", "predicción": "prediction",
          "resultado": "label"}, positive="si"),
    Case("Italian names", {"id_richiesta": number, "data_ora": when(ISO), "punteggio": score,
         "previsione": classes("approvato", "respinto"), "esito": truth("approvato", "respinto")},
         {"id_richiesta": "decision_id", "data_ora": "timestamp", "punteggio": "score", "previsione": "prediction",
          "esito": "label"}, positive="approvato"),
    Case("wide probabilities by name", {"id": number, "ts": when(ISO), **P3, "pred": TOP, "truth": TOP},
         {"ts": "timestamp", "p_gold": "proba:gold", "p_silver": "proba:silver", "p_basic": "proba:basic",
          "pred": "prediction", "truth": "label"}, Task.MULTICLASS),
    Case("wide probabilities without names", {"col_1": when(ISO), "col_2": P3["p_gold"], "col_3": P3["p_silver"],
         "col_4": P3["p_basic"], "col_5": TOP},
         {"col_1": "timestamp", "col_2": "proba:gold", "col_3": "proba:silver", "col_4": "proba:basic",
          "col_5": "prediction"}, Task.MULTICLASS),
    Case("wide probabilities alone", {"col_1": when(ISO), "col_2": P3["p_gold"], "col_3": P3["p_silver"],
         "col_4": P3["p_basic"]}, {"col_1": "timestamp", "col_2": "proba:col_2", "col_3": "proba:col_3",
         "col_4": "proba:col_4"}, Task.MULTICLASS, asks=("probabilities of the classes",)),
    Case("two probabilities that add up", {"when": when(ISO), "p_no": lambda i: round(1 - SCORE[i], 4), "p_yes": score,
         "pred": classes("yes", "no")}, {"when": "timestamp", "p_yes": "score", "p_no": IGNORE, "pred": "prediction"},
         positive="yes"),
    Case("epoch seconds", usual() | {"col_2": epoch(1)}, ROLES, positive="1", asks=LABEL, form="epoch_s"),
    Case("epoch milliseconds", usual() | {"col_2": epoch(10**3)}, ROLES, positive="1", asks=LABEL, form="epoch_ms"),
    Case("epoch microseconds", usual() | {"col_2": epoch(10**6)}, ROLES, positive="1", asks=LABEL, form="epoch_us"),
    Case("epoch nanoseconds", usual() | {"col_2": epoch(10**9)}, ROLES, positive="1", asks=LABEL, form="epoch_ns"),
    Case("American dates", usual() | {"col_2": when("%m/%d/%Y %I:%M %p"), "col_1": number}, ROLES, positive="1",
         asks=LABEL, form="%m/%d/%Y %I:%M %p"),
    Case("dates that could be both", usual() | {"col_2": lambda i: f"0{1 + i // 27}/0{1 + i % 9}/2026 {i % 24:02d}:00"},
         ROLES, positive="1", asks=("day first or month first", *LABEL), must=True),
    Case("two orders in one column",
         usual() | {"col_2": lambda i: AT[i].strftime("%m/%d/%Y" if i % 7 == 0 else "%d/%m/%Y")},
         ROLES, positive="1", asks=("Some dates of 'col_2' have the day first and some the month", *LABEL), must=True),
    Case("an offset in every time", usual() | {"col_2": when("%Y-%m-%dT%H:%M:%S+02:00")}, ROLES, positive="1",
         asks=LABEL, form="iso"),
    Case("one zone in a column beside", usual(zone=lambda _: "Europe/Berlin") | {"col_2": when("%Y-%m-%d %H:%M:%S")},
         ROLES | {"zone": IGNORE}, positive="1", asks=LABEL),
    Case("several zones in a column beside",
         usual(col_9=lambda i: ("Europe/Berlin", "America/New_York")[i % 2]) | {"col_2": when("%Y-%m-%d %H:%M:%S")},
         ROLES | {"col_9": IGNORE}, positive="1", asks=("In which zone are they written", *LABEL), must=True),
    Case("a price and what was paid", {"quote_id": number, "quoted": when(ISO), "offer_eur": lambda i: PRICE[i],
         "sold_for_eur": lambda i: SOLD[i], "km": age},
         {"quote_id": "decision_id", "quoted": "timestamp", "offer_eur": "prediction", "sold_for_eur": "label"},
         Task.REGRESSION),
    Case("two prices without names", {"col_1": when(ISO), "col_2": lambda i: PRICE[i], "col_3": lambda i: SOLD[i]},
         {"col_1": "timestamp"}, Task.REGRESSION, asks=("which came true",), must=True),
    Case("decisions alone, known words", {"when": when(ISO), "decision": classes("approved", "declined"), "age": age},
         {"when": "timestamp", "decision": "prediction"}, positive="approved"),
    Case("decisions alone, strange words", {"when": when(ISO), "decision": classes("zyx", "abc"), "age": age},
         {"when": "timestamp", "decision": "prediction"}, positive="zyx", asks=("Which class is the positive one",)),
    Case("good and bad", {"when": when(ISO), "decision": classes("good", "bad"), "age": age},
         {"when": "timestamp", "decision": "prediction"}, asks=("Which class is the positive one",)),
    Case("a score that tells nothing of the class",
         {"when": when(ISO), "score": score, "decision": lambda i: "ab"[(i // 2) % 2]},
         {"when": "timestamp", "score": "score", "decision": "prediction"},
         asks=("Which class is the score the probability of",)),
    Case("classes that differ in capitals",
         {"when": when(ISO), "decision": lambda i: ("Yes", "yes", "no")[i % 3], "age": age},
         {"when": "timestamp", "decision": "prediction"}, positive="Yes"),
    Case("outcome words of another kind", usual() | {"outcome": truth("repaid", "lost"), "col_5": age},
         {k: v for k, v in ROLES.items() if k != "col_5"} | {"outcome": "label"}, positive="1",
         asks=("Which two classes are meant",), must=True),
    Case("star ratings are classes or numbers", {"when": when(ISO), "prediction": lambda i: 1 + i % 5, "age": age},
         {"when": "timestamp", "prediction": "prediction"}, Task.MULTICLASS, asks=("classes",)),
    Case("no output at all", {"when": when(ISO), "age": age, "income": lambda i: 1000 + 7 * i % 900},
         {"when": "timestamp"}, None, asks=("holds the prediction or the score",), must=True),
    Case("a version without a name", usual(col_8=lambda i: "2.1.0" if i > 100 else "2.0.9"),
         ROLES | {"col_8": "version"}, positive="1", asks=LABEL),
    Case("the version of a model before its name", usual(**{"model.name": lambda i: "credit",
         "model.version": lambda i: "v2" if i > 100 else "v1"}), ROLES | {"model.version": "version"}, positive="1",
         asks=LABEL),
    Case("a score in per cent", {"when": when(ISO), "score": lambda i: f"{SCORE[i] * 100:.1f} %",
         "pred": classes("yes", "no")}, {"when": "timestamp", "score": "score", "pred": "prediction"}, positive="yes"),
    Case("a person's own decision is no outcome", {"id": number, "when": when(ISO), "score": score,
         "pred": classes("yes", "no"), "override": classes("yes", "no", 0.52)},
         {"id": "decision_id", "when": "timestamp", "score": "score", "pred": "prediction", "override": "override"},
         positive="yes"),
    Case("a labels file", {"col_1": number, "col_2": truth("yes", "no")},
         {"col_1": "decision_id", "col_2": "label"}, None),
)  # fmt: skip


def look(case: Case) -> MappingGuess:
    cells = {name: tuple(str(cell(i)) for i in range(case.rows)) for name, cell in case.columns.items()}
    comma = uses_decimal_commas(list(cells.values()))
    return guess_mapping(
        [ColumnFacts(name=name, cells=values, comma=comma) for name, values in cells.items()]
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_each_small_log_is_understood_or_asked_about(case: Case) -> None:
    found = look(case)
    roles: dict[str, set[str]] = {}
    for item in found.mapping.columns:
        roles.setdefault(item.column, set()).add(str(item.role))
    for column, role in case.right.items():
        assert role in roles[column]
    texts = [q.text for q in found.questions]
    for words in case.asks:
        assert any(words in text for text in texts), texts
    assert len(texts) == len(case.asks), texts
    assert found.mapping.task is case.task
    if case.positive:
        assert found.mapping.positive == case.positive
    assert any(q.must for q in found.questions) == case.must
    if case.form:
        assert case.form in {m.format for m in found.mapping.columns if str(m.role) == "timestamp"}


def test_a_feature_in_per_cent_is_a_number() -> None:
    case = Case("rates", usual(rate=lambda i: f"{AGES[i] / 10:.1f} %".replace(".", ",")), ROLES)
    (rate,) = [m for m in look(case).mapping.columns if m.column == "rate"]
    assert (rate.kind, rate.format) == (Kind.NUMERIC, "percent decimal_comma")


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 30
    assert sum(any(name.startswith("col_") for name in case.columns) for case in CASES) >= 15


def test_a_zone_beside_the_times_is_taken_and_said() -> None:
    found = look(next(c for c in CASES if c.name == "one zone in a column beside"))
    assert found.mapping.timezone == "Europe/Berlin"
    assert any("taken as Europe/Berlin" in note for note in found.notes)


def test_a_question_is_asked_once() -> None:
    for name in ("decisions alone, strange words", "star ratings are classes or numbers",
                 "several zones in a column beside", "a score that tells nothing of the class"):  # fmt: skip
        case = next(c for c in CASES if c.name == name)
        cells = {n: tuple(str(cell(i)) for i in range(case.rows)) for n, cell in case.columns.items()}
        facts = [ColumnFacts(name=n, cells=values) for n, values in cells.items()]
        first = guess_mapping(facts).mapping
        again = guess_mapping(facts, first)
        assert again.questions == (), name
        assert again.mapping.positive == first.positive
